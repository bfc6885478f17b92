#include "sip/stack/flows.h"

#include <algorithm>
#include <utility>

namespace sipevents::sip {
namespace {

// Without Flow-Timer (RFC 5626 section 4.4.1); and over UDP (section 4.4.2).
constexpr absl::Duration kShortestPause = absl::Seconds(95);
constexpr absl::Duration kLongestPause = absl::Seconds(120);
constexpr absl::Duration kShortestDatagramPause = absl::Seconds(24);
constexpr absl::Duration kLongestDatagramPause = absl::Seconds(29);
// What a server may ask for: neither a flood nor nothing at all.
constexpr absl::Duration kShortestFlowTimer = absl::Seconds(1);
constexpr absl::Duration kLongestFlowTimer = absl::Hours(1);

constexpr std::string_view kUdp = "udp:";

}  // namespace

Flows::Flows(EventLoop& loop, RandomSource& random, StreamMessages& streams,
             std::function<void(const HostPort&)> ping_datagram)
    : loop_(loop), random_(random), streams_(streams), ping_datagram_(std::move(ping_datagram)) {}

Flows::~Flows() {
  for (const auto& [id, flow] : flows_) streams_.StopKeeping(flow.watch);
  for (const auto& [server, datagrams] : datagrams_) loop_.timers().Cancel(datagrams.timer);
}

FlowKeeper::FlowId Flows::Keep(std::string_view server, const Terms& terms,
                               std::function<void()> failed) {
  const FlowId id = ++last_id_;
  Flow& flow = flows_[id];
  flow.server = std::string(server);
  const bool datagrams = server.starts_with(kUdp);
  Range pause = datagrams ? Range{kShortestDatagramPause, kLongestDatagramPause}
                          : Range{kShortestPause, kLongestPause};
  if (terms.flow_timer.has_value()) {
    const absl::Duration asked =
        std::clamp(absl::Seconds(*terms.flow_timer), kShortestFlowTimer, kLongestFlowTimer);
    if (!datagrams || asked < pause.longest) pause = {asked * 0.8, asked};
  }
  if (datagrams) {
    KeepDatagrams(flow.server, pause);
    return id;
  }
  flow.watch = streams_.Keep(
      server, {[this, pause] { return AnyOf(pause); }, terms.outbound || terms.flow_timer},
      [this, id, failed = std::move(failed)](const absl::Status& /*cause*/) {
        flows_.erase(id);
        failed();
      });
  return id;
}

void Flows::Release(FlowId id) {
  const auto node = flows_.extract(id);
  if (node.empty()) return;
  const Flow& flow = node.mapped();
  if (flow.watch != 0) return streams_.StopKeeping(flow.watch);
  const auto found = datagrams_.find(flow.server);
  if (found == datagrams_.end() || --found->second.keepers > 0) return;
  loop_.timers().Cancel(found->second.timer);
  datagrams_.erase(found);
}

void Flows::KeepDatagrams(const std::string& server, const Range& pause) {
  Datagrams& datagrams = datagrams_[server];
  datagrams.pause = pause;
  if (++datagrams.keepers > 1) return;
  if (const auto address = ParseSipListenAddress(server); address.ok()) {
    datagrams.peer = address->address;
  }
  ArmDatagrams(server);
}

void Flows::ArmDatagrams(const std::string& server) {
  Datagrams& datagrams = datagrams_.at(server);
  const absl::Time next = loop_.clock().Now() + AnyOf(datagrams.pause);
  datagrams.timer = loop_.timers().At(next, [this, server] {
    ping_datagram_(datagrams_.at(server).peer);
    ArmDatagrams(server);
  });
}

}  // namespace sipevents::sip
