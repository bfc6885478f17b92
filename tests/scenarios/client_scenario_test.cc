#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/scenario.h"

// What a caller sees: fetch, raw bodies, resume, mistakes.

namespace sipevents::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

using ClientScenarioTest = Scenario;

// SUB-54, SUB-18.
TEST_F(ClientScenarioTest, FetchPrintsTheStateOnce) {
  ASSERT_OK(StartGateway());
  ASSERT_OK_AND_ASSIGN(const auto cli,
                       CliProcess::Run(*gateway_, {"fetch", kAlice, "--event=presence"}));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(subscribe.expires(), 0);
  const Sent notify = peer_->Accept(subscribe, Pidf("open", "fetched"));
  EXPECT_THAT(peer_->StatusOf(notify), IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome outcome, cli->Finish());

  EXPECT_EQ(outcome.exit_status, 0) << outcome.Text();
  ASSERT_THAT(outcome.lines, SizeIs(1)) << outcome.Text();
  ASSERT_OK_AND_ASSIGN(const v1::Event event, EventOf(outcome.lines[0]));
  EXPECT_EQ(NoteOf(event), "fetched");
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", Pidf("open"))), IsOkAndHolds(481));
}

TEST_F(ClientScenarioTest, FetchOfNobodySaysWhatThePeerSaid) {
  ASSERT_OK(StartGateway());
  ASSERT_OK_AND_ASSIGN(const auto cli,
                       CliProcess::Run(*gateway_, {"fetch", kAlice, "--event=presence"}));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(subscribe, 404);

  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome outcome, cli->Finish());

  EXPECT_EQ(outcome.exit_status, 2);
  EXPECT_THAT(outcome.Text(), HasSubstr("NOT_FOUND"));
  EXPECT_THAT(outcome.Text(), HasSubstr("SIP_RESPONSE"));
  EXPECT_THAT(outcome.Text(), HasSubstr("404"));
}

// Any event package passes through, its bodies as they are.
TEST_F(ClientScenarioTest, UnknownPackagePassesRawBodiesThrough) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "x-weather"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(subscribe.Header("Event"), "x-weather");
  peer_->Respond(subscribe, 200);
  NotifyOptions options;
  options.content_type = "application/x-rain; drops=many";
  const std::string body("\x00\x01 rain \xff\xfe", 10);

  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active;expires=600", body, options)),
              IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(event.event_package(), "x-weather");
  EXPECT_EQ(event.body().data(), body);
  EXPECT_THAT(event.body().content_type(), HasSubstr("application/x-rain"));
  EXPECT_EQ(event.document_case(), v1::Event::DOCUMENT_NOT_SET);
  EXPECT_EQ(event.decode_error(), "");
}

// A client is killed and goes on with its last token: nothing lost, nothing twice.
TEST_F(ClientScenarioTest, ResumeAfterKillLosesNothingAndRepeatsNothing) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli, "presence", {"--deliver=every"}));
  std::string token;
  std::vector<std::string> seen;
  for (int i = 0; i < 20; ++i) {
    const Sent notify = peer_->Notify(subscribe, "active", Pidf("open", absl::StrCat(i)));
    ASSERT_THAT(peer_->StatusOf(notify), IsOkAndHolds(200));
  }
  while (seen.size() < 10) {
    ASSERT_OK_AND_ASSIGN(const v1::WatchItem item,
                         cli->WaitForItem("event", [](const v1::WatchItem& candidate) {
                           return candidate.has_event();
                         }));
    seen.push_back(NoteOf(item.event()));
    token = item.resume_token();
  }
  cli->process().Signal(SIGKILL);
  cli.reset();
  for (int i = 20; i < 25; ++i) {
    const Sent notify = peer_->Notify(subscribe, "active", Pidf("open", absl::StrCat(i)));
    ASSERT_THAT(peer_->StatusOf(notify), IsOkAndHolds(200));
  }

  ASSERT_OK_AND_ASSIGN(const auto resumed,
                       Watch(kAlice, "presence", {"--deliver=every", "--resume=" + token}));

  while (seen.size() < 25) {
    ASSERT_OK_AND_ASSIGN(const v1::WatchItem item,
                         resumed->WaitForItem("event or gap", [](const v1::WatchItem& candidate) {
                           return candidate.has_event() || candidate.has_gap();
                         }));
    ASSERT_FALSE(item.has_gap()) << item.DebugString();
    seen.push_back(NoteOf(item.event()));
  }
  for (int i = 0; i < 25; ++i) EXPECT_EQ(seen[i], absl::StrCat(i));
  EXPECT_EQ(peer_->Count("SUBSCRIBE"), 1);
}

