#include "sip/dispatch/request_scheduler.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "sip/base/ascii.h"
#include "sip/dispatch/pacer.h"
#include "sip/dispatch/request_table.h"

namespace sipevents::sip {
namespace {

using DestinationIndex = uint32_t;

// A destination has no more in flight than this many times what is still free.
constexpr int kShareOfFree = 2;

// How many idle destinations are forgotten at most in one go, to spread the work.
constexpr int kMostForgotten = 16;

// One server.
struct Destination {
  // Where the scheduler looks for it.
  enum class Place : uint8_t {
    kNowhere,  // waits for one of its requests to end
    kReady,    // a request may leave, as far as this destination goes
    kTimed,    // not before a time
    kIdle,     // has no requests
  };

  std::string key;
  RequestTable::Queue queue;
  int in_flight = 0;
  RequestTable::Slot probe = RequestTable::kNone;
  Pacer pacer;
  CircuitBreaker breaker;
  Place place = Place::kNowhere;
  absl::Time due;     // with kTimed and kIdle: its place in the order
  int load = 0;       // with kReady: its place in the order, and
  uint64_t turn = 0;  // among those of the same load
};

const char* CauseName(RequestOutcome::Kind kind) {
  switch (kind) {
    case RequestOutcome::Kind::kOverloaded:
      return "overloaded";
    case RequestOutcome::Kind::kTimedOut:
      return "timeout";
    default:
      return "unreachable";
  }
}

// Stands in where nobody counts.
class NoMetrics : public SipMetrics {
  void OnRequestAnswered(std::string_view, int) override {}
  void OnResponse(std::string_view, int) override {}
  void OnInFlight(int) override {}
  void OnDecodeError(std::string_view) override {}
  void OnDeviation(std::string_view) override {}
};

SipMetrics& OrNone(SipMetrics* metrics) {
  static NoMetrics none;
  return metrics == nullptr ? none : *metrics;
}

}  // namespace

struct RequestScheduler::Core {
  Core(const RequestSchedulerOptions& the_options, RandomSource& the_random)
      : options(the_options), random(the_random), metrics(OrNone(the_options.metrics)) {}

  int free() const { return options.max_in_flight - in_flight; }

  // The destination of this key, new if need be; nullopt if there is no room for another one.
  std::optional<DestinationIndex> FindOrAdd(std::string_view key, absl::Time now);
  void ForgetIdle(absl::Time now);
  void Forget(DestinationIndex index);

  // Finds a destination's place anew: after each change to it.
  void Place(DestinationIndex index, absl::Time now);
  void Unplace(DestinationIndex index);
  void CountIfHeldBack(const Destination& destination);

  // Whether the first ready destination may send, as far as all the others are concerned.
  bool HasRoom() const {
    return !ready.empty() && std::get<0>(*ready.begin()) < kShareOfFree * free();
  }
  // Whether what is first is not held back where the breaker would. Watchers say themselves where
  // their NOTIFYs go: those of one who names the address of another must not keep the other's,
  // which are sent, and judged, each by itself (NOT-25). A server that says it has too much to do
  // is spared (OVL-01).
  static bool PassesBreaker(const Destination& destination) {
    return RequestTable::NotifyIsFirst(destination.queue) &&
           destination.breaker.last_failure() != RequestOutcome::Kind::kOverloaded;
  }
  RequestId TakeOne(absl::Time now);
  void OnOutcome(Destination& destination, bool probe, const RequestOutcome& outcome,
                 absl::Time now);

