#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "tests/gateway/rpc/service_fixture.h"

// ExplainSubscription, over a real connection.

namespace sipevents::gateway {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SubscriptionServiceExplainTest : public ServiceFixture {
 protected:
  absl::StatusOr<v1::Explanation> Explain(const std::string& name, const std::string& token = "") {
    CallContext context(token);
    v1::ExplainSubscriptionRequest request;
    request.set_name(name);
    v1::Explanation explanation;
    const grpc::Status status = stub_->ExplainSubscription(&context, request, &explanation);
    if (!status.ok()) return FromGrpcStatus(status);
    return explanation;
  }

  // With callers of their own.
  void ServeWithTokens(const std::string& lines) {
    const std::string path = ::testing::TempDir() + "/explain_tokens";
    std::ofstream(path) << lines;
    ASSERT_OK_AND_ASSIGN(tokens_, TokenFile::Open(path, clock_));
    Serve({}, tokens_.get());
  }

  // What the SIP side says of a subscription with one fork.
  sip::SubscriptionExplanation OneFork() {
    sip::SubscriptionExplanation said;
    said.known = true;
    said.notifies = 3;
    sip::ExplainedDialog dialog;
    dialog.id = "d1";
    dialog.state = sip::ExplainedDialog::State::kActive;
    dialog.last_state = clock_.Now();
    dialog.refresh_at = clock_.Now() + absl::Minutes(5);
    said.dialogs.push_back(dialog);
    said.exchanges.push_back({.time = clock_.Now(),
                              .incoming = true,
                              .peer = "192.0.2.7:5060",
                              .dialog = "d1",
                              .head = {"NOTIFY", "X: \xff"},
                              .status = 200});
    said.servers.push_back({.server = "udp:192.0.2.1:5060", .in_flight = 2});
    return said;
  }

