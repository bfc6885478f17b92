#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "sip/base/ascii.h"
#include "tests/sip/subscriber/subscriber_fixture.h"

// Subscriptions to lists of resources (RFC 4662, RFC 5367), as they go over the wire.

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kRelated[] = R"(multipart/related;type="application/rlmi+xml";boundary=B)";
constexpr char kCalls[] = "application/dialog-info+xml";

std::string Calls(int version) {
  return absl::StrCat(
      R"(<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" entity="sip:x@y" state="full" )",
      "version=\"", version, "\"/>");
}

std::string List(int version, bool full, std::string_view resources) {
  return absl::StrCat(
      "--B\r\nContent-ID: <r>\r\nContent-Type: application/rlmi+xml\r\n\r\n",
      R"(<list xmlns="urn:ietf:params:xml:ns:rlmi" uri="sip:floor2@example.com" version=")",
      version, "\" fullState=\"", full ? "true" : "false", "\">", AbslView(resources),
      "</list>\r\n--B\r\nContent-ID: <a>\r\nContent-Type: ", kCalls, "\r\n\r\n", Calls(version),
      "\r\n--B--\r\n");
}

constexpr char kMember[] = R"(<resource uri="sip:201@example.com"><name>Desk</name>)"
                           R"(<instance id="1" state="active" cid="a"/></resource>)";

// Also hears of members.
class MemberObserver : public RecordingObserver {
 public:
  void OnNotification(const Notification& notification) override {
    RecordingObserver::OnNotification(notification);
    members.push_back(
        absl::StrCat(AbslView(notification.member_uri), " ", AbslView(notification.member_name)));
    types.emplace_back(notification.content_type);
  }
  void OnMemberGone(std::string_view /*dialog*/, std::string_view uri, uint32_t /*instance*/,
                    std::string_view reason) override {
    gone.push_back(absl::StrCat(AbslView(uri), " ", AbslView(reason)));
  }
  std::vector<std::string> members;
  std::vector<std::string> types;
  std::vector<std::string> gone;
};

class FetchedMembers : public FetchObserver {
 public:
  void OnNotification(const Notification& notification) override {
    members.emplace_back(notification.member_uri);
  }
  void OnDone(const FetchResult& result) override { status = result.sip_status; }
  std::vector<std::string> members;
  int status = -1;
};

class EventListSubscriptionTest : public SubscriberFixture {
 protected:
  std::shared_ptr<MemberObserver> SubscribeTo(const SubscribeRequest& request) {
    auto observer = std::make_shared<MemberObserver>();
    subscriber().Subscribe(++last_id_, request, observer);
    return observer;
  }
  std::shared_ptr<MemberObserver> Floor2(const std::string& event_package = "dialog") {
    return SubscribeTo({.target_uri = "sip:floor2@example.com", .event_package = event_package});
  }
  int NotifyList(uint32_t cseq, const std::string& body, const std::string& tag = "a") {
    return Notify({.tag = tag, .cseq = cseq, .body = body, .content_type = kRelated});
  }
};

// RLS-01.
TEST_F(EventListSubscriptionTest, EverySubscribeSaysThatListsAreTaken) {
  Floor2();
  Answer(200);
  Notify({});
  PassUntilSent(2);
  subscriber().Unsubscribe(last_id_);

  ASSERT_EQ(sender_.sent.size(), 3u);
  for (const FakeRequestSender::Sent& sent : sender_.sent) {
    EXPECT_EQ(sent.request.supported, "eventlist");
    EXPECT_EQ(sent.request.require, "");
    EXPECT_EQ(sent.request.accept,
              "application/dialog-info+xml, multipart/related, application/rlmi+xml");
  }
}

TEST_F(EventListSubscriptionTest, TypesOfTheCallerAreCompletedRls01) {
  SubscribeTo({.target_uri = "sip:floor2@example.com",
               .event_package = "dialog",
               .accept = {"application/rlmi+xml", "text/plain"}});

  EXPECT_EQ(sender_.last().accept, "application/rlmi+xml, text/plain, multipart/related");
}

TEST_F(EventListSubscriptionTest, PackageOfOneDeviceOffersNoLists) {
  auto observer = Floor2("kpml");
  EXPECT_EQ(sender_.last().supported, "");
  EXPECT_EQ(sender_.last().accept, "application/kpml-response+xml");
  Answer(200);

  EXPECT_EQ(NotifyList(1, List(0, true, kMember)), 415);
}

