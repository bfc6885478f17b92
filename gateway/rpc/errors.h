#ifndef GATEWAY_RPC_ERRORS_H_
#define GATEWAY_RPC_ERRORS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

// Every error that a caller can see, made in one place (docs/api.md, "Errors"). Inside the
// gateway an error is an absl::Status whose payloads are google.rpc details; the last step of
// an rpc makes a grpc::Status of it (gateway/rpc/grpc_status.h). Without gRPC, so that
// ThreadSanitizer can be trusted with what uses it. All functions: any thread.

namespace sipevents::gateway {

// `ErrorInfo.domain`: who caused the error.
inline constexpr std::string_view kGatewayDomain = "sipevents";  // the caller, or we
inline constexpr std::string_view kSipDomain = "sip";            // a SIP peer

// Shortens foreign text to at most `max_octets` for use in a message: a cut is marked by "...",
// and what is not printable ASCII becomes '?'.
std::string Excerpt(std::string_view text, size_t max_octets = 80);

// Collects what is wrong with the fields of one request, so that a caller hears it all at once.
//
// Threads: one.
class FieldViolations {
 public:
  // `field` is the path in the request, e.g. "spec.target_uri"; `expectation` completes
  // "expected …". At most 8 are kept: the details travel in a gRPC trailer, which clients
  // limit to 8 KiB.
  void Add(std::string_view field, std::string_view value, std::string_view expectation);
  // The same in words that are there already: `"value": expected …`.
  void AddDescribed(std::string_view field, std::string_view description);
  bool empty() const { return violations_.empty(); }
  // OK if there are none; otherwise INVALID_ARGUMENT, reason INVALID_FIELD, with a BadRequest.
  absl::Status ToStatus() const;

 private:
  struct Violation {
    std::string field;
    std::string description;
  };
  std::vector<Violation> violations_;
  int left_out_ = 0;
};

// One violation: INVALID_ARGUMENT, reason INVALID_FIELD.
absl::Status InvalidField(std::string_view field, std::string_view value,
                          std::string_view expectation);

// NOT_FOUND, reason SUBSCRIPTION_NOT_FOUND, with the violation of the field `name`.
absl::Status SubscriptionNotFound(std::string_view name);

// NOT_FOUND, with the violation of the field `name`: what is there under this name is of somebody
// else, or nothing is.
absl::Status PublicationNotFound(std::string_view name);   // PUBLICATION_NOT_FOUND
absl::Status WatcherNotFound(std::string_view name);       // WATCHER_NOT_FOUND
absl::Status WatcherRuleNotFound(std::string_view name);   // WATCHER_RULE_NOT_FOUND
absl::Status ResourceListNotFound(std::string_view name);  // RESOURCE_LIST_NOT_FOUND

// ABORTED, reason ETAG_MISMATCH, `metadata.name`: the resource has changed since it was read.
absl::Status EtagMismatch(std::string_view name);

// ALREADY_EXISTS, reason RESOURCE_LIST_EXISTS, `metadata.list_uri`.
absl::Status ResourceListExists(std::string_view list_uri);

// OUT_OF_RANGE, reason RESUME_TOKEN_EXPIRED. `why` completes "the resume token cannot be
// continued: …".
absl::Status ResumeTokenExpired(std::string_view why);

// UNAUTHENTICATED, reason CREDENTIALS_MISSING. `expected` says what to send.
absl::Status CredentialsMissing(std::string_view expected);

// PERMISSION_DENIED, reason PERMISSION_MISSING, `metadata.permission`.
absl::Status PermissionMissing(std::string_view permission);

// RESOURCE_EXHAUSTED, reason BOUND_REACHED, `metadata.bound` (a setting's or queue's name) and
// `metadata.limit`.
absl::Status BoundReached(std::string_view bound, int64_t limit);

// What the side that serves SIP answered as an error of its own: a sip::BoundError() becomes
// BOUND_REACHED with its name as `metadata.bound`; all else stays as it is.
absl::Status ServingError(const absl::Status& status);

// RESOURCE_EXHAUSTED, reason RESTARTED_TOO_OFTEN, RetryInfo.
absl::Status RestartedTooOften(std::string_view name, absl::Duration retry_after);

// ALREADY_EXISTS, reason WATCH_ID_IN_USE: of a WatchMany stream.
absl::Status WatchIdInUse(uint64_t watch_id);

// NOT_FOUND, reason WATCH_ID_UNKNOWN: of a WatchMany stream.
absl::Status WatchIdUnknown(uint64_t watch_id);

// UNAVAILABLE, reason DRAINING, RetryInfo of one second (another replica may be there).
absl::Status Draining();

// What a SIP peer caused; domain `sip`, `metadata.sip_status` (unless 0) and
// `metadata.sip_reason`. `reason` is as in sip::FetchResult and sip::SubscriptionStatus:
// `response` (code by the table of docs/api.md), `timeout`, `no-notify`, `transport`,
// `no-address` or `expired` (UNAVAILABLE), or the notifier's own: `rejected` is
// PERMISSION_DENIED, `noresource` is NOT_FOUND, all others are UNAVAILABLE. `retry_after` above
// zero adds a RetryInfo. Two reasons are the gateway's doing and have its domain:
// `destination-not-allowed` (PERMISSION_DENIED, DESTINATION_NOT_ALLOWED) and `overload`
// (RESOURCE_EXHAUSTED, BOUND_REACHED, `metadata.bound` "sip_requests_waiting").
absl::Status SipError(int sip_status, std::string_view reason,
                      absl::Duration retry_after = absl::ZeroDuration());

// The table: what a final SIP response means to a gRPC caller.
absl::StatusCode CodeOfSipStatus(int sip_status);

// The value of `ErrorInfo.reason`, or empty. For logs, metrics and tests.
std::string ErrorReasonOf(const absl::Status& status);

// What a caller reads: the message, cut to 1 KiB.
std::string CallerMessage(const absl::Status& status);

// All details as an encoded google.rpc.Status, for the trailer of an rpc. A status made elsewhere
// than here gets an ErrorInfo with reason INTERNAL_FAULT.
std::string EncodeDetails(const absl::Status& status);

// The way back: details become payloads of `status` again. What does not decode is left out.
void DecodeDetails(std::string_view encoded, absl::Status& status);

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_ERRORS_H_
