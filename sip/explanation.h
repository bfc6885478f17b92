#ifndef SIP_EXPLANATION_H_
#define SIP_EXPLANATION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

// What the SIP side knows of one subscription, for people who look for a fault: plain structs, as
// the API shows them (api/sipevents/v1/explanation.proto). Texts that a peer wrote are bounded but
// otherwise as received; credentials are in none of them.

namespace sipevents::sip {

// How a server fares, over all that is sent to it.
struct ServerState {
  std::string server;  // NextHop::Key(): "udp:192.0.2.1:5060"
  bool down = false;   // requests wait, single ones probe it
  bool probing = false;
  // With `down`: when the next probe may go; InfiniteFuture while one is under way.
  absl::Time probe_time = absl::InfinitePast();
  std::string_view cause;  // of the last failure: `timeout`, `unreachable`, `overloaded`; or empty
  int failures = 0;        // since it last answered
  int in_flight = 0;
  size_t waiting = 0;
};

// One request and its answer.
struct ExplainedExchange {
  absl::Time time;  // the request left, or came
  bool incoming = false;
  std::string peer;
  std::string dialog;             // id of the fork; empty: none yet
  std::vector<std::string> head;  // request line and headers, a line each
  int status = 0;                 // of the final answer; 0: none yet
  std::string answer;             // what it says beside its status, or why there was none
  absl::Duration delay;           // with a status: how long it took
};

// In place of a server: the gateway serves the resource itself.
inline constexpr std::string_view kThisGateway = "this gateway";

// One fork. Times that do not apply are InfinitePast.
struct ExplainedDialog {
  std::string id;
  enum class State { kPending, kActive, kUnsubscribing, kEnded };
  State state = State::kPending;
  std::string substate;
  std::string remote_contact;
  std::vector<std::string> route;
  std::string server;  // or kThisGateway
  absl::Time made = absl::InfinitePast();
  absl::Time last_notify = absl::InfinitePast();
  absl::Time last_state = absl::InfinitePast();  // of a NOTIFY whose body could be used
  bool body_unusable = false;                    // of the last NOTIFY
  uint32_t local_cseq = 0;
  uint32_t remote_cseq = 0;
  absl::Time refresh_at = absl::InfinitePast();
  absl::Time expires_at = absl::InfinitePast();
  bool request_outstanding = false;
  absl::Time waiting_since = absl::InfinitePast();
  absl::Time request_sent = absl::InfinitePast();     // that is not answered, or has no NOTIFY yet
  absl::Time notify_deadline = absl::InfinitePast();  // Timer N
  std::string refresh_failure;  // as SubscriptionStatus::reason; empty: it did not fail
  int refresh_status = 0;
  absl::Time stale_since = absl::InfinitePast();
};

// The SUBSCRIBE that looks for forks. Times that do not apply are InfinitePast.
struct ExplainedAttempt {
  absl::Time sent = absl::InfinitePast();
  absl::Time waiting_since = absl::InfinitePast();
  absl::Time notify_deadline = absl::InfinitePast();
  bool accepted = false;
  bool notified = false;
  absl::Duration expires;
  std::string server;
};

struct SubscriptionExplanation {
  bool known = false;  // false: the SIP side has let go of it, and nothing else here is set
  std::vector<ExplainedDialog> dialogs;
  std::optional<ExplainedAttempt> attempt;
  int failures = 0;  // of attempts, since it was last stable
  absl::Time next_attempt = absl::InfinitePast();
  std::string last_reason;
  int last_status = 0;
  std::vector<ExplainedExchange> exchanges;  // by time
  std::vector<std::string> deviations;       // rows of the catalogue
  std::vector<ServerState> servers;
  uint64_t notifies = 0;
  uint64_t decode_errors = 0;
  std::string last_decode_error;
  absl::Time last_decode_error_time = absl::InfinitePast();
  // When the state that is shown came without being asked for (DEV-09); InfinitePast: it did not.
  absl::Time unsolicited_time = absl::InfinitePast();
};

}  // namespace sipevents::sip

#endif  // SIP_EXPLANATION_H_
