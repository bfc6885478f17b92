#include <string>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/scenario.h"

// The connection to a registrar is kept open, and its end is noticed (OUT-02, OUT-03).

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;

class RegistrationFlowScenarioTest : public Scenario {
 protected:
  void SetUp() override {
    Scenario::SetUp();
    ASSERT_OK(StartGateway(
        {"--sip_registrations_file=" +
             WriteFile("registrations", "sip:gateway@example.com\nsip:alice@example.com\n"),
         absl::StrCat("--sip_outbound_proxy=", peer_->uri(/*over_tcp=*/true), ";lr")}));
  }

  // Takes the next REGISTER, and asks for a ping every second.
  absl::StatusOr<Received> Bind() {
    absl::StatusOr<Received> request = peer_->WaitFor("REGISTER");
    if (!request.ok()) return request;
    ResponseOptions options;
    options.headers = {absl::StrCat("Contact: ", request->Header("Contact"), ";expires=600"),
                       "Require: outbound", "Flow-Timer: 1"};
    peer_->Respond(*request, 200, options);
    return request;
  }
};

// OUT-02
TEST_F(RegistrationFlowScenarioTest, ConnectionIsPingedOnceForAllThatUseIt) {
  ASSERT_OK_AND_ASSIGN(const Received first, Bind());
  ASSERT_OK(Bind());
  EXPECT_TRUE(first.flow.is_tcp());
  EXPECT_THAT(first.Header("Contact"), HasSubstr(";transport=tcp"));
  const absl::Time begin = absl::Now();

  for (int ping = 0; ping < 3; ++ping) ASSERT_OK(peer_->WaitForPing());

  // Three of one connection take 2.4 s at the least.
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(1500));
  EXPECT_EQ(peer_->Count("REGISTER"), 2);
}

// OUT-02, OUT-03
TEST_F(RegistrationFlowScenarioTest, PingWithoutAnswerEndsTheConnectionAndRegistersAnew) {
  // Given
  peer_->AnswerPings(false);
  ASSERT_OK_AND_ASSIGN(const Received first, Bind());
  ASSERT_OK(Bind());
  ASSERT_OK(peer_->WaitForPing());
  // When: ten seconds pass.
  ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("REGISTER"));
  // Then
  EXPECT_NE(again.flow.connection, -1);
  EXPECT_GE(again.time - first.time, absl::Seconds(10));
  EXPECT_THAT(gateway_->process().StderrWith("keep-alive not answered", kPatience),
              HasSubstr("keep-alive not answered"));
  EXPECT_THAT(gateway_->Metric("sipevents_sip_keep_alive_failures_total"), IsOkAndHolds(1));
}

}  // namespace
}  // namespace sipevents::testing
