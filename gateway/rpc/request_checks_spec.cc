#include "gateway/rpc/request_checks_spec.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/rpc/request_checks_rate.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"

namespace sipevents::gateway {
namespace {

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
  if (CheckMediaType(FieldPath(field, "content_type"), body.content_type(), violations)) {
    key.body_content_type = CanonicalMediaType(body.content_type());
  }
  if (body.data().empty() || body.data().size() > kMaxRequestBodyOctets) {
    violations.Add(FieldPath(field, "data"), absl::StrCat(body.data().size(), " octets"),
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
    members.push_back(CheckTarget(path, spec.members(i), context.tel_domain, violations));
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

void CheckName(std::string_view field, const std::string& name, FieldViolations& violations) {
  if (!IsSubscriptionName(name)) violations.Add(field, name, kSubscriptionNameForm);
}

WantedSubscription CheckSpec(std::string_view field, const v1::SubscriptionSpec& spec,
                             const SpecContext& context, FieldViolations& violations) {
  constexpr absl::Duration kLongest = absl::Hours(30 * 24);
  WantedSubscription wanted;
  SubscriptionKey& key = wanted.key;
  key.tenant = context.tenant;
  key.target_uri = CheckTarget(FieldPath(field, "target_uri"), spec.target_uri(),
                               context.tel_domain, violations);
  key.event_package = spec.event_package();
  CheckEventPackage(FieldPath(field, "event_package"), spec.event_package(), violations);
  key.event_parameters = CheckParameters(FieldPath(field, "event_parameters"), spec, violations);
  if (spec.has_rate_control()) {
    AddRateControl(FieldPath(field, "rate_control"), spec.rate_control(), key.event_parameters,
                   violations);
  }
  key.identity = CheckIdentity(FieldPath(field, "identity"), spec.identity(), context.own_identity,
                               violations);
  key.accept = CheckAccept(FieldPath(field, "accept"), spec, violations);
  if (spec.has_body()) CheckBody(FieldPath(field, "body"), spec.body(), key, violations);
  key.members = CheckMembers(FieldPath(field, "members"), spec, context, violations);
  key.appearance_index = CheckAppearance(FieldPath(field, "appearance_index"), spec, violations);
  if (spec.has_expires()) {
    wanted.expires = CheckDuration(FieldPath(field, "expires"), spec.expires(),
                                   {.least = absl::Seconds(1), .most = kLongest}, violations);
  }
  wanted.name = context.namer.NameOf(key);
  wanted.epoch = context.namer.epoch();
  return wanted;
}

}  // namespace sipevents::gateway
