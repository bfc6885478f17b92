#include <memory>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "tests/gateway/rpc/service_fixture.h"

// FetchState, over a real connection.

namespace sipevents::gateway {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SubscriptionServiceFetchTest : public ServiceFixture {
 protected:
  // A FetchState call under way on a thread of its own.
  class Call {
   public:
    Call(v1::Subscriptions::Stub& stub, const v1::FetchStateRequest& request,
         absl::Duration deadline = kPatience)
        : thread_([this, &stub, request, deadline] {
            context_.set_deadline(absl::ToChronoTime(absl::Now() + deadline));
            status_ = FromGrpcStatus(stub.FetchState(&context_, request, &response_));
          }) {}
    ~Call() {
      if (!thread_.joinable()) return;
      context_.TryCancel();
      thread_.join();
    }

    absl::StatusOr<v1::FetchStateResponse> Result() {
      thread_.join();
      if (!status_.ok()) return status_;
      return response_;
    }
    void Cancel() { context_.TryCancel(); }

   private:
    grpc::ClientContext context_;
    v1::FetchStateResponse response_;
    absl::Status status_;
    std::thread thread_;
  };

  static v1::FetchStateRequest FetchAlice() {
    v1::FetchStateRequest request;
    *request.mutable_spec() = Spec("sip:alice@example.com");
    return request;
  }

  // The call, once the agent has been asked.
  std::unique_ptr<Call> Start(const v1::FetchStateRequest& request,
                              absl::Duration deadline = kPatience) {
    const size_t before = agent_.fetches().size();
    auto call = std::make_unique<Call>(*stub_, request, deadline);
    EXPECT_TRUE(Await([&] { return agent_.fetches().size() == before + 1; }));
    return call;
  }

  sip::FetchObserver& observer() { return *agent_.fetches().back().observer; }

  void Answer(std::string_view dialog, std::string_view body) {
    sip::Notification notification;
    notification.dialog = dialog;
    notification.receive_time = clock_.Now();
    notification.content_type = "text/plain";
    notification.body = body;
    observer().OnNotification(notification);
  }
};

TEST_F(SubscriptionServiceFetchTest, EachForkGivesOneEvent) {
  const auto call = Start(FetchAlice());

  Answer("d1", "one");
  Answer("d2", "two");
  Answer("d1", "one again");
  observer().OnDone({});
  ASSERT_OK_AND_ASSIGN(const v1::FetchStateResponse response, call->Result());

  ASSERT_THAT(response.events(), SizeIs(2));
  EXPECT_EQ(response.events(0).dialog(), "d1");
  EXPECT_EQ(response.events(0).body().data(), "one again");
  EXPECT_EQ(response.events(0).subscription(), "");
  EXPECT_EQ(response.events(0).target_uri(), "sip:alice@example.com");
  EXPECT_EQ(response.events(1).body().data(), "two");
  EXPECT_THAT(agent_.subscriptions(), IsEmpty());
  EXPECT_EQ(registry_->size(), 0u);
}

TEST_F(SubscriptionServiceFetchTest, ExpiresIsNotAskedFor) {
  v1::FetchStateRequest request = FetchAlice();
  request.mutable_spec()->mutable_expires()->set_seconds(60);

  const auto call = Start(request);

  EXPECT_EQ(agent_.fetches().back().request.expires, absl::ZeroDuration());
  observer().OnDone({});
  EXPECT_OK(call->Result());
}

TEST_F(SubscriptionServiceFetchTest, SipErrorIsTheCallersAnswer) {
  const auto call = Start(FetchAlice());

  observer().OnDone({.sip_status = 503, .reason = "response", .retry_after = 30});
  const absl::Status status = call->Result().status();

  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(ErrorReasonOf(status), "SIP_RESPONSE");
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(retry.ParseFromString(
      std::string(*status.GetPayload("type.googleapis.com/google.rpc.RetryInfo"))));
  EXPECT_EQ(retry.retry_delay().seconds(), 30);
}

TEST_F(SubscriptionServiceFetchTest, SilenceOfThePeerIsUnavailable) {
  const auto call = Start(FetchAlice());

  observer().OnDone({.sip_status = 408, .reason = "timeout"});
  const absl::Status status = call->Result().status();

  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(ErrorReasonOf(status), "SIP_TIMEOUT");
}

TEST_F(SubscriptionServiceFetchTest, LiveSubscriptionAnswersWithinTheStaleness) {
  ASSERT_OK(Create("sip:alice@example.com"));
  agent_.Status(1, sip::SubscriptionState::kActive);
  Tell(1, "d1", "one");
  Tell(1, "d2", "two");
  clock_.Advance(absl::Seconds(10));
  v1::FetchStateRequest request = FetchAlice();
  request.mutable_max_staleness()->set_seconds(10);

  Call live(*stub_, request);
  ASSERT_OK_AND_ASSIGN(const v1::FetchStateResponse response, live.Result());

  ASSERT_THAT(response.events(), SizeIs(2));
  EXPECT_EQ(response.events(0).body().data(), "one");
  EXPECT_TRUE(IsSubscriptionName(response.events(0).subscription()));
  EXPECT_THAT(agent_.fetches(), IsEmpty());
  // A moment later it is too old.
  clock_.Advance(absl::Seconds(1));
  const auto call = Start(request);
  observer().OnDone({});
  EXPECT_OK(call->Result());
}

TEST_F(SubscriptionServiceFetchTest, SubscriptionThatIsNotActiveDoesNotAnswer) {
  ASSERT_OK(Create("sip:alice@example.com"));
  Tell(1, "d1", "one");
  agent_.Status(1, sip::SubscriptionState::kRetrying, "timeout");
  v1::FetchStateRequest request = FetchAlice();
  request.mutable_max_staleness()->set_seconds(3600);

  const auto call = Start(request);

  observer().OnDone({});
  EXPECT_OK(call->Result());
}

TEST_F(SubscriptionServiceFetchTest, FetchesAreBoundedUntilSipIsDone) {
  Serve({}, nullptr, /*max_fetches=*/1);
  const auto first = Start(FetchAlice());
  first->Cancel();
  EXPECT_THAT(first->Result(), StatusIs(absl::StatusCode::kCancelled));

  // The caller has gone, but SIP is still asking.
  Call second(*stub_, FetchAlice());
  const absl::Status refused = second.Result().status();
  EXPECT_EQ(ErrorReasonOf(refused), "BOUND_REACHED");
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("max_fetches")));

  Answer("d1", "late");
  observer().OnDone({});
  agent_.ForgetFetches();
  const auto third = Start(FetchAlice());
  observer().OnDone({});
  EXPECT_OK(third->Result());
}