  const RequestSchedulerOptions options;
  RandomSource& random;
  SipMetrics& metrics;
  RequestTable requests;
  std::deque<Destination> destinations;
  std::vector<DestinationIndex> unused;
  absl::flat_hash_map<std::string, DestinationIndex> by_key;
  absl::btree_set<std::tuple<int, uint64_t, DestinationIndex>> ready;  // load, turn
  absl::btree_set<std::pair<absl::Time, DestinationIndex>> timed;
  absl::btree_set<std::pair<absl::Time, DestinationIndex>> idle;  // by when to forget them
  uint64_t turns = 0;
  int in_flight = 0;
  size_t down = 0;
};

std::optional<DestinationIndex> RequestScheduler::Core::FindOrAdd(std::string_view key,
                                                                  absl::Time now) {
  const auto it = by_key.find(AbslView(key));
  if (it != by_key.end()) return it->second;
  ForgetIdle(now);
  if (by_key.size() >= options.max_destinations) {
    if (idle.empty()) return std::nullopt;
    Forget(idle.begin()->second);
  }
  DestinationIndex index = static_cast<DestinationIndex>(destinations.size());
  if (unused.empty()) {
    destinations.emplace_back();
  } else {
    index = unused.back();
    unused.pop_back();
  }
  destinations[index].key = std::string(key);
  by_key.emplace(std::string(key), index);
  return index;
}

void RequestScheduler::Core::ForgetIdle(absl::Time now) {
  for (int i = 0; i < kMostForgotten && !idle.empty() && idle.begin()->first <= now; ++i) {
    Forget(idle.begin()->second);
  }
}

void RequestScheduler::Core::Forget(DestinationIndex index) {
  Unplace(index);
  if (!destinations[index].breaker.is_closed()) {
    --down;
    metrics.OnServersDown(-1);
  }
  by_key.erase(destinations[index].key);
  destinations[index] = Destination();
  unused.push_back(index);
}

void RequestScheduler::Core::Unplace(DestinationIndex index) {
  Destination& destination = destinations[index];
  switch (std::exchange(destination.place, Destination::Place::kNowhere)) {
    case Destination::Place::kNowhere:
      break;
    case Destination::Place::kReady:
      ready.erase({destination.load, destination.turn, index});
      break;
    case Destination::Place::kTimed:
      timed.erase({destination.due, index});
      break;
    case Destination::Place::kIdle:
      idle.erase({destination.due, index});
      break;
  }
}

void RequestScheduler::Core::Place(DestinationIndex index, absl::Time now) {
  Destination& destination = destinations[index];
  const bool was_ready = destination.place == Destination::Place::kReady;
  Unplace(index);
  if (destination.queue.size == 0) {
    if (destination.in_flight != 0) return;
    destination.due = std::max(destination.pacer.FreshAt(options.rate_per_destination),
                               destination.breaker.ForgettableAt(options.t1));
    destination.place = Destination::Place::kIdle;
    idle.emplace(destination.due, index);
    return;
  }
  if (destination.in_flight >= options.max_in_flight_per_destination) return;
  destination.due = destination.pacer.NextAt(options.rate_per_destination, now);
  if (!PassesBreaker(destination)) {
    destination.due = std::max(destination.due, destination.breaker.PassesAt());
  }
  if (destination.due > now) {
    if (destination.due == absl::InfiniteFuture()) return;
    destination.place = Destination::Place::kTimed;
    timed.emplace(destination.due, index);
    return;
  }
  // What is in flight to a server that is down does not hold up its probe.
  destination.load = destination.breaker.is_closed() ? destination.in_flight : 0;
  if (!was_ready) destination.turn = ++turns;
  destination.place = Destination::Place::kReady;
  ready.emplace(destination.load, destination.turn, index);
}

void RequestScheduler::Core::CountIfHeldBack(const Destination& destination) {
  if (destination.place == Destination::Place::kReady && HasRoom()) return;
  if (!destination.breaker.is_closed()) {
    metrics.OnHeldBack("down");
  } else {
    metrics.OnHeldBack(destination.place == Destination::Place::kTimed ? "rate" : "in_flight");
  }
}

RequestId RequestScheduler::Core::TakeOne(absl::Time now) {
  const DestinationIndex index = std::get<DestinationIndex>(*ready.begin());
  Unplace(index);
  Destination& destination = destinations[index];
  const RequestTable::Slot slot = requests.TakeFirst(destination.queue);
  if (!destination.breaker.is_closed() && destination.breaker.PassesAt() <= now) {
    destination.breaker.OnProbeSent();
    destination.probe = slot;
  }
  destination.pacer.OnSent(options.rate_per_destination, now);
  ++destination.in_flight;
  ++in_flight;
  metrics.OnWaiting(-1);
  Place(index, now);
  return requests.at(slot).id;
}

void RequestScheduler::Core::OnOutcome(Destination& destination, bool probe,
                                       const RequestOutcome& outcome, absl::Time now) {
  const bool was_closed = destination.breaker.is_closed();
  switch (destination.breaker.OnOutcome(outcome, probe, options.t1, now, random)) {
    case CircuitBreaker::Change::kNone:
      break;
    case CircuitBreaker::Change::kOpened:
      metrics.OnBreakerTrip(CauseName(outcome.kind));
      if (!was_closed) break;
      ++down;
      metrics.OnServersDown(1);
      break;
    case CircuitBreaker::Change::kClosed:
      --down;
      metrics.OnServersDown(-1);
      destination.probe = RequestTable::kNone;
      destination.pacer.BeginSlowly(now);
      break;
  }
}

RequestScheduler::RequestScheduler(RequestSchedulerOptions options, RandomSource& random)
    : core_(std::make_unique<Core>(options, random)) {}

RequestScheduler::~RequestScheduler() = default;

absl::Status RequestScheduler::Enqueue(RequestId id, std::string_view destination,
                                       RequestPriority priority, absl::Time now) {
  if (core_->requests.Find(id) != RequestTable::kNone) {
    return absl::AlreadyExistsError("the request is here already");
  }
  if (core_->requests.waiting() >= core_->options.max_waiting) {
    core_->metrics.OnBoundReached("sip_requests_waiting");
    return absl::ResourceExhaustedError("too many requests wait to be sent");
  }
  const std::optional<DestinationIndex> index = core_->FindOrAdd(destination, now);
  if (!index.has_value()) {
    core_->metrics.OnBoundReached("sip_destinations");
    return absl::ResourceExhaustedError("requests wait for too many servers");
  }
  Destination& server = core_->destinations[*index];
  core_->requests.Append(id, *index, priority, server.queue);
  core_->metrics.OnWaiting(1);
  // A NOTIFY may pass what held the others back.
  if (server.queue.size == 1 || RequestTable::NotifyIsFirst(server.queue)) {
    core_->Place(*index, now);
  }
  core_->CountIfHeldBack(server);
  return absl::OkStatus();
}

bool RequestScheduler::Remove(RequestId id) {
  const RequestTable::Slot slot = core_->requests.Find(id);
  if (slot == RequestTable::kNone || !core_->requests.at(slot).waiting) return false;
  const DestinationIndex index = core_->requests.at(slot).destination;
  Destination& destination = core_->destinations[index];
  core_->requests.Remove(slot, destination.queue);
  core_->metrics.OnWaiting(-1);
  // With nothing left to wait for, the time does not matter.
  if (destination.queue.size == 0) core_->Place(index, absl::InfinitePast());
  return true;
}

std::vector<RequestId> RequestScheduler::TakeReady(absl::Time now) {
  std::vector<RequestId> taken;
  while (!core_->timed.empty() && core_->timed.begin()->first <= now) {
    core_->Place(core_->timed.begin()->second, now);
  }
  while (core_->HasRoom()) taken.push_back(core_->TakeOne(now));
  return taken;
}

absl::Time RequestScheduler::NextReady(absl::Time now) const {
  if (core_->free() <= 0) return absl::InfiniteFuture();
  if (core_->HasRoom()) return now;
  return core_->timed.empty() ? absl::InfiniteFuture() : core_->timed.begin()->first;
}

void RequestScheduler::OnFinished(RequestId id, const RequestOutcome& outcome, absl::Time now) {
  const RequestTable::Slot slot = core_->requests.Find(id);
  if (slot == RequestTable::kNone || core_->requests.at(slot).waiting) return;
  const DestinationIndex index = core_->requests.at(slot).destination;
  Destination& destination = core_->destinations[index];
  const bool probe = destination.probe == slot;
  if (probe) destination.probe = RequestTable::kNone;
  core_->requests.Erase(slot);
  --destination.in_flight;
  --core_->in_flight;
  core_->OnOutcome(destination, probe, outcome, now);
  core_->Place(index, now);
  core_->ForgetIdle(now);
}

bool RequestScheduler::IsDown(std::string_view destination, absl::Time now) const {
  const auto it = core_->by_key.find(AbslView(destination));
  return it != core_->by_key.end() && core_->destinations[it->second].breaker.PassesAt() > now;
}

ServerState RequestScheduler::StateOf(std::string_view destination) const {
  ServerState state;
  state.server = std::string(destination);
  const auto it = core_->by_key.find(AbslView(destination));
  if (it == core_->by_key.end()) return state;
  const Destination& found = core_->destinations[it->second];
  const CircuitBreaker& breaker = found.breaker;
  state.down = !breaker.is_closed();
  if (state.down) {
    state.probe_time = breaker.PassesAt();
    state.probing = state.probe_time == absl::InfiniteFuture();
  }
  if (breaker.failures_in_row() > 0) state.cause = CauseName(breaker.last_failure());
  state.failures = breaker.failures_in_row();
  state.in_flight = found.in_flight;
  state.waiting = found.queue.size;
  return state;
}

size_t RequestScheduler::waiting() const { return core_->requests.waiting(); }

size_t RequestScheduler::in_flight() const { return static_cast<size_t>(core_->in_flight); }

size_t RequestScheduler::down() const { return core_->down; }

}  // namespace sipevents::sip
