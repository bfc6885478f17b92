#ifndef GATEWAY_RPC_SUBSCRIPTION_SERVICE_FETCH_H_
#define GATEWAY_RPC_SUBSCRIPTION_SERVICE_FETCH_H_

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "gateway/registry/subscription_key.h"
#include "grpcpp/support/server_callback.h"
#include "sip/agent.h"
#include "sip/base/mutex.h"
#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::gateway {

// How many fetches may be under way on the SIP side. A caller who goes away does not end his: its
// slot is taken until SIP is done with it.
//
// Threads: any.
class FetchSlots {
 public:
  explicit FetchSlots(int limit) : limit_(limit) {}

  // False if none is free.
  bool TryTake();
  void GiveBack() { taken_.fetch_sub(1, std::memory_order_relaxed); }
  int limit() const { return limit_; }
  int taken() const { return taken_.load(std::memory_order_relaxed); }

 private:
  const int limit_;
  std::atomic<int> taken_{0};
};

// One FetchState call that asks the SIP side: collects what the forks answer.
//
// Threads: the observer's calls on a SIP thread, OnCancel() on gRPC's; Finish() is called once.
// Ends: lives until both gRPC and the SIP side are done with it.
class FetchCall final : public grpc::ServerUnaryReactor {
 public:
  // Begins. A slot of `slots` has been taken for it, and is given back when SIP is done.
  static FetchCall* Start(const WantedSubscription& wanted, sip::Agent& agent,
                          std::shared_ptr<FetchSlots> slots, v1::FetchStateResponse& response);

 private:
  // More than this much state is refused rather than collected.
  static constexpr size_t kMaxForks = 64;
  static constexpr size_t kMaxMembers = 10'000;  // of a list
  static constexpr size_t kMaxOctets = size_t{16} << 20;

  class Listener;

  FetchCall(const WantedSubscription& wanted, v1::FetchStateResponse& response);

  void Take(const sip::Notification& notification);
  void Conclude(const absl::Status& status);

  // grpc::ServerUnaryReactor:
  void OnCancel() override;
  void OnDone() override;

  const std::string event_head_;

  Mutex mutex_;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  v1::FetchStateResponse& response_ ABSL_GUARDED_BY(mutex_);  // gRPC's, until Finish()
  // By dialog, member and its instance: where in the response.
  std::map<std::tuple<std::string, std::string, uint32_t>, int> events_ ABSL_GUARDED_BY(mutex_);
  size_t members_ ABSL_GUARDED_BY(mutex_) = 0;  // of events_, how many are of members
  size_t octets_ ABSL_GUARDED_BY(mutex_) = 0;

  // Keeps it alive while gRPC may call it.
  std::shared_ptr<FetchCall> self_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_SUBSCRIPTION_SERVICE_FETCH_H_
