#include "gateway/rpc/watcher_service.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "sip/base/bound_error.h"
#include "tests/gateway/rpc/serving_fixture.h"

// Watchers and their rules, over a real connection.

namespace sipevents::gateway {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Stub = v1::Watchers::Stub;

class WatcherServiceTest : public ServingFixture {
 protected:
  void SetUp() override {
    service_ = std::make_unique<WatcherService>(
        "", WatcherService::Parts{event_server_, *authenticator_, authorizer_, clock_, executor_,
                                  metrics_});
    stub_ = v1::Watchers::NewStub(Serve(*service_));
  }
  void TearDown() override { Stop(); }

  sip::WatcherRecord Record(const std::string& id, const std::string& resource,
                            sip::WatcherStatus status = sip::WatcherStatus::kPending) {
    sip::WatcherRecord watcher;
    watcher.id = id;
    watcher.resource_uri = resource;
    watcher.event_package = "presence";
    watcher.watcher_uri = "sip:bob@example.com";
    watcher.contact_uri = "sip:bob@192.0.2.7";
    watcher.user_agent = "phone \xff";
    watcher.status = status;
    watcher.event = "subscribe";
    watcher.subscribe_time = clock_.Now();
    watcher.expire_time = clock_.Now() + absl::Hours(1);
    watcher.notify_count = 2;
    return watcher;
  }

