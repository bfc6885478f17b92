#include "gateway/telemetry/log_limiter.h"

#include <algorithm>
#include <utility>

namespace sipevents::gateway {

LogLimiter::Allowance& LogLimiter::Find(std::string_view component, std::string_view message,
                                        absl::Time now) {
  key_.assign(component).append(1, '\0').append(message);
  auto it = allowances_.find(key_);
  if (it != allowances_.end()) return it->second;
  if (allowances_.size() >= kMaxMessages) key_.clear();
  Allowance fresh;
  fresh.since = now;
  return allowances_.emplace(key_, fresh).first->second;
}

std::optional<uint64_t> LogLimiter::Admit(std::string_view component, std::string_view message,
                                          absl::Time now) {
  Allowance& allowance = Find(component, message, now);
  const double earned = std::max(absl::ToDoubleSeconds(now - allowance.since), 0.0) * kPerSecond;
  allowance.left = std::min<double>(allowance.left + earned, kBurst);
  allowance.since = now;
  if (allowance.left < 1) {
    ++allowance.suppressed;
    return std::nullopt;
  }
  allowance.left -= 1;
  return std::exchange(allowance.suppressed, 0);
}

}  // namespace sipevents::gateway
