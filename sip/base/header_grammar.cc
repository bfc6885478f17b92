#include "sip/base/header_grammar.h"

#include <algorithm>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"

namespace sipevents {
namespace {

constexpr size_t kMaxEventTypeOctets = 128;
constexpr uint64_t kMaxDeltaSeconds = std::numeric_limits<uint32_t>::max();
constexpr size_t kMaxMediaTypeOctets = 256;

bool IsTokenCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("-.!%*_+`'~").find(c) != std::string_view::npos;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

absl::Status Bad(std::string_view text, const absl::AlphaNum& problem) {
  return absl::InvalidArgumentError(absl::StrCat(QuoteForMessage(text), " ", problem));
}

// The length of the quoted string at the start of `text`, with its quotes; 0 if there is none or
// it does not end.
size_t QuotedLength(std::string_view text) {
  if (!text.starts_with('"')) return 0;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
  }
  return 0;
}

// The length of what comes before the first of `stops` outside of quoted strings.
size_t LengthUntil(std::string_view text, std::string_view stops) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (const size_t quoted = QuotedLength(text.substr(i)); quoted > 0) {
      i += quoted - 1;
    } else if (stops.find(text[i]) != std::string_view::npos) {
      return i;
    }
  }
  return text.size();
}

// Reads "name" or "name=value".
absl::StatusOr<HeaderParameter> ParseParameter(std::string_view text) {
  const size_t equals = std::min(text.find('='), text.size());
  const std::string_view name = TrimBlanks(text.substr(0, equals));
  if (!IsToken(name)) return Bad(text, "is no parameter; expected name or name=value");
  HeaderParameter parameter = {.name = ToLower(name), .value = std::nullopt};
  if (equals == text.size()) return parameter;
  const std::string_view value = TrimBlanks(text.substr(equals + 1));
  if (value.starts_with('"')) {
    parameter.quoted = true;
    parameter.value = UnquoteString(value);
    if (!parameter.value.has_value()) return Bad(text, "has a bad quoted string");
    return parameter;
  }
  if (value.empty() || value.find_first_of(" \t\r\n\",") != std::string_view::npos) {
    return Bad(text, "has a bad value; expected a token or a quoted string");
  }
  parameter.value = std::string(value);
  return parameter;
}

// Splits ";a;b" at its semicolons. Empty parts are left out if `lenient`, else an error.
absl::StatusOr<std::vector<std::string_view>> SplitSemicolons(std::string_view text, bool lenient) {
  std::vector<std::string_view> parts;
  text = TrimBlanks(text);
  if (!text.empty() && text.front() != ';') return Bad(text, "does not begin with a semicolon");
  while (!text.empty()) {
    text.remove_prefix(1);
    const size_t length = LengthUntil(text, ";");
    const std::string_view part = TrimBlanks(text.substr(0, length));
    text.remove_prefix(length);
    if (part.empty() && lenient) continue;
    if (part.empty()) return Bad(text, "has an empty parameter");
    if (parts.size() == kMaxHeaderParameters) {
      return absl::InvalidArgumentError(
          absl::StrCat("more than ", kMaxHeaderParameters, " parameters"));
    }
    parts.push_back(part);
  }
  return parts;
}

bool IsMedia(std::string_view text, bool wildcards) {
  if (text.size() > kMaxMediaTypeOctets) return false;
  const std::string_view media = TrimBlanks(text.substr(0, text.find(';')));
  const size_t slash = std::min(media.find('/'), media.size());
  if (slash == media.size()) return false;
  const std::string_view type = media.substr(0, slash);
  const std::string_view subtype = media.substr(slash + 1);
  if (!IsToken(type) || !IsToken(subtype)) return false;
  if ((type == "*" || subtype == "*") && (!wildcards || subtype != "*")) return false;
  const auto parameters = SplitParameters(text.substr(std::min(text.find(';'), text.size())));
  return parameters.ok() &&
         std::all_of(parameters->begin(), parameters->end(), [](const HeaderParameter& p) {
           return p.value.has_value() && (p.quoted || IsToken(*p.value));
         });
}

// Skips blanks and comments, which may nest; false if one does not end.
bool SkipComments(std::string_view* text) {
  *text = TrimBlanks(*text);
  while (text->starts_with('(')) {
    int depth = 0;
    size_t i = 0;
    do {
      if (i == text->size()) return false;
      const char c = (*text)[i++];
      if (c == '\\' && i < text->size()) ++i;
      if (c == '(') ++depth;
      if (c == ')') --depth;
    } while (depth > 0);
    *text = TrimBlanks(text->substr(i));
  }
  return true;
}

Substate ToSubstate(std::string_view token) {
  if (EqualsIgnoreCase(token, "active")) return Substate::kActive;
  if (EqualsIgnoreCase(token, "pending")) return Substate::kPending;
  if (EqualsIgnoreCase(token, "terminated")) return Substate::kTerminated;
  return Substate::kOther;
}

}  // namespace

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenCharacter);
}

bool IsEventType(std::string_view text) {
  return text.size() <= kMaxEventTypeOctets && IsToken(text) && text.front() != '.' &&
         text.back() != '.' && text.find("..") == std::string_view::npos;
}

bool IsMediaType(std::string_view text) { return IsMedia(text, /*wildcards=*/false); }

bool IsMediaRange(std::string_view text) { return IsMedia(text, /*wildcards=*/true); }

