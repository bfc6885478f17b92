#ifndef TESTS_BENCH_STREAM_READER_H_
#define TESTS_BENCH_STREAM_READER_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::bench {

// Reads `Watch` and `WatchMany` streams and counts what comes, decoding no more than a sample of
// it: the reader shares the machine with what is measured.
//
// Threads: any; the counts are read while gRPC's threads add to them.
class StreamReader {
 public:
  explicit StreamReader(const std::string& address);
  ~StreamReader();
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;

  void Watch(const v1::WatchRequest& request);
  void WatchMany(const v1::WatchManyRequest& request);

  uint64_t items() const { return items_.load(std::memory_order_relaxed); }
  uint64_t messages() const { return messages_.load(std::memory_order_relaxed); }

  // How long after the gateway had them the events of every so manieth message of a WatchMany
  // stream were here, in milliseconds, since the last call.
  std::vector<double> TakeLatencies();

 private:
  class Call;

  void Note(const std::vector<double>& latencies);

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<grpc::GenericStub> stub_;
  std::vector<std::unique_ptr<Call>> calls_;
  std::atomic<uint64_t> items_{0};
  std::atomic<uint64_t> messages_{0};
  std::mutex mutex_;
  std::vector<double> latencies_;  // under mutex_
};

}  // namespace sipevents::bench

#endif  // TESTS_BENCH_STREAM_READER_H_
