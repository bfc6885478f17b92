#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/notifier_scenario.h"

// What a compositor answers to a PUBLISH that it takes (RFC 3903 section 6), and what its watchers
// are told.

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// A 200 to PUBLISH: 3903 section 11.1.
void ExpectTaken(const Received& response) {
  EXPECT_EQ(response.sip.status(), 200) << response.sip.raw();
  EXPECT_THAT(response.sip.Headers("SIP-ETag"), SizeIs(1));
  EXPECT_THAT(response.Header("SIP-ETag"), ::testing::MatchesRegex("[A-Za-z0-9.!%_`'~+-]+"));
  EXPECT_THAT(response.sip.Headers("Expires"), SizeIs(1));
  EXPECT_GE(response.expires(), 0);
  EXPECT_THAT(response.to_tag(), Not(IsEmpty()));
  for (const char* header : {"Contact", "Record-Route", "Event", "SIP-If-Match", "Min-Expires",
                             "Subscription-State", "Accept"}) {
    EXPECT_THAT(response.sip.Headers(header), IsEmpty()) << header;
  }
}

// ---- how long

struct Lifetime {
  const char* name;
  std::optional<std::string> asked;
  int granted;
};
void PrintTo(const Lifetime& lifetime, std::ostream* out) { *out << lifetime.name; }

class GrantedPublishTest : public NotifierScenario,
                           public ::testing::WithParamInterface<Lifetime> {};

// ESC-08, ESC-09, ESC-15, TOR-24.
INSTANTIATE_TEST_SUITE_P(Durations, GrantedPublishTest,
                         ::testing::Values(Lifetime{"AsAsked", "600", 600},
                                           Lifetime{"TheLeast", "60", 60},
                                           Lifetime{"MoreThanTheMost", "7200", 3600},
                                           Lifetime{"MoreThanFits", "4294967296", 3600},
                                           Lifetime{"NothingAsked", std::nullopt, 3600},
                                           Lifetime{"ADate", "Thu, 01 Dec 2044 16:00:00 GMT", 3600},
                                           Lifetime{"Nothing", "0", 0}),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(GrantedPublishTest, IsToldInTheAnswer) {
  ASSERT_OK(StartServer());
  RawRequest publish = publisher_->NewPublish(Pidf("open"));
  publish.Remove("Expires");
  if (GetParam().asked.has_value()) publish.Set("Expires", *GetParam().asked);

  ASSERT_OK_AND_ASSIGN(const Received response, publisher_->Ask(publish));

  ExpectTaken(response);
  EXPECT_EQ(response.expires(), GetParam().granted);
}

class CompositorPublishScenarioTest : public NotifierScenario {
 protected:
  // The notes of alice's presence as a new watcher sees it.
  absl::StatusOr<std::string> Shown() {
    absl::StatusOr<ScriptedWatcher*> poller = NewWatcher();
    if (!poller.ok()) return poller.status();
    absl::StatusOr<Received> notify = (*poller)->Begin({.expires = "0"});
    if (!notify.ok()) return notify.status();
    return notify->sip.body();
  }
};

// ESC-09: unlike SUBSCRIBE, an hour may be too brief.
TEST_F(CompositorPublishScenarioTest, AnHourMayBeTooBrief) {
  ASSERT_OK(StartServer({"--sip_min_expires=2h", "--sip_max_expires=3h"}));
  RawRequest publish = publisher_->NewPublish(Pidf("open")).Set("Expires", "3600");

  ASSERT_OK_AND_ASSIGN(const Received response, publisher_->Ask(publish));

  EXPECT_EQ(response.sip.status(), 423);
  EXPECT_EQ(response.Header("Min-Expires"), "7200");
}

// ---- the chain of tags

// ESC-05, ESC-07, ESC-11, ESC-13, ESC-15.
TEST_F(CompositorPublishScenarioTest, EachOperationGivesANewTagThatTheNextOneNeeds) {
  ASSERT_OK(StartServer());
  ASSERT_OK(watcher_->Begin().status());
  std::set<std::string> tags;
  const auto taken = [&](const absl::StatusOr<Received>& response) {
    ASSERT_OK(response);
    ExpectTaken(*response);
    EXPECT_TRUE(tags.insert(response->Header("SIP-ETag")).second);
  };

  taken(publisher_->Publish(Pidf("open", "initial")));
  EXPECT_OK(watcher_->NotifyWith("initial").status());
  taken(publisher_->Refresh());
  EXPECT_OK(watcher_->ExpectNoNotify());
  taken(publisher_->Publish(Pidf("open", "modified")));
  EXPECT_OK(watcher_->NotifyWith("modified").status());
  taken(publisher_->Remove());
  ASSERT_OK_AND_ASSIGN(const Received gone, watcher_->NextNotify());

  EXPECT_THAT(ElementsOf(gone.sip.body(), "tuple"), IsEmpty());
  EXPECT_THAT(gone.sip.body(), Not(HasSubstr("modified")));
}

// ESC-15: never one that was used before.
TEST_F(CompositorPublishScenarioTest, TagsOfManyRefreshesAreDistinct) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("often"));
  std::set<std::string> tags = {publisher_->tag()};

  for (int i = 0; i < 500; ++i) {
    ASSERT_OK(publisher_->Refresh().status());
    ASSERT_TRUE(tags.insert(publisher_->tag()).second) << publisher_->tag();
  }
}

