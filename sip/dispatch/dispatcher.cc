#include "sip/dispatch/dispatcher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "sip/base/ascii.h"
#include "sip/base/log.h"

namespace sipevents::sip {
namespace {

// A request above this is too large for a datagram while the path's limit is not known (RFC 3261
// section 18.1.1).
constexpr size_t kMaxDatagramOctets = 1300;
// How a URI ends that the notifier makes of a Contact.
constexpr char kByUdp[] = ";transport=udp";

RequestOutcome OutcomeOf(const Response& response) {
  RequestOutcome outcome;
  if (!response.made_here) {
    if (response.status == 503) {
      outcome.kind = RequestOutcome::Kind::kOverloaded;
      if (response.retry_after) outcome.retry_after = absl::Seconds(*response.retry_after);
    }
  } else if (response.failure == SendFailure::kTimeout) {
    outcome.kind = RequestOutcome::Kind::kTimedOut;
  } else if (response.failure == SendFailure::kTransport) {
    outcome.kind = RequestOutcome::Kind::kUnreachable;
  } else {
    outcome.kind = RequestOutcome::Kind::kForgotten;
  }
  return outcome;
}

}  // namespace

Dispatcher::Dispatcher(Parts parts) : parts_(std::move(parts)) {}

Dispatcher::~Dispatcher() {
  *alive_ = false;
  parts_.timers.Cancel(timer_);
}

RequestId Dispatcher::Send(std::string first_hop, RequestPriority priority, RequestClient& client) {
  const RequestId id = ++last_id_;
  auto request = std::make_unique<Request>();
  request->client = &client;
  request->priority = priority;
  request->first_hop = std::move(first_hop);
  const std::string& uri = request->first_hop;
  requests_.emplace(id, std::move(request));
  if (uri.starts_with(kFlowScheme)) {
    SubmitToFlow(id);
    return id;
  }
  // A copy: the request may be gone when the answer comes.
  parts_.locate(std::string(uri), /*large=*/false,
                [this, id, alive = alive_](absl::StatusOr<std::vector<NextHop>> hops) {
                  if (*alive) OnLocated(id, std::move(hops));
                });
  return id;
}

// The peer came by it, and is answered by it: no policy asks where it leads.
void Dispatcher::SubmitToFlow(RequestId id) {
  Request& request = *requests_.at(id);
  const absl::StatusOr<SipListenAddress> peer =
      ParseSipListenAddress(std::string_view(request.first_hop).substr(kFlowScheme.size()));
  if (!peer.ok()) return FailLater(id, 503, SendFailure::kNoAddress);
  request.hops = {{.transport = peer->transport, .address = peer->address, .flow = true}};
  Submit(id);
}

void Dispatcher::Forget(RequestId id) {
  const auto it = requests_.find(id);
  if (it == requests_.end()) return;
  if (it->second->in_flight) {
    it->second->client = nullptr;  // its place in flight is free when its transaction ends
    return;
  }
  parts_.scheduler.Remove(id);
  requests_.erase(it);
}

void Dispatcher::OnLocated(RequestId id, absl::StatusOr<std::vector<NextHop>> hops) {
  const auto it = requests_.find(id);
  if (it == requests_.end()) return;  // forgotten meanwhile
  Request& request = *it->second;
  if (!hops.ok()) {
    Log(LogSeverity::kWarning, "dispatcher", "no server found",
        {{"uri", request.first_hop}, {"error", hops.status().message()}});
    FailLater(id, 503, SendFailure::kNoAddress);
    return;
  }
  request.hops = *std::move(hops);
  std::erase_if(request.hops, [this](const NextHop& hop) { return !parts_.policy.Allows(hop); });
  if (request.hops.empty()) {
    Log(LogSeverity::kWarning, "dispatcher", "no destination that is allowed",
        {{"uri", request.first_hop}});
    FailLater(id, 403, SendFailure::kNotAllowed);
    return;
  }
  request.hop = 0;
  Submit(id);
}

// Waits at the first server from here on that is not down; if all are, at the first.
void Dispatcher::Submit(RequestId id) {
  Request& request = *requests_.at(id);
  const absl::Time now = parts_.clock.Now();
  for (size_t i = request.hop; i < request.hops.size(); ++i) {
    if (!parts_.scheduler.IsDown(request.hops[i].Key(), now)) {
      request.hop = i;
      break;
    }
  }
  const std::string server = request.hops[request.hop].Key();
  if (request.client != nullptr) request.client->OnServer(server);
  const absl::Status waits = parts_.scheduler.Enqueue(id, server, request.priority, now);
  if (!waits.ok()) {
    Log(LogSeverity::kWarning, "dispatcher", "request given up",
        {{"uri", request.first_hop}, {"error", waits.message()}});
    FailLater(id, 503, SendFailure::kOverload);
    return;
  }
  Pump();
}

void Dispatcher::Pump() {
  if (pumping_) return;  // the loop below goes on
  pumping_ = true;
  while (true) {
    const std::vector<RequestId> ready = parts_.scheduler.TakeReady(parts_.clock.Now());
    if (ready.empty()) break;
    for (const RequestId id : ready) Transmit(id);
  }
  pumping_ = false;
  Rearm();
}

void Dispatcher::Transmit(RequestId id) {
  const auto it = requests_.find(id);
  if (it == requests_.end()) {  // forgotten while its turn came
    parts_.scheduler.OnFinished(id, {RequestOutcome::Kind::kForgotten, {}}, parts_.clock.Now());
    return;
  }
  Request& request = *it->second;
  request.in_flight = true;
  if (request.filled == nullptr) {
    request.filled = std::make_unique<OutgoingRequest>(request.client->Fill());
    if (MovesToStream(id)) return;
  }
  if (parts_.metrics != nullptr) parts_.metrics->OnInFlight(1);
  parts_.transmitter.Transmit(request.hops[request.hop], *request.filled,
                              [this, id, alive = alive_](const Response& response) {
                                if (*alive) OnOutcome(id, response);
                              });
  if (request.client != nullptr) request.client->OnSent();
}

// A request that turns out too large for a datagram goes by TCP, where the URI leaves the choice
// (RFC 3261 section 18.1.1): its servers are looked up anew. Where it plainly does not, that is
// saved.
bool Dispatcher::MovesToStream(RequestId id) {
  Request& request = *requests_.at(id);
  const NextHop& hop = request.hops[request.hop];
  if (hop.transport != Transport::kUdp || hop.flow || request.sized ||
      absl::EndsWithIgnoreCase(request.first_hop, kByUdp) ||
      parts_.transmitter.DatagramOctets(*request.filled) <= kMaxDatagramOctets) {
    return false;
  }
  request.sized = true;
  request.in_flight = false;
  parts_.scheduler.OnFinished(id, {RequestOutcome::Kind::kForgotten, {}}, parts_.clock.Now());
  parts_.locate(std::string(request.first_hop), /*large=*/true,
                [this, id, alive = alive_](absl::StatusOr<std::vector<NextHop>> hops) {
                  if (*alive) OnLocated(id, std::move(hops));
                });
  return true;
}

void Dispatcher::OnOutcome(RequestId id, const Response& response) {
  const auto it = requests_.find(id);
  Request& request = *it->second;
  request.in_flight = false;
  parts_.scheduler.OnFinished(id, OutcomeOf(response), parts_.clock.Now());
  if (parts_.metrics != nullptr) {
    parts_.metrics->OnInFlight(-1);
    parts_.metrics->OnResponse(request.filled->method, response.status);
  }
  if (TriesNext(request, response)) {
    ++request.hop;
    Submit(id);
    return;
  }
  const std::unique_ptr<Request> owned = std::move(requests_.extract(it).mapped());
  if (owned->client != nullptr) owned->client->OnFinal(response);
  Pump();
}

// LOC-03: on a transport failure, a time-out, or 503 (OVL-01).
bool Dispatcher::TriesNext(const Request& request, const Response& response) const {
  if (request.client == nullptr || request.hop + 1 >= request.hops.size()) return false;
  return response.made_here || response.status == 503;
}

// Reports from the loop what never left: not from within Send().
void Dispatcher::FailLater(RequestId id, int status, SendFailure failure) {
  parts_.timers.At(parts_.clock.Now(), [this, id, status, failure, alive = alive_] {
    if (!*alive) return;
    const auto it = requests_.find(id);
    if (it == requests_.end()) return;
    const std::unique_ptr<Request> owned = std::move(requests_.extract(it).mapped());
    Response response;
    response.status = status;
    response.made_here = true;
    response.failure = failure;
    owned->client->OnFinal(response);
  });
}

void Dispatcher::Rearm() {
  const absl::Time next = parts_.scheduler.NextReady(parts_.clock.Now());
  if (next == timer_at_) return;
  parts_.timers.Cancel(timer_);
  timer_at_ = next;
  timer_ = 0;
  if (next == absl::InfiniteFuture()) return;
  timer_ = parts_.timers.At(next, [this] {
    timer_ = 0;
    timer_at_ = absl::InfiniteFuture();
    Pump();
  });
}

}  // namespace sipevents::sip
