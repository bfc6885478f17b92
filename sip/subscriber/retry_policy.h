#ifndef SIP_SUBSCRIBER_RETRY_POLICY_H_
#define SIP_SUBSCRIBER_RETRY_POLICY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "sip/base/random_id.h"

// What follows when a subscription, or an attempt to make one, ends: the one policy behind every
// response code and every reason of a final NOTIFY. Pure. Threads: any.

namespace sipevents::sip {

// When to subscribe anew.
enum class Followup {
  kNow,        // at once, on a new dialog
  kAfterHint,  // not before `hint`
  kTransient,  // by the backoff for failures that may pass
  kNever,      // the peer's answer is final
};

// How something ended.
struct Ending {
  std::string reason;  // the notifier's, or ours: see SubscriptionStatus::reason
  int sip_status = 0;
  Followup followup = Followup::kNever;
  absl::Duration hint;         // with kAfterHint
  bool state_remains = false;  // what was told stays true (SUB-40)

  bool operator==(const Ending&) const = default;
};

// After a final NOTIFY (SUB-34 … SUB-41). `retry_after` is in seconds.
Ending EndingForTermination(std::string_view reason, std::optional<uint32_t> retry_after);

// After a final response, other than a 2xx, that leaves no subscription behind. `made_here`: see
// Response.
Ending EndingForResponse(int status, bool made_here, std::optional<uint32_t> retry_after);

// Whether this answer to a refresh ends the subscription (SUB-46; 502 by RFC 5057); all others
// leave it until it expires (SUB-47).
bool EndsSubscription(int status);

// The interval to answer a 423 with, after `retries` of them in a row: Min-Expires (seconds), or
// where it is missing twice what was asked, up to an hour (DEV-07). nullopt where asking again
// would lead nowhere.
std::optional<absl::Duration> LongerInterval(absl::Duration requested, int retries,
                                             std::optional<uint32_t> min_expires);

// How often a resource has failed us, over all its attempts.
struct RetryHistory {
  int failures = 0;       // transient ones since it was last stable
  int quick_endings = 0;  // within kQuickWindow of the attempt's begin, in a row
  absl::Time attempt_began = absl::InfinitePast();
};

// An ending sooner than this after its beginning is a quick one.
inline constexpr absl::Duration kQuickWindow = absl::Seconds(60);
// So many quick endings in a row are answered by the backoff, whatever the peer asks: guards
// against a notifier that deactivates again and again.
inline constexpr int kMostQuickEndings = 5;

// Decides when to try again, and keeps count in `history`; nullopt: not at all.
std::optional<absl::Duration> PlanRetry(RetryHistory& history, const Ending& ending, absl::Time now,
                                        absl::Duration t1, RandomSource& random);

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_RETRY_POLICY_H_
