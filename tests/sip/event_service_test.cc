#include "sip/event_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sip/posted_event_server.h"
#include "tests/sip/event_service_fixture.h"

// Who may subscribe and publish here (NOT-05, ESC-02), and the calls of gateway/.

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// NOT-05: 401 with a challenge of the domain that the sender belongs to, else of the resource's.
TEST_F(EventServiceTest, ChallengeIsOfTheSendersDomain) {
  const auto realm = [&](const std::string& from) {
    const RequestAnswer answer = Serve(Request("SUBSCRIBE", from));
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(answer.headers.at(0).first, "WWW-Authenticate");
    return answer.headers.at(0).second;
  };
  EXPECT_THAT(realm("sip:x@EXAMPLE.org"), HasSubstr("realm=\"example.org\""));
  EXPECT_THAT(realm("sip:x@elsewhere.net"), HasSubstr("realm=\"example.com\""));
  EXPECT_THAT(sender_.sent, SizeIs(0));
}

TEST_F(EventServiceTest, NothingOfOursIsNotChallenged) {
  IncomingRequest request = Request("SUBSCRIBE", "sip:x@elsewhere.net");
  request.request_uri = "sip:y@elsewhere.net";
  request.to_uri = request.request_uri;
  EXPECT_EQ(Serve(request).status, 404);
}

TEST_F(EventServiceTest, WatcherIsWhoItProvesToBe) {
  EXPECT_EQ(ServeAs(Request("SUBSCRIBE", "sip:alice@example.com"), "bob", "b").status, 200);
  const auto watchers = service_->notifier().List({}, "", 9);
  ASSERT_THAT(watchers, SizeIs(1));
  EXPECT_EQ(watchers[0].watcher_uri, "sip:bob@example.com");
}

TEST_F(EventServiceTest, NameThatAUriEscapesIsOneUser) {
  EXPECT_EQ(ServeAs(Request("SUBSCRIBE", "sip:x@example.com"), "op@desk", "d").status, 200);
  const auto watchers = service_->notifier().List({}, "", 9);
  ASSERT_THAT(watchers, SizeIs(1));
  EXPECT_EQ(watchers[0].watcher_uri, "sip:op%40desk@example.com");
  EXPECT_EQ(ServeAs(Request("PUBLISH", "sip:x@example.com"), "op@desk", "d").status, 200);
}

TEST_F(EventServiceTest, WrongPasswordAndOtherRealmAreRefused) {
  EXPECT_EQ(ServeAs(Request("SUBSCRIBE", "sip:bob@example.com"), "bob", "wrong").status, 401);
  EXPECT_EQ(ServeAs(Request("SUBSCRIBE", "sip:bob@example.com"), "eve", "b").status, 401);
  EXPECT_EQ(ServeAs(Request("SUBSCRIBE", "sip:bob@example.org"), "bob", "b").status, 401);
}

// ESC-02.
TEST_F(EventServiceTest, OnlyTheOwnerAndWhoMayPublish) {
  EXPECT_EQ(ServeAs(Request("PUBLISH", kAlice), "alice", "a").status, 200);
  EXPECT_EQ(ServeAs(Request("PUBLISH", "sip:bob@example.com"), "bob", "b").status, 200);
  EXPECT_EQ(ServeAs(Request("PUBLISH", "sip:root@example.com"), "root", "r").status, 200);
  EXPECT_EQ(ServeAs(Request("PUBLISH", "sip:alice@example.org"), "alice", "o").status, 403);
  IncomingRequest other = Request("PUBLISH", "sip:bob@example.com");
  other.request_uri = "sip:carol@example.com";
  EXPECT_EQ(ServeAs(other, "bob", "b").status, 403);
}

TEST_F(EventServiceTest, WithoutAuthenticationFromIsBelieved) {
  Start(false);
  EXPECT_EQ(Serve(Request("SUBSCRIBE", "sip:bob@example.com")).status, 200);
  EXPECT_EQ(Serve(Request("PUBLISH", "sip:eve@elsewhere.net")).status, 200);
}

// What is published is told: the two parts are joined.
TEST_F(EventServiceTest, PublishedStateIsToldToWatchers) {
  Start(false);
  Serve(Request("SUBSCRIBE", "sip:bob@example.com"));
  Response taken;
  taken.status = 200;
  sender_.Answer(0, taken);
  Serve(Request("PUBLISH", kAlice));
  clock_.Advance(absl::Seconds(5));
  ASSERT_THAT(sender_.sent, SizeIs(2));
  EXPECT_THAT(sender_.last().body, HasSubstr("<basic>open</basic>"));
}

