#include "gateway/rpc/request_checks_spec.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gateway/rpc/request_checks_rate.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"
#include "sip/base/uri.h"

namespace sipevents::gateway {
namespace {

// "spec.target_uri" of "spec" and "target_uri".
std::string Path(std::string_view message, std::string_view field) {
  return absl::StrCat(AbslView(message), ".", AbslView(field));
}

// What goes into a SIP header must not be able to end the line: no control characters, whatever
// else a grammar allows.
bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet < 0x20 || octet == 0x7f;
  });
}

std::string Explain(std::string_view expectation, const absl::Status& status) {
  return absl::StrCat(AbslView(expectation), " (", status.message(), ")");
}

std::string CheckTarget(std::string_view field, const std::string& target,
                        const SpecContext& context, FieldViolations& violations) {
  absl::StatusOr<std::string> canonical = CanonicalTarget(target, context.tel_domain);
  if (canonical.ok()) return *std::move(canonical);
  violations.Add(field, target,
                 Explain("a sip:, sips:, pres: or tel: URI without ?headers", canonical.status()));
  return "";
}

std::string CheckIdentity(std::string_view field, const std::string& identity,
                          const SpecContext& context, FieldViolations& violations) {
  if (identity.empty()) return "";
  constexpr std::string_view kExpected = "a sip: or sips: URI with a user or a host";
  absl::StatusOr<std::string> canonical = CanonicalTarget(identity, "");
  if (!canonical.ok()) {
    violations.Add(field, identity, Explain(kExpected, canonical.status()));
    return "";
  }
  if (canonical->rfind("sip:", 0) != 0 && canonical->rfind("sips:", 0) != 0) {
    violations.Add(field, identity, kExpected);
    return "";
  }
  if (*canonical == context.own_identity) return "";
  return *std::move(canonical);
}

void CheckParameter(const std::string& path, const std::string& name, const std::string& value,
                    FieldViolations& violations) {
  if (!IsToken(name) || name.size() > kMaxParameterOctets) {
    violations.Add(path, name, "names that are tokens (letters, digits, -.!%*_+`'~)");
  }
  if (value.size() > kMaxParameterOctets || HasControl(value)) {
    violations.Add(path, value, "values without control characters, of at most 512 octets");
  } else if (EqualsIgnoreCase(name, "id") && !IsToken(value)) {
    violations.Add(path, value, "a token as the value of id");
  }
}

std::vector<std::pair<std::string, std::string>> CheckParameters(std::string_view field,
                                                                 const v1::SubscriptionSpec& spec,
                                                                 FieldViolations& violations) {
  std::vector<std::pair<std::string, std::string>> parameters;
  if (spec.event_parameters_size() > kMaxEventParameters) {
    violations.Add(field, absl::StrCat(spec.event_parameters_size(), " parameters"), "at most 16");
    return parameters;
  }
  for (const auto& [name, value] : spec.event_parameters()) {
    CheckParameter(absl::StrCat(AbslView(field), "[", Excerpt(name), "]"), name, value, violations);
    parameters.emplace_back(ToLower(name), value);
  }
  std::sort(parameters.begin(), parameters.end());
  const auto same =
      std::adjacent_find(parameters.begin(), parameters.end(),
                         [](const auto& one, const auto& next) { return one.first == next.first; });
  if (same != parameters.end()) {
    violations.Add(field, same->first, "each name once (letter case does not tell them apart)");
  }
  return parameters;
}

bool CheckMediaType(std::string_view field, const std::string& type, FieldViolations& violations) {
  if (type.size() <= kMaxMediaTypeOctets && IsMediaType(type) && !HasControl(type)) return true;
  violations.Add(field, type, "a media type, e.g. application/pidf+xml");
  return false;
}

// Type and subtype have no case (RFC 2045 section 5.1); parameters are left alone.
std::string CanonicalMediaType(const std::string& type) {
  const size_t end = std::min(type.find(';'), type.size());
  return ToLower(std::string_view(type).substr(0, end)) + type.substr(end);
}

std::vector<std::string> CheckAccept(std::string_view field, const v1::SubscriptionSpec& spec,
                                     FieldViolations& violations) {
  std::vector<std::string> accept;
  if (spec.accept_size() > kMaxAcceptTypes) {
    violations.Add(field, absl::StrCat(spec.accept_size(), " types"), "at most 16");
    return accept;
  }
  for (int i = 0; i < spec.accept_size(); ++i) {
    const std::string path = absl::StrCat(AbslView(field), "[", i, "]");
    if (CheckMediaType(path, spec.accept(i), violations)) {
      accept.push_back(CanonicalMediaType(spec.accept(i)));
    }
  }
  std::sort(accept.begin(), accept.end());
  accept.erase(std::unique(accept.begin(), accept.end()), accept.end());
  return accept;
}

