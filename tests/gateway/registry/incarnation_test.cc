#include "gateway/registry/incarnation.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/gateway/registry/registry_fixture.h"

namespace sipevents::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class IncarnationTest : public RegistryFixture {
 protected:
  void SetUp() override {
    RegistryFixture::SetUp();
    watch_.emplace(*registry_->Watch(Alice(), std::nullopt));
  }

  const Incarnation& alice() const { return watch_->subscription(); }

  void NotifyPresence(std::string_view dialog, std::string_view entity) {
    sip::Presence presence;
    presence.entity = entity;
    const sip::Document document = presence;
    sip::Notification notification;
    notification.dialog = dialog;
    notification.receive_time = clock_.Now();
    notification.content_type = "application/pidf+xml";
    notification.body = "<presence/>";
    notification.document = &document;
    agent_.Notify(1, notification);
  }

  void NotifyBroken(std::string_view dialog) {
    sip::Notification notification;
    notification.dialog = dialog;
    notification.receive_time = clock_.Now();
    notification.content_type = "application/pidf+xml";
    notification.body = "<presence";
    notification.decode_error = "the document ends within a tag";
    agent_.Notify(1, notification);
  }

  // A member of a list tells `body`; no body: nothing but that it is there.
  void NotifyMember(std::string_view dialog, std::string_view uri, std::string_view entity,
                    uint32_t instance = 0) {
    sip::Presence presence;
    presence.entity = entity;
    const sip::Document document = presence;
    sip::Notification notification;
    notification.dialog = dialog;
    notification.receive_time = clock_.Now();
    notification.member_uri = uri;
    notification.member_name = "Desk";
    notification.member_instance = instance;
    if (entity.empty()) {
      notification.decode_error = "the part is missing";
    } else {
      notification.document = &document;
    }
    agent_.Notify(1, notification);
  }

  // "uri#instance=entity" of what a new watch is shown.
  std::vector<std::string> Members() {
    std::vector<std::string> members;
    for (const v1::WatchItem& item : Items(alice())) {
      if (!item.has_event()) continue;
      members.push_back(absl::StrCat(item.event().member_uri(), "#", item.event().member_instance(),
                                     "=", item.event().presence().entity()));
    }
    return members;
  }

  std::optional<WatchLease> watch_;
};

// RLS-06: the key is the dialog and the member.
TEST_F(IncarnationTest, MembersOfAListAreShownEach) {
  NotifyMember("a", "sip:201@y", "one");
  NotifyMember("a", "sip:202@y", "two");
  NotifyMember("a", "sip:201@y", "three");
  NotifyMember("a", "sip:201@y", "other", /*instance=*/1);

  EXPECT_THAT(Members(), ElementsAre("sip:202@y#0=two", "sip:201@y#0=three", "sip:201@y#1=other"));
  const v1::Event event = Items(alice()).at(0).event();
  EXPECT_EQ(event.target_uri(), "sip:alice@example.com");
  EXPECT_EQ(event.member_name(), "Desk");
  EXPECT_EQ(event.dialog(), "a");
}

// RLS-07: what a member showed last stays, by its own key.
TEST_F(IncarnationTest, MemberWhoseStateCannotBeUsedKeepsItsLastOne) {
  NotifyMember("a", "sip:201@y", "one");
  NotifyMember("a", "sip:202@y", "two");
  NotifyMember("a", "sip:201@y", "");

  EXPECT_THAT(Members(), ElementsAre("sip:202@y#0=two", "sip:201@y#0=one"));
  EXPECT_EQ(Items(alice()).at(1).event().decode_error(), "the part is missing");
}

TEST_F(IncarnationTest, MemberThatLeavesIsToldAndMayComeBack) {
  NotifyMember("a", "sip:201@y", "one");
  NotifyMember("a", "sip:202@y", "two");
  WatchReader reader(alice().log(), {}, std::weak_ptr<Runnable>());
  ReadAll(reader);

  agent_.EndMember(1, "a", "sip:201@y", "not-listed");
  agent_.EndMember(1, "a", "sip:203@y", "rejected");
  NotifyMember("a", "sip:201@y", "again");
  executor_.RunReady();

  const auto items = ReadAll(reader).items;
  ASSERT_THAT(items, SizeIs(3));
  EXPECT_EQ(items[0].dialog_ended().dialog(), "a");
  EXPECT_EQ(items[0].dialog_ended().member_uri(), "sip:201@y");
  EXPECT_EQ(items[0].dialog_ended().reason(), "not-listed");
  EXPECT_EQ(items[1].dialog_ended().member_uri(), "sip:203@y");
  EXPECT_EQ(items[2].event().presence().entity(), "again");
  EXPECT_EQ(items[2].event().superseded(), 0);
  EXPECT_THAT(Members(), ElementsAre("sip:202@y#0=two", "sip:201@y#0=again"));
}