// Names of packages that are not known are taken as they come, and so are lists of them.
TEST_F(EventListSubscriptionTest, UnknownPackageOffersListsWithoutNamingTypes) {
  auto observer = Floor2("x-unknown");
  EXPECT_EQ(sender_.last().supported, "eventlist");
  EXPECT_EQ(sender_.last().accept, "");
  Answer(200);

  EXPECT_EQ(NotifyList(1, List(0, true, kMember)), 200);
  EXPECT_THAT(observer->members, ElementsAre("sip:201@example.com Desk"));
}

// RLS-04: one notification for each member, none for the list.
TEST_F(EventListSubscriptionTest, MembersAreToldWithTheirOwnBodies) {
  auto observer = Floor2();
  Answer(200);

  EXPECT_EQ(NotifyList(1, List(0, true, kMember)), 200);

  EXPECT_THAT(observer->members, ElementsAre("sip:201@example.com Desk"));
  EXPECT_THAT(observer->types, ElementsAre(kCalls));
  EXPECT_THAT(observer->bodies, ElementsAre(Calls(0)));
  EXPECT_THAT(observer->errors, ElementsAre(""));
  EXPECT_EQ(observer->quiet, 0);
}

TEST_F(EventListSubscriptionTest, ListWithoutNewsIsQuietAndMemberThatLeavesIsGone) {
  auto observer = Floor2();
  Answer(200);
  NotifyList(1, List(0, true, kMember));

  NotifyList(2, List(1, false, ""));
  EXPECT_EQ(observer->quiet, 1);
  NotifyList(3, List(2, true, ""));

  EXPECT_THAT(observer->gone, ElementsAre("sip:201@example.com not-listed"));
  EXPECT_THAT(observer->members, SizeIs(1));
}

// RLS-06: the gap is seen on the wire, once.
TEST_F(EventListSubscriptionTest, GapIsAppliedAndRefreshed) {
  auto observer = Floor2();
  Answer(200);
  NotifyList(1, List(0, true, kMember));

  NotifyList(2, List(5, false, kMember));

  EXPECT_THAT(observer->members, SizeIs(2));
  ASSERT_EQ(sender_.sent.size(), 2u);
  EXPECT_EQ(sender_.last().to_tag, "a");
  EXPECT_EQ(sender_.last().supported, "eventlist");
  Answer(200);
  NotifyList(3, List(9, false, kMember));
  EXPECT_EQ(sender_.sent.size(), 2u);
}

// RLS-03: what it is at first it stays.
TEST_F(EventListSubscriptionTest, ListAndSingleStateAreNotMixed) {
  auto list = Floor2();
  Answer(200);
  NotifyList(1, List(0, true, kMember));
  EXPECT_EQ(Notify({.cseq = 2, .body = Calls(3), .content_type = kCalls}), 200);
  EXPECT_THAT(list->errors.back(), HasSubstr("the state of a single resource, where a list"));
  EXPECT_EQ(list->members.back(), " ");

  auto single = Floor2();
  Answer(200);
  Notify({.cseq = 1, .body = Calls(3), .content_type = kCalls});
  EXPECT_EQ(NotifyList(2, List(0, true, kMember)), 200);
  EXPECT_THAT(single->errors.back(), HasSubstr("a list, where a single resource"));
}

// RLS-09: `dialog` may fork, but not to or beside a list.
TEST_F(EventListSubscriptionTest, ForkOfAListIsRefused) {
  auto observer = Floor2();
  Answer(200);
  EXPECT_EQ(NotifyList(1, List(0, true, kMember)), 200);

  EXPECT_EQ(NotifyList(1, List(0, true, kMember), "b"), 481);
  EXPECT_EQ(Notify({.tag = "b", .body = Calls(0), .content_type = kCalls}), 481);

  auto single = Floor2();
  Answer(200);
  EXPECT_EQ(Notify({.tag = "a", .body = Calls(0), .content_type = kCalls}), 200);
  EXPECT_EQ(NotifyList(1, List(0, true, kMember), "b"), 481);
  EXPECT_EQ(Notify({.tag = "b", .body = Calls(0), .content_type = kCalls}), 200);
}

