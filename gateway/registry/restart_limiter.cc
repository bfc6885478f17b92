#include "gateway/registry/restart_limiter.h"

#include <algorithm>

namespace sipevents::gateway {

void RestartLimiter::Forget(absl::Time now) {
  while (!forget_.empty() && forget_.front().first <= now) {
    const auto found = buckets_.find(forget_.front().second);
    // A name that was used again meanwhile stands further behind once more.
    if (found != buckets_.end() && found->second.forget_at <= now) buckets_.erase(found);
    forget_.pop_front();
  }
}

void RestartLimiter::Remember(const std::string& name, Bucket& bucket, absl::Time now) {
  const absl::Time forget_at = now + kBurst * kInterval;
  if (bucket.forget_at == forget_at) return;
  bucket.forget_at = forget_at;
  forget_.emplace_back(forget_at, name);
}

void RestartLimiter::OnTerminated(const std::string& name, absl::Time now) {
  Forget(now);
  const auto [bucket, is_new] =
      buckets_.try_emplace(name, Bucket{.full_at = now, .forget_at = now});
  Remember(name, bucket->second, now);
}

absl::Duration RestartLimiter::TryStart(const std::string& name, absl::Time now) {
  Forget(now);
  const auto found = buckets_.find(name);
  if (found == buckets_.end()) return absl::ZeroDuration();
  Bucket& bucket = found->second;
  const absl::Time full_at = std::max(bucket.full_at, now) + kInterval;
  const absl::Duration wait = full_at - now - kBurst * kInterval;
  if (wait > absl::ZeroDuration()) return wait;
  bucket.full_at = full_at;
  Remember(name, bucket, now);
  return absl::ZeroDuration();
}

}  // namespace sipevents::gateway
