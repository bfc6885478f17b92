#ifndef SIP_SUBSCRIBER_DIALOG_STATE_H_
#define SIP_SUBSCRIBER_DIALOG_STATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "absl/time/time.h"
#include "sip/dialog/message.h"
#include "sip/subscriber/retry_policy.h"

// The state machine of one dialog usage: one fork of a subscription, from its first NOTIFY to its
// end (RFC 6665 section 4.1.2). Pure: Next(state, input, now) says what the state becomes and
// what is to be done. Deadlines are part of the state, so one timer at NextDeadline() drives it.

namespace sipevents::sip {

enum class DialogPhase {
  kPending,        // the notifier waits for a decision
  kActive,         // notifications flow
  kUnsubscribing,  // Expires 0 was sent; the final NOTIFY is awaited (SUB-52)
  kTerminated,
};

struct DialogState {
  DialogPhase phase = DialogPhase::kPending;
  bool refresh_outstanding = false;  // waits, or is not answered yet
  bool granted_nothing = false;
  bool resync_pending = false;                    // the next refresh is one
  absl::Time expires_at = absl::InfinitePast();   // when the notifier drops it
  absl::Time grant_until = absl::InfinitePast();  // what the last 2xx, or our request, allows
  absl::Time refresh_at = absl::InfiniteFuture();
  // Runs from the sending of a SUBSCRIBE to the next NOTIFY; not while one waits for its turn.
  absl::Time timer_n = absl::InfiniteFuture();
  absl::Duration requested;  // what the next refresh asks for
  int interval_retries = 0;  // 423 in a row
  // How the last refresh failed; 0: it did not.
  int failed_status = 0;
  SendFailure failure = SendFailure::kNone;
  // Since when the notifier fails to answer as it should; past: all is well.
  absl::Time stale_since = absl::InfinitePast();
  // Guards against a notifier that has us refresh without end.
  SendPace pace;
  int resyncs = 0;  // in a row
  absl::Time next_resync = absl::InfinitePast();

  bool operator==(const DialogState&) const = default;
};

// What all steps need to know.
struct StepContext {
  absl::Time now;
  absl::Duration t1;
  double jitter = 0;  // [0, 1): spreads refreshes
  bool strict = false;
};

// How long a NOTIFY is waited for after a SUBSCRIBE (RFC 6665 section 4.1.2.4). T1 more than the
// 64*T1 there, so that Timer F, which began at the same time, and what the sender does about it
// (the next server) come first.
inline absl::Duration TimerN(absl::Duration t1) { return 65 * t1; }

// ---- inputs

// A NOTIFY of this dialog, in order, was accepted.
struct Notified {
  std::string_view substate;  // as received; not known ones count as active (SUB-32)
  std::string_view reason;
  std::optional<uint32_t> expires;      // seconds
  std::optional<uint32_t> retry_after;  // seconds
};
// Our last SUBSCRIBE is to be sent once more, with credentials, and waits.
struct RefreshWaits {};
// It left, or left once more for another server.
struct RefreshSent {};
// The final answer to our last SUBSCRIBE in this dialog; challenges were dealt with before.
struct RefreshAnswered {
  int status = 0;
  SendFailure failure = SendFailure::kNone;
  std::optional<uint32_t> expires;      // seconds
  std::optional<uint32_t> min_expires;  // seconds
  std::optional<uint32_t> retry_after;  // seconds
};
// A deadline may have come.
struct Tick {};
// The full state is wanted (a version gap). At once, but one after the other ever more seldom.
struct ResyncWanted {};
// Nobody wants it any longer.
struct UnsubscribeWanted {};

using DialogInput = std::variant<Notified, RefreshWaits, RefreshSent, RefreshAnswered, Tick,
                                 ResyncWanted, UnsubscribeWanted>;

// ---- output

struct DialogStep {
  DialogState state;
  // Send a SUBSCRIBE in the dialog with this Expires (seconds); 0 ends it.
  std::optional<uint32_t> send_expires;
  // The usage is over.
  std::optional<Ending> ending;
  std::string_view why;  // for the log
  // The row of the catalogue that the peer broke, and that was tolerated; empty: none.
  std::string_view deviation{};
  // What is sent asks for the full state, whatever we have of it.
  bool full_state_wanted = false;
};

// The state of a dialog that a NOTIFY is about to create. `grant_until`: until when the 2xx to
// the SUBSCRIBE, or before it the SUBSCRIBE itself, lets it last. `pace`: that of the attempt.
DialogState NewDialogState(absl::Time grant_until, absl::Duration requested,
                           const SendPace& pace = {});

// Runs one input.
DialogStep Next(DialogState state, const DialogInput& input, const StepContext& context);

// When the next Tick is due; InfiniteFuture once terminated.
absl::Time NextDeadline(const DialogState& state);

// The 2xx to the initial SUBSCRIBE came after the NOTIFY that made the dialog.
void LowerGrant(DialogState& state, absl::Time grant_until, const StepContext& context);

// What a 2xx grants of what was asked for; `deviation` names what is wrong with it (SUB-05).
absl::Duration GrantedDuration(std::optional<uint32_t> expires, absl::Duration requested,
                               std::string_view& deviation);

std::string_view DialogPhaseName(DialogPhase phase);

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_DIALOG_STATE_H_
