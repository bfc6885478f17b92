#ifndef GATEWAY_TELEMETRY_METRICS_H_
#define GATEWAY_TELEMETRY_METRICS_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "gateway/telemetry/latency_histogram.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"
#include "sip/agent.h"
#include "sip/base/mutex.h"
#include "sip/publication.h"

namespace sipevents::gateway {

// The counters of one event package. Get it once per Subscription (Metrics::ForPackage), then
// counting costs an atomic add.
//
// Threads: any. Lives as long as its Metrics.
class PackageMetrics {
 public:
  // A Subscription went from one state to another; nullopt: it did not exist, or is forgotten.
  void MoveSubscription(std::optional<sip::SubscriptionState> from,
                        std::optional<sip::SubscriptionState> to);
  // Events handed to a stream.
  void AddDelivered(uint64_t events) { delivered_->Increment(static_cast<double>(events)); }
  // Events that a watcher was not shown since a newer one stood for them (LATEST).
  void AddSuperseded(uint64_t events) { superseded_->Increment(static_cast<double>(events)); }
  // Events that a watcher should have been shown and that were gone (a `gap`).
  void AddDropped(uint64_t events) { dropped_->Increment(static_cast<double>(events)); }

 private:
  friend class Metrics;
  std::string label_;
  std::array<prometheus::Gauge*, 5> subscriptions_{};  // by sip::SubscriptionState
  prometheus::Counter* delivered_ = nullptr;
  prometheus::Counter* superseded_ = nullptr;
  prometheus::Counter* dropped_ = nullptr;
  prometheus::Counter* decode_errors_ = nullptr;
  prometheus::Gauge* publications_ = nullptr;
  prometheus::Gauge* watchers_ = nullptr;
};

// All that the gateway counts, for /metrics. Peers and callers cannot make series: labels come
// from fixed sets, everything else is "other".
//
// Threads: any.
class Metrics : public sip::SipMetrics {
 public:
  // `is_known_package` says which event packages get a label of their own; the others share
  // "other". Any thread; must always answer the same.
  explicit Metrics(std::function<bool(std::string_view)> is_known_package);
  ~Metrics() override;

  // The counters of a package; the reference is good as long as the Metrics.
  PackageMetrics& ForPackage(std::string_view event_package);

  // From the NOTIFY's arrival to the write to a stream of an event that was not `initial`, for
  // `events` events of one batch.
  void ObserveNotifyToStream(absl::Duration latency, uint64_t events = 1) {
    notify_to_stream_.Observe(latency, events);
  }
  // A Publication went from one state to another; nullopt: it did not exist, or is over.
  void MovePublication(bool local, std::string_view event_package,
                       std::optional<sip::PublicationState> from,
                       std::optional<sip::PublicationState> to);
  // A gRPC stream began (+1) or ended (-1).
  void OnStream(int change) { streams_->Increment(change); }
  // Watches were added to WatchMany streams (above 0), or left them.
  void OnManyWatches(int64_t change) { many_watches_->Increment(static_cast<double>(change)); }
  // A gRPC connection was accepted, or closed at once for lack of room.
  void OnConnection(bool accepted);

  // Shows a value that somebody else keeps, e.g. the octets of the event log. `read` is called
  // by whoever collects, on any thread, for as long as the Metrics lives. To be called at the
  // start.
  void AddGauge(std::string name, std::string help, std::function<double()> read);

  // All in the Prometheus text format.
  std::string Text() const;

  // sip::SipMetrics:
  void OnRequestAnswered(std::string_view method, int status) override;
  void OnResponse(std::string_view method, int status) override;
  void OnInFlight(int change) override;
  void OnDecodeError(std::string_view event_package) override;
  void OnDeviation(std::string_view row) override;
  void OnStreamOpen(std::string_view transport, bool accepted, int change) override;
  void OnStreamRefused(std::string_view cause) override;
  void OnBadStream(int status) override;
  void OnStreamDropped() override;
  void OnWaiting(int change) override;
  void OnHeldBack(std::string_view reason) override;
  void OnBreakerTrip(std::string_view cause) override;
  void OnServersDown(int change) override;
  void OnRegistrations(std::string_view state, int change) override;
  void OnPublishing(std::string_view state, int change) override;
  void OnKeepAliveFailed() override;
  void OnServedPublications(std::string_view event_package, int change) override;
  void OnWatchers(std::string_view event_package, int change) override;
  void OnUserLookup(std::string_view result, absl::Duration took) override;
  void OnOldUserUsed() override;
  void OnRequestsHeld(int change) override;
  // Also of the gateway itself, with `bound` as in BoundReached(). At most 64 names.
  void OnBoundReached(std::string_view bound) override;

 private:
  class CodeCounters;   // by method and status
  class NamedCounters;  // by a name that is given at run time, up to a bound
  class CallbackGauge;
  struct Sending;  // what is told of requests that wait, and of connections
  struct Users;    // what is told of look-ups in the user directory

  // By sip::PublicationState.
  using PublicationGauges = std::array<prometheus::Gauge*, 4>;

  std::unique_ptr<PackageMetrics> NewPackage(const std::string& label);

  prometheus::Registry registry_;
  const std::function<bool(std::string_view)> is_known_package_;
  prometheus::Family<prometheus::Gauge>& subscriptions_;
  prometheus::Family<prometheus::Gauge>& own_publications_;
  prometheus::Family<prometheus::Counter>& events_;
  prometheus::Family<prometheus::Counter>& decode_errors_;
  prometheus::Family<prometheus::Gauge>& publications_;
  prometheus::Family<prometheus::Gauge>& watchers_;
  prometheus::Gauge* streams_;
  prometheus::Gauge* many_watches_;
  prometheus::Gauge* in_flight_;
  std::unique_ptr<CodeCounters> requests_;
  std::unique_ptr<CodeCounters> responses_;
  std::unique_ptr<NamedCounters> deviations_;
  std::unique_ptr<NamedCounters> bounds_;
  std::unique_ptr<Sending> sending_;
  std::unique_ptr<Users> users_;
  LatencyHistogram notify_to_stream_;
  prometheus::Counter* connections_accepted_ = nullptr;
  prometheus::Counter* connections_refused_ = nullptr;

  PackageMetrics* other_ = nullptr;
  Mutex mutex_;
  std::map<std::string, std::unique_ptr<PackageMetrics>, std::less<>> packages_
      ABSL_GUARDED_BY(mutex_);
  // By "local" or "remote", and package.
  std::map<std::pair<std::string, std::string>, PublicationGauges> publication_gauges_
      ABSL_GUARDED_BY(mutex_);
  mutable Mutex callbacks_mutex_;
  std::vector<std::unique_ptr<CallbackGauge>> callbacks_ ABSL_GUARDED_BY(callbacks_mutex_);
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_TELEMETRY_METRICS_H_
