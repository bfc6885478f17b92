#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/protobuf/util/json_util.h"
#include "sipevents/v1/publications.pb.h"
#include "tests/scenarios/scenario.h"

// A backend publishes to a scripted event state compositor (RFC 3903 section 4): the real client,
// the real gateway, and UDP.

namespace sipevents::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PublishScenarioTest : public Scenario {
 protected:
  // Runs a command that shows one Publication.
  absl::StatusOr<v1::Publication> Run(std::vector<std::string> arguments) {
    absl::StatusOr<CliProcess::Outcome> outcome = RunCli(std::move(arguments));
    if (!outcome.ok()) return outcome.status();
    if (outcome->exit_status != 0) return absl::InternalError(outcome->Text());
    v1::Publication publication;
    const auto parsed =
        google::protobuf::util::JsonStringToMessage(outcome->lines.at(0), &publication);
    if (!parsed.ok()) return absl::InternalError(outcome->Text());
    return publication;
  }

  // `sipevents publish` of a PIDF with this note.
  absl::StatusOr<v1::Publication> Publish(const std::string& note, const std::string& ttl = "1h") {
    const std::string file = WriteFile("state.xml", Pidf("open", note));
    return Run({"publish", kAlice, "--event=presence", "--content_type=application/pidf+xml",
                "--body=" + file, "--route=remote", "--ttl=" + ttl});
  }
  absl::StatusOr<v1::Publication> Update(const v1::Publication& publication,
                                         const std::string& note) {
    const std::string file = WriteFile("state.xml", Pidf("open", note));
    return Run({"publications", "update", publication.name(), "--content_type=application/pidf+xml",
                "--body=" + file});
  }
  absl::Status Delete(const v1::Publication& publication) {
    return RunCli({"publications", "delete", publication.name()}).status();
  }
  // Reads a Publication until it is in this state; ACTIVE: with the newest content.
  absl::StatusOr<v1::Publication> WaitForState(const v1::Publication& publication,
                                               v1::Publication::State state) {
    absl::StatusOr<v1::Publication> now = publication;
    for (const absl::Time end = absl::Now() + kPatience; absl::Now() < end;) {
      now = Run({"publications", "get", publication.name()});
      if (!now.ok()) return now;
      const bool settled = state != v1::Publication::ACTIVE || !now->reconciling();
      if (now->state() == state && settled) return now;
    }
    return absl::DeadlineExceededError(now->ShortDebugString());
  }

  static ResponseOptions Tag(const std::string& tag) {
    ResponseOptions options;
    options.headers = {absl::StrCat("SIP-ETag: ", tag)};
    return options;
  }

  // Publishes, and the compositor takes it with `tag`.
  absl::StatusOr<v1::Publication> Establish(const std::string& tag) {
    const absl::StatusOr<v1::Publication> made = Publish("first");
    if (!made.ok()) return made;
    const absl::StatusOr<Received> initial = peer_->WaitFor("PUBLISH");
    if (!initial.ok()) return initial.status();
    peer_->Respond(*initial, 200, Tag(tag));
    return WaitForState(*made, v1::Publication::ACTIVE);
  }
};

// EPA-01, EPA-04, EPA-05
TEST_F(PublishScenarioTest, FirstPublishCarriesTheStateAndItsTime) {
  ASSERT_OK_AND_ASSIGN(const v1::Publication made, Publish("here", "10m"));
  EXPECT_EQ(made.state(), v1::Publication::PUBLISHING);

  ASSERT_OK_AND_ASSIGN(const Received publish, peer_->WaitFor("PUBLISH"));
  EXPECT_EQ(publish.sip.request_uri(), kAlice);
  EXPECT_EQ(UriOf(publish.Header("To")), kAlice);
  EXPECT_EQ(publish.to_tag(), "");
  EXPECT_THAT(publish.sip.Headers("Event"), ElementsAre("presence"));
  EXPECT_LE(publish.expires(), 600);
  EXPECT_GT(publish.expires(), 590);
  EXPECT_THAT(publish.sip.Headers("Contact"), IsEmpty());
  EXPECT_THAT(publish.sip.Headers("SIP-If-Match"), IsEmpty());
  EXPECT_EQ(publish.Header("Content-Type"), "application/pidf+xml");
  EXPECT_EQ(publish.sip.body(), Pidf("open", "here"));
}

