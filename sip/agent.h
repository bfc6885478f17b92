#ifndef SIP_AGENT_H_
#define SIP_AGENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "sip/document.h"
#include "sip/explanation.h"

// All that gateway/ sees of SIP: what to follow, and what came of it.

namespace sipevents::sip {

// Says what to subscribe to, or to fetch. Every field was checked by the caller; URIs are in
// canonical form.
struct SubscribeRequest {
  std::string target_uri;     // Request-URI and To, e.g. "sip:alice@example.com"
  std::string event_package;  // e.g. "presence"
  std::vector<std::pair<std::string, std::string>> event_parameters;
  std::string identity;             // From; empty: the agent's own
  std::vector<std::string> accept;  // empty: the package's
  std::string body_content_type;    // empty: no body
  std::string body;
  // Members of a list that exists for this subscription only (RFC 5367); not with a body. Empty:
  // it is the target that is followed.
  std::vector<std::string> members;
  uint32_t appearance_index = 0;  // of a shared line, with `line-seize`; 0: none is named
  absl::Duration expires;         // zero: the agent's, else the package's
};

enum class SubscriptionState { kSubscribing, kPending, kActive, kRetrying, kTerminated };

// Where a subscription stands, over all its forks.
struct SubscriptionStatus {
  SubscriptionState state = SubscriptionState::kSubscribing;
  // With kRetrying and kTerminated: the notifier's reason (`rejected`, `noresource` …), or ours:
  // `timeout` (no answer), `no-notify` (answered, but Timer N passed), `expired`, `response`
  // (see sip_status), `transport`, `no-address` (DNS), `destination-not-allowed`, `overload`
  // (too much waits here already), `extension-required:TAG` (421), `unsubscribed`. With kActive
  // and kPending: how the last refresh failed, while the subscription lives on (SUB-47), or the
  // notifier's word for a state that no RFC names and that counts as active (SUB-32).
  std::string reason;
  int sip_status = 0;                                 // that led here; 0 if none
  absl::Time retry_time = absl::InfinitePast();       // with kRetrying
  absl::Time sip_expire_time = absl::InfinitePast();  // soonest over the dialogs; past: none
  absl::Time stale_since = absl::InfinitePast();      // past: not stale
  // Since when the oldest SUBSCRIBE of ours waits for its turn (see RequestSender); past: none
  // does. A retry that waits is kRetrying, with the time it was due.
  absl::Time waiting_since = absl::InfinitePast();
  int dialog_count = 0;

