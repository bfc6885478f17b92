#ifndef SIP_NOTIFIER_WATCHER_STATE_H_
#define SIP_NOTIFIER_WATCHER_STATE_H_

#include <cstdint>
#include <string_view>
#include <variant>

#include "absl/time/time.h"
#include "sip/dialog/message.h"
#include "sip/notifier/notify_rate.h"

// The state machine of one subscription at the notifier (RFC 6665 section 4.2, RFC 3857 section
// 4.7): pending, active, terminated, waiting; one NOTIFY outstanding; when the next one may go.
// Pure: time is an argument.
// Threads: any.

namespace sipevents::sip {

enum class WatcherPhase : uint8_t {
  kPending,     // nobody has allowed it yet
  kActive,      // is shown the state, or what stands for it
  kTerminated,  // the last NOTIFY is to be sent, or under way
  kWaiting,     // it has no subscription any more; remembered until somebody decides about it
  kGone,        // nothing is left to be done
};

// Why it ended: the reason of the last NOTIFY (NOT-23).
enum class WatcherEnd : uint8_t {
  kNone,
  kTimeout,      // ran out, unsubscribed, or fetched once
  kRejected,     // may not watch
  kNoResource,   // there is no such resource any more
  kDeactivated,  // the gateway ends: subscribe again, elsewhere
  // Of one that waited, so that no NOTIFY says it:
  kApproved,  // it may watch from now on
  kGiveUp,    // it subscribed anew, or waited too long
};
// The token, e.g. `timeout`; empty for kNone.
std::string_view WatcherEndToken(WatcherEnd end);

struct WatcherState {
  WatcherPhase phase = WatcherPhase::kPending;
  WatcherEnd end = WatcherEnd::kNone;
  // A NOTIFY has to go whatever the rate says: it answers a SUBSCRIBE, tells a new phase, or is the
  // last one (NOT-17, RATE-01).
  bool urgent = false;
  bool changed = false;      // the state is another one than was sent
  bool outstanding = false;  // a NOTIFY waits for its turn or its answer (NOT-46)
  uint8_t attempts = 0;      // how often the NOTIFY in question was tried again
  // It ended before anybody decided about it, and waits once the last NOTIFY is answered (RFC 3857
  // section 4.7.1); until expire_time.
  bool waits = false;
  absl::Time expire_time = absl::InfinitePast();
  absl::Time held_until = absl::InfinitePast();  // the watcher asked for a pause (Retry-After)
  NotifyRate rate;
};

struct WatcherContext {
  absl::Time now;
  absl::Duration t1;
  double chance = 0;  // in [0, 1)
};

// A SUBSCRIBE was granted so much time; zero: it ends (NOT-30). `allowed`: what the policy says.
struct SubscribeGranted {
  absl::Duration duration;
  bool allowed = true;
  bool quiet = false;  // answered 204: no NOTIFY goes (CEN-03, CEN-07)
};
// Somebody decided about a watcher that is there (NOT-32, RFC 3858).
struct WatcherDecided {
  bool allowed = true;
};
// The state it watches is another one.
struct StateChanged {};
// It is to end, for a reason of ours.
struct WatcherEnding {
  WatcherEnd end = WatcherEnd::kDeactivated;
};
// The NOTIFY is written down as it goes out: what comes later is news for the next one.
struct NotifyWritten {};
// Its answer, or what stands for it.
struct NotifyAnswered {
  int status = 200;
  SendFailure failure = SendFailure::kNone;
  uint32_t retry_after = 0;  // seconds; 0: none
  bool required = false;     // it required an extension (a list): one that lacks it is lost
  bool withheld = false;     // its state was not told, for want of a proof that this 2xx is
  bool can_retry = false;    // 401, 407, 3xx, 406, 415 …: another try makes sense
};
// Time passed.
struct WatcherTimer {};

using WatcherInput = std::variant<SubscribeGranted, WatcherDecided, StateChanged, WatcherEnding,
                                  NotifyWritten, NotifyAnswered, WatcherTimer>;

struct WatcherStep {
  bool send = false;  // hand a NOTIFY to the sender now; `outstanding` is set
  absl::Time wake = absl::InfiniteFuture();  // when to come again with WatcherTimer
};

// How long one is remembered that nobody decides about.
inline constexpr absl::Duration kLongestWait = absl::Hours(24);

// Takes one input in.
WatcherStep Next(WatcherState& state, const WatcherInput& input, const WatcherContext& context);

// Whether a final answer to a NOTIFY ends the subscription (NOT-25, NOT-26, RFC 5057).
bool EndsWatcher(int status, SendFailure failure);

}  // namespace sipevents::sip

#endif  // SIP_NOTIFIER_WATCHER_STATE_H_
