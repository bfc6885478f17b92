#ifndef SIP_SUBSCRIBER_RETRY_POLICY_H_
#define SIP_SUBSCRIBER_RETRY_POLICY_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "sip/base/random_id.h"
#include "sip/dialog/message.h"

// What follows when a subscription, or an attempt to make one, ends: the one policy behind every
// response code and every reason of a final NOTIFY. Pure. Threads: any.

namespace sipevents::sip {

// When to subscribe anew.
enum class Followup {
  kNow,        // at once, on a new dialog
  kAfterHint,  // not before `hint`
  kSoon,       // after 2.1 to 4 s
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

// After a final response, other than a 2xx, that leaves no subscription behind, or after what
// stands for one.
Ending EndingForResponse(int status, SendFailure failure, std::optional<uint32_t> retry_after);

// Why there was no response; kNone for one that came.
SendFailure FailureOf(const Response& response);

// What SubscriptionStatus::reason says for a failure; `response` for none.
std::string_view FailureReason(SendFailure failure);

// The interval to answer a 423 with, after `retries` of them in a row: Min-Expires (seconds), or
// where it is missing twice what was asked, up to an hour (DEV-07; not if `strict`). nullopt where
// asking again would lead nowhere.
std::optional<absl::Duration> LongerInterval(absl::Duration requested, int retries,
                                             std::optional<uint32_t> min_expires, bool strict);

// How long after `now` a subscription, or a registration, that lasts `lifetime` is refreshed:
// max(lifetime - margin, lifetime/2), margin = 5 s, or 64*T1 where the lifetime is over 128*T1; up
// to a tenth sooner.
absl::Duration RefreshDelay(absl::Duration lifetime, absl::Duration t1, double jitter);

// The delay of kSoon: RFC 3261 section 14.1 for the side that owns the Call-ID. `jitter` is in
// [0, 1).
absl::Duration SoonDelay(double jitter);

// Bounds how often we SUBSCRIBE of our own accord, whatever a peer grants or asks for: kBurst at
// once, then one every kInterval. Only more than that is held back, so a duration of a few seconds
// is served well.
class SendPace {
 public:
  static constexpr int kBurst = 5;
  static constexpr absl::Duration kInterval = absl::Seconds(2);

  // When the next one may go; not after `now`: at once.
  absl::Time NextAllowed() const { return until_ - (kBurst - 1) * kInterval; }
  // One goes.
  void Count(absl::Time now) { until_ = std::max(until_, now) + kInterval; }
  // Goes on where the other one is, if that is later.
  void Join(const SendPace& other) { until_ = std::max(until_, other.until_); }

  bool operator==(const SendPace&) const = default;

 private:
  absl::Time until_ = absl::InfinitePast();
};

// How often a resource has failed us, over all its attempts.
struct RetryHistory {
  int failures = 0;       // transient ones since it was last stable
  int quick_endings = 0;  // within kQuickWindow of the attempt's begin, in a row
  absl::Time attempt_began = absl::InfinitePast();
  absl::Time established = absl::InfiniteFuture();  // when the attempt made its first dialog
  SendPace pace;
};

// An ending sooner than this after its beginning is a quick one.
inline constexpr absl::Duration kQuickWindow = absl::Seconds(60);
// So many quick endings in a row are answered by the backoff, whatever the peer asks: guards
// against a notifier that deactivates again and again.
inline constexpr int kMostQuickEndings = 5;

// Decides when to try again, and keeps count in `history`; nullopt: not at all. `base`: see
// TransientDelay().
std::optional<absl::Duration> PlanRetry(RetryHistory& history, const Ending& ending, absl::Time now,
                                        absl::Duration base, RandomSource& random);

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_RETRY_POLICY_H_
