#ifndef GATEWAY_TELEMETRY_LATENCY_HISTOGRAM_H_
#define GATEWAY_TELEMETRY_LATENCY_HISTOGRAM_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "prometheus/collectable.h"
#include "prometheus/metric_family.h"

namespace sipevents::gateway {

// A Prometheus histogram of durations from 50 µs to 10 s. Observing takes no lock, unlike
// prometheus::Histogram, since every watcher observes every event.
//
// Threads: any.
class LatencyHistogram : public prometheus::Collectable {
 public:
  LatencyHistogram(std::string name, std::string help);

  // Counts `times` observations of `latency`; a negative one (the clock was set back) counts
  // as zero.
  void Observe(absl::Duration latency, uint64_t times = 1);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  // Upper bounds in microseconds; one more bucket takes what is longer.
  static constexpr std::array<int64_t, 17> kBounds = {
      50,     100,     250,     500,     1'000,     2'500,     5'000,     10'000,    25'000,
      50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};

  const std::string name_;
  const std::string help_;
  std::array<std::atomic<uint64_t>, kBounds.size() + 1> buckets_{};
  std::atomic<int64_t> sum_us_{0};
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_TELEMETRY_LATENCY_HISTOGRAM_H_
