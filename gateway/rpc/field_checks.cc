#include "gateway/rpc/field_checks.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"
#include "sip/base/uri.h"

namespace sipevents::gateway {
namespace {

constexpr size_t kMaxIdOctets = 128;

std::string Explain(std::string_view expectation, const absl::Status& status) {
  return absl::StrCat(AbslView(expectation), " (", status.message(), ")");
}

bool IsIdCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
}

}  // namespace

std::string FieldPath(std::string_view message, std::string_view field) {
  return absl::StrCat(AbslView(message), ".", AbslView(field));
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet < 0x20 || octet == 0x7f;
  });
}

std::string CheckTarget(std::string_view field, const std::string& target,
                        std::string_view tel_domain, FieldViolations& violations) {
  absl::StatusOr<std::string> canonical = CanonicalTarget(target, tel_domain);
  if (canonical.ok()) return *std::move(canonical);
  violations.Add(field, target,
                 Explain("a sip:, sips:, pres: or tel: URI without ?headers", canonical.status()));
  return "";
}

std::string CheckIdentity(std::string_view field, const std::string& identity,
                          std::string_view own_identity, FieldViolations& violations) {
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
  if (*canonical == own_identity) return "";
  return *std::move(canonical);
}

void CheckEventPackage(std::string_view field, const std::string& event_package,
                       FieldViolations& violations) {
  if (IsEventType(event_package)) return;
  violations.Add(field, event_package, "an event package, e.g. presence: tokens joined by dots");
}

bool CheckMediaType(std::string_view field, const std::string& type, FieldViolations& violations) {
  if (type.size() <= kMaxMediaTypeOctets && IsMediaType(type) && !HasControl(type)) return true;
  violations.Add(field, type, "a media type, e.g. application/pidf+xml");
  return false;
}

std::string CanonicalMediaType(const std::string& type) {
  const size_t end = std::min(type.find(';'), type.size());
  return ToLower(std::string_view(type).substr(0, end)) + type.substr(end);
}

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

int CheckCount(std::string_view field, int32_t value, int most, int fallback,
               FieldViolations& violations) {
  if (value < 0 || value > most) {
    violations.Add(field, std::to_string(value), absl::StrCat("0 to ", most));
    return fallback;
  }
  return value == 0 ? fallback : value;
}

bool CheckResourceName(std::string_view field, std::string_view collection, const std::string& name,
                       FieldViolations& violations) {
  const std::string_view view = name;
  if (view.size() > collection.size() + 1 && view.substr(0, collection.size()) == collection &&
      view[collection.size()] == '/') {
    const std::string_view id = view.substr(collection.size() + 1);
    if (id.size() <= kMaxIdOctets && std::all_of(id.begin(), id.end(), IsIdCharacter)) return true;
  }
  violations.Add(field, name,
                 absl::StrCat(AbslView(collection), "/ and an id that the gateway gave"));
  return false;
}

}  // namespace sipevents::gateway
