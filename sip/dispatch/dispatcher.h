#ifndef SIP_DISPATCH_DISPATCHER_H_
#define SIP_DISPATCH_DISPATCHER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "sip/agent.h"
#include "sip/base/clock.h"
#include "sip/base/timer_queue.h"
#include "sip/dialog/request_sender.h"
#include "sip/dispatch/request_scheduler.h"
#include "sip/dispatch/transmitter.h"
#include "sip/explanation.h"
#include "sip/location/destination_policy.h"
#include "sip/transport/next_hop.h"

namespace sipevents::sip {

// Locator::Locate, as the dispatcher uses it.
using Locate = std::function<void(std::string_view uri, bool large,
                                  std::function<void(absl::StatusOr<std::vector<NextHop>>)> done)>;

// Takes requests from where they are wanted to where they go: finds the servers, drops those that
// the policy forbids, waits for its turn at the first that is not known to be down, and goes on
// to the next when one fails (LOC-03).
//
// Threads: the SIP thread. What it is built from must outlive it, except that `locate` must not
// call back once the dispatcher is gone.
class Dispatcher : public RequestSender {
 public:
  struct Parts {
    const Clock& clock;
    TimerQueue& timers;
    const DestinationPolicy& policy;
    RequestScheduler& scheduler;
    Transmitter& transmitter;
    Locate locate;
    SipMetrics* metrics = nullptr;  // may be null
  };

  explicit Dispatcher(Parts parts);
  ~Dispatcher() override;

  RequestId Send(std::string first_hop, RequestPriority priority, RequestClient& client) override;
  void Forget(RequestId id) override;
  ServerState StateOf(std::string_view server) const override {
    return parts_.scheduler.StateOf(server);
  }

 private:
  struct Request {
    RequestClient* client = nullptr;  // null: forgotten
    RequestPriority priority = RequestPriority::kSubscribe;
    std::string first_hop;
    std::vector<NextHop> hops;
    size_t hop = 0;                           // index into hops: where it is, or goes next
    std::unique_ptr<OutgoingRequest> filled;  // once its turn came
    bool in_flight = false;
    bool sized = false;  // whether the large form of the URI's servers was asked for
  };

  void OnLocated(RequestId id, absl::StatusOr<std::vector<NextHop>> hops);
  void SubmitToFlow(RequestId id);
  void Submit(RequestId id);
  void Pump();
  void Transmit(RequestId id);
  bool MovesToStream(RequestId id);
  void OnOutcome(RequestId id, const Response& response);
  bool TriesNext(const Request& request, const Response& response) const;
  void FailLater(RequestId id, int status, SendFailure failure);
  void Rearm();

  Parts parts_;
  absl::flat_hash_map<RequestId, std::unique_ptr<Request>> requests_;
  RequestId last_id_ = 0;
  TimerQueue::TimerId timer_ = 0;
  absl::Time timer_at_ = absl::InfiniteFuture();
  bool pumping_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sipevents::sip

#endif  // SIP_DISPATCH_DISPATCHER_H_