// NOT-44, DEV-14.
TEST_F(EventServiceTest, TemplatesAreListedForTolerantPeersOnly) {
  EXPECT_EQ(EventService::AllowEvents(true), "presence, dialog, message-summary, vq-rtcpxr");
  EXPECT_THAT(EventService::AllowEvents(false), HasSubstr("presence.winfo"));
}

class PostedEventServerTest : public EventServiceTest {
 protected:
  PostedEventServerTest() { Start(false); }

  PostedEventServer server_{DomainSet({"example.com"}),
                            [this](const auto& action) { action(*service_); }};
  absl::Status status_ = absl::UnknownError("not called");
  EventServer::Done done_ = [this](const absl::Status& status) { status_ = status; };
};

TEST_F(PostedEventServerTest, StateOfACallerIsServedAndWithdrawn) {
  LocalPublication publication{1, kAlice, "presence", "application/pidf+xml", kPidf};
  server_.SetState(publication, done_);
  EXPECT_TRUE(status_.ok()) << status_;
  Serve(Request("SUBSCRIBE", "sip:bob@example.com"));
  EXPECT_THAT(sender_.last().body, HasSubstr("<basic>open</basic>"));
  status_ = absl::UnknownError("");
  server_.RemoveState(1, done_);
  EXPECT_TRUE(status_.ok());
  EXPECT_EQ(service_->compositor().publications().size(), 0u);
}

TEST_F(PostedEventServerTest, RuleAppliesToWhoIsThereAndWhoComes) {
  Serve(Request("SUBSCRIBE", "sip:bob@example.com"));
  const WatcherRule rule{kAlice, "presence", "sip:bob@example.com", WatcherDecision::kDeny};
  server_.SetRule(rule, done_);
  EXPECT_TRUE(status_.ok());
  IncomingRequest second = Request("SUBSCRIBE", "sip:bob@example.com");
  second.call_id = "other";
  EXPECT_EQ(Serve(second).status, 403);
  std::vector<WatcherRule> rules;
  server_.ListRules([&](std::vector<WatcherRule> listed) { rules = std::move(listed); });
  EXPECT_EQ(rules, std::vector<WatcherRule>{rule});
  server_.RemoveRule(kAlice, "presence", "sip:bob@example.com", done_);
  EXPECT_TRUE(status_.ok());
  server_.RemoveRule(kAlice, "presence", "sip:bob@example.com", done_);
  EXPECT_EQ(status_.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Serve(second).status, 200);
}

TEST_F(PostedEventServerTest, ListIsServedAndRemoved) {
  server_.SetList({"sip:team@example.com", {{kAlice, ""}}}, done_);
  EXPECT_TRUE(status_.ok());
  IncomingRequest request = Request("SUBSCRIBE", "sip:bob@example.com");
  request.request_uri = "sip:team@example.com";
  EXPECT_EQ(Serve(request).status, 421);
  server_.RemoveList("sip:team@example.com", done_);
  EXPECT_EQ(Serve(request).status, 200);
}

TEST_F(PostedEventServerTest, WatchersAreListed) {
  Serve(Request("SUBSCRIBE", "sip:bob@example.com"));
  size_t count = 0;
  server_.ListWatchers({}, "", 9, [&](const auto& watchers) { count = watchers.size(); });
  EXPECT_EQ(count, 1u);
}

TEST_F(PostedEventServerTest, ServesItsDomainsOnly) {
  EXPECT_TRUE(server_.Serves("sips:x@EXAMPLE.com"));
  EXPECT_FALSE(server_.Serves("sip:x@example.net"));
}

// Without a domain each call is answered, and says why not.
TEST_F(PostedEventServerTest, WithoutAServiceCallersAreToldSo) {
  PostedEventServer nothing{DomainSet(), nullptr};
  const auto refused = [&] {
    EXPECT_EQ(status_.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status_.message()), HasSubstr("--sip_domains"));
    status_ = absl::UnknownError("not called");
  };
  nothing.SetState({}, done_);
  refused();
  nothing.RemoveState(1, done_);
  refused();
  nothing.SetRule({}, done_);
  refused();
  nothing.RemoveRule("", "", "", done_);
  refused();
  nothing.SetList({}, done_);
  refused();
  nothing.RemoveList("", done_);
  refused();
  bool listed = false;
  nothing.ListWatchers({}, "", 1, [&](const auto& watchers) { listed = watchers.empty(); });
  EXPECT_TRUE(listed);
  EXPECT_FALSE(nothing.Serves(kAlice));
}

}  // namespace
}  // namespace sipevents::sip