// ESC-05: two that name no tag are two publications.
TEST_F(CompositorPublishScenarioTest, PublicationsWithoutTagStandBesideEachOther) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedPublisher* const other, NewPublisher());

  ASSERT_OK(Publish("desk"));
  ASSERT_OK(other->Publish(Pidf("closed", "pocket")).status());

  EXPECT_NE(publisher_->tag(), other->tag());
  ASSERT_OK_AND_ASSIGN(const std::string shown, Shown());
  EXPECT_THAT(shown, HasSubstr("desk"));
  EXPECT_THAT(shown, HasSubstr("pocket"));
}

// ESC-11.
TEST_F(CompositorPublishScenarioTest, ChangeAndRemovalLeaveOtherPublicationsAlone) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(ScriptedPublisher* const other, NewPublisher());
  ASSERT_OK(Publish("desk"));
  ASSERT_OK(other->Publish(Pidf("closed", "pocket")).status());
  ASSERT_OK(watcher_->Begin().status());

  ASSERT_OK(Publish("chair"));
  ASSERT_OK_AND_ASSIGN(const Received changed, watcher_->NextNotify());
  ASSERT_OK(publisher_->Remove().status());
  ASSERT_OK_AND_ASSIGN(const Received removed, watcher_->NextNotify());

  EXPECT_THAT(changed.sip.body(), HasSubstr("chair"));
  EXPECT_THAT(changed.sip.body(), HasSubstr("pocket"));
  EXPECT_THAT(changed.sip.body(), Not(HasSubstr("desk")));
  EXPECT_THAT(removed.sip.body(), HasSubstr("pocket"));
  EXPECT_THAT(removed.sip.body(), Not(HasSubstr("chair")));
}

// ESC-13: nothing to keep.
TEST_F(CompositorPublishScenarioTest, InitialStateForNoTimeIsNotStored) {
  ASSERT_OK(StartServer());
  RawRequest publish = publisher_->NewPublish(Pidf("open", "gone")).Set("Expires", "0");

  ASSERT_OK_AND_ASSIGN(const Received response, publisher_->Ask(publish));

  ExpectTaken(response);
  EXPECT_EQ(response.expires(), 0);
  ASSERT_OK_AND_ASSIGN(const std::string shown, Shown());
  EXPECT_THAT(shown, Not(HasSubstr("gone")));
}