TEST_F(EventListSubscriptionTest, BrokenListIsToldAskedForAndForgottenWhenItIsGoodAgain) {
  auto observer = Floor2();
  Answer(200);
  NotifyList(1, List(0, true, kMember));

  NotifyList(2, "no parts");
  EXPECT_THAT(observer->errors.back(), HasSubstr("no part after a line"));
  EXPECT_EQ(observer->bodies.back(), "no parts");
  EXPECT_EQ(sender_.sent.size(), 2u);
  NotifyList(3, List(1, true, kMember));

  EXPECT_EQ(observer->members.back(), " ");
  EXPECT_EQ(observer->errors.back(), "");
  EXPECT_THAT(observer->gone, IsEmpty());
}

TEST_F(EventListSubscriptionTest, PartThatIsLeftOutIsCountedRls07) {
  Floor2();
  Answer(200);
  NotifyList(1, List(0, true, kMember));

  NotifyList(2, List(1, false,
                     R"(<resource uri="sip:201@example.com"><instance id="1" state="active"/>)"
                     "</resource>"));

  EXPECT_EQ(metrics_.deviations.back(), "RLS-07");
}

// A new dialog tells a new list: nothing of the old one counts.
TEST_F(EventListSubscriptionTest, ListOfANewDialogBeginsAnew) {
  auto observer = Floor2();
  Answer(200);
  NotifyList(1, List(7, true, kMember));
  Notify({.cseq = 2, .substate = "terminated", .reason = "deactivated"});
  ASSERT_EQ(sender_.sent.size(), 2u);
  Answer(200);

  NotifyList(1, List(0, true, kMember), "b");

  EXPECT_THAT(observer->members, SizeIs(2));
  EXPECT_THAT(observer->ended_dialogs, SizeIs(1));
}

TEST_F(EventListSubscriptionTest, FetchBringsTheMembers) {
  auto observer = std::make_shared<FetchedMembers>();
  subscriber().StartFetch({.target_uri = "sip:floor2@example.com", .event_package = "dialog"},
                          observer);

  EXPECT_EQ(NotifyList(1, List(0, true, kMember)), 200);
  EXPECT_EQ(NotifyList(1, List(0, true, kMember), "b"), 481);
  clock_.Advance(absl::Seconds(2));

  EXPECT_THAT(observer->members, ElementsAre("sip:201@example.com"));
  EXPECT_EQ(observer->status, 0);
}

// RFC 5367: the list goes with the first SUBSCRIBE of each attempt, never with a refresh.
TEST_F(EventListSubscriptionTest, RecipientListIsSentAndRequired) {
  auto observer = SubscribeTo({.target_uri = "sip:lists@example.com",
                               .event_package = "dialog",
                               .members = {"sip:201@example.com", "sip:a&b@example.com"}});

  const OutgoingRequest first = sender_.last();
  EXPECT_EQ(first.require, "recipient-list-subscribe");
  EXPECT_EQ(first.supported, "eventlist");
  EXPECT_EQ(first.content_type, "application/resource-lists+xml");
  EXPECT_EQ(first.content_disposition, "recipient-list");
  EXPECT_EQ(first.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
            "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list>\r\n"
            "<entry uri=\"sip:201@example.com\"/>\r\n"
            "<entry uri=\"sip:a&amp;b@example.com\"/>\r\n"
            "</list></resource-lists>\r\n");
  Answer(200);
  NotifyList(1, List(0, true, kMember));
  PassUntilSent(2);
  ASSERT_EQ(sender_.last().to_tag, "a");
  EXPECT_EQ(sender_.last().require, "");
  EXPECT_EQ(sender_.last().body, "");
  EXPECT_EQ(sender_.last().content_disposition, "");
}

// Without its members the list would be another resource.
TEST_F(EventListSubscriptionTest, RecipientListIsNotLeftOutWhereItIsRefused) {
  auto observer = SubscribeTo({.target_uri = "sip:lists@example.com",
                               .event_package = "dialog",
                               .members = {"sip:201@example.com"}});

  Answer(415);

  EXPECT_EQ(sender_.sent.size(), 1u);
  EXPECT_EQ(observer->state(), SubscriptionState::kTerminated);
}

}  // namespace
}  // namespace sipevents::sip