// EPA-07 to EPA-12
TEST_F(PublishScenarioTest, FiveOperationsEachNameTheTagBefore) {
  // Given: initial
  ASSERT_OK_AND_ASSIGN(const v1::Publication made, Publish("first"));
  ASSERT_OK_AND_ASSIGN(const Received initial, peer_->WaitFor("PUBLISH"));
  ResponseOptions brief = Tag("Tag-1");
  brief.expires = "2";
  peer_->Respond(initial, 200, brief);
  // Refresh, before the two seconds are over
  ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("PUBLISH"));
  EXPECT_LT(refresh.time - initial.time, absl::Seconds(2));
  EXPECT_THAT(refresh.sip.Headers("SIP-If-Match"), ElementsAre("Tag-1"));
  EXPECT_EQ(refresh.sip.body(), "");
  EXPECT_THAT(refresh.sip.Headers("Content-Type"), IsEmpty());
  EXPECT_EQ(refresh.Header("Content-Length"), "0");
  EXPECT_EQ(refresh.call_id(), initial.call_id());
  EXPECT_EQ(refresh.sip.cseq(), initial.sip.cseq() + 1);
  peer_->Respond(refresh, 200, Tag("tAG-1"));
  // Modify, twice; the second answer keeps the tag
  std::string tag = "tAG-1";
  for (const char* note : {"second", "third"}) {
    ASSERT_OK(Update(made, note));
    ASSERT_OK_AND_ASSIGN(const Received modify, peer_->WaitFor("PUBLISH"));
    EXPECT_THAT(modify.sip.Headers("SIP-If-Match"), ElementsAre(tag));
    EXPECT_EQ(modify.sip.body(), Pidf("open", note));
    tag = "4";
    peer_->Respond(modify, 200, Tag(tag));
    ASSERT_OK(WaitForState(made, v1::Publication::ACTIVE));
  }
  // Remove
  ASSERT_OK(Delete(made));
  ASSERT_OK_AND_ASSIGN(const Received removal, peer_->WaitFor("PUBLISH"));
  EXPECT_THAT(removal.sip.Headers("SIP-If-Match"), ElementsAre("4"));
  EXPECT_EQ(removal.expires(), 0);
  EXPECT_EQ(removal.sip.body(), "");
  peer_->Respond(removal, 200, Tag("5"));
  EXPECT_OK(peer_->ExpectNone("PUBLISH", absl::Milliseconds(50)));
}

// EPA-03
TEST_F(PublishScenarioTest, ChangesWaitForTheAnswerAndGoAsOne) {
  ASSERT_OK_AND_ASSIGN(const v1::Publication made, Publish("first"));
  ASSERT_OK_AND_ASSIGN(const Received initial, peer_->WaitFor("PUBLISH"));
  for (const char* note : {"second", "third", "fourth"}) ASSERT_OK(Update(made, note));
  EXPECT_OK(peer_->ExpectNone("PUBLISH", absl::Milliseconds(50)));

  peer_->Respond(initial, 200, Tag("t1"));

  ASSERT_OK_AND_ASSIGN(const Received modify, peer_->WaitFor("PUBLISH"));
  EXPECT_EQ(modify.sip.body(), Pidf("open", "fourth"));
  EXPECT_EQ(modify.Header("SIP-If-Match"), "t1");
  peer_->Respond(modify, 200, Tag("t2"));
  EXPECT_OK(WaitForState(made, v1::Publication::ACTIVE));
  EXPECT_EQ(peer_->Count("PUBLISH"), 2);
}

