#ifndef TESTS_BENCH_GRPC_PUBLISHER_H_
#define TESTS_BENCH_GRPC_PUBLISHER_H_

#include <grpcpp/channel.h>

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sipevents/v1/publications.grpc.pb.h"
#include "tests/bench/publisher.h"

namespace sipevents::bench {

// Publishes through the gateway's Publications service, to be served by the gateway itself.
//
// Threads: one; gRPC's own threads tell it what was accepted.
class GrpcPublisher final : public Publisher {
 public:
  // `target`: HOST:PORT. Wakes `sockets` when something is accepted; they must outlive it.
  GrpcPublisher(DatagramSockets& sockets, const std::string& target, size_t resources);
  // Waits for what is under way.
  ~GrpcPublisher() override;

  void Publish(size_t resource, const std::string& body) override;
  std::vector<size_t> TakeAccepted() override;

 private:
  struct Call;

  void OnDone(Call& call, const grpc::Status& status);

  std::unique_ptr<v1::Publications::Stub> stub_;
  const int wake_;                            // an eventfd
  std::vector<std::unique_ptr<Call>> calls_;  // one of each resource
  std::mutex mutex_;
  std::condition_variable all_done_;
  size_t under_way_ = 0;
  std::vector<size_t> accepted_;
};

}  // namespace sipevents::bench

#endif  // TESTS_BENCH_GRPC_PUBLISHER_H_
