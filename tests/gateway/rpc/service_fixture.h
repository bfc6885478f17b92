#ifndef TESTS_GATEWAY_RPC_SERVICE_FIXTURE_H_
#define TESTS_GATEWAY_RPC_SERVICE_FIXTURE_H_

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "gateway/rpc/grpc_status.h"
#include "gateway/rpc/subscription_service.h"
#include "grpc/grpc.h"
#include "grpcpp/grpcpp.h"
#include "sipevents/v1/subscriptions.grpc.pb.h"
#include "tests/gateway/registry/registry_fixture.h"

namespace sipevents::gateway {

// How long a test waits for what must come.
inline constexpr absl::Duration kPatience = absl::Seconds(20);

// A client's end of a call, with its deadline and credentials.
class CallContext {
 public:
  explicit CallContext(const std::string& token = "") {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    if (!token.empty()) context_.AddMetadata("authorization", "Bearer " + token);
  }
  grpc::ClientContext* operator&() { return &context_; }
  grpc::ClientContext* operator->() { return &context_; }

 private:
  grpc::ClientContext context_;
};

// A client's Watch: gives items one at a time.
class WatchCall {
 public:
  WatchCall(v1::Subscriptions::Stub& stub, const v1::WatchRequest& request,
            const std::string& token = "")
      : context_(token), reader_(stub.Watch(&context_, request)) {}
  ~WatchCall() {
    if (reader_ != nullptr) Cancel();
  }

  // The next batch; empty if the stream has ended. Not to be mixed with Next().
  std::vector<v1::WatchItem> NextBatch() {
    v1::WatchResponse response;
    if (!reader_->Read(&response)) return {};
    return {response.items().begin(), response.items().end()};
  }

  // The next item; one without an `item` if the stream has ended.
  v1::WatchItem Next() {
    if (items_.empty()) {
      for (v1::WatchItem& item : NextBatch()) items_.push_back(std::move(item));
    }
    if (items_.empty()) return {};
    v1::WatchItem item = std::move(items_.front());
    items_.pop_front();
    last_token_ = item.resume_token();
    return item;
  }

  // The next `count` items in few words.
  std::vector<std::string> NextBrief(int count) {
    std::vector<std::string> brief;
    for (int i = 0; i < count; ++i) brief.push_back(Brief(Next()));
    return brief;
  }

  // Of the last item that Next() gave.
  const std::string& last_token() const { return last_token_; }

  // How the stream ended; reads what is left of it.
  absl::Status End() {
    v1::WatchResponse response;
    while (reader_->Read(&response)) {
    }
    const grpc::Status status = reader_->Finish();
    reader_.reset();
    return FromGrpcStatus(status);
  }

  void Cancel() {
    context_->TryCancel();
    EXPECT_EQ(End().code(), absl::StatusCode::kCancelled);
  }

 private:
  CallContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchResponse>> reader_;
  std::deque<v1::WatchItem> items_;
  std::string last_token_;
};

// The service in a server of its own on loopback, over a fake agent; a real client.
class ServiceFixture : public RegistryFixture {
 protected:
  // With 0 threads a test drives the executor itself.
  explicit ServiceFixture(int threads = 2)
      : drives_executor_(threads == 0), service_executor_(threads) {
    // gRPC must not unload itself between tests: its last poller may take ten seconds to end.
    static const bool keeps_grpc = (grpc_init(), true);
    EXPECT_TRUE(keeps_grpc);
  }

  void SetUp() override { Serve({}, nullptr); }

  void Serve(SubscriptionRegistry::Options options, TokenFile* tokens, int max_fetches = 1000) {
    Stop();
    registry_ = std::make_shared<SubscriptionRegistry>(
        options,
        SubscriptionRegistry::Parts{agent_, clock_, random_, service_executor_, budget_, metrics_});
    Authenticator::Options credentials;
    credentials.tokens = tokens;
    authenticator_ = std::make_unique<Authenticator>(credentials);
    service_ = std::make_unique<SubscriptionService>(
        SubscriptionService::Options{"", "sip:gateway@example.com", max_fetches},
        SubscriptionService::Parts{*registry_, agent_, namer_, *authenticator_, authorizer_, clock_,
                                   service_executor_, metrics_});
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    stub_ = v1::Subscriptions::NewStub(grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                                           grpc::InsecureChannelCredentials()));
  }

  void TearDown() override {
    Stop();
    service_executor_.Shutdown();
    registry_.reset();
  }

  void Stop() {
    if (server_ == nullptr) return;
    stub_.reset();
    // Without threads of its own the executor must be driven until the streams have ended.
    std::atomic<bool> stopped{false};
    std::thread pump([&] {
      while (drives_executor_ && !stopped.load()) {
        service_executor_.RunReady();
        std::this_thread::yield();
      }
    });
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    stopped.store(true);
    pump.join();
    server_.reset();
    service_.reset();
  }

  // Waits for something that other threads do. False if it does not come.
  bool Await(const std::function<bool()>& condition) {
    const absl::Time deadline = absl::Now() + kPatience;
    while (!condition()) {
      if (absl::Now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  static v1::SubscriptionSpec Spec(const std::string& target) {
    v1::SubscriptionSpec spec;
    spec.set_target_uri(target);
    spec.set_event_package("presence");
    return spec;
  }

  static v1::WatchRequest WatchAlice() {
    v1::WatchRequest request;
    *request.mutable_spec() = Spec("sip:alice@example.com");
    return request;
  }

  std::unique_ptr<WatchCall> StartWatch(const v1::WatchRequest& request,
                                        const std::string& token = "") {
    return std::make_unique<WatchCall>(*stub_, request, token);
  }

  absl::StatusOr<v1::Subscription> Create(const std::string& target,
                                          const std::string& token = "") {
    CallContext context(token);
    v1::CreateSubscriptionRequest request;
    *request.mutable_spec() = Spec(target);
    v1::Subscription subscription;
    const grpc::Status status = stub_->CreateSubscription(&context, request, &subscription);
    if (!status.ok()) return FromGrpcStatus(status);
    return subscription;
  }

  absl::StatusOr<v1::Subscription> Get(const std::string& name, const std::string& token = "") {
    CallContext context(token);
    v1::GetSubscriptionRequest request;
    request.set_name(name);
    v1::Subscription subscription;
    const grpc::Status status = stub_->GetSubscription(&context, request, &subscription);
    if (!status.ok()) return FromGrpcStatus(status);
    return subscription;
  }

  absl::StatusOr<v1::ListSubscriptionsResponse> List(const v1::ListSubscriptionsRequest& request,
                                                     const std::string& token = "") {
    CallContext context(token);
    v1::ListSubscriptionsResponse response;
    const grpc::Status status = stub_->ListSubscriptions(&context, request, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    return response;
  }

  absl::Status Delete(const std::string& name, bool force, const std::string& token = "") {
    CallContext context(token);
    v1::DeleteSubscriptionRequest request;
    request.set_name(name);
    request.set_force(force);
    google::protobuf::Empty response;
    return FromGrpcStatus(stub_->DeleteSubscription(&context, request, &response));
  }

  // The subscription is active and has told this.
  void Tell(sip::SubscriptionId id, std::string_view dialog, std::string_view body) {
    agent_.NotifyBody(id, dialog, body, clock_.Now());
  }

  const bool drives_executor_;
  FanoutExecutor service_executor_;
  Authorizer authorizer_;
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<SubscriptionService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::Subscriptions::Stub> stub_;
};

}  // namespace sipevents::gateway

#endif  // TESTS_GATEWAY_RPC_SERVICE_FIXTURE_H_