TEST_F(IncarnationTest, MembersThatAreNotThereAreRememberedUntilTheyComeBack) {
  const auto missing = [this] {
    std::vector<std::string> members;
    for (const auto& member : alice().MissingMembers()) {
      members.push_back(member.uri + " " + member.reason);
    }
    return members;
  };
  NotifyMember("a", "sip:201@y", "one");
  agent_.EndMember(1, "a", "sip:201@y", "noresource");
  agent_.EndMember(1, "a", "sip:202@y", "rejected");
  agent_.EndMember(1, "a", "sip:203@y", "not-listed");
  EXPECT_THAT(missing(), ElementsAre("sip:201@y noresource", "sip:202@y rejected"));

  NotifyMember("a", "sip:201@y", "again");
  EXPECT_THAT(missing(), ElementsAre("sip:202@y rejected"));
  agent_.EndMember(1, "a", "sip:202@y", "not-listed");
  EXPECT_THAT(missing(), SizeIs(0));

  for (int i = 0; i < 100; ++i) {
    agent_.EndMember(1, "a", absl::StrCat("sip:", i, "@y"), "noresource");
  }
  EXPECT_THAT(missing(), SizeIs(Incarnation::kMostMissing));
  agent_.EndDialog(1, "a", "noresource");
  EXPECT_THAT(missing(), SizeIs(0));
}

TEST_F(IncarnationTest, EndOfTheForkEndsTheMembersOfItsList) {
  NotifyMember("a", "sip:201@y", "one");
  NotifyMember("b", "sip:201@y", "two");

  agent_.EndDialog(1, "a", "noresource");

  EXPECT_THAT(Members(), ElementsAre("sip:201@y#0=two"));
}