void CheckBody(std::string_view field, const v1::Body& body, SubscriptionKey& key,
               FieldViolations& violations) {
  if (body.content_type().empty() && body.data().empty()) return;
  if (CheckMediaType(Path(field, "content_type"), body.content_type(), violations)) {
    key.body_content_type = CanonicalMediaType(body.content_type());
  }
  if (body.data().empty() || body.data().size() > kMaxRequestBodyOctets) {
    violations.Add(Path(field, "data"), absl::StrCat(body.data().size(), " octets"),
                   "1 to 65536 octets");
    return;
  }
  key.body = body.data();
}

std::vector<std::string> CheckMembers(std::string_view field, const v1::SubscriptionSpec& spec,
                                      const SpecContext& context, FieldViolations& violations) {
  std::vector<std::string> members;
  if (spec.members_size() > kMaxMembers) {
    violations.Add(field, absl::StrCat(spec.members_size(), " members"), "at most 1000");
    return members;
  }
  if (spec.members_size() > 0 && spec.has_body()) {
    violations.Add(field, absl::StrCat(spec.members_size(), " members"),
                   "members or a body, not both: the members are the body of the SUBSCRIBE");
  }
  for (int i = 0; i < spec.members_size(); ++i) {
    const std::string path = absl::StrCat(AbslView(field), "[", i, "]");
    members.push_back(CheckTarget(path, spec.members(i), context, violations));
  }
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  return members;
}

uint32_t CheckAppearance(std::string_view field, const v1::SubscriptionSpec& spec,
                         FieldViolations& violations) {
  const uint32_t index = spec.appearance_index();
  if (index > kMostAppearances) {
    violations.Add(field, absl::StrCat(index), "1 to 999, or 0 for none");
  } else if (index > 0 && spec.event_package() != "line-seize") {
    violations.Add(field, absl::StrCat(index),
                   "0: appearances are asked for with the event package line-seize only");
  }
  return index;
}

}  // namespace

absl::Duration CheckDuration(std::string_view field, const google::protobuf::Duration& duration,
                             const DurationRange& range, FieldViolations& violations) {
  constexpr int32_t kNanosPerSecond = 1'000'000'000;
  const std::string expectation =
      absl::StrCat(absl::FormatDuration(range.least), " to ", absl::FormatDuration(range.most));
  const int32_t nanos = duration.nanos();
  const bool signs_agree =
      (duration.seconds() >= 0 || nanos <= 0) && (duration.seconds() <= 0 || nanos >= 0);
  if (!signs_agree || nanos <= -kNanosPerSecond || nanos >= kNanosPerSecond) {
    violations.Add(field, absl::StrCat("seconds: ", duration.seconds(), " nanos: ", nanos),
                   absl::StrCat(expectation, ", with nanos of the same sign below 1e9"));
    return range.least;
  }
  const absl::Duration value = absl::Seconds(duration.seconds()) + absl::Nanoseconds(nanos);
  if (value < range.least || value > range.most) {
    violations.Add(field, absl::FormatDuration(value), expectation);
    return range.least;
  }
  return value;
}

void CheckName(std::string_view field, const std::string& name, FieldViolations& violations) {
  if (!IsSubscriptionName(name)) violations.Add(field, name, kSubscriptionNameForm);
}

WantedSubscription CheckSpec(std::string_view field, const v1::SubscriptionSpec& spec,
                             const SpecContext& context, FieldViolations& violations) {
  constexpr absl::Duration kLongest = absl::Hours(30 * 24);
  WantedSubscription wanted;
  SubscriptionKey& key = wanted.key;
  key.tenant = context.tenant;
  key.target_uri = CheckTarget(Path(field, "target_uri"), spec.target_uri(), context, violations);
  key.event_package = spec.event_package();
  if (!IsEventType(spec.event_package())) {
    violations.Add(Path(field, "event_package"), spec.event_package(),
                   "an event package, e.g. presence: tokens joined by dots");
  }
  key.event_parameters = CheckParameters(Path(field, "event_parameters"), spec, violations);
  if (spec.has_rate_control()) {
    AddRateControl(Path(field, "rate_control"), spec.rate_control(), key.event_parameters,
                   violations);
  }
  key.identity = CheckIdentity(Path(field, "identity"), spec.identity(), context, violations);
  key.accept = CheckAccept(Path(field, "accept"), spec, violations);
  if (spec.has_body()) CheckBody(Path(field, "body"), spec.body(), key, violations);
  key.members = CheckMembers(Path(field, "members"), spec, context, violations);
  key.appearance_index = CheckAppearance(Path(field, "appearance_index"), spec, violations);
  if (spec.has_expires()) {
    wanted.expires = CheckDuration(Path(field, "expires"), spec.expires(),
                                   {.least = absl::Seconds(1), .most = kLongest}, violations);
  }
  wanted.name = context.namer.NameOf(key);
  return wanted;
}

}  // namespace sipevents::gateway