// EPA-13
TEST_F(PublishScenarioTest, ConditionalRequestFailedBringsOneInitialAndIsNotShown) {
  ASSERT_OK_AND_ASSIGN(const v1::Publication made, Establish("t1"));
  ASSERT_OK(Update(made, "second"));
  ASSERT_OK_AND_ASSIGN(const Received modify, peer_->WaitFor("PUBLISH"));

  peer_->Respond(modify, 412);

  ASSERT_OK_AND_ASSIGN(const Received anew, peer_->WaitFor("PUBLISH"));
  EXPECT_THAT(anew.sip.Headers("SIP-If-Match"), IsEmpty());
  EXPECT_EQ(anew.sip.body(), Pidf("open", "second"));
  peer_->Respond(anew, 200, Tag("t2"));
  ASSERT_OK_AND_ASSIGN(const v1::Publication now, WaitForState(made, v1::Publication::ACTIVE));
  EXPECT_EQ(now.sip_status(), 0);
  EXPECT_OK(peer_->ExpectNone("PUBLISH", absl::Milliseconds(50)));
}

// EPA-14
TEST_F(PublishScenarioTest, IntervalTooBriefIsAskedAnewAtOnce) {
  ASSERT_OK(Publish("first", "1m"));
  ASSERT_OK_AND_ASSIGN(const Received initial, peer_->WaitFor("PUBLISH"));
  ResponseOptions options;
  options.headers = {"Min-Expires: 120"};
  peer_->Respond(initial, 423, options);
  ASSERT_OK_AND_ASSIGN(const Received longer, peer_->WaitFor("PUBLISH"));
  EXPECT_EQ(longer.expires(), 120);
  EXPECT_EQ(longer.sip.body(), Pidf("open", "first"));
}

// EPA-19
TEST_F(PublishScenarioTest, ChallengeIsMet) {
  ASSERT_OK(StartGateway(
      {"--sip_credentials_file=" + WriteFile("credentials", "example.com gateway opensesame\n")}));
  ASSERT_OK_AND_ASSIGN(const v1::Publication made, Publish("first"));
  ASSERT_OK_AND_ASSIGN(const Received bare, peer_->WaitFor("PUBLISH"));
  const DigestChallenge challenge;
  peer_->Challenge(bare, challenge);
  ASSERT_OK_AND_ASSIGN(const Received authorized, peer_->WaitFor("PUBLISH"));
  EXPECT_OK(CheckDigest(authorized.Header("Authorization"), challenge, "PUBLISH", "gateway",
                        "opensesame"));
  EXPECT_EQ(authorized.sip.body(), Pidf("open", "first"));
  peer_->Respond(authorized, 200, Tag("t1"));
  EXPECT_OK(WaitForState(made, v1::Publication::ACTIVE));
}

// EPA-16
TEST_F(PublishScenarioTest, RetryAfterIsShownAndKept) {
  ASSERT_OK_AND_ASSIGN(const v1::Publication made, Publish("first"));
  ASSERT_OK_AND_ASSIGN(const Received initial, peer_->WaitFor("PUBLISH"));
  ResponseOptions busy;
  busy.headers = {"Retry-After: 2"};

  peer_->Respond(initial, 503, busy);

  ASSERT_OK_AND_ASSIGN(const v1::Publication now, WaitForState(made, v1::Publication::RETRYING));
  EXPECT_EQ(now.sip_status(), 503);
  EXPECT_EQ(now.reason(), "response");
  EXPECT_TRUE(now.has_retry_time());
  ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("PUBLISH"));
  EXPECT_GE(again.time - initial.time, absl::Seconds(2));
  peer_->Respond(again, 200, Tag("t1"));
  EXPECT_OK(WaitForState(made, v1::Publication::ACTIVE));
}

// EPA-15, EPA-16
TEST_F(PublishScenarioTest, RemoveThatFailsGoesAgain) {
  ASSERT_OK(StartGateway({"--sip_retry_base=100ms"}));
  ASSERT_OK_AND_ASSIGN(const v1::Publication made, Establish("t1"));
  ASSERT_OK(Delete(made));
  ASSERT_OK_AND_ASSIGN(const Received removal, peer_->WaitFor("PUBLISH"));
  ResponseOptions busy;
  busy.headers = {"Retry-After: 1"};

  peer_->Respond(removal, 503, busy);

  ASSERT_OK_AND_ASSIGN(const Received second, peer_->WaitFor("PUBLISH"));
  EXPECT_GE(second.time - removal.time, absl::Seconds(1));
  EXPECT_EQ(second.Header("SIP-If-Match"), "t1");
  EXPECT_EQ(second.expires(), 0);
  peer_->Respond(second, 500);
  ASSERT_OK_AND_ASSIGN(const Received third, peer_->WaitFor("PUBLISH"));
  EXPECT_EQ(third.expires(), 0);
  peer_->Respond(third, 404);
  EXPECT_OK(peer_->ExpectNone("PUBLISH", absl::Milliseconds(300)));
}