  std::unique_ptr<TokenFile> tokens_;
};

TEST_F(SubscriptionServiceExplainTest, BothSidesAreTold) {
  ASSERT_OK_AND_ASSIGN(const v1::Subscription made, Create("sip:alice@example.com"));
  const auto watch = StartWatch(WatchAlice());
  agent_.Status(1, sip::SubscriptionState::kActive);
  Tell(1, "d1", "one");
  ASSERT_EQ(watch->NextBrief(2).size(), 2u);
  agent_.SetExplanation(1, OneFork());

  ASSERT_OK_AND_ASSIGN(const v1::Explanation explanation, Explain(made.name()));

  EXPECT_EQ(explanation.subscription().name(), made.name());
  EXPECT_TRUE(explanation.sip_side_known());
  EXPECT_TRUE(explanation.has_state());
  EXPECT_EQ(explanation.explain_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
  ASSERT_THAT(explanation.dialogs(), SizeIs(1));
  EXPECT_EQ(explanation.dialogs(0).id(), "d1");
  ASSERT_THAT(explanation.exchanges(), SizeIs(1));
  EXPECT_EQ(explanation.exchanges(0).head(1), "X: \xef\xbf\xbd");
  EXPECT_EQ(explanation.servers(0).in_flight_count(), 2);
  EXPECT_EQ(explanation.watchers().watch_count(), 1);
  EXPECT_EQ(explanation.watchers().hold_count(), 1);
  EXPECT_FALSE(explanation.watchers().has_linger_end_time());
  EXPECT_EQ(explanation.counts().notifies_received(), 3u);
  EXPECT_EQ(explanation.counts().events_delivered(), 1u);
  EXPECT_GE(explanation.log().entry_count(), 1);
  EXPECT_GT(explanation.log().head_sequence(), 0u);
  ASSERT_THAT(explanation.findings(), SizeIs(1));
  EXPECT_THAT(explanation.findings(0).text(), HasSubstr("All is well: last NOTIFY"));
}

TEST_F(SubscriptionServiceExplainTest, LingerTimeIsToldWhenNobodyIsLeft) {
  ASSERT_OK_AND_ASSIGN(const v1::Subscription made, Create("sip:alice@example.com"));
  ASSERT_OK(Delete(made.name(), /*force=*/false));

  ASSERT_OK_AND_ASSIGN(const v1::Explanation explanation, Explain(made.name()));

  EXPECT_EQ(explanation.watchers().linger_end_time().seconds(),
            absl::ToUnixSeconds(clock_.Now() + absl::Minutes(5)));
}

TEST_F(SubscriptionServiceExplainTest, TerminatedOneIsExplainedFromWhatIsKnown) {
  ASSERT_OK_AND_ASSIGN(const v1::Subscription made, Create("sip:alice@example.com"));
  agent_.Terminate(1, "rejected", 403);

  ASSERT_OK_AND_ASSIGN(const v1::Explanation explanation, Explain(made.name()));

  EXPECT_FALSE(explanation.sip_side_known());
  EXPECT_THAT(explanation.dialogs(), IsEmpty());
  EXPECT_EQ(explanation.findings(0).code(), "TERMINATED");
}

TEST_F(SubscriptionServiceExplainTest, AgentThatGoesAwayLeavesAnAnswer) {
  ASSERT_OK_AND_ASSIGN(const v1::Subscription made, Create("sip:alice@example.com"));
  agent_.HoldExplanations();
  absl::StatusOr<v1::Explanation> answer;
  std::thread call([&] { answer = Explain(made.name()); });
  ASSERT_TRUE(Await([&] { return agent_.held_explanations() == 1; }));

  agent_.DropHeldExplanations();
  call.join();

  ASSERT_OK(answer.status());
  EXPECT_FALSE(answer->sip_side_known());
}

TEST_F(SubscriptionServiceExplainTest, CallerWhoLeavesDoesNotMatterToTheAgent) {
  ASSERT_OK_AND_ASSIGN(const v1::Subscription made, Create("sip:alice@example.com"));
  agent_.HoldExplanations();
  grpc::ClientContext context;
  v1::ExplainSubscriptionRequest request;
  request.set_name(made.name());
  v1::Explanation response;
  std::thread call([&] {
    EXPECT_EQ(stub_->ExplainSubscription(&context, request, &response).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  ASSERT_TRUE(Await([&] { return agent_.held_explanations() == 1; }));

  context.TryCancel();
  call.join();
  agent_.AnswerHeldExplanations();

  EXPECT_OK(Get(made.name()));
}

TEST_F(SubscriptionServiceExplainTest, SoManyAtOnceAndNoMore) {
  ASSERT_OK_AND_ASSIGN(const v1::Subscription made, Create("sip:alice@example.com"));
  agent_.HoldExplanations();
  std::vector<std::thread> calls;
  for (int i = 0; i < 100; ++i) {
    calls.emplace_back([&] { EXPECT_OK(Explain(made.name())); });
  }
  ASSERT_TRUE(Await([&] { return agent_.held_explanations() == 100; }));

  EXPECT_THAT(Explain(made.name()).status(), StatusIs(absl::StatusCode::kResourceExhausted));

  agent_.AnswerHeldExplanations();
  for (std::thread& call : calls) call.join();
}

TEST_F(SubscriptionServiceExplainTest, NameThatIsNoneAndOneThatIsNotThere) {
  EXPECT_THAT(Explain("lamp").status(), StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_OK_AND_ASSIGN(const v1::Subscription made, Create("sip:alice@example.com"));
  ASSERT_OK(Delete(made.name(), /*force=*/true));

  EXPECT_THAT(Explain(made.name()).status(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SubscriptionServiceExplainTest, PermissionIsThatOfGetAndNamesAreForAdmins) {
  ServeWithTokens(
      "token-of-lamps-0123456789 lamps acme\n"
      "token-of-panel-0123456789 panel acme\n"
      "token-of-root-0123456789 root acme admin\n"
      "token-of-ben-0123456789 ben acme target=sip:bob@example.com\n"
      "token-of-eve-0123456789 eve umbrella\n");
  ASSERT_OK_AND_ASSIGN(const v1::Subscription made,
                       Create("sip:alice@example.com", "token-of-lamps-0123456789"));
  ASSERT_OK(Create("sip:alice@example.com", "token-of-panel-0123456789"));

  ASSERT_OK_AND_ASSIGN(const v1::Explanation to_panel,
                       Explain(made.name(), "token-of-panel-0123456789"));
  ASSERT_OK_AND_ASSIGN(const v1::Explanation to_root,
                       Explain(made.name(), "token-of-root-0123456789"));

  const auto callers = [](const v1::Explanation& explanation) {
    std::vector<std::string> names;
    for (const auto& hold : explanation.watchers().holds()) names.push_back(hold.caller());
    return names;
  };
  EXPECT_THAT(callers(to_panel), ElementsAre("panel", ""));
  EXPECT_THAT(callers(to_root), ElementsAre("lamps", "panel"));
  EXPECT_THAT(Explain(made.name(), "token-of-ben-0123456789").status(),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(Explain(made.name(), "token-of-eve-0123456789").status(),
              StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace sipevents::gateway