absl::StatusOr<std::vector<HeaderParameter>> SplitParameters(std::string_view text) {
  SIPEVENTS_ASSIGN_OR_RETURN(const auto parts, SplitSemicolons(text, /*lenient=*/false));
  std::vector<HeaderParameter> parameters;
  parameters.reserve(parts.size());
  for (const std::string_view part : parts) {
    SIPEVENTS_ASSIGN_OR_RETURN(HeaderParameter parameter, ParseParameter(part));
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

std::vector<std::string_view> SplitCommaList(std::string_view text) {
  std::vector<std::string_view> elements;
  while (!text.empty()) {
    const size_t length = LengthUntil(text, ",");
    const std::string_view element = TrimBlanks(text.substr(0, length));
    if (!element.empty()) elements.push_back(element);
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return elements;
}

std::string QuoteString(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  quoted += '"';
  return quoted;
}

std::optional<std::string> UnquoteString(std::string_view text) {
  if (text.empty() || QuotedLength(text) != text.size()) return std::nullopt;
  std::string plain;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    plain += text[i];
  }
  return plain;
}

std::optional<uint32_t> ParseDeltaSeconds(std::string_view text) {
  text = TrimBlanks(text);
  if (text.empty() || !std::all_of(text.begin(), text.end(), IsDigit)) return std::nullopt;
  uint64_t value = 0;
  for (const char digit : text) {
    value = std::min(kMaxDeltaSeconds, value * 10 + static_cast<uint64_t>(digit - '0'));
  }
  return static_cast<uint32_t>(value);
}

std::optional<uint32_t> ParseExpires(std::string_view text) {
  return ParseDeltaSeconds(text.substr(0, text.find(';')));
}

std::optional<RetryAfter> ParseRetryAfter(std::string_view text) {
  const std::string_view trimmed = TrimBlanks(text);
  const size_t digits = std::min(trimmed.find_first_not_of("0123456789"), trimmed.size());
  const std::optional<uint32_t> seconds = ParseDeltaSeconds(trimmed.substr(0, digits));
  if (!seconds.has_value()) return std::nullopt;
  RetryAfter retry = {.seconds = *seconds, .duration = std::nullopt};
  std::string_view rest = trimmed.substr(digits);
  if (!rest.empty() && std::string_view(" \t\r\n(;").find(rest.front()) == std::string_view::npos) {
    return std::nullopt;
  }
  // What follows the seconds only adds to them: if it is bad, the seconds still count.
  if (!SkipComments(&rest)) return retry;
  const auto parameters = SplitParameters(rest);
  if (!parameters.ok()) return retry;
  for (const HeaderParameter& parameter : *parameters) {
    if (parameter.name == "duration" && parameter.value.has_value()) {
      retry.duration = ParseDeltaSeconds(*parameter.value);
    }
  }
  return retry;
}

absl::StatusOr<EventHeader> ParseEventHeader(std::string_view text) {
  const size_t end_of_type = std::min(text.find(';'), text.size());
  EventHeader event;
  event.type = std::string(TrimBlanks(text.substr(0, end_of_type)));
  if (!IsEventType(event.type)) {
    return Bad(event.type, "is no event type; expected tokens joined by single dots");
  }
  SIPEVENTS_ASSIGN_OR_RETURN(auto parameters, SplitParameters(text.substr(end_of_type)));
  for (HeaderParameter& parameter : parameters) {
    if (parameter.name != "id") {
      event.parameters.push_back(std::move(parameter));
      continue;
    }
    if (event.id.has_value()) return Bad(text, "has two id parameters");
    if (parameter.quoted || !IsToken(parameter.value.value_or(""))) {
      return Bad(text, "has a bad id parameter; expected id=token");
    }
    event.id = std::move(parameter.value);
  }
  return event;
}

std::string FormatEventHeader(std::string_view type,
                              const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string text(type);
  for (const auto& [name, value] : parameters) {
    absl::StrAppend(&text, ";", name);
    if (!value.empty()) absl::StrAppend(&text, "=", IsToken(value) ? value : QuoteString(value));
  }
  return text;
}

bool EventMatches(const EventHeader& a, const EventHeader& b) {
  return a.type == b.type && a.id == b.id;
}

absl::StatusOr<SubscriptionStateHeader> ParseSubscriptionState(std::string_view text) {
  if (LengthUntil(text, ",") != text.size()) return Bad(text, "has two values; expected one");
  const size_t end_of_state = std::min(text.find(';'), text.size());
  const std::string_view state = TrimBlanks(text.substr(0, end_of_state));
  if (!IsToken(state)) {
    return Bad(text, "is no subscription state; expected active, pending, terminated or a token");
  }
  SubscriptionStateHeader header;
  header.substate = ToSubstate(state);
  header.raw = std::string(state);
  SIPEVENTS_ASSIGN_OR_RETURN(const auto parts,
                             SplitSemicolons(text.substr(end_of_state), /*lenient=*/true));
  for (const std::string_view part : parts) {
    const absl::StatusOr<HeaderParameter> parameter = ParseParameter(part);
    if (!parameter.ok() || !parameter->value.has_value()) continue;
    const std::string& value = *parameter->value;
    if (parameter->name == "reason" && header.reason.empty() && IsToken(value)) {
      header.reason = ToLower(value);
    } else if (parameter->name == "expires" && !header.expires.has_value()) {
      header.expires = ParseDeltaSeconds(value);
    } else if (parameter->name == "retry-after" && !header.retry_after.has_value()) {
      header.retry_after = ParseDeltaSeconds(value);
    }
  }
  return header;
}

}  // namespace sipevents
