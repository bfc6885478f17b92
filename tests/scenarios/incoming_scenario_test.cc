#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/scenario.h"

// Requests that arrive uninvited.

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class IncomingScenarioTest : public Scenario {
 protected:
  void SetUp() override {
    Scenario::SetUp();
    ASSERT_OK(StartGateway());
  }

  NewRequest Request(const std::string& method) const {
    NewRequest request;
    request.method = method;
    request.request_uri = absl::StrCat("sip:gateway@127.0.0.1:", gateway_->sip_udp_port());
    request.port = gateway_->sip_udp_port();
    return request;
  }

  // A NOTIFY of nobody's subscription.
  NewRequest StrayNotify(const std::string& event) const {
    NewRequest notify = Request("NOTIFY");
    notify.to_tag = "not-ours";
    if (!event.empty()) notify.headers.push_back(absl::StrCat("Event: ", event));
    notify.headers.push_back("Subscription-State: active;expires=600");
    return notify;
  }
};

TEST_F(IncomingScenarioTest, OptionsIsAnsweredWithWhatWeCanDo) {
  ASSERT_OK_AND_ASSIGN(const Received answer,
                       peer_->WaitForResponse(peer_->Send(Request("OPTIONS"))));

  EXPECT_EQ(answer.sip.status(), 200);
  EXPECT_THAT(answer.Header("Allow"), HasSubstr("NOTIFY"));
  EXPECT_THAT(answer.Header("Allow"), HasSubstr("OPTIONS"));
  EXPECT_THAT(answer.Header("Accept"), HasSubstr("application/pidf+xml"));
  EXPECT_THAT(answer.Header("Allow-Events"), HasSubstr("presence"));
  EXPECT_THAT(answer.Header("Allow-Events"), HasSubstr("dialog"));
  EXPECT_THAT(answer.Header("Allow-Events"), HasSubstr("message-summary"));
  EXPECT_THAT(answer.to_tag(), Not(IsEmpty()));
}

TEST_F(IncomingScenarioTest, OptionsOverTcpIsAnsweredOnTheConnection) {
  NewRequest options = Request("OPTIONS");
  options.port = gateway_->sip_tcp_port();
  options.over_tcp = true;

  ASSERT_OK_AND_ASSIGN(const Received answer, peer_->WaitForResponse(peer_->Send(options)));

  EXPECT_EQ(answer.sip.status(), 200);
  EXPECT_TRUE(answer.flow.is_tcp());
}

class OtherMethodTest : public IncomingScenarioTest,
                        public ::testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(Methods, OtherMethodTest,
                         ::testing::Values("INVITE", "REGISTER", "MESSAGE", "INFO", "REFER",
                                           "SUBSCRIBE", "PUBLISH"),
                         [](const auto& instance) { return instance.param; });

TEST_P(OtherMethodTest, IsAnswered405WithAllow) {
  ASSERT_OK_AND_ASSIGN(const Received answer,
                       peer_->WaitForResponse(peer_->Send(Request(GetParam()))));

  EXPECT_EQ(answer.sip.status(), 405);
  EXPECT_THAT(answer.Header("Allow"), HasSubstr("NOTIFY"));
  EXPECT_THAT(answer.Header("Allow"), Not(HasSubstr(GetParam())));
}

// SUB-23.
TEST_F(IncomingScenarioTest, NotifyOfNoSubscriptionIsAnswered481) {
  EXPECT_THAT(peer_->StatusOf(peer_->Send(StrayNotify("presence"))), IsOkAndHolds(481));
}

// SUB-24: the package is nobody's business here, and Allow-Events says what is.
TEST_F(IncomingScenarioTest, NotifyOfUnknownPackageIsAnswered489) {
  ASSERT_OK_AND_ASSIGN(const Received answer,
                       peer_->WaitForResponse(peer_->Send(StrayNotify("no-such-package"))));

  EXPECT_EQ(answer.sip.status(), 489);
  EXPECT_THAT(answer.Header("Allow-Events"), HasSubstr("presence"));
}

// GEN-17, GEN-10, SUB-24: malformed comes before all else.
TEST_F(IncomingScenarioTest, NotifyWithoutOrWithBadEventIsAnswered400) {
  EXPECT_THAT(peer_->StatusOf(peer_->Send(StrayNotify(""))), IsOkAndHolds(400));
  EXPECT_THAT(peer_->StatusOf(peer_->Send(StrayNotify("a..b"))), IsOkAndHolds(400));
  EXPECT_THAT(peer_->StatusOf(peer_->Send(StrayNotify(";id=5"))), IsOkAndHolds(400));
}

TEST_F(IncomingScenarioTest, RequiredExtensionIsAnswered420) {
  NewRequest options = Request("OPTIONS");
  options.headers = {"Require: nothing-we-know"};

  ASSERT_OK_AND_ASSIGN(const Received answer, peer_->WaitForResponse(peer_->Send(options)));

  EXPECT_EQ(answer.sip.status(), 420);
  EXPECT_THAT(answer.Header("Unsupported"), HasSubstr("nothing-we-know"));
}

// What is answered and refused is counted.
TEST_F(IncomingScenarioTest, AnswersAreCounted) {
  ASSERT_THAT(peer_->StatusOf(peer_->Send(Request("INVITE"))), IsOkAndHolds(405));

  EXPECT_THAT(gateway_->Metric("sipevents_sip_requests_received_total", "405"),
              IsOkAndHolds(::testing::Ge(1)));
}

// GEN-07, GEN-12, TOR-01, TOR-02: compact names, folding, odd spacing and case.
TEST_F(IncomingScenarioTest, OddlyWrittenNotifyIsUnderstood) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));
  const std::string body = Pidf("closed", "odd");

  peer_->SendRaw(
      gateway_->sip_udp_port(),
      absl::StrCat("NOTIFY ", UriOf(subscribe.Header("Contact")),
                   " SIP/2.0\r\nv :SIP/2.0/UDP 127.0.0.1:", peer_->port(),
                   ";branch=z9hG4bKodd;rport\r\nMAX-FORWARDS: 70\r\nf:<", kAlice,
                   ">;tag=a\r\nt: ", subscribe.Header("From"), "\r\ni: ", subscribe.call_id(),
                   "\r\ncseq: 9\r\n  NOTIFY\r\nm: <", peer_->uri(),
                   ">\r\no:\r\n presence\r\nsubscription-state :  Active ;\r\n Expires = 500\r\n"
                   "c: application/pidf+xml\r\nl: ",
                   body.size(), "\r\n\r\n", body));

  EXPECT_THAT(peer_->StatusOf(Sent{"z9hG4bKodd", "NOTIFY"}), IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "odd");
}

}  // namespace
}  // namespace sipevents::testing
