#include "gateway/telemetry/metrics.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prometheus/text_serializer.h"

namespace sipevents::gateway {
namespace {

using CounterFamily = prometheus::Family<prometheus::Counter>;
using GaugeFamily = prometheus::Family<prometheus::Gauge>;

constexpr size_t kMaxNamedSeries = 64;
constexpr size_t kMaxPackages = 64;

constexpr std::array<const char*, 4> kPublicationLabels = {"publishing", "active", "retrying",
                                                           "ended"};

constexpr std::array<const char*, 5> kStateLabels = {"subscribing", "pending", "active", "retrying",
                                                     "terminated"};

// Methods that get a label of their own; the last one takes all others.
constexpr std::array<std::string_view, 9> kMethods = {
    "SUBSCRIBE", "NOTIFY", "OPTIONS", "PUBLISH", "INVITE", "BYE", "ACK", "REGISTER", "other"};

size_t MethodIndex(std::string_view method) {
  const auto it = std::find(kMethods.begin(), kMethods.end() - 1, method);
  return static_cast<size_t>(it - kMethods.begin());
}

// Status codes that get a label of their own (RFC 3261, 3903, 6665 and what deployed servers
// send); of the others only the class is told, so that a peer cannot make series.
constexpr std::array<int, 43> kStatuses = {200, 202, 204, 300, 301, 302, 305, 380, 400, 401, 402,
                                           403, 404, 405, 406, 407, 408, 410, 412, 413, 414, 415,
                                           416, 420, 421, 423, 429, 480, 481, 482, 483, 484, 486,
                                           488, 489, 491, 500, 501, 502, 503, 504, 603, 604};

// One slot for each of them, one for each class 1xx … 6xx, one for "dropped" (status 0) and
// one for what is no status at all.
constexpr size_t kDropped = kStatuses.size() + 6;
constexpr size_t kNoStatus = kDropped + 1;
constexpr size_t kStatusSlots = kNoStatus + 1;

size_t StatusSlot(int status) {
  if (status == 0) return kDropped;
  if (status < 100 || status > 699) return kNoStatus;
  const auto it = std::lower_bound(kStatuses.begin(), kStatuses.end(), status);
  if (it != kStatuses.end() && *it == status) return static_cast<size_t>(it - kStatuses.begin());
  return kStatuses.size() + static_cast<size_t>(status / 100) - 1;
}

std::string StatusLabel(size_t slot) {
  if (slot == kDropped) return "dropped";
  if (slot == kNoStatus) return "other";
  if (slot < kStatuses.size()) return absl::StrCat(kStatuses[slot]);
  return absl::StrCat(slot - kStatuses.size() + 1, "xx");
}

CounterFamily& NewCounters(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

GaugeFamily& NewGauges(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

}  // namespace

void PackageMetrics::MoveSubscription(std::optional<sip::SubscriptionState> from,
                                      std::optional<sip::SubscriptionState> to) {
  if (from == to) return;
  if (from.has_value()) subscriptions_[static_cast<size_t>(*from)]->Decrement();
  if (to.has_value()) subscriptions_[static_cast<size_t>(*to)]->Increment();
}

// A series comes into being when it first counts; from then on counting is an atomic add.
class Metrics::CodeCounters {
 public:
  explicit CodeCounters(CounterFamily& family) : family_(family) {}

  void Count(std::string_view method, int status) {
    const size_t method_index = MethodIndex(method);
    const size_t slot = StatusSlot(status);
    std::atomic<prometheus::Counter*>& cell = cells_[method_index * kStatusSlots + slot];
    prometheus::Counter* counter = cell.load(std::memory_order_acquire);
    if (counter == nullptr) {
      counter = &family_.Add(
          {{"method", std::string(kMethods[method_index])}, {"status", StatusLabel(slot)}});
      cell.store(counter, std::memory_order_release);
    }
    counter->Increment();
  }

 private:
  CounterFamily& family_;
  std::array<std::atomic<prometheus::Counter*>, kMethods.size() * kStatusSlots> cells_{};
};

class Metrics::NamedCounters {
 public:
  NamedCounters(CounterFamily& family, std::string label)
      : family_(family), label_(std::move(label)), other_(family.Add({{label_, "other"}})) {}

  void Count(std::string_view name) {
    MutexLock lock(mutex_);
    auto it = counters_.find(name);
    if (it == counters_.end()) {
      if (counters_.size() >= kMaxNamedSeries) return other_.Increment();
      const std::string key(name);
      it = counters_.emplace(key, &family_.Add({{label_, key}})).first;
    }
    it->second->Increment();
  }

 private:
  CounterFamily& family_;
  const std::string label_;
  prometheus::Counter& other_;
  Mutex mutex_;
  std::map<std::string, prometheus::Counter*, std::less<>> counters_ ABSL_GUARDED_BY(mutex_);
};

class Metrics::CallbackGauge : public prometheus::Collectable {
 public:
  CallbackGauge(std::string name, std::string help, std::function<double()> read)
      : name_(std::move(name)), help_(std::move(help)), read_(std::move(read)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    prometheus::MetricFamily family;
    family.name = name_;
    family.help = help_;
    family.type = prometheus::MetricType::Gauge;
    family.metric.emplace_back().gauge.value = read_();
    return {std::move(family)};
  }

 private:
  const std::string name_;
  const std::string help_;
  const std::function<double()> read_;
};

struct Metrics::Sending {
  explicit Sending(prometheus::Registry& registry)
      : waiting(NewGauges(registry, "sipevents_sip_requests_waiting",
                          "SIP requests that wait for their turn.")
                    .Add({})),
        servers_down(NewGauges(registry, "sipevents_sip_servers_down",
                               "SIP servers that failed again and again and get single probes.")
                         .Add({})),
        held_back(NewCounters(registry, "sipevents_sip_requests_held_back_total",
                              "SIP requests that could not leave at once: for the rate, for what "
                              "is in flight, or since the server is down."),
                  "reason"),
        trips(NewCounters(registry, "sipevents_sip_breaker_trips_total",
                          "How often requests to a SIP server were stopped, and a probe failed."),
              "cause"),
        connections(NewGauges(registry, "sipevents_sip_connections",
                              "SIP connections that are open, by transport and by who opened "
                              "them.")),
        refused(NewCounters(registry, "sipevents_sip_connections_refused_total",
                            "SIP connections that did not come about."),
                "cause"),
        bad_streams(NewCounters(registry, "sipevents_sip_bad_streams_total",
                                "SIP connections closed since what came was no SIP message."),
                    "status"),
        dropped(NewCounters(registry, "sipevents_sip_stream_messages_dropped_total",
                            "SIP messages dropped since their connection ended or was full.")
                    .Add({})),
        registrations(NewGauges(registry, "sipevents_sip_registrations",
                                "Identities of --sip_registrations_file by how far their "
                                "registration is.")),
        publishing(NewGauges(registry, "sipevents_sip_publishing",
                             "States that are published elsewhere over SIP by how far that is.")),
        keep_alives_failed(NewCounters(registry, "sipevents_sip_keep_alive_failures_total",
                                       "SIP connections closed since a keep-alive was not "
                                       "answered.")
                               .Add({})) {}

  prometheus::Gauge& waiting;
  prometheus::Gauge& servers_down;
  NamedCounters held_back;
  NamedCounters trips;
  GaugeFamily& connections;
  NamedCounters refused;
  NamedCounters bad_streams;
  prometheus::Counter& dropped;
  GaugeFamily& registrations;
  GaugeFamily& publishing;
  prometheus::Counter& keep_alives_failed;
};

struct Metrics::Users {
  explicit Users(prometheus::Registry& registry)
      : lookups(NewCounters(registry, "sipevents_user_lookups_total",
                            "Questions to --sip_users_service, by what came of them: found, none "
                            "(there is no such user) or failed."),
                "result"),
        old_used(NewCounters(registry, "sipevents_user_answers_old_total",
                             "How often an answer of --sip_users_service was used that had "
                             "expired, since it fails.")
                     .Add({})),
        held(NewGauges(registry, "sipevents_sip_requests_held",
                       "SIP requests that wait for --sip_users_service.")
                 .Add({})),
        latency("sipevents_user_lookup_seconds",
                "From the question to --sip_users_service to the answer, or to giving up.") {}

  NamedCounters lookups;
  prometheus::Counter& old_used;
  prometheus::Gauge& held;
  LatencyHistogram latency;
};

Metrics::Metrics(std::function<bool(std::string_view)> is_known_package)
    : is_known_package_(std::move(is_known_package)),
      subscriptions_(NewGauges(registry_, "sipevents_subscriptions",
                               "Subscriptions by state and event package.")),
      own_publications_(NewGauges(registry_, "sipevents_publications",
                                  "Publications by route, event package and state.")),
      events_(NewCounters(registry_, "sipevents_events_total",
                          "Events by what became of them for a watcher: delivered, superseded by "
                          "a newer one, or dropped (a gap).")),
      decode_errors_(NewCounters(registry_, "sipevents_decode_errors_total",
                                 "NOTIFY bodies that could not be decoded, by event package.")),
      publications_(NewGauges(registry_, "sipevents_publications_served",
                              "States that phones and callers have published here, by event "
                              "package.")),
      watchers_(NewGauges(registry_, "sipevents_watchers",
                          "Subscriptions to what is served here, by event package.")),
      streams_(&NewGauges(registry_, "sipevents_streams", "gRPC streams that are open.").Add({})),
      many_watches_(&NewGauges(registry_, "sipevents_many_watches",
                               "Watches on the WatchMany streams that are open.")
                         .Add({})),
      in_flight_(&NewGauges(registry_, "sipevents_sip_requests_in_flight",
                            "SIP requests sent and not yet finally answered.")
                      .Add({})),
      requests_(std::make_unique<CodeCounters>(
          NewCounters(registry_, "sipevents_sip_requests_received_total",
                      "SIP requests that came in, by method and the status of the answer."))),
      responses_(std::make_unique<CodeCounters>(
          NewCounters(registry_, "sipevents_sip_responses_total",
                      "Final responses to SIP requests of the gateway, by method and status; 408 "
                      "and 503 also for time-outs and transport failures."))),
      deviations_(std::make_unique<NamedCounters>(
          NewCounters(registry_, "sipevents_sip_deviations_total",
                      "What peers did against the RFCs, by row of the requirement catalogue."),
          "row")),
      bounds_(std::make_unique<NamedCounters>(
          NewCounters(registry_, "sipevents_bound_reached_total",
                      "How often a bound of the gateway refused something."),
          "bound")),
      sending_(std::make_unique<Sending>(registry_)),
      users_(std::make_unique<Users>(registry_)),
      notify_to_stream_("sipevents_notify_to_stream_seconds",
                        "From the arrival of a NOTIFY to the write of its event to a stream.") {
  auto& connections = NewCounters(registry_, "sipevents_grpc_connections_total",
                                  "gRPC connections accepted, or refused for lack of room.");
  connections_accepted_ = &connections.Add({{"result", "accepted"}});
  connections_refused_ = &connections.Add({{"result", "refused"}});
  MutexLock lock(mutex_);
  other_ = packages_.emplace("other", NewPackage("other")).first->second.get();
}

Metrics::~Metrics() = default;

std::unique_ptr<PackageMetrics> Metrics::NewPackage(const std::string& label) {
  auto package = std::make_unique<PackageMetrics>();
  package->label_ = label;
  for (size_t i = 0; i < kStateLabels.size(); ++i) {
    package->subscriptions_[i] =
        &subscriptions_.Add({{"package", label}, {"state", kStateLabels[i]}});
  }
  package->delivered_ = &events_.Add({{"outcome", "delivered"}, {"package", label}});
  package->superseded_ = &events_.Add({{"outcome", "superseded"}, {"package", label}});
  package->dropped_ = &events_.Add({{"outcome", "dropped"}, {"package", label}});
  package->decode_errors_ = &decode_errors_.Add({{"package", label}});
  package->publications_ = &publications_.Add({{"package", label}});
  package->watchers_ = &watchers_.Add({{"package", label}});
  return package;
}

PackageMetrics& Metrics::ForPackage(std::string_view event_package) {
  MutexLock lock(mutex_);
  const auto it = packages_.find(event_package);
  if (it != packages_.end()) return *it->second;
  if (packages_.size() >= kMaxPackages || !is_known_package_(event_package)) return *other_;
  const std::string label(event_package);
  return *packages_.emplace(label, NewPackage(label)).first->second;
}

void Metrics::MovePublication(bool local, std::string_view event_package,
                              std::optional<sip::PublicationState> from,
                              std::optional<sip::PublicationState> to) {
  if (from == to) return;
  const std::string& label = ForPackage(event_package).label_;
  const std::string route = local ? "local" : "remote";
  MutexLock lock(mutex_);
  PublicationGauges& gauges = publication_gauges_[{route, label}];
  if (gauges[0] == nullptr) {
    for (size_t i = 0; i < gauges.size(); ++i) {
      gauges[i] = &own_publications_.Add(
          {{"package", label}, {"route", route}, {"state", kPublicationLabels[i]}});
    }
  }
  if (from.has_value()) gauges[static_cast<size_t>(*from)]->Decrement();
  if (to.has_value()) gauges[static_cast<size_t>(*to)]->Increment();
}

void Metrics::OnConnection(bool accepted) {
  (accepted ? connections_accepted_ : connections_refused_)->Increment();
}

void Metrics::AddGauge(std::string name, std::string help, std::function<double()> read) {
  MutexLock lock(callbacks_mutex_);
  callbacks_.push_back(
      std::make_unique<CallbackGauge>(std::move(name), std::move(help), std::move(read)));
}

std::string Metrics::Text() const {
  std::vector<prometheus::MetricFamily> families = registry_.Collect();
  const auto append = [&families](const prometheus::Collectable& collectable) {
    auto more = collectable.Collect();
    std::move(more.begin(), more.end(), std::back_inserter(families));
  };
  append(notify_to_stream_);
  append(users_->latency);
  {
    MutexLock lock(callbacks_mutex_);
    for (const auto& callback : callbacks_) append(*callback);
  }
  return prometheus::TextSerializer().Serialize(families);
}

void Metrics::OnRequestAnswered(std::string_view method, int status) {
  requests_->Count(method, status);
}

void Metrics::OnResponse(std::string_view method, int status) { responses_->Count(method, status); }

void Metrics::OnInFlight(int change) { in_flight_->Increment(change); }

void Metrics::OnDecodeError(std::string_view event_package) {
  ForPackage(event_package).decode_errors_->Increment();
}

void Metrics::OnDeviation(std::string_view row) { deviations_->Count(row); }

void Metrics::OnStreamOpen(std::string_view transport, bool accepted, int change) {
  // Rare enough for a look-up; two transports and two directions.
  sending_->connections
      .Add({{"opened_by", accepted ? "peer" : "gateway"}, {"transport", std::string(transport)}})
      .Increment(change);
}

void Metrics::OnStreamRefused(std::string_view cause) { sending_->refused.Count(cause); }

void Metrics::OnBadStream(int status) { sending_->bad_streams.Count(absl::StrCat(status)); }

void Metrics::OnStreamDropped() { sending_->dropped.Increment(); }

void Metrics::OnWaiting(int change) { sending_->waiting.Increment(change); }

void Metrics::OnHeldBack(std::string_view reason) { sending_->held_back.Count(reason); }

void Metrics::OnBreakerTrip(std::string_view cause) { sending_->trips.Count(cause); }

void Metrics::OnServersDown(int change) { sending_->servers_down.Increment(change); }

void Metrics::OnRegistrations(std::string_view state, int change) {
  // Rare enough for a look-up; four states.
  sending_->registrations.Add({{"state", std::string(state)}}).Increment(change);
}

void Metrics::OnPublishing(std::string_view state, int change) {
  // Only where a publication moves; four states.
  sending_->publishing.Add({{"state", std::string(state)}}).Increment(change);
}

void Metrics::OnKeepAliveFailed() { sending_->keep_alives_failed.Increment(); }

void Metrics::OnServedPublications(std::string_view event_package, int change) {
  ForPackage(event_package).publications_->Increment(change);
}

void Metrics::OnWatchers(std::string_view event_package, int change) {
  ForPackage(event_package).watchers_->Increment(change);
}

void Metrics::OnUserLookup(std::string_view result, absl::Duration took) {
  users_->lookups.Count(result);
  users_->latency.Observe(took);
}

void Metrics::OnOldUserUsed() { users_->old_used.Increment(); }

void Metrics::OnRequestsHeld(int change) { users_->held.Increment(change); }

void Metrics::OnBoundReached(std::string_view bound) { bounds_->Count(bound); }

}  // namespace sipevents::gateway