// EPA-15
TEST_F(PublishScenarioTest, LostAnswerIsFollowedByTheSameTag) {
  ASSERT_OK(StartGateway({"--sip_t1=10ms", "--sip_retry_base=100ms"}));
  ASSERT_OK_AND_ASSIGN(const v1::Publication made, Establish("t1"));
  ASSERT_OK(Update(made, "second"));
  ASSERT_OK_AND_ASSIGN(const Received lost, peer_->WaitFor("PUBLISH"));

  ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("PUBLISH"));

  EXPECT_GT(peer_->Retransmissions(lost), 0);
  EXPECT_EQ(again.Header("SIP-If-Match"), "t1");
  EXPECT_EQ(again.sip.body(), Pidf("open", "second"));
  EXPECT_EQ(again.sip.cseq(), lost.sip.cseq() + 1);
  peer_->Respond(again, 200, Tag("t2"));
  EXPECT_OK(WaitForState(made, v1::Publication::ACTIVE));
}

// EPA-15
TEST_F(PublishScenarioTest, RefusalIsFinalAndSaysWhatTheServerSaid) {
  ASSERT_OK_AND_ASSIGN(const v1::Publication made, Publish("first"));
  ASSERT_OK_AND_ASSIGN(const Received initial, peer_->WaitFor("PUBLISH"));
  ResponseOptions options;
  options.headers = {"Allow-Events: dialog"};

  peer_->Respond(initial, 489, options);

  ASSERT_OK_AND_ASSIGN(const v1::Publication now, WaitForState(made, v1::Publication::ENDED));
  EXPECT_EQ(now.sip_status(), 489);
  EXPECT_THAT(gateway_->process().StderrWith("publish failed", kPatience),
              HasSubstr("allow_events"));
  EXPECT_OK(peer_->ExpectNone("PUBLISH", absl::Milliseconds(50)));
}

// A body that is refused leaves the one before published.
TEST_F(PublishScenarioTest, RefusedChangeIsShownWhileTheStateBeforeLivesOn) {
  ASSERT_OK_AND_ASSIGN(const v1::Publication made, Establish("t1"));
  ASSERT_OK(Update(made, "second"));
  ASSERT_OK_AND_ASSIGN(const Received modify, peer_->WaitFor("PUBLISH"));

  peer_->Respond(modify, 415);

  v1::Publication now;
  for (const absl::Time end = absl::Now() + kPatience;
       absl::Now() < end && now.sip_status() == 0;) {
    ASSERT_OK_AND_ASSIGN(now, Run({"publications", "get", made.name()}));
  }
  EXPECT_EQ(now.state(), v1::Publication::ACTIVE);
  EXPECT_EQ(now.sip_status(), 415);
  EXPECT_TRUE(now.reconciling());
  ASSERT_OK(Delete(made));
  ASSERT_OK_AND_ASSIGN(const Received removal, peer_->WaitFor("PUBLISH"));
  EXPECT_EQ(removal.Header("SIP-If-Match"), "t1");
}

// EPA-18
TEST_F(PublishScenarioTest, TupleKeepsItsIdOverChanges) {
  ASSERT_OK_AND_ASSIGN(const v1::Publication made,
                       Run({"publish", kAlice, "--basic=open", "--route=remote"}));
  ASSERT_OK_AND_ASSIGN(const Received initial, peer_->WaitFor("PUBLISH"));
  EXPECT_EQ(initial.Header("Content-Type"), "application/pidf+xml");
  EXPECT_THAT(initial.sip.body(), HasSubstr("<basic>open</basic>"));
  peer_->Respond(initial, 200, Tag("t1"));

  ASSERT_OK(Run({"publications", "update", made.name(), "--basic=closed"}));

  ASSERT_OK_AND_ASSIGN(const Received modify, peer_->WaitFor("PUBLISH"));
  EXPECT_THAT(modify.sip.body(), HasSubstr("<basic>closed</basic>"));
  for (const Received& publish : {initial, modify}) {
    EXPECT_THAT(publish.sip.body(), HasSubstr("<tuple id=\"sipevents\""));
  }
}