// ESC-13: a removal that brings a body is a removal.
TEST_F(CompositorPublishScenarioTest, RemovalWithABodyStoresNothing) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("there"));

  ASSERT_OK_AND_ASSIGN(const Received response,
                       publisher_->Ask(publisher_->NextPublish("0", Pidf("open", "gone"))));

  ExpectTaken(response);
  EXPECT_EQ(response.expires(), 0);
  ASSERT_OK_AND_ASSIGN(const std::string shown, Shown());
  EXPECT_THAT(shown, Not(HasSubstr("gone")));
  EXPECT_THAT(shown, Not(HasSubstr("there")));
}

// ESC-20: nobody says that it is over, but time.
TEST_F(CompositorPublishScenarioTest, ExpiryIsTold) {
  ASSERT_OK(StartServer({"--sip_min_expires=1s"}));
  ASSERT_OK_AND_ASSIGN(ScriptedPublisher* const other, NewPublisher());
  ASSERT_OK(other->Publish(Pidf("open", "stays")).status());
  ASSERT_OK(watcher_->Begin().status());
  ASSERT_OK(publisher_->Publish(publisher_->NewPublish(Pidf("open", "brief")).Set("Expires", "1"))
                .status());
  ASSERT_OK_AND_ASSIGN(const Received came, watcher_->NotifyWith("brief"));

  ASSERT_OK_AND_ASSIGN(const Received gone, watcher_->NextNotify());

  EXPECT_GE(gone.time - came.time, absl::Milliseconds(800));
  EXPECT_THAT(gone.sip.body(), Not(HasSubstr("brief")));
  EXPECT_THAT(gone.sip.body(), HasSubstr("stays"));
}

// ESC-20: what is refreshed lives on.
TEST_F(CompositorPublishScenarioTest, RefreshPutsTheExpiryOff) {
  ASSERT_OK(StartServer({"--sip_min_expires=1s"}));
  ASSERT_OK(publisher_->Publish(publisher_->NewPublish(Pidf("open", "kept")).Set("Expires", "2"))
                .status());
  ASSERT_OK(watcher_->Begin().status());

  ASSERT_OK(publisher_->Refresh("60").status());

  EXPECT_OK(watcher_->ExpectNoNotify(absl::Seconds(3)));
}

// ---- transactions

// ESC-19, TIMER-J: the answer was lost.
TEST_F(CompositorPublishScenarioTest, RepeatedPublishIsAnsweredAlike) {
  ASSERT_OK(StartServer());
  const RawRequest publish = publisher_->NewPublish(Pidf("open", "once"));
  ASSERT_OK_AND_ASSIGN(const Received first, publisher_->Ask(publish));

  ASSERT_OK_AND_ASSIGN(const Received second, publisher_->Ask(publish));

  EXPECT_EQ(second.sip.raw(), first.sip.raw());
  ASSERT_OK_AND_ASSIGN(const std::string shown, Shown());
  EXPECT_THAT(ElementsOf(shown, "tuple"), SizeIs(1));
}

// ESC-19: the same in another transaction comes too late.
TEST_F(CompositorPublishScenarioTest, OldTagInANewTransactionIsRefused) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("one"));
  RawRequest modify = publisher_->NextPublish("600", Pidf("open", "two"));
  ASSERT_OK_AND_ASSIGN(const Received first, publisher_->Publish(modify));

  ASSERT_OK_AND_ASSIGN(const Received second, publisher_->Ask(modify.NewBranch().SetCSeq(2)));

  EXPECT_EQ(first.sip.status(), 200);
  EXPECT_EQ(second.sip.status(), 412);
}

// 3261 8.2.2.2.
TEST_F(CompositorPublishScenarioTest, MergedPublishIsALoop) {
  ASSERT_OK(StartServer());
  RawRequest publish = publisher_->NewPublish(Pidf("open", "once"));
  ASSERT_OK(publisher_->Ask(publish).status());

  ASSERT_OK_AND_ASSIGN(const Received second, publisher_->Ask(publish.NewBranch()));

  EXPECT_EQ(second.sip.status(), 482);
  ASSERT_OK_AND_ASSIGN(const std::string shown, Shown());
  EXPECT_THAT(ElementsOf(shown, "tuple"), SizeIs(1));
}

