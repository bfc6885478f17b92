#include "gateway/telemetry/latency_histogram.h"

#include <algorithm>
#include <utility>

namespace sipevents::gateway {

LatencyHistogram::LatencyHistogram(std::string name, std::string help)
    : name_(std::move(name)), help_(std::move(help)) {}

void LatencyHistogram::Observe(absl::Duration latency, uint64_t times) {
  const int64_t us = std::max<int64_t>(absl::ToInt64Microseconds(latency), 0);
  const auto bucket = std::lower_bound(kBounds.begin(), kBounds.end(), us) - kBounds.begin();
  buckets_[static_cast<size_t>(bucket)].fetch_add(times, std::memory_order_relaxed);
  sum_us_.fetch_add(us * static_cast<int64_t>(times), std::memory_order_relaxed);
}

std::vector<prometheus::MetricFamily> LatencyHistogram::Collect() const {
  prometheus::ClientMetric metric;
  uint64_t count = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    count += buckets_[i].load(std::memory_order_relaxed);
    if (i == kBounds.size()) break;
    metric.histogram.bucket.push_back({count, static_cast<double>(kBounds[i]) / 1e6});
  }
  metric.histogram.sample_count = count;
  metric.histogram.sample_sum = static_cast<double>(sum_us_.load(std::memory_order_relaxed)) / 1e6;
  prometheus::MetricFamily family;
  family.name = name_;
  family.help = help_;
  family.type = prometheus::MetricType::Histogram;
  family.metric.push_back(std::move(metric));
  return {std::move(family)};
}

}  // namespace sipevents::gateway
