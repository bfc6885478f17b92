#ifndef SIP_BASE_HEADER_GRAMMAR_H_
#define SIP_BASE_HEADER_GRAMMAR_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

// The values of the headers that event notification rests on (RFC 6665 section 8.4), and the
// small grammars of RFC 3261 section 25.1 they are made of. Errors are InvalidArgument.
// Threads: any, for everything here.

namespace sipevents {

// Parameters of one header value; more are refused.
inline constexpr size_t kMaxHeaderParameters = 64;

// One ";name=value". The name is in lower case; the value is without its quotes and escapes,
// and absent where there was no "=".
struct HeaderParameter {
  std::string name;
  std::optional<std::string> value;
  bool quoted = false;

  bool operator==(const HeaderParameter&) const = default;
};

// One or more of alphanum and -.!%*_+`'~ (RFC 3261 `token`).
bool IsToken(std::string_view text);

// Tokens without dots, joined by dots, e.g. `presence.winfo` (GEN-10); at most 128 octets.
bool IsEventType(std::string_view text);

// `type/subtype` with parameters, e.g. `text/plain;charset="utf-8"`; no wildcards.
bool IsMediaType(std::string_view text);

// A media type, `type/*` or `*/*`, with parameters: an element of Accept.
bool IsMediaRange(std::string_view text);

// Takes `;a=b;c="d;e"` apart (or the empty text). Blanks around ";" and "=" are fine (TOR-02).
// Values may be tokens, quoted strings or anything else without ;," and blanks (hosts).
// Errors: an empty name or value, an open quote, more than kMaxHeaderParameters.
absl::StatusOr<std::vector<HeaderParameter>> SplitParameters(std::string_view text);

// Splits at commas outside of quoted strings; trims; leaves out empty elements (TOR-10).
std::vector<std::string_view> SplitCommaList(std::string_view text);

// In double quotes, with \ before " and \.
std::string QuoteString(std::string_view text);

// The text of a quoted string without quotes and escapes; nullopt if it is none.
std::optional<std::string> UnquoteString(std::string_view text);

// Digits only; above 2^32-1 it is 2^32-1 (GEN-12, TOR-07). nullopt for anything else (TOR-08).
std::optional<uint32_t> ParseDeltaSeconds(std::string_view text);

// An Expires value. Parameters after it are ignored; a date (RFC 2543) or junk is nullopt:
// take the default then (TOR-24).
std::optional<uint32_t> ParseExpires(std::string_view text);

// `120 (back soon);duration=3600` (RFC 3261 section 20.33).
struct RetryAfter {
  uint32_t seconds = 0;
  std::optional<uint32_t> duration;  // seconds that the peer will then be there

  bool operator==(const RetryAfter&) const = default;
};
std::optional<RetryAfter> ParseRetryAfter(std::string_view text);

// An Event header.
struct EventHeader {
  std::string type;                         // as written: compared byte by byte
  std::optional<std::string> id;            // of the `id` parameter
  std::vector<HeaderParameter> parameters;  // all but `id`, in the order written

  bool operator==(const EventHeader&) const = default;
};

// Errors: an event type outside the grammar (TOR-05), bad parameters, an `id` that is no token
// (TOR-03) or is there twice.
absl::StatusOr<EventHeader> ParseEventHeader(std::string_view text);

// The text of an Event header. An empty value is a parameter without "="; a value that is no
// token is quoted (`id` must be a token).
std::string FormatEventHeader(std::string_view type,
                              const std::vector<std::pair<std::string, std::string>>& parameters);

// Whether a NOTIFY with `b` belongs to a SUBSCRIBE with `a` (GEN-08): same type and same id, or
// neither has one. Other parameters do not matter.
bool EventMatches(const EventHeader& a, const EventHeader& b);

enum class Substate { kActive, kPending, kTerminated, kOther };

// A Subscription-State header.
struct SubscriptionStateHeader {
  Substate substate = Substate::kOther;
  std::string raw;                  // the state's token as written (SUB-32)
  std::string reason;               // in lower case; empty if none
  std::optional<uint32_t> expires;  // seconds
  std::optional<uint32_t> retry_after;

  bool operator==(const SubscriptionStateHeader&) const = default;
};

// Literals are case-insensitive (GEN-12). A parameter whose value is bad is ignored (TOR-06,
// TOR-08); of two with one name the first good one counts. Errors: no token at the start, or
// two values in one line (TOR-09).
absl::StatusOr<SubscriptionStateHeader> ParseSubscriptionState(std::string_view text);

}  // namespace sipevents

#endif  // SIP_BASE_HEADER_GRAMMAR_H_
