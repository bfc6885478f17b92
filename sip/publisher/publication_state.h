#ifndef SIP_PUBLISHER_PUBLICATION_STATE_H_
#define SIP_PUBLISHER_PUBLICATION_STATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "sip/base/random_id.h"
#include "sip/dialog/message.h"
#include "sip/subscriber/retry_policy.h"

// The state machine of one publication, on the side of the event publication agent (EPA, RFC 3903
// section 4). Pure: (state, input, context) -> (state, what to do). Threads: any.

namespace sipevents::sip {

// RFC 3903 section 4.1.
enum class EpaOperation {
  kInitial,  // body, no SIP-If-Match (EPA-05)
  kRefresh,  // SIP-If-Match, no body (EPA-08)
  kModify,   // both (EPA-09)
  kRemove,   // SIP-If-Match and Expires 0, no body (EPA-10)
};

enum class EpaPhase {
  kPublishing,  // the first PUBLISH is under way
  kActive,      // the compositor holds a state of ours
  kRetrying,    // it holds none, as far as we know; the next PUBLISH has its time or is under way
  kRemoving,    // the last PUBLISH is under way, or has its time
  kEnded,
};

struct EpaState {
  EpaPhase phase = EpaPhase::kPublishing;
  absl::Duration requested;  // what a PUBLISH asks for, where more than that is left
  // When the publication ends; nothing is asked for past it, but what `least` makes of it.
  absl::Time expire_time = absl::InfiniteFuture();
  absl::Duration least;    // the compositor takes nothing less (EPA-14); zero: as far as we know
  absl::Duration asked;    // what the last PUBLISH asked for, unless it was a Remove
  bool shortened = false;  // since then the publication was made to end sooner
  bool is_event = false;   // what is published has happened; it need not be kept
  std::string tag;         // of the last 2xx (EPA-11); empty: none that is believed good
  // Until when the compositor holds a state of ours; past: it holds none.
  absl::Time held_until = absl::InfinitePast();
  absl::Time refresh_at = absl::InfiniteFuture();
  absl::Time retry_at = absl::InfinitePast();     // after a failure; past: nothing failed
  absl::Time hint_until = absl::InfinitePast();   // the peer asked for silence until then (EPA-16)
  bool outstanding = false;                       // a PUBLISH was asked for and is not answered
  std::optional<EpaOperation> under_way;          // what it is, once its turn has come
  bool removing = false;                          // OnUnpublished() was called
  absl::Time remove_by = absl::InfiniteFuture();  // see OnUnpublished()
  // Counted as PublicationStatus::accepted_revision.
  uint64_t revision = 1;           // of the newest state
  uint64_t body_revision = 1;      // of the newest one that may be sent
  uint64_t sent_revision = 0;      // of the one that is under way
  uint64_t accepted_revision = 0;  // of the one that the compositor took last
  uint64_t refused_revision = 0;   // of one that will never be taken, while an earlier one is held
  std::string refusal;             // reason and status of that
  int refusal_status = 0;
  int interval_retries = 0;  // 423s in a row
  RetryHistory history;      // of failures
  // Why the last PUBLISH failed, or how all ended; empty: it did not.
  std::string reason;
  int sip_status = 0;
};

struct EpaContext {
  absl::Time now;
  absl::Duration t1;
  absl::Duration retry_base;
  RandomSource& random;
};

// A final answer to a PUBLISH that is no challenge or redirection to be followed, or what stands
// for it.
struct PublishAnswered {
  int status = 0;
  SendFailure failure = SendFailure::kNone;
  std::string tag;                      // SIP-ETag of a 2xx; empty: none
  std::optional<uint32_t> granted;      // seconds, of a 2xx; none: as asked
  std::optional<uint32_t> min_expires;  // seconds
  std::optional<uint32_t> retry_after;  // seconds
};

struct EpaStep {
  EpaState state;
  bool send = false;    // have a PUBLISH sent
  bool failed = false;  // something failed: `reason` and `sip_status` are new
};

// What the PUBLISH is whose turn has come: decided then, so that changes that waited go as one.
struct PublishContent {
  EpaOperation operation = EpaOperation::kInitial;
  uint32_t expires = 0;  // seconds
  std::string if_match;  // empty: no SIP-If-Match
  bool with_body = false;
};

// Publishes the first state: for `requested`, again and again, until `expire_time`.
EpaStep BeginPublication(absl::Duration requested, absl::Time expire_time, bool is_event,
                         const EpaContext& context);

// There is a new state. It goes at once, or with or after what is under way; while the peer fails,
// with the next try.
EpaStep OnModified(EpaState state, const EpaContext& context);

// There is a new state that may not be sent, for `reason`: the one before lives on.
EpaStep OnModifyRefused(EpaState state, std::string_view reason);

// The publication ends at another time. Where the compositor would keep its state for longer, it
// is asked to keep it for less: at once, or after what is under way.
EpaStep OnExpireTimeMoved(EpaState state, absl::Time expire_time, const EpaContext& context);

// The turn of the PUBLISH that was asked for has come. It asks for no more than is left until
// `expire_time`, in whole seconds, and for 1 at least.
PublishContent FillPublish(EpaState& state, absl::Time now);

// The PUBLISH under way was answered.
//
// 2xx: held, and refreshed in time; with a state that came meanwhile it goes on at once. 412: the
// tag is dropped and the whole state sent at once (EPA-13). 423: asked anew with Min-Expires at
// once (EPA-14). A body that is refused while an earlier one is held: that one lives on. 481: the
// tag is dropped. Else by the retry policy, with the tag, which may still be good (EPA-15): later,
// not before Retry-After (EPA-16), or never, which ends the publication.
EpaStep OnPublishAnswered(EpaState state, const PublishAnswered& answer, const EpaContext& context);

// What was asked to be sent, and was not filled, is not going to be sent after all.
void OnPublishCancelled(EpaState& state);

// Withdraws what is held; a PUBLISH under way is waited for. Where the peer has asked for silence
// (EPA-16) that is kept, but not beyond `latest`: then what is held is left to expire. A Remove
// that fails is tried again by the retry policy as long as the state is held, likewise not beyond
// `latest`; what is refused for good, and 412, 423 and 481, end it.
EpaStep OnUnpublished(EpaState state, absl::Time latest, const EpaContext& context);

// NextDeadline() may have come. What the compositor holds until the end is not refreshed.
EpaStep OnEpaTick(EpaState state, const EpaContext& context);

// When OnEpaTick() is due; InfiniteFuture: when something else has happened.
absl::Time NextDeadline(const EpaState& state);

// E.g. "active"; one of a fixed set.
std::string_view EpaPhaseName(EpaPhase phase);
std::string_view EpaOperationName(EpaOperation operation);

}  // namespace sipevents::sip

#endif  // SIP_PUBLISHER_PUBLICATION_STATE_H_
