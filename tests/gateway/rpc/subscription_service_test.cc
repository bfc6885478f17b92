#include "gateway/rpc/subscription_service.h"

#include <fstream>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/gateway/rpc/service_fixture.h"

// The rpcs that answer once, over a real connection.

namespace sipevents::gateway {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using SubscriptionServiceTest = ServiceFixture;

TEST_F(SubscriptionServiceTest, CreateIsIdempotentAndReturnsAtOnce) {
  ASSERT_OK_AND_ASSIGN(const v1::Subscription first, Create("sip:alice@example.com"));
  ASSERT_OK_AND_ASSIGN(const v1::Subscription again, Create("SIP:alice@EXAMPLE.com"));

  EXPECT_EQ(first.state(), v1::Subscription::SUBSCRIBING);
  EXPECT_TRUE(IsSubscriptionName(first.name()));
  EXPECT_EQ(again.name(), first.name());
  EXPECT_EQ(again.uid(), first.uid());
  EXPECT_EQ(again.spec().target_uri(), "sip:alice@example.com");
  EXPECT_THAT(agent_.subscriptions(), SizeIs(1));
}

TEST_F(SubscriptionServiceTest, GetShowsWhatTheSipSideSays) {
  ASSERT_OK_AND_ASSIGN(const v1::Subscription created, Create("sip:alice@example.com"));
  agent_.Status(1, sip::SubscriptionState::kRetrying, "response", 503);

  ASSERT_OK_AND_ASSIGN(const v1::Subscription found, Get(created.name()));

  EXPECT_EQ(found.state(), v1::Subscription::RETRYING);
  EXPECT_EQ(found.reason(), "response");
  EXPECT_EQ(found.sip_status(), 503);
}

TEST_F(SubscriptionServiceTest, NameThatIsNoneIsInvalidAndOneThatIsUnknownIsNotFound) {
  const absl::Status invalid = Get("subscriptions/42").status();
  const absl::Status unknown = Get(Alice().name).status();

  EXPECT_THAT(invalid, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(ErrorReasonOf(invalid), "INVALID_FIELD");
  EXPECT_THAT(unknown, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(ErrorReasonOf(unknown), "SUBSCRIPTION_NOT_FOUND");
  EXPECT_EQ(ErrorReasonOf(Delete(Alice().name, false)), "SUBSCRIPTION_NOT_FOUND");
  EXPECT_EQ(ErrorReasonOf(Delete(Alice().name, true)), "SUBSCRIPTION_NOT_FOUND");
}

TEST_F(SubscriptionServiceTest, RequestThatCannotBeUsedIsRefusedBeforeAnythingHappens) {
  const absl::StatusOr<v1::Subscription> created = Create("sip:alice@example.com?Subject=x");

  EXPECT_THAT(created, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("spec.target_uri")));
  EXPECT_THAT(agent_.subscriptions(), IsEmpty());
}

TEST_F(SubscriptionServiceTest, DeleteDropsTheHold) {
  SubscriptionRegistry::Options options;
  options.linger = absl::ZeroDuration();
  Serve(options, nullptr);
  ASSERT_OK_AND_ASSIGN(const v1::Subscription created, Create("sip:alice@example.com"));

  ASSERT_OK(Delete(created.name(), /*force=*/false));

  EXPECT_EQ(agent_.live(), 0);
  EXPECT_THAT(Get(created.name()), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SubscriptionServiceTest, PagesAreInTheOrderOfNamesAndComplete) {
  std::set<std::string> created;
  for (int i = 0; i < 7; ++i) {
    ASSERT_OK_AND_ASSIGN(const v1::Subscription each,
                         Create(absl::StrCat("sip:user", i, "@example.com")));
    created.insert(each.name());
  }

  std::vector<std::string> listed;
  v1::ListSubscriptionsRequest request;
  request.set_page_size(3);
  int pages = 0;
  do {
    ASSERT_OK_AND_ASSIGN(const v1::ListSubscriptionsResponse page, List(request));
    for (const v1::Subscription& each : page.subscriptions()) listed.push_back(each.name());
    request.set_page_token(page.next_page_token());
    ++pages;
  } while (!request.page_token().empty());

  EXPECT_EQ(pages, 3);
  EXPECT_EQ(listed, std::vector<std::string>(created.begin(), created.end()));
}

TEST_F(SubscriptionServiceTest, FilterChoosesAndBindsThePageToken) {
  for (int i = 0; i < 6; ++i) {
    ASSERT_OK(Create(absl::StrCat("sip:user", i, "@example.com")));
    if (i % 2 == 0) agent_.Status(agent_.last().id, sip::SubscriptionState::kActive);
  }
  v1::ListSubscriptionsRequest request;
  request.set_filter("state = ACTIVE AND event_package = \"presence\"");
  request.set_page_size(2);

  ASSERT_OK_AND_ASSIGN(const v1::ListSubscriptionsResponse first, List(request));
  request.set_page_token(first.next_page_token());
  ASSERT_OK_AND_ASSIGN(const v1::ListSubscriptionsResponse second, List(request));

  EXPECT_THAT(first.subscriptions(), SizeIs(2));
  EXPECT_THAT(second.subscriptions(), SizeIs(1));
  request.set_filter("state = SUBSCRIBING");
  EXPECT_THAT(List(request), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("page_token")));
  request.clear_page_token();
  request.set_filter("target_uri:user5");
  ASSERT_OK_AND_ASSIGN(const v1::ListSubscriptionsResponse one, List(request));
  EXPECT_THAT(one.subscriptions(), SizeIs(1));
}

TEST_F(SubscriptionServiceTest, ListShowsTheBacklog) {
  // Given five, three of which wait
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK(Create(absl::StrCat("sip:user", i, "@example.com")));
    sip::SubscriptionStatus status;
    if (i < 3) status.waiting_since = clock_.Now();
    agent_.Status(agent_.last().id, status);
  }
  // When a page of one is asked for
  v1::ListSubscriptionsRequest request;
  request.set_page_size(1);
  ASSERT_OK_AND_ASSIGN(const v1::ListSubscriptionsResponse page, List(request));
  // Then it tells of all,
  EXPECT_THAT(page.subscriptions(), SizeIs(1));
  EXPECT_EQ(page.waiting_count(), 3);
  // and a filter finds them.
  request.set_page_size(0);
  request.set_filter("waiting = true");
  ASSERT_OK_AND_ASSIGN(const v1::ListSubscriptionsResponse waiting, List(request));
  ASSERT_THAT(waiting.subscriptions(), SizeIs(3));
  EXPECT_EQ(waiting.subscriptions(0).waiting_since().seconds(), absl::ToUnixSeconds(clock_.Now()));
}

TEST_F(SubscriptionServiceTest, ListLooksAtABoundedNumberOfRowsAndGoesOn) {
  constexpr int kRows = 10'300;  // more than a call looks at
  for (int i = 0; i < kRows; ++i) {
    WantedSubscription wanted = Wanted(absl::StrCat("sip:user", i, "@example.com"));
    wanted.key.tenant = "default";
    wanted.name = namer_.NameOf(wanted.key);
    ASSERT_OK(registry_->Hold(wanted, "anonymous", absl::Hours(1)));
  }
  v1::ListSubscriptionsRequest request;
  request.set_filter("target_uri = \"sip:user7@example.com\"");

  int found = 0;
  int pages = 0;
  do {
    ASSERT_OK_AND_ASSIGN(const v1::ListSubscriptionsResponse page, List(request));
    found += page.subscriptions_size();
    request.set_page_token(page.next_page_token());
    ++pages;
  } while (!request.page_token().empty());

  EXPECT_EQ(found, 1);
  EXPECT_EQ(pages, 2);
}

// ---- with several callers

class SubscriptionServiceCallersTest : public ServiceFixture {
 protected:
  static constexpr char kAda[] = "token-of-ada-0123456789";       // tenant acme
  static constexpr char kBen[] = "token-of-ben-0123456789";       // tenant acme, presence of bob
  static constexpr char kRoot[] = "token-of-root-0123456789";     // tenant acme, admin
  static constexpr char kStranger[] = "token-of-eve-0123456789";  // another tenant

