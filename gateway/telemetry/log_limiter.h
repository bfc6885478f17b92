#ifndef GATEWAY_TELEMETRY_LOG_LIMITER_H_
#define GATEWAY_TELEMETRY_LOG_LIMITER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace sipevents::gateway {

// Keeps a peer from filling the log by doing the same wrong thing again and again: of records
// of one component with one message a burst passes, then so many a second.
//
// Threads: one at a time; its owner's lock.
class LogLimiter {
 public:
  static constexpr int kBurst = 100;
  static constexpr int kPerSecond = 20;
  // Messages are constants of the program, so this is never reached; what is beyond shares one
  // allowance.
  static constexpr size_t kMaxMessages = 1024;

  // Whether the record passes: then how many like it were suppressed since the last one that
  // did; nullopt: it is suppressed.
  std::optional<uint64_t> Admit(std::string_view component, std::string_view message,
                                absl::Time now);

 private:
  struct Allowance {
    double left = kBurst;
    absl::Time since;
    uint64_t suppressed = 0;
  };

  Allowance& Find(std::string_view component, std::string_view message, absl::Time now);

  std::string key_;  // kept for its memory
  absl::flat_hash_map<std::string, Allowance> allowances_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_TELEMETRY_LOG_LIMITER_H_