  bool operator==(const SubscriptionStatus&) const = default;
};

// One NOTIFY with news.
struct Notification {
  std::string_view dialog;  // id of the fork
  absl::Time receive_time;
  std::string_view content_type;  // empty: no body
  std::string_view body;          // as received; empty if over the size limit
  bool body_is_partial = false;
  // The merged full state. Null: as before (nothing decoded, see decode_error; or a package
  // without typed form, whose documents are std::monostate or null alike).
  const Document* document = nullptr;
  std::string_view decode_error;  // empty: fine
  // Of a member of a list (RFC 4662): its URI as the list server writes it. Empty: of the
  // resource itself. Without content type and document: it is in the list, and nothing is known.
  std::string_view member_uri = {};
  std::string_view member_name = {};  // for people; empty: none
  // Which one of several that speak for the same member; 0: the first, or only, one.
  uint32_t member_instance = 0;
};

// Hears what becomes of one subscription.
//
// Threads: called on the SIP thread that owns the subscription, one call at a time, with no
// lock held; must not block. Views are good during the call only.
class SubscriptionObserver {
 public:
  virtual ~SubscriptionObserver() = default;
  // The status differs from the last one told. The first call follows Subscribe().
  virtual void OnStatus(const SubscriptionStatus& status) = 0;
  // Something new about the resource.
  virtual void OnNotification(const Notification& notification) = 0;
  // A NOTIFY came that brought no news (refreshed, or an empty body).
  virtual void OnQuietNotify(absl::Time receive_time) = 0;
  // A fork is gone. `state_remains`: what it showed stays true (RFC 6665 `invariant`).
  virtual void OnDialogEnded(std::string_view dialog, std::string_view reason,
                             bool state_remains) = 0;
  // What a member of a list showed is no longer true: it left the list (`not-listed`), or the list
  // server cannot follow it, for `reason`. Also of members that were never heard of.
  virtual void OnMemberGone(std::string_view /*dialog*/, std::string_view /*member_uri*/,
                            uint32_t /*member_instance*/, std::string_view /*reason*/) {}
  // The last call; follows OnStatus(kTerminated).
  virtual void OnEnded() = 0;
};

// What a one-time fetch brought.
struct FetchResult {
  // 0: at least one NOTIFY came. Otherwise why not: the final status of the SUBSCRIBE, or 408.
  int sip_status = 0;
  std::string reason;   // `response`, `timeout`, `no-notify`, or the notifier's
  int retry_after = 0;  // seconds, from Retry-After; 0 if none
};

// Hears what a fetch brings. Threads: as SubscriptionObserver.
class FetchObserver {
 public:
  virtual ~FetchObserver() = default;
  virtual void OnNotification(const Notification& notification) = 0;
  // The last call.
  virtual void OnDone(const FetchResult& result) = 0;
};

// What gateway/ needs to know of an event package.
struct PackageTraits {
  bool typed = false;        // has a typed document; otherwise bodies pass through
  bool every_event = false;  // each NOTIFY is something that happened (Delivery EVERY)
};

// Describes the package of this name; unknown names are passed through. Any thread.
PackageTraits DescribePackage(std::string_view event_package);

// Where the registration of one identity stands (see AgentOptions::registrations_file).
struct RegistrationStatus {
  std::string identity;
  std::string registrar;  // Request-URI
  std::string server;     // where REGISTERs go: "udp:192.0.2.1:5060"; empty: not known yet
  // "registering", "registered", "waiting" (for the next try; nothing is bound) or "unregistering".
  std::string state;
  // Why the last REGISTER failed, as SubscriptionStatus::reason; also `not-bound` (accepted, but
  // nothing is kept) and `flow-failed`. Empty: it did not.
  std::string reason;
  int sip_status = 0;
  std::string gruu;       // the Contact of its SUBSCRIBEs; empty: none
  bool outbound = false;  // the registrar sends over the flow that we opened (RFC 5626)
  absl::Time bound_until = absl::InfinitePast();  // what the registrar granted; past: nothing
  absl::Time next_time = absl::InfiniteFuture();  // of the next REGISTER
};

// Counts what happens on the SIP side. Threads: called on SIP threads; must not block.
class SipMetrics {
 public:
  virtual ~SipMetrics() = default;
  // A request came in and was answered with `status`; 0: dropped without an answer.
  virtual void OnRequestAnswered(std::string_view method, int status) = 0;
  // A final response came to a request of ours; `status` 408 or 503 also when made up here for
  // a time-out or a transport failure.
  virtual void OnResponse(std::string_view method, int status) = 0;
  // Requests sent and not yet finally answered; `change` is +1 or -1.
  virtual void OnInFlight(int change) = 0;
  // A NOTIFY body could not be decoded.
  virtual void OnDecodeError(std::string_view event_package) = 0;
  // A peer did what the RFCs forbid and was tolerated (or not: `strict`); `row` is e.g.
  // "SUB-29".
  virtual void OnDeviation(std::string_view row) = 0;

