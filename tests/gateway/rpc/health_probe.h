#ifndef TESTS_GATEWAY_RPC_HEALTH_PROBE_H_
#define TESTS_GATEWAY_RPC_HEALTH_PROBE_H_

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"

namespace sipevents::testing {

// What grpc.health.v1.Health says of a service: "SERVING", "NOT_SERVING", or the error's code.
// No package of Debian has the health service's proto: both messages are written by hand.
inline std::string ProbeHealth(const std::shared_ptr<grpc::Channel>& channel,
                               const std::string& service,
                               absl::Duration patience = absl::Seconds(10)) {
  std::string request;  // HealthCheckRequest { string service = 1; }
  if (!service.empty()) {
    request += '\x0a';
    request += static_cast<char>(service.size());
    request += service;
  }
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(absl::ToChronoTime(absl::Now() + patience));
  const grpc::Slice slice(request);
  const grpc::ByteBuffer request_bytes(&slice, 1);
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(channel);
  const auto call =
      stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", request_bytes, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (!status.ok()) return "error " + std::to_string(status.error_code());
  grpc::Slice body;
  response.DumpToSingleSlice(&body);
  // HealthCheckResponse { ServingStatus status = 1; }
  const std::string text(reinterpret_cast<const char*>(body.begin()), body.size());
  if (text == std::string("\x08\x01", 2)) return "SERVING";
  if (text == std::string("\x08\x02", 2)) return "NOT_SERVING";
  return "unknown answer";
}

}  // namespace sipevents::testing

#endif  // TESTS_GATEWAY_RPC_HEALTH_PROBE_H_