  void SetUp() override {
    const std::string path = ::testing::TempDir() + "/tokens";
    std::ofstream(path) << kAda << " ada acme identity=sip:ada@example.com\n"
                        << kBen << " ben acme target=sip:bob@example.com package=presence\n"
                        << kRoot << " root acme admin\n"
                        << kStranger << " eve umbrella admin\n";
    ASSERT_OK_AND_ASSIGN(tokens_, TokenFile::Open(path, clock_));
    SubscriptionRegistry::Options options;
    options.linger = absl::ZeroDuration();
    Serve(options, tokens_.get());
  }

  std::unique_ptr<TokenFile> tokens_;
};

TEST_F(SubscriptionServiceCallersTest, CallWithoutCredentialsIsRefusedEverywhere) {
  CallContext context;
  v1::FetchStateRequest fetch;
  *fetch.mutable_spec() = Spec("sip:alice@example.com");
  v1::FetchStateResponse fetched;

  for (const absl::Status& status :
       {Create("sip:alice@example.com").status(), Get("junk").status(), List({}).status(),
        Delete("junk", true), StartWatch(WatchAlice())->End(),
        FromGrpcStatus(stub_->FetchState(&context, fetch, &fetched)),
        Create("sip:alice@example.com", "an-unknown-token-000").status()}) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnauthenticated));
    EXPECT_EQ(ErrorReasonOf(status), "CREDENTIALS_MISSING");
  }
}