// EPA-20
TEST_F(PublishScenarioTest, OthersMayPublishForAResource) {
  ASSERT_OK(
      Run({"publish", kAlice, "--basic=open", "--route=remote", "--as=sip:desk@example.com"}));
  ASSERT_OK_AND_ASSIGN(const Received publish, peer_->WaitFor("PUBLISH"));
  EXPECT_EQ(UriOf(publish.Header("From")), "sip:desk@example.com");
  EXPECT_EQ(UriOf(publish.Header("To")), kAlice);
}

TEST_F(PublishScenarioTest, TimeThatIsOverWithdrawsTheState) {
  ASSERT_OK(Publish("first", "2s"));
  ASSERT_OK_AND_ASSIGN(const Received initial, peer_->WaitFor("PUBLISH"));
  ResponseOptions generous = Tag("t1");
  generous.expires = "3600";
  peer_->Respond(initial, 200, generous);
  ASSERT_OK_AND_ASSIGN(Received last, peer_->WaitFor("PUBLISH"));
  while (last.expires() != 0) {
    peer_->Respond(last, 200, Tag("t2"));
    ASSERT_OK_AND_ASSIGN(last, peer_->WaitFor("PUBLISH"));
  }
  EXPECT_LE(last.time - initial.time, absl::Seconds(3));
}

// EPA-10
TEST_F(PublishScenarioTest, DrainRemovesWhatIsPublished) {
  ASSERT_OK(Establish("t1"));
  gateway_->process().Signal(SIGTERM);
  ASSERT_OK_AND_ASSIGN(const Received removal, peer_->WaitFor("PUBLISH"));
  EXPECT_EQ(removal.expires(), 0);
  EXPECT_EQ(removal.Header("SIP-If-Match"), "t1");
  peer_->Respond(removal, 200, Tag("t2"));
  EXPECT_THAT(gateway_->process().WaitForExit(kPatience), IsOkAndHolds(0));
  EXPECT_EQ(peer_->Count("PUBLISH"), 2);
}

// A gateway that is killed removes nothing, and the next one knows nothing of it: the compositor
// forgets by the time that the caller gave.
TEST_F(PublishScenarioTest, KillLeavesTheStateToItsTimeAndTheNextGatewayBeginsAnew) {
  ASSERT_OK_AND_ASSIGN(const v1::Publication made, Publish("first", "30s"));
  ASSERT_OK_AND_ASSIGN(const Received initial, peer_->WaitFor("PUBLISH"));
  EXPECT_LE(initial.expires(), 30);
  peer_->Respond(initial, 200, Tag("t1"));
  ASSERT_OK(WaitForState(made, v1::Publication::ACTIVE));
  gateway_->process().Signal(SIGKILL);
  ASSERT_OK(gateway_->process().WaitForExit(kPatience).status());
  EXPECT_OK(peer_->ExpectNone("PUBLISH", absl::Milliseconds(50)));

  ASSERT_OK(StartGateway());
  ASSERT_OK(Publish("second", "30s"));

  ASSERT_OK_AND_ASSIGN(const Received anew, peer_->WaitFor("PUBLISH"));
  EXPECT_THAT(anew.sip.Headers("SIP-If-Match"), IsEmpty());
  EXPECT_NE(anew.call_id(), initial.call_id());
}

TEST_F(PublishScenarioTest, StatesArePublishedWithinTheMetrics) {
  ASSERT_OK_AND_ASSIGN(const v1::Publication made, Establish("t1"));
  EXPECT_THAT(gateway_->Metric("sipevents_sip_publishing", "state=\"active\""), IsOkAndHolds(1));
  ASSERT_OK(Delete(made));
  ASSERT_OK_AND_ASSIGN(const Received removal, peer_->WaitFor("PUBLISH"));
  EXPECT_THAT(gateway_->Metric("sipevents_sip_publishing", "state=\"removing\""), IsOkAndHolds(1));
  peer_->Respond(removal, 200);
}

}  // namespace
}  // namespace sipevents::testing