  // A TCP or TLS connection is there (`change` +1; with TLS, the handshake is done), or ended
  // (-1). `transport` is "tcp" or "tls"; `accepted`: the peer opened it.
  virtual void OnStreamOpen(std::string_view /*transport*/, bool /*accepted*/, int /*change*/) {}
  // A connection did not come about; `cause` is "connect" (to a peer), "handshake" (TLS), or a
  // bound: "opened", "accepted", "address" (too many from one address), "descriptors" (accepting
  // pauses).
  virtual void OnStreamRefused(std::string_view /*cause*/) {}
  // What came on a stream was no SIP message; it was answered `status` if that was possible.
  virtual void OnBadStream(int /*status*/) {}
  // A message to a peer was dropped: too much waited already, or the connection had ended.
  virtual void OnStreamDropped() {}
  // Requests that wait for their turn; `change` may be any number.
  virtual void OnWaiting(int /*change*/) {}
  // A request could not leave at once; `reason`: `rate` (its server is paced), `in_flight` (as
  // many as may be wait for answers) or `down` (its server failed, see OnBreakerTrip()).
  virtual void OnHeldBack(std::string_view /*reason*/) {}
  // A server failed again and again, and gets nothing but single probes for a while; `cause`:
  // `overloaded` (503), `timeout` or `unreachable`. Called again when a probe fails.
  virtual void OnBreakerTrip(std::string_view /*cause*/) {}
  // Servers that are held to be down; `change` is +1 or -1.
  virtual void OnServersDown(int /*change*/) {}
  // Registrations in a state (RegistrationStatus::state); `change` is +1 or -1.
  virtual void OnRegistrations(std::string_view /*state*/, int /*change*/) {}
  // What we keep published elsewhere, by how far it is: "publishing", "active", "retrying" or
  // "removing"; `change` is +1 or -1.
  virtual void OnPublishing(std::string_view /*state*/, int /*change*/) {}
  // A keep-alive over a connection was not answered, which ends the connection.
  virtual void OnKeepAliveFailed() {}
  // States of the package that phones and callers have published here; `change` is +1 or -1.
  virtual void OnServedPublications(std::string_view /*event_package*/, int /*change*/) {}
  // Subscriptions of SIP watchers to what is served here; `change` is +1 or -1.
  virtual void OnWatchers(std::string_view /*event_package*/, int /*change*/) {}
  // A user was looked up in the directory (UserDirectory): `result` is "found", "none" (there is no
  // such user) or "failed".
  virtual void OnUserLookup(std::string_view /*result*/, absl::Duration /*took*/) {}
  // The directory failed, and an answer of before, which had expired, was used.
  virtual void OnOldUserUsed() {}
  // Requests that wait for the directory; `change` may be any number.
  virtual void OnRequestsHeld(int /*change*/) {}
  // A bound refused something; `bound` is one of a few fixed names.
  virtual void OnBoundReached(std::string_view /*bound*/) {}
};

// Names a subscription of an agent; never reused.
using SubscriptionId = uint64_t;

// Holds subscriptions over SIP.
//
// Threads: any; each call posts to the SIP thread that owns the subscription and returns at
// once.
class Agent {
 public:
  virtual ~Agent() = default;

  // Begins to follow a resource and goes on, over refreshes and failures, until Unsubscribe()
  // or a failure that is final.
  virtual SubscriptionId Subscribe(SubscribeRequest request,
                                   std::shared_ptr<SubscriptionObserver> observer) = 0;

  // Ends a subscription: SUBSCRIBE with Expires 0 on each dialog. The observer hears
  // kTerminated `unsubscribed` at once and OnEnded(); late NOTIFYs are answered all the same.
  virtual void Unsubscribe(SubscriptionId id) = 0;

  // Asks for another duration from the next refresh on.
  virtual void SetExpires(SubscriptionId id, absl::Duration expires) = 0;

  // Tells all that is known of a subscription: `done` is called once, on its SIP thread, and must
  // not block. If the agent goes away before, `done` is destroyed without being called.
  virtual void Explain(SubscriptionId id,
                       std::function<void(const SubscriptionExplanation&)> done) = 0;

  // Asks for the state once (SUB-54). Takes up to 64*T1, and T1 more, or half a
  // second if that is longer, for further forks.
  virtual void Fetch(SubscribeRequest request, std::shared_ptr<FetchObserver> observer) = 0;

  // Ends all subscriptions, answers their last NOTIFYs, withdraws what is published elsewhere, and
  // calls `done` on a SIP thread when nothing is left or `deadline` has passed. New subscriptions
  // and publications end at once.
  virtual void Drain(absl::Time deadline, std::function<void()> done) = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_AGENT_H_