// ESC-16: in the order in which they came.
TEST_F(CompositorPublishScenarioTest, PublishesInOneSegmentAreTakenInOrder) {
  ASSERT_OK(StartServer());
  SipPeer& peer = publisher_->peer();
  ASSERT_OK_AND_ASSIGN(const Flow flow, peer.ConnectTcp(gateway_->sip_tcp_port()));
  std::string segment;
  Sent last;
  for (int i = 1; i <= 5; ++i) {
    RawRequest publish("PUBLISH", "sip:alice@example.com", peer.port());
    publish
        .Set("Via",
             absl::StrCat("SIP/2.0/TCP 127.0.0.1:", peer.port(), ";branch=", publish.sent().branch))
        .Set("Event", "message-summary")
        .SetBody("application/simple-message-summary", MessageSummary(i, 0));
    absl::StrAppend(&segment, publish.Text(), "\r\n\r\n");
    last = publish.sent();
  }

  peer.SendRaw(flow, segment);

  ASSERT_OK_AND_ASSIGN(const Received response, peer.WaitForResponse(last, kServerPatience));
  EXPECT_EQ(response.sip.status(), 200);
  ASSERT_OK_AND_ASSIGN(const Received notify,
                       watcher_->Begin({.event = "message-summary", .expires = "0"}));
  EXPECT_THAT(notify.sip.body(), HasSubstr("Voice-Message: 5/0"));
}

// ESC-17.
TEST_F(CompositorPublishScenarioTest, RouteAndContactAreIgnoredAndMakeNoDialog) {
  ASSERT_OK(StartServer());
  RawRequest publish = publisher_->NewPublish(Pidf("open", "simple"));
  publish.Set("Contact", "<sip:phone@192.0.2.9>;expires=5")
      .Add("Record-Route", "<sip:p1.example.net;lr>")
      .Set("Subject", "lunch");

  ASSERT_OK_AND_ASSIGN(const Received response, publisher_->Publish(publish));

  ExpectTaken(response);
  EXPECT_EQ(response.expires(), 600);
  // The next one needs no dialog, and has another Call-ID.
  ASSERT_OK_AND_ASSIGN(const Received refreshed, publisher_->Refresh());
  ExpectTaken(refreshed);
}

// GEN-07.
TEST_F(CompositorPublishScenarioTest, CompactHeadersAreUnderstood) {
  ASSERT_OK(StartServer());
  RawRequest publish = publisher_->NewPublish(Pidf("open", "compact"));
  publish.Remove("Event")
      .Remove("Content-Type")
      .AddLines({"o: presence", "c: application/pidf+xml;charset=UTF-8"});

  ASSERT_OK_AND_ASSIGN(const Received response, publisher_->Ask(publish));

  ExpectTaken(response);
}

// ESC-07, ESC-15: after a restart nothing is known of old tags, and none comes again.
TEST_F(CompositorPublishScenarioTest, TagsOfBeforeARestartAreRefused) {
  ASSERT_OK(StartServer());
  ASSERT_OK(Publish("before"));
  const std::string tag = publisher_->tag();
  gateway_->process().Signal(9);
  ASSERT_OK(gateway_->process().WaitForExit(absl::Seconds(30)).status());
  ASSERT_OK(StartServer());

  ASSERT_OK_AND_ASSIGN(const Received response,
                       publisher_->Ask(publisher_->NewPublish("").Set("SIP-If-Match", tag)));
  ASSERT_OK(Publish("after"));

  EXPECT_EQ(response.sip.status(), 412);
  EXPECT_NE(publisher_->tag(), tag);
}

}  // namespace
}  // namespace sipevents::testing
