#include "sip/notifier/subscribe_checks.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"
#include "sip/dialog/reason_phrase.h"

namespace sipevents::sip {
namespace {

// RFC 6665 section 4.2.1.1: what asks for an hour or more is never too brief.
constexpr absl::Duration kNeverTooBrief = absl::Hours(1);

constexpr char kPidf[] = "application/pidf+xml";
constexpr char kPidfChanges[] = "application/pidf-diff+xml";
constexpr char kPidfOldName[] = "application/cpim-pidf+xml";

// How well a media range fits: 3 the type itself, 2 `application/*`, 1 `*/*`, 0 not.
int Fit(std::string_view range, std::string_view type) {
  if (EqualsIgnoreCase(range, type)) return 3;
  if (range == "*/*") return 1;
  const size_t slash = range.find('/');
  if (slash == std::string_view::npos || range.substr(slash) != "/*") return 0;
  return EqualsIgnoreCase(range.substr(0, slash), type.substr(0, type.find('/'))) ? 2 : 0;
}

// The q that the type itself is given; 0: it is not named, or not wanted.
int NamedQ(const IncomingRequest& request, std::string_view type) {
  for (const AcceptedType& accepted : request.accept) {
    if (EqualsIgnoreCase(accepted.type, type)) return accepted.q;
  }
  return 0;
}

}  // namespace

std::optional<RequestAnswer> RefuseEvent(const IncomingRequest& request,
                                         const SubscribeLimits& limits) {
  if (request.event_count > 1) return RequestAnswer{400, {}, "Repeated or Bad Event"};
  if (request.event_count == 1 && !request.event_type_ok) {
    return RequestAnswer{400, {}, "Bad Event"};
  }
  if (request.event_count == 1 && std::find(limits.packages.begin(), limits.packages.end(),
                                            request.event_type) != limits.packages.end()) {
    return std::nullopt;
  }
  return RequestAnswer{489, {{"Allow-Events", limits.allow_events}}};
}

RequestAnswer RefuseBody() { return {415, {{"Accept", "application/resource-lists+xml"}}}; }

RequestAnswer RefuseList(const absl::Status& why) {
  return {absl::IsResourceExhausted(why) ? 413 : 400,
          {},
          ReasonPhrase(absl::StrCat("Bad List: ", why.message()))};
}

std::optional<RequestAnswer> RefuseTarget(const absl::Status& checked) {
  if (checked.ok()) return std::nullopt;
  if (absl::IsPermissionDenied(checked)) {
    return RequestAnswer{
        403, {}, ReasonPhrase(absl::StrCat("Contact Not Allowed: ", checked.message()))};
  }
  return RequestAnswer{400, {}, ReasonPhrase(absl::StrCat("Bad Contact: ", checked.message()))};
}

GrantedTime GrantTime(const IncomingRequest& request, absl::Duration package_default,
                      const SubscribeLimits& limits) {
  const absl::Duration asked =
      request.expires.has_value() ? absl::Seconds(*request.expires) : package_default;
  if (request.expires.value_or(0) > 0 && asked < limits.min_expires && asked < kNeverTooBrief) {
    const int64_t least = absl::ToInt64Seconds(limits.min_expires);
    return {RequestAnswer{423, {{"Min-Expires", absl::StrCat(least)}}}, {}};
  }
  return {std::nullopt, std::min(asked, limits.max_expires)};
}

int WantedQ(const IncomingRequest& request, std::string_view type) {
  int best_fit = 0;
  int q = 0;
  for (const AcceptedType& accepted : request.accept) {
    const int fit = Fit(accepted.type, type);
    if (fit <= best_fit) continue;
    best_fit = fit;
    q = accepted.q;
  }
  return q;
}

std::optional<WatcherFormat> ChooseFormat(const IncomingRequest& request,
                                          const std::vector<std::string>& notified_types,
                                          bool strict) {
  if (!request.has_accept || notified_types.empty()) return WatcherFormat::kFull;
  const std::string& usual = notified_types.front();
  const int full = WantedQ(request, usual);
  if (usual == kPidf) {
    // Changes are sent to who names them, and can take a whole document too (RFC 5263 section 4.1).
    const int changes = NamedQ(request, kPidfChanges);
    if (changes > 0 && changes >= full) return WatcherFormat::kChanges;
    if (full == 0 && !strict && NamedQ(request, kPidfOldName) > 0) return WatcherFormat::kOldName;
  }
  if (full == 0) return std::nullopt;
  return WatcherFormat::kFull;
}

bool HasTag(const std::vector<std::string_view>& tags, std::string_view tag) {
  return std::any_of(tags.begin(), tags.end(),
                     [tag](std::string_view one) { return EqualsIgnoreCase(one, tag); });
}

Condition ReadCondition(const IncomingRequest& request) {
  Condition condition;
  if (request.suppress_if_match.empty()) return condition;
  const std::string& value = request.suppress_if_match.front();
  if (request.suppress_if_match.size() > 1 || (value != "*" && !IsToken(value))) {
    condition.refusal = RequestAnswer{400, {}, "Bad Suppress-If-Match"};
    return condition;
  }
  condition.tag = value;
  return condition;
}

}  // namespace sipevents::sip
