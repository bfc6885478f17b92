#ifndef SIP_STACK_FLOWS_H_
#define SIP_STACK_FLOWS_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "sip/base/random_id.h"
#include "sip/dialog/flow_keeper.h"
#include "sip/stack/stream_messages.h"
#include "sip/transport/event_loop.h"

namespace sipevents::sip {

// Keeps ways to servers open (OUT-02): connections by pings, every 80 to 100 % of Flow-Timer or
// 95 to 120 s; over UDP by two empty lines every 24 to 29 s, or sooner if Flow-Timer says so, which
// nobody answers. However many want the same way to be kept, it costs one ping.
//
// Threads: the loop's. What it is built from must outlive it.
class Flows : public FlowKeeper {
 public:
  // `ping_datagram` sends the empty lines to an address.
  Flows(EventLoop& loop, RandomSource& random, StreamMessages& streams,
        std::function<void(const HostPort&)> ping_datagram);
  ~Flows() override;

  FlowId Keep(std::string_view server, const Terms& terms, std::function<void()> failed) override;
  void Release(FlowId id) override;

 private:
  struct Flow {
    std::string server;
    StreamTransport::WatchId watch = 0;  // 0: over UDP
  };
  struct Range {
    absl::Duration shortest;
    absl::Duration longest;
  };
  struct Datagrams {
    int keepers = 0;
    Range pause;
    HostPort peer;
    TimerQueue::TimerId timer = 0;
  };

  absl::Duration AnyOf(const Range& range) {
    return range.shortest + (range.longest - range.shortest) * random_.Uniform();
  }
  void KeepDatagrams(const std::string& server, const Range& pause);
  void ArmDatagrams(const std::string& server);

  EventLoop& loop_;
  RandomSource& random_;
  StreamMessages& streams_;
  const std::function<void(const HostPort&)> ping_datagram_;
  FlowId last_id_ = 0;
  absl::flat_hash_map<FlowId, Flow> flows_;
  absl::flat_hash_map<std::string, Datagrams> datagrams_;  // by server
};

}  // namespace sipevents::sip

#endif  // SIP_STACK_FLOWS_H_