  std::vector<std::string> List(v1::ListWatchersRequest request,
                                const std::string& caller = "alice") {
    std::vector<std::string> names;
    do {
      v1::ListWatchersResponse page;
      EXPECT_OK(Call(*stub_, &Stub::ListWatchers, request, page, caller));
      for (const v1::ServedWatcher& watcher : page.watchers()) names.push_back(watcher.name());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return names;
  }

  static v1::AuthorizeWatcherRequest Allow(const std::string& name) {
    v1::AuthorizeWatcherRequest request;
    request.set_name(name);
    request.set_decision(v1::WatcherRule::ALLOW);
    return request;
  }
  static v1::AuthorizeWatcherRequest BlockBob(const std::string& target) {
    v1::AuthorizeWatcherRequest request;
    request.set_target_uri(target);
    request.set_event_package("presence");
    request.set_watcher_uri("sip:bob@example.com");
    request.set_decision(v1::WatcherRule::POLITE_BLOCK);
    return request;
  }
  absl::StatusOr<v1::WatcherRule> Authorize(const v1::AuthorizeWatcherRequest& request,
                                            const std::string& caller = "alice") {
    v1::WatcherRule rule;
    const absl::Status status = Call(*stub_, &Stub::AuthorizeWatcher, request, rule, caller);
    if (!status.ok()) return status;
    return rule;
  }
  std::vector<v1::WatcherRule> Rules(v1::ListWatcherRulesRequest request,
                                     const std::string& caller = "alice") {
    std::vector<v1::WatcherRule> rules;
    do {
      v1::ListWatcherRulesResponse page;
      EXPECT_OK(Call(*stub_, &Stub::ListWatcherRules, request, page, caller));
      rules.insert(rules.end(), page.rules().begin(), page.rules().end());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return rules;
  }

  std::unique_ptr<WatcherService> service_;
  std::unique_ptr<Stub> stub_;
};

TEST_F(WatcherServiceTest, WatcherIsShownWithAllThatIsKnownOfIt) {
  event_server_.TellWatcher(Record("w1", "sip:desk@example.com"));
  v1::ListWatchersResponse page;

  ASSERT_OK(Call(*stub_, &Stub::ListWatchers, {}, page, "alice"));

  ASSERT_THAT(page.watchers(), SizeIs(1));
  const v1::ServedWatcher& watcher = page.watchers(0);
  EXPECT_EQ(watcher.name(), "watchers/w1");
  EXPECT_EQ(watcher.target_uri(), "sip:desk@example.com");
  EXPECT_EQ(watcher.watcher_uri(), "sip:bob@example.com");
  EXPECT_EQ(watcher.user_agent(), "phone \xef\xbf\xbd");
  EXPECT_EQ(watcher.status(), v1::Watcher::PENDING);
  EXPECT_EQ(watcher.event(), v1::Watcher::SUBSCRIBE);
  EXPECT_EQ(watcher.expire_time().seconds(), absl::ToUnixSeconds(clock_.Now() + absl::Hours(1)));
  EXPECT_FALSE(watcher.has_last_notify_time());
  EXPECT_EQ(watcher.notify_count(), 2);
  EXPECT_FALSE(watcher.has_last_notify_attempt_time());
  EXPECT_EQ(watcher.last_notify_status(), 0);
  EXPECT_EQ(watcher.body_omission(), v1::ServedWatcher::BODY_OMISSION_UNSPECIFIED);
}

TEST_F(WatcherServiceTest, HowTheLastNotifyFaredIsShown) {
  sip::WatcherRecord record = Record("w1", "sip:desk@example.com", sip::WatcherStatus::kActive);
  record.last_notify_attempt_time = clock_.Now();
  record.last_notify_status = 415;
  record.body_omission = sip::BodyOmission::kRefused;
  event_server_.TellWatcher(record);
  v1::ListWatchersResponse page;

  ASSERT_OK(Call(*stub_, &Stub::ListWatchers, {}, page, "alice"));

  ASSERT_THAT(page.watchers(), SizeIs(1));
  const v1::ServedWatcher& watcher = page.watchers(0);
  EXPECT_EQ(watcher.last_notify_attempt_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
  EXPECT_EQ(watcher.last_notify_status(), 415);
  EXPECT_EQ(watcher.body_omission(), v1::ServedWatcher::BODY_REFUSED);
}

TEST_F(WatcherServiceTest, ListGoesByPagesByFieldsAndByPermission) {
  event_server_.TellWatcher(Record("w1", "sip:desk@example.com"));
  event_server_.TellWatcher(Record("w2", "sip:phone7@example.com"));
  event_server_.TellWatcher(Record("w3", "sip:desk@example.com"));
  v1::ListWatchersRequest pages;
  pages.set_page_size(1);
  v1::ListWatchersRequest of_desk;
  of_desk.set_target_uri("sip:desk@EXAMPLE.com");
  v1::ListWatchersRequest of_nobody;
  of_nobody.set_watcher_uri("sip:eve@example.com");

  EXPECT_THAT(List(pages), ElementsAre("watchers/w1", "watchers/w2", "watchers/w3"));
  EXPECT_THAT(List(of_desk), ElementsAre("watchers/w1", "watchers/w3"));
  EXPECT_THAT(List(of_nobody), IsEmpty());
  EXPECT_THAT(List(pages, "phones"), ElementsAre("watchers/w2"));
}

TEST_F(WatcherServiceTest, DecisionByNameBecomesARuleAboutTheWatcher) {
  event_server_.TellWatcher(Record("w1", "sip:desk@example.com"));

  ASSERT_OK_AND_ASSIGN(const v1::WatcherRule rule, Authorize(Allow("watchers/w1")));

  EXPECT_EQ(rule.target_uri(), "sip:desk@example.com");
  EXPECT_EQ(rule.watcher_uri(), "sip:bob@example.com");
  EXPECT_EQ(rule.decision(), v1::WatcherRule::ALLOW);
  EXPECT_THAT(event_server_.rules(),
              ElementsAre(sip::WatcherRule{"sip:desk@example.com", "presence",
                                           "sip:bob@example.com", sip::WatcherDecision::kAllow}));
}

TEST_F(WatcherServiceTest, DecisionMayComeBeforeTheWatcher) {
  ASSERT_OK_AND_ASSIGN(const v1::WatcherRule rule, Authorize(BlockBob("pres:desk@EXAMPLE.com")));

  EXPECT_EQ(rule.target_uri(), "sip:desk@example.com");
  ASSERT_THAT(event_server_.rules(), SizeIs(1));
  EXPECT_EQ(event_server_.rules()[0].decision, sip::WatcherDecision::kPoliteBlock);
}

TEST_F(WatcherServiceTest, DecisionThatCannotBeUsedNamesTheField) {
  v1::AuthorizeWatcherRequest undecided = BlockBob("sip:desk@example.com");
  undecided.clear_decision();
  v1::AuthorizeWatcherRequest both = BlockBob("sip:desk@example.com");
  both.set_name("watchers/w1");
  v1::AuthorizeWatcherRequest nobody = BlockBob("sip:desk@example.com");
  nobody.clear_watcher_uri();

  EXPECT_THAT(Authorize(undecided),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("decision")));
  EXPECT_THAT(Authorize(both), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("name")));
  EXPECT_THAT(Authorize(nobody),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("watcher_uri")));
  EXPECT_THAT(Authorize(BlockBob("sip:desk@example.org")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("target_uri")));
  EXPECT_THAT(Authorize(Allow("watchers/w9")), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(WatcherServiceTest, RuleAboutAPackageThatIsNotServedIsRefused) {
  v1::AuthorizeWatcherRequest request = BlockBob("sip:desk@example.com");
  request.set_event_package("conference");
  EXPECT_THAT(Authorize(request),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("event_package is \"conference\": expected one that is served: "
                                 "presence, dialog, presence.winfo")));
  EXPECT_THAT(event_server_.rules(), IsEmpty());
  request.set_event_package("presence.winfo");
  EXPECT_OK(Authorize(request).status());
}

TEST_F(WatcherServiceTest, CallerDecidesAboutWhatHeMayPublishFor) {
  event_server_.TellWatcher(Record("w1", "sip:desk@example.com"));

  EXPECT_THAT(Authorize(Allow("watchers/w1"), "phones"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Authorize(BlockBob("sip:desk@example.com"), "phones"),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_OK(Authorize(BlockBob("sip:phone7@example.com"), "phones").status());
  EXPECT_THAT(event_server_.rules(), SizeIs(1));
}

TEST_F(WatcherServiceTest, TooManyRulesIsABound) {
  event_server_.RefuseWith(sip::BoundError("watcher_rules", "too many"));

  const absl::Status refused = Authorize(BlockBob("sip:desk@example.com")).status();

  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(ErrorReasonOf(refused), "BOUND_REACHED");
  EXPECT_THAT(metrics_.Text(), HasSubstr("bound=\"watcher_rules\"} 1"));
}

TEST_F(WatcherServiceTest, RulesAreListedAndTakenBack) {
  for (const char* target :
       {"sip:desk@example.com", "sip:phone7@example.com", "sip:phone8@example.com"}) {
    ASSERT_OK(Authorize(BlockBob(target)).status());
  }
  v1::ListWatcherRulesRequest pages;
  pages.set_page_size(1);
  EXPECT_THAT(Rules(pages), SizeIs(3));
  EXPECT_THAT(Rules({}, "phones"), SizeIs(2));
  v1::ListWatcherRulesRequest of_desk;
  of_desk.set_target_uri("sip:desk@example.com");
  const std::vector<v1::WatcherRule> desk = Rules(of_desk);
  ASSERT_THAT(desk, SizeIs(1));

  google::protobuf::Empty empty;
  v1::DeleteWatcherRuleRequest by_name;
  by_name.set_name(desk[0].name());
  EXPECT_THAT(Call(*stub_, &Stub::DeleteWatcherRule, by_name, empty, "phones"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_OK(Call(*stub_, &Stub::DeleteWatcherRule, by_name, empty, "alice"));
  EXPECT_THAT(Call(*stub_, &Stub::DeleteWatcherRule, by_name, empty, "alice"),
              StatusIs(absl::StatusCode::kNotFound));
  v1::DeleteWatcherRuleRequest by_key;
  by_key.set_target_uri("sip:phone7@example.com");
  by_key.set_event_package("presence");
  by_key.set_watcher_uri("sip:bob@example.com");
  EXPECT_OK(Call(*stub_, &Stub::DeleteWatcherRule, by_key, empty, "alice"));
  EXPECT_THAT(Call(*stub_, &Stub::DeleteWatcherRule, by_key, empty, "alice"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Rules({}), SizeIs(1));
}

TEST_F(WatcherServiceTest, StreamShowsWhoWatchesAndEachChange) {
  event_server_.TellWatcher(Record("w1", "sip:phone7@example.com"));
  event_server_.TellWatcher(Record("w2", "sip:desk@example.com"));
  const auto context = As("phones");
  const auto reader = stub_->WatchWatchers(context.get(), {});
  std::vector<std::string> seen;
  v1::WatchWatchersResponse response;
  const auto read_until = [&](size_t count) {
    while (seen.size() < count && reader->Read(&response)) {
      for (const v1::WatcherItem& item : response.items()) {
        seen.push_back(item.has_bookmark() ? v1::Bookmark::Kind_Name(item.bookmark().kind())
                                           : item.watcher().name() + " " +
                                                 v1::Watcher::Status_Name(item.watcher().status()));
      }
    }
  };
  read_until(2);
  event_server_.TellWatcher(Record("w1", "sip:phone7@example.com", sip::WatcherStatus::kActive));
  read_until(3);
  event_server_.TellWatcher(
      Record("w1", "sip:phone7@example.com", sip::WatcherStatus::kTerminated));
  read_until(4);

  EXPECT_THAT(seen, ElementsAre("watchers/w1 PENDING", "INITIAL_STATE_COMPLETE",
                                "watchers/w1 ACTIVE", "watchers/w1 TERMINATED"));
  context->TryCancel();
  EXPECT_TRUE(Await([&] { return event_server_.observers() == 0; }));
}

TEST_F(WatcherServiceTest, DrainEndsStreamsAndRefusesCalls) {
  const auto context = As("alice");
  const auto reader = stub_->WatchWatchers(context.get(), {});
  v1::WatchWatchersResponse response;
  ASSERT_TRUE(reader->Read(&response));

  service_->BeginDrain();

  while (reader->Read(&response)) {
  }
  EXPECT_EQ(response.items(0).bookmark().kind(), v1::Bookmark::DRAIN);
  EXPECT_THAT(FromGrpcStatus(reader->Finish()), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Authorize(BlockBob("sip:desk@example.com")),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(service_->AwaitDrained(absl::Now() + kPatience));
}

}  // namespace
}  // namespace sipevents::gateway
