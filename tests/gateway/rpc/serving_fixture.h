#ifndef TESTS_GATEWAY_RPC_SERVING_FIXTURE_H_
#define TESTS_GATEWAY_RPC_SERVING_FIXTURE_H_

#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "gateway/auth/authenticator.h"
#include "gateway/auth/token_file.h"
#include "gateway/rpc/grpc_status.h"
#include "gateway/telemetry/metrics.h"
#include "gateway/watch/fanout_executor.h"
#include "grpc/grpc.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_event_server.h"
#include "tests/fakes/fake_random.h"

namespace sipevents::gateway {

// How long a test waits for what must come.
inline constexpr absl::Duration kPatience = absl::Seconds(20);

// A service in a server of its own on loopback, with callers of its own: tokens that begin with
// `alice`, `bob` (of tenant acme), `admin` (of acme), `phones` (may publish for sip:phone*, in
// presence only) and `other` (of another tenant).
class ServingFixture : public ::testing::Test {
 protected:
  ServingFixture() {
    // gRPC must not unload itself between tests: its last poller may take ten seconds to end.
    static const bool keeps_grpc = (grpc_init(), true);
    EXPECT_TRUE(keeps_grpc);
    const std::string path = ::testing::TempDir() + "/serving_tokens";
    std::ofstream(path) << "alice-0123456789abcdef alice acme identity=*\n"
                           "bob-0123456789abcdef bob acme\n"
                           "admin-0123456789abcdef root acme admin\n"
                           "phones-0123456789abcdef pbx acme publish=sip:phone* package=presence\n"
                           "other-0123456789abcdef alice elsewhere admin\n";
    auto tokens = TokenFile::Open(path, clock_);
    EXPECT_TRUE(tokens.ok()) << tokens.status();
    tokens_ = *std::move(tokens);
    authenticator_ = std::make_unique<Authenticator>(Authenticator::Options{tokens_.get(), false});
  }

  // Serves it until Stop(); returns a channel to it.
  std::shared_ptr<grpc::Channel> Serve(grpc::Service& service) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    server_ = builder.BuildAndStart();
    return grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                               grpc::InsecureChannelCredentials());
  }

  void Stop() {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    server_.reset();
    executor_.Shutdown();
  }

  // A call of this caller.
  static std::unique_ptr<grpc::ClientContext> As(const std::string& caller) {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    context->AddMetadata("authorization", "Bearer " + caller + "-0123456789abcdef");
    return context;
  }

  // Makes a unary call.
  template <typename Stub, typename Request, typename Response>
  static absl::Status Call(Stub& stub,
                           grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                        Response*),
                           const Request& request, Response& response, const std::string& caller) {
    return FromGrpcStatus((stub.*method)(As(caller).get(), request, &response));
  }

  // Waits for something that other threads do. False if it does not come.
  static bool Await(const std::function<bool()>& condition) {
    const absl::Time deadline = absl::Now() + kPatience;
    while (!condition()) {
      if (absl::Now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  FakeClock clock_;
  FakeRandom random_;
  FanoutExecutor executor_{2};
  Metrics metrics_{[](std::string_view) { return true; }};
  sip::FakeEventServer event_server_;
  Authorizer authorizer_;
  std::unique_ptr<TokenFile> tokens_;
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace sipevents::gateway

#endif  // TESTS_GATEWAY_RPC_SERVING_FIXTURE_H_