TEST_F(IncarnationTest, NewOneIsSubscribing) {
  const v1::Subscription subscription = alice().Describe();

  EXPECT_EQ(subscription.name(), Alice().name);
  EXPECT_THAT(subscription.uid(), SizeIs(16));
  EXPECT_EQ(subscription.spec().target_uri(), "sip:alice@example.com");
  EXPECT_EQ(subscription.spec().event_package(), "presence");
  EXPECT_FALSE(subscription.spec().has_body());
  EXPECT_FALSE(subscription.spec().has_expires());
  EXPECT_EQ(subscription.state(), v1::Subscription::SUBSCRIBING);
  EXPECT_EQ(subscription.create_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
  EXPECT_FALSE(subscription.has_last_notify_time());
  EXPECT_FALSE(subscription.has_retry_time());
  EXPECT_FALSE(subscription.has_sip_expire_time());
  EXPECT_FALSE(subscription.has_stale_since());
  EXPECT_FALSE(subscription.has_waiting_since());
}

TEST_F(IncarnationTest, StatusOfTheSipSideIsShownAndTold) {
  sip::SubscriptionStatus status;
  status.state = sip::SubscriptionState::kRetrying;
  status.reason = "response";
  status.sip_status = 503;
  status.retry_time = clock_.Now() + absl::Seconds(30);
  status.sip_expire_time = clock_.Now() + absl::Seconds(600);
  status.stale_since = clock_.Now() - absl::Seconds(5);
  status.waiting_since = clock_.Now() - absl::Seconds(3);
  status.dialog_count = 2;

  agent_.Status(1, status);

  for (const v1::Subscription& shown : {alice().Describe(), Items(alice()).at(0).status()}) {
    EXPECT_EQ(shown.state(), v1::Subscription::RETRYING);
    EXPECT_EQ(shown.reason(), "response");
    EXPECT_EQ(shown.sip_status(), 503);
    EXPECT_EQ(shown.retry_time().seconds(), absl::ToUnixSeconds(status.retry_time));
    EXPECT_EQ(shown.sip_expire_time().seconds(), absl::ToUnixSeconds(status.sip_expire_time));
    EXPECT_EQ(shown.stale_since().seconds(), absl::ToUnixSeconds(status.stale_since));
    EXPECT_EQ(shown.waiting_since().seconds(), absl::ToUnixSeconds(status.waiting_since));
    EXPECT_EQ(shown.dialog_count(), 2);
  }
}

TEST_F(IncarnationTest, AttemptThatWaitsIsNewsAndRefreshThatWaitsIsNot) {
  WatchReader reader(alice().log(), {}, std::weak_ptr<Runnable>());
  const auto told = [&](const sip::SubscriptionStatus& status) {
    agent_.Status(1, status);
    executor_.RunReady();
    return ReadAll(reader).items.size();
  };
  sip::SubscriptionStatus status;
  EXPECT_EQ(told(status), 1u);
  // An attempt waits, and leaves
  status.waiting_since = clock_.Now();
  EXPECT_EQ(told(status), 1u);
  status.waiting_since = absl::InfinitePast();
  EXPECT_EQ(told(status), 1u);
  // A refresh waits, and leaves: only the resource shows it.
  status.state = sip::SubscriptionState::kActive;
  EXPECT_EQ(told(status), 1u);
  status.waiting_since = clock_.Now();
  EXPECT_EQ(told(status), 0u);
  EXPECT_TRUE(alice().Describe().has_waiting_since());
  status.waiting_since = absl::InfinitePast();
  EXPECT_EQ(told(status), 0u);
  EXPECT_FALSE(alice().Describe().has_waiting_since());
}

TEST_F(IncarnationTest, OneThatGoesWhileItWaitsIsNotCountedAnyMore) {
  const auto count = std::make_shared<std::atomic<int64_t>>(0);
  {
    Incarnation bob(Bob(), "uid", {clock_, executor_, budget_, metrics_, {}, count});
    sip::SubscriptionStatus status;
    status.waiting_since = clock_.Now();
    bob.OnStatus(status);
    EXPECT_EQ(*count, 1);
  }
  EXPECT_EQ(*count, 0);
}

TEST_F(IncarnationTest, RefreshAloneIsNoNews) {
  sip::SubscriptionStatus status;
  status.state = sip::SubscriptionState::kActive;
  status.sip_expire_time = clock_.Now() + absl::Seconds(600);
  agent_.Status(1, status);
  WatchReader reader(alice().log(), {}, std::weak_ptr<Runnable>());
  ReadAll(reader);

  status.sip_expire_time += absl::Seconds(600);
  agent_.Status(1, status);
  executor_.RunReady();

  EXPECT_THAT(ReadAll(reader).items, SizeIs(0));
  EXPECT_EQ(alice().Describe().sip_expire_time().seconds(),
            absl::ToUnixSeconds(status.sip_expire_time));
}

TEST_F(IncarnationTest, ReasonThatIsNotUtf8DoesNotSpoilTheMessage) {
  agent_.Status(1, sip::SubscriptionState::kRetrying, "caf\xe9");

  EXPECT_EQ(Items(alice()).at(0).status().reason(), "caf\xef\xbf\xbd");
}

TEST_F(IncarnationTest, InitialStateIsCompleteAfterTheFirstNotify) {
  agent_.Status(1, sip::SubscriptionState::kActive);
  EXPECT_THAT(Brief(Items(alice())), ElementsAre("ACTIVE"));

  NotifyPresence("d1", "pres:alice@example.com");

  EXPECT_THAT(Brief(Items(alice())), ElementsAre("ACTIVE", "initial d1=<presence/>", "complete"));
  EXPECT_EQ(alice().Describe().last_notify_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
}

TEST_F(IncarnationTest, QuietNotifyCompletesAnEmptyState) {
  agent_.Status(1, sip::SubscriptionState::kActive);

  agent_.last().observer->OnQuietNotify(clock_.Now());

  EXPECT_THAT(Brief(Items(alice())), ElementsAre("ACTIVE", "complete(empty)"));
  EXPECT_TRUE(alice().Describe().has_last_notify_time());
}

TEST_F(IncarnationTest, RetryingCompletesAnEmptyState) {
  agent_.Status(1, sip::SubscriptionState::kRetrying, "timeout");

  EXPECT_THAT(Brief(Items(alice())), ElementsAre("RETRYING", "complete(empty)"));
}

TEST_F(IncarnationTest, ForksAreToldApart) {
  agent_.NotifyBody(1, "d1", "one", clock_.Now());
  agent_.NotifyBody(1, "d2", "two", clock_.Now());
  agent_.NotifyBody(1, "d1", "one again", clock_.Now());

  EXPECT_THAT(Brief(Items(alice())),
              ElementsAre("initial d2=two", "initial d1=one again", "complete"));
}

TEST_F(IncarnationTest, EndOfAForkIsToldAndItsStateGoes) {
  agent_.NotifyBody(1, "d1", "one", clock_.Now());
  agent_.NotifyBody(1, "d2", "two", clock_.Now());
  WatchReader reader(alice().log(), {}, std::weak_ptr<Runnable>());
  ReadAll(reader);

  agent_.EndDialog(1, "d1", "timeout");
  executor_.RunReady();

  const std::vector<v1::WatchItem> items = ReadAll(reader).items;
  ASSERT_THAT(Brief(items), ElementsAre("ended d1"));
  EXPECT_EQ(items[0].dialog_ended().reason(), "timeout");
  EXPECT_THAT(Brief(Items(alice())), ElementsAre("initial d2=two", "complete"));
}

TEST_F(IncarnationTest, ForkThatToldNothingEndsSilently) {
  agent_.NotifyBody(1, "d1", "one", clock_.Now());

  agent_.EndDialog(1, "d2", "timeout");

  EXPECT_THAT(Brief(Items(alice())), ElementsAre("initial d1=one", "complete"));
}

// RFC 6665 section 4.1.3: after `invariant` the state will not change, and stays true.
TEST_F(IncarnationTest, StateThatRemainsIsStillShown) {
  agent_.NotifyBody(1, "d1", "one", clock_.Now());

  agent_.EndDialog(1, "d1", "invariant", /*state_remains=*/true);
  agent_.Terminate(1, "invariant");

  EXPECT_THAT(Brief(Items(alice())), ElementsAre("initial d1=one", "TERMINATED", "complete"));
}

TEST_F(IncarnationTest, BodyThatDoesNotDecodeKeepsTheDocumentOfItsFork) {
  NotifyPresence("d1", "pres:alice@example.com");
  NotifyPresence("d2", "pres:second@example.com");

  NotifyBroken("d1");
  NotifyBroken("d1");

  const std::vector<v1::WatchItem> items = Items(alice());
  ASSERT_THAT(Brief(items),
              ElementsAre("initial d2=<presence/>", "initial d1=<presence", "complete"));
  EXPECT_EQ(items[1].event().decode_error(), "the document ends within a tag");
  EXPECT_EQ(items[1].event().presence().entity(), "pres:alice@example.com");
}

TEST_F(IncarnationTest, BodyThatDoesNotDecodeWithoutAnEarlierDocumentHasNone) {
  NotifyPresence("d1", "pres:alice@example.com");

  NotifyBroken("d2");

  EXPECT_EQ(Items(alice()).at(1).event().document_case(), v1::Event::DOCUMENT_NOT_SET);
}

TEST_F(IncarnationTest, StreamEndsAfterTerminated) {
  WatchReader reader(alice().log(), {}, std::weak_ptr<Runnable>());

  agent_.Terminate(1, "rejected", 403);
  executor_.RunReady();
  const ReadItems read = ReadAll(reader);

  EXPECT_THAT(Brief(read.items), ElementsAre("TERMINATED", "complete(empty)"));
  EXPECT_EQ(read.result, ReadResult::kEnded);
}

TEST_F(IncarnationTest, StateIsFreshWhileActiveAndHeardOf) {
  const absl::Time start = clock_.Now();
  EXPECT_FALSE(alice().IsFresh(start));
  agent_.Status(1, sip::SubscriptionState::kActive);
  agent_.NotifyBody(1, "d1", "one", start);

  EXPECT_TRUE(alice().IsFresh(start));
  EXPECT_FALSE(alice().IsFresh(start + absl::Seconds(1)));
  sip::SubscriptionStatus stale;
  stale.state = sip::SubscriptionState::kActive;
  stale.stale_since = start;
  agent_.Status(1, stale);
  EXPECT_FALSE(alice().IsFresh(start));
}

}  // namespace
}  // namespace sipevents::gateway