TEST_F(SubscriptionServiceCallersTest, SharingTheSubscriptionDoesNotShareThePermission) {
  ASSERT_OK_AND_ASSIGN(const v1::Subscription alice, Create("sip:alice@example.com", kAda));
  v1::WatchRequest by_name;
  by_name.set_name(alice.name());
  CallContext context(kBen);
  v1::FetchStateRequest fetch;
  *fetch.mutable_spec() = Spec("sip:alice@example.com");
  fetch.mutable_max_staleness()->set_seconds(60);
  v1::FetchStateResponse fetched;

  for (const absl::Status& status :
       {Create("sip:alice@example.com", kBen).status(), Get(alice.name(), kBen).status(),
        Delete(alice.name(), false, kBen), StartWatch(WatchAlice(), kBen)->End(),
        StartWatch(by_name, kBen)->End(),
        FromGrpcStatus(stub_->FetchState(&context, fetch, &fetched))}) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kPermissionDenied));
    EXPECT_EQ(ErrorReasonOf(status), "PERMISSION_MISSING");
  }
  EXPECT_OK(Create("sip:bob@example.com", kBen));
  ASSERT_OK_AND_ASSIGN(const v1::ListSubscriptionsResponse seen, List({}, kBen));
  ASSERT_THAT(seen.subscriptions(), SizeIs(1));
  EXPECT_EQ(seen.subscriptions(0).spec().target_uri(), "sip:bob@example.com");
}

TEST_F(SubscriptionServiceCallersTest, IdentityNeedsItsOwnPermission) {
  v1::WatchRequest request = WatchAlice();
  request.mutable_spec()->set_identity("sip:root@example.com");
  EXPECT_THAT(StartWatch(request, kAda)->End(),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("identity")));

  request.mutable_spec()->set_identity("sip:ada@example.com");
  const auto watch = StartWatch(request, kAda);

  EXPECT_TRUE(Await([&] { return agent_.live() == 1; }));
  EXPECT_EQ(agent_.last().request.identity, "sip:ada@example.com");
}

TEST_F(SubscriptionServiceCallersTest, OtherTenantSeesNothingAndSharesNothing) {
  ASSERT_OK_AND_ASSIGN(const v1::Subscription alice, Create("sip:alice@example.com", kAda));
  v1::WatchRequest by_name;
  by_name.set_name(alice.name());

  for (const absl::Status& status :
       {Get(alice.name(), kStranger).status(), Delete(alice.name(), false, kStranger),
        Delete(alice.name(), true, kStranger), StartWatch(by_name, kStranger)->End()}) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound));
    EXPECT_EQ(ErrorReasonOf(status), "SUBSCRIPTION_NOT_FOUND");
  }
  ASSERT_OK_AND_ASSIGN(const v1::ListSubscriptionsResponse seen, List({}, kStranger));
  EXPECT_THAT(seen.subscriptions(), IsEmpty());
  ASSERT_OK_AND_ASSIGN(const v1::Subscription own, Create("sip:alice@example.com", kStranger));
  EXPECT_NE(own.name(), alice.name());
  EXPECT_EQ(agent_.live(), 2);
}

TEST_F(SubscriptionServiceCallersTest, DeleteDropsOnlyTheCallersHold) {
  ASSERT_OK_AND_ASSIGN(const v1::Subscription alice, Create("sip:alice@example.com", kAda));
  ASSERT_OK(Create("sip:alice@example.com", kRoot));

  ASSERT_OK(Delete(alice.name(), false, kAda));
  EXPECT_EQ(agent_.live(), 1);
  ASSERT_OK(Delete(alice.name(), false, kRoot));
  EXPECT_EQ(agent_.live(), 0);
}

// Permission before existence: who may not use force is not told whether the name is there.
TEST_F(SubscriptionServiceCallersTest, ForceNeedsAdmin) {
  ASSERT_OK_AND_ASSIGN(const v1::Subscription alice, Create("sip:alice@example.com", kAda));

  for (const absl::Status& status :
       {Delete(alice.name(), true, kAda), Delete(Bob().name, true, kAda)}) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("admin")));
  }
  EXPECT_EQ(agent_.live(), 1);
  EXPECT_OK(Delete(alice.name(), true, kRoot));
  EXPECT_EQ(agent_.live(), 0);
}

}  // namespace
}  // namespace sipevents::gateway