// A token of an earlier life of the gateway: a gap, then a fresh snapshot.
TEST_F(ClientScenarioTest, TokenOfAnEarlierLifeGivesAGapAndASnapshot) {
  ASSERT_OK(StartGateway());
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));
  peer_->Notify(subscribe, "active", Pidf("open", "before"));
  ASSERT_OK_AND_ASSIGN(const v1::WatchItem item,
                       cli->WaitForItem("event", [](const v1::WatchItem& candidate) {
                         return candidate.has_event();
                       }));
  cli.reset();
  gateway_->process().Signal(SIGKILL);
  ASSERT_OK(StartGateway());
  ASSERT_OK_AND_ASSIGN(const auto fresh, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received again,
                       peer_->WaitUntil("new SUBSCRIBE", [&subscribe](const Received& request) {
                         return request.sip.method() == "SUBSCRIBE" &&
                                request.call_id() != subscribe.call_id();
                       }));
  peer_->Accept(again, Pidf("closed", "after"));
  ASSERT_OK(fresh->WaitForEvent());

  ASSERT_OK_AND_ASSIGN(const auto resumed,
                       Watch(kAlice, "presence", {"--resume=" + item.resume_token()}));

  ASSERT_OK_AND_ASSIGN(const std::string line, resumed->process().NextLine(kItemPatience));
  EXPECT_THAT(line, HasSubstr("LOG_REPLACED"));
  ASSERT_OK_AND_ASSIGN(const v1::Event snapshot, resumed->WaitForEvent());
  EXPECT_EQ(NoteOf(snapshot), "after");
}

struct Mistake {
  const char* name;
  std::vector<std::string> arguments;
  const char* field;
};

class MistakeScenarioTest : public Scenario, public ::testing::WithParamInterface<Mistake> {};

INSTANTIATE_TEST_SUITE_P(
    Fields, MistakeScenarioTest,
    ::testing::Values(
        Mistake{"TargetIsNoUri", {"watch", "not a uri", "--event=presence"}, "target_uri"},
        Mistake{"TargetHasHeaders",
                {"watch", "sip:a@example.com?Subject=x", "--event=presence"},
                "target_uri"},
        Mistake{"TargetOfForeignScheme",
                {"fetch", "http://example.com", "--event=presence"},
                "target_uri"},
        Mistake{"EventIsIllegal", {"watch", kAlice, "--event=pre sence"}, "event_package"},
        Mistake{"EventHasEmptyPart", {"watch", kAlice, "--event=a..b"}, "event_package"},
        Mistake{"TokenDoesNotDecode",
                {"watch", kAlice, "--event=presence", "--resume=garbage"},
                "resume_token"},
        Mistake{"ExpiresIsAbsurd",
                {"watch", kAlice, "--event=presence", "--expires=1000000h"},
                "expires"},
        Mistake{"IdentityIsNoUri",
                {"watch", kAlice, "--event=presence", "--as=nobody at all"},
                "identity"},
        Mistake{"NameIsNone", {"subscriptions", "get", "subscriptions/"}, "name"}),
    [](const auto& instance) { return std::string(instance.param.name); });

// INVALID_ARGUMENT that names field, value and expectation; nothing goes out.
TEST_P(MistakeScenarioTest, IsRefusedNamingTheField) {
  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome outcome, RunCli(GetParam().arguments));

  EXPECT_EQ(outcome.exit_status, 2) << outcome.Text();
  EXPECT_THAT(outcome.Text(), HasSubstr("INVALID_ARGUMENT"));
  EXPECT_THAT(outcome.Text(), HasSubstr("INVALID_FIELD"));
  EXPECT_THAT(outcome.Text(), HasSubstr(GetParam().field));
  EXPECT_EQ(peer_->Count("SUBSCRIBE"), 0);
}

TEST_F(ClientScenarioTest, UnknownSubscriptionIsNotFound) {
  ASSERT_OK_AND_ASSIGN(
      const CliProcess::Outcome outcome,
      RunCli({"subscriptions", "get", "subscriptions/1aaaaaaaaaaaaaaaaaaaaaaaaaa"}));

  EXPECT_EQ(outcome.exit_status, 2);
  EXPECT_THAT(outcome.Text(),
              AnyOf(HasSubstr("SUBSCRIPTION_NOT_FOUND"), HasSubstr("INVALID_FIELD")));
}

TEST_F(ClientScenarioTest, UsageErrorIsStatusOne) {
  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome outcome, RunCli({"contemplate"}));

  EXPECT_EQ(outcome.exit_status, 1);
}

TEST_F(ClientScenarioTest, UnreachableGatewayIsStatusThree) {
  ASSERT_OK(StartGateway());
  ASSERT_THAT(gateway_->Terminate(), IsOkAndHolds(0));

  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome outcome, RunCli({"subscriptions", "list"}));

  EXPECT_EQ(outcome.exit_status, 3) << outcome.Text();
}

TEST_F(ClientScenarioTest, SubscriptionIsListedAndEndedForAllByForce) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  ASSERT_OK_AND_ASSIGN(const auto list, CliProcess::Run(*gateway_, {"subscriptions", "list"}));
  ASSERT_OK_AND_ASSIGN(const google::protobuf::Struct listed, list->NextJson());
  EXPECT_EQ(listed.fields().at("state").string_value(), "ACTIVE");
  EXPECT_EQ(listed.fields().at("dialogCount").number_value(), 1);
  const std::string name = listed.fields().at("name").string_value();
  EXPECT_THAT(name, StartsWith("subscriptions/"));
  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome deleted,
                       RunCli({"subscriptions", "delete", name, "--force"}));

  EXPECT_EQ(deleted.exit_status, 0) << deleted.Text();
  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::TERMINATED));
  EXPECT_THAT(status.reason(), AnyOf("deleted", "unsubscribed"));
  ASSERT_OK_AND_ASSIGN(const Received unsubscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(unsubscribe.expires(), 0);
  EXPECT_EQ(unsubscribe.call_id(), subscribe.call_id());
}

}  // namespace
}  // namespace sipevents::testing