TEST_F(SubscriptionServiceFetchTest, DeadlineOfTheCallerIsKept) {
  const auto call = Start(FetchAlice(), absl::Seconds(1));

  EXPECT_THAT(call->Result(), StatusIs(absl::StatusCode::kDeadlineExceeded));

  Answer("d1", "late");
  observer().OnDone({});
}

TEST_F(SubscriptionServiceFetchTest, AgentThatForgetsTheFetchEndsTheCall) {
  const auto call = Start(FetchAlice());

  agent_.ForgetFetches();

  EXPECT_EQ(ErrorReasonOf(call->Result().status()), "DRAINING");
}

// RLS-04: members of one list are told apart, and are no forks.
TEST_F(SubscriptionServiceFetchTest, EachMemberOfAListIsAnEvent) {
  const auto call = Start(FetchAlice());

  for (int i = 0; i < 100; ++i) {
    const std::string member = "sip:" + std::to_string(i % 80) + "@example.com";
    sip::Notification notification;
    notification.dialog = "d1";
    notification.member_uri = member;
    observer().OnNotification(notification);
  }
  observer().OnDone({});

  ASSERT_OK_AND_ASSIGN(const v1::FetchStateResponse response, call->Result());
  ASSERT_EQ(response.events_size(), 80) << "the newest of each";
  EXPECT_EQ(response.events(79).member_uri(), "sip:79@example.com");
}

TEST_F(SubscriptionServiceFetchTest, MoreStateThanIsSensibleIsRefused) {
  const auto call = Start(FetchAlice());

  for (int i = 0; i < 65; ++i) Answer("d" + std::to_string(i), "x");

  EXPECT_EQ(ErrorReasonOf(call->Result().status()), "BOUND_REACHED");
  observer().OnDone({});
}

}  // namespace
}  // namespace sipevents::gateway
