#include "sip/base/uri.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/net_address.h"
#include "sip/base/status_macros.h"

namespace sipevents {
namespace {

// RFC 3261 section 25.1; each set is what may stand there besides letters, digits and escapes.
constexpr std::string_view kMark = "-_.!~*'()";  // with alphanum: `unreserved`
constexpr std::string_view kUserMark = "-_.!~*'()&=+$,;?/:";
constexpr std::string_view kParameterMark = "-_.!~*'()[]/:&+$";
// RFC 3966 section 3.
constexpr std::string_view kVisualSeparators = "-.()";

constexpr std::string_view kPresPrefix = "pres:";
constexpr std::string_view kExpectedForm =
    "expected sip:user@host, sips:user@host or pres:user@host";

absl::Status Bad(std::string_view uri, const absl::AlphaNum& problem) {
  return absl::InvalidArgumentError(absl::StrCat(QuoteForMessage(uri), " ", problem));
}

bool IsAlnum(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }
bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsHexDigit(char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); }

bool IsOneOf(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }
bool IsUnreserved(char c) { return IsAlnum(c) || IsOneOf(c, kMark); }

int HexValue(char c) { return IsDigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10; }

bool IsEscapeAt(std::string_view text, size_t at) {
  return at + 2 < text.size() && text[at] == '%' && IsHexDigit(text[at + 1]) &&
         IsHexDigit(text[at + 2]);
}

void AppendEscaped(char c, std::string* out) {
  const std::string hex = absl::StrCat(absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
  absl::StrAppend(out, "%", absl::AsciiStrToUpper(hex));
}

// Decodes escaped unreserved characters, writes the other escapes in upper case, and escapes
// what is neither unreserved nor in `keep`. The escapes must be good.
std::string NormalizeEscapes(std::string_view text, std::string_view keep) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool plain = IsUnreserved(c) || IsOneOf(c, keep);
    if (IsEscapeAt(text, i)) {
      c = static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      plain = IsUnreserved(c);
      i += 2;
    }
    if (plain) {
      out += c;
    } else {
      AppendEscaped(c, &out);
    }
  }
  return out;
}

std::string WithoutSeparators(std::string_view number) {
  std::string out(number);
  std::erase_if(out, [](char c) { return IsOneOf(c, kVisualSeparators); });
  return out;
}

absl::Status CheckCharacters(std::string_view uri, std::string_view part, std::string_view what,
                             std::string_view marks) {
  for (size_t i = 0; i < part.size(); ++i) {
    if (part[i] == '%') {
      if (!IsEscapeAt(part, i)) {
        return Bad(uri, absl::StrCat("has a bad escape in the ", AbslView(what),
                                     "; expected % and two hex digits"));
      }
      i += 2;
    } else if (!IsAlnum(part[i]) && !IsOneOf(part[i], marks)) {
      std::string escaped;
      AppendEscaped(part[i], &escaped);
      return Bad(uri, absl::StrCat("has ", QuoteForMessage(part.substr(i, 1)), " in the ",
                                   AbslView(what), "; expected it escaped, as ", escaped));
    }
  }
  return absl::OkStatus();
}

// What no URI may hold, whatever its scheme.
absl::Status CheckText(std::string_view uri) {
  if (uri.empty()) return Bad(uri, absl::StrCat("is empty; ", AbslView(kExpectedForm)));
  if (uri.size() > kMaxUriOctets) {
    return Bad(uri, absl::StrCat("has ", uri.size(), " octets; expected at most ", kMaxUriOctets));
  }
  for (const char c : uri) {
    if (c <= ' ' || c > '~' || IsOneOf(c, "<>\"")) {
      return Bad(uri, absl::StrCat("has ", QuoteForMessage({&c, 1}),
                                   " in it; control characters, spaces, <, >, \" and what is not "
                                   "ASCII must be left out or escaped as %NN"));
    }
  }
  return absl::OkStatus();
}

// Reads ";name=value;name" into `parsed`.
absl::Status ParseParameters(std::string_view uri, std::string_view text, Uri* parsed) {
  absl::flat_hash_set<std::string> seen;
  while (!text.empty()) {
    text.remove_prefix(1);  // the semicolon
    const std::string_view parameter = text.substr(0, text.find(';'));
    text.remove_prefix(parameter.size());
    const size_t equals = parameter.find('=');
    const std::string_view name = parameter.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : parameter.substr(equals + 1);
    if (name.empty() || (equals != std::string_view::npos && value.empty())) {
      return Bad(uri, absl::StrCat("has the parameter ", QuoteForMessage(parameter),
                                   "; expected ;name or ;name=value"));
    }
    SIPEVENTS_RETURN_IF_ERROR(CheckCharacters(uri, name, "name of a parameter", kParameterMark));
    SIPEVENTS_RETURN_IF_ERROR(CheckCharacters(uri, value, "value of a parameter", kParameterMark));
    if (!seen.insert(ToLower(NormalizeEscapes(name, kParameterMark))).second) {
      return Bad(uri, absl::StrCat("has the parameter ", QuoteForMessage(name),
                                   " twice; expected each once"));
    }
    parsed->parameters.emplace_back(name, value);
  }
  return absl::OkStatus();
}

absl::Status ParseHost(std::string_view uri, std::string_view text, Uri* parsed) {
  const size_t bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  const size_t end_of_host = bracket == std::string_view::npos ? text.find(':') : bracket + 1;
  const std::string_view host = text.substr(0, end_of_host);
  if (host.empty()) return Bad(uri, absl::StrCat("has no host; ", AbslView(kExpectedForm)));
  if (!IsSipHost(host)) {
    return Bad(uri, absl::StrCat("has the host ", QuoteForMessage(host),
                                 "; expected a domain name, an IPv4 address, or an IPv6 address "
                                 "in brackets"));
  }
  parsed->host = std::string(host);
  text.remove_prefix(host.size());
  if (text.empty()) return absl::OkStatus();
  const std::string_view digits = text.substr(1);
  uint32_t port = 0;
  if (text.front() != ':' || digits.size() > 5 ||
      !std::all_of(digits.begin(), digits.end(), IsDigit) ||
      !absl::SimpleAtoi(AbslView(digits), &port) || port == 0 || port > 65535) {
    return Bad(uri, absl::StrCat("has ", QuoteForMessage(text),
                                 " after the host; expected a colon and a port from 1 to 65535"));
  }
  parsed->port = static_cast<uint16_t>(port);
  return absl::OkStatus();
}

absl::Status ParseUser(std::string_view uri, std::string_view user, Uri* parsed) {
  const size_t colon = user.find(':');
  if (user.substr(0, colon).empty()) {
    return Bad(uri, absl::StrCat("has no user before the @; ", AbslView(kExpectedForm)));
  }
  if (colon != std::string_view::npos && user.find(':', colon + 1) != std::string_view::npos) {
    return Bad(uri, "has two colons before the @; expected user or user:password");
  }
  SIPEVENTS_RETURN_IF_ERROR(CheckCharacters(uri, user, "user part", kUserMark));
  parsed->user = std::string(user);
  return absl::OkStatus();
}

// What follows "sip:", "sips:" or "pres:".
absl::Status ParseAddress(std::string_view uri, std::string_view rest, Uri* parsed) {
  // "@" may stand nowhere else, but the user part may hold what means something after it.
  const size_t at = rest.find('@');
  if (at != std::string_view::npos) {
    SIPEVENTS_RETURN_IF_ERROR(ParseUser(uri, rest.substr(0, at), parsed));
    rest.remove_prefix(at + 1);
    if (rest.find('@') != std::string_view::npos) {
      return Bad(uri, "has two @; expected one, and others escaped as %40");
    }
  } else if (parsed->scheme == "pres") {
    return Bad(uri, "has no user; expected pres:user@host");
  }
  if (rest.find('?') != std::string_view::npos) {
    return Bad(uri, "has headers after a question mark; expected none");
  }
  const size_t end_of_host = std::min(rest.find(';'), rest.size());
  SIPEVENTS_RETURN_IF_ERROR(ParseHost(uri, rest.substr(0, end_of_host), parsed));
  return ParseParameters(uri, rest.substr(end_of_host), parsed);
}

// The value of a parameter, if there is one of this name (in lower case).
std::optional<std::string_view> FindParameter(const Uri& uri, std::string_view name) {
  for (const auto& [its_name, value] : uri.parameters) {
    if (EqualsIgnoreCase(its_name, name)) return value;
  }
  return std::nullopt;
}

// What follows "tel:" (RFC 3966 section 3).
absl::Status ParseNumber(std::string_view uri, std::string_view rest, Uri* parsed) {
  const size_t end_of_number = std::min(rest.find(';'), rest.size());
  const std::string_view number = rest.substr(0, end_of_number);
  const bool global = number.starts_with('+');
  const std::string digits = WithoutSeparators(number.substr(global ? 1 : 0));
  const bool good = std::all_of(digits.begin(), digits.end(), [global](char c) {
    return IsDigit(c) || (!global && (IsHexDigit(c) || IsOneOf(c, "*#")));
  });
  if (digits.empty() || !good) {
    return Bad(uri, absl::StrCat("has the number ", QuoteForMessage(number),
                                 "; expected tel:+ and digits, as tel:+12015550123"));
  }
  parsed->user = std::string(number);
  SIPEVENTS_RETURN_IF_ERROR(ParseParameters(uri, rest.substr(end_of_number), parsed));
  if (!global && FindParameter(*parsed, "phone-context").value_or("").empty()) {
    return Bad(uri, "is a local number; expected ;phone-context=domain or a number with +");
  }
  return absl::OkStatus();
}

// The number with its parameters, as the user part of a sip: URI.
std::string TelephoneUser(const Uri& tel) {
  std::vector<std::tuple<int, std::string, std::string>> ordered;
  for (const auto& [written_name, written_value] : tel.parameters) {
    const std::string name = ToLower(written_name);
    std::string value = written_value;
    int rank = 2;
    if (name == "ext" || name == "isub") rank = 0;
    if (name == "phone-context") rank = 1;
    if (name == "ext" || (rank == 1 && value.starts_with('+'))) value = WithoutSeparators(value);
    if (rank == 1) value = ToLower(value);
    ordered.emplace_back(rank, name, std::move(value));
  }
  std::sort(ordered.begin(), ordered.end());
  std::string user = ToLower(WithoutSeparators(tel.user));
  for (const auto& [rank, name, value] : ordered) {
    absl::StrAppend(&user, ";", name, value.empty() ? "" : "=", value);
  }
  return NormalizeEscapes(user, "&=+$,;?/");
}

absl::StatusOr<std::string> CanonicalTelephone(const Uri& tel, std::string_view tel_domain) {
  const std::string text = tel.ToString();
  if (tel_domain.empty()) {
    return Bad(text, "needs a domain, and none is configured; expected sip:number@host");
  }
  Uri canonical;
  canonical.scheme = "sip";
  canonical.user = TelephoneUser(tel);
  canonical.parameters = {{"user", "phone"}};
  if (!ParseHost(text, tel_domain, &canonical).ok()) {
    return Bad(text, absl::StrCat("needs a domain, and the one configured is ",
                                  QuoteForMessage(tel_domain), "; expected host or host:port"));
  }
  canonical.host = ToLower(canonical.host);
  std::string as_sip = canonical.ToString();
  if (as_sip.size() > kMaxUriOctets) return Bad(text, "is too long when written as a sip: URI");
  return as_sip;
}

// Whether every label is a sequence of letters, digits, "-" and "_" (seen in the wild); one dot
// may end the name.
bool IsDomainName(std::string_view text) {
  if (text.size() > 255) return false;
  if (text.ends_with('.')) text.remove_suffix(1);
  bool label_is_empty = true;
  for (const char c : text) {
    if (c == '.' ? label_is_empty : !IsAlnum(c) && !IsOneOf(c, "-_")) return false;
    label_is_empty = c == '.';
  }
  return !label_is_empty;
}

}  // namespace

std::string Uri::HostPort() const { return port == 0 ? host : absl::StrCat(host, ":", port); }

std::string Uri::ToString() const {
  std::string text = absl::StrCat(scheme, ":", user, user.empty() || host.empty() ? "" : "@");
  absl::StrAppend(&text, HostPort());
  for (const auto& [name, value] : parameters) {
    absl::StrAppend(&text, ";", name, value.empty() ? "" : "=", value);
  }
  return text;
}

absl::StatusOr<Uri> ParseUri(std::string_view text) {
  SIPEVENTS_RETURN_IF_ERROR(CheckText(text));
  const size_t colon = text.find(':');
  Uri parsed;
  parsed.scheme = ToLower(text.substr(0, colon));
  const bool address = parsed.scheme == "sip" || parsed.scheme == "sips" || parsed.scheme == "pres";
  if (colon == std::string_view::npos || (!address && parsed.scheme != "tel")) {
    return Bad(text, "does not begin with a scheme we serve; expected sip:, sips:, pres: or tel:");
  }
  const std::string_view rest = text.substr(colon + 1);
  SIPEVENTS_RETURN_IF_ERROR(address ? ParseAddress(text, rest, &parsed)
                                    : ParseNumber(text, rest, &parsed));
  return parsed;
}

absl::StatusOr<std::string> CanonicalTarget(std::string_view uri, std::string_view tel_domain) {
  SIPEVENTS_ASSIGN_OR_RETURN(Uri parsed, ParseUri(uri));
  if (parsed.scheme == "tel") return CanonicalTelephone(parsed, tel_domain);
  parsed.host = ToLower(parsed.host);
  parsed.user = NormalizeEscapes(parsed.user, kUserMark);
  for (auto& [name, value] : parsed.parameters) {
    // In two steps, since a decoded letter has a case, too.
    name = NormalizeEscapes(ToLower(NormalizeEscapes(name, kParameterMark)), kParameterMark);
    value = NormalizeEscapes(value, kParameterMark);
  }
  std::sort(parsed.parameters.begin(), parsed.parameters.end());
  return parsed.ToString();
}

std::string WireRequestUri(std::string_view canonical) {
  if (!canonical.starts_with(kPresPrefix)) return std::string(canonical);
  return absl::StrCat("sip:", AbslView(canonical.substr(kPresPrefix.size())));
}

bool IsSipHost(std::string_view text) {
  if (text.starts_with('[')) return text.ends_with(']') && IsNumericHost(text);
  const bool number =
      std::all_of(text.begin(), text.end(), [](char c) { return IsDigit(c) || c == '.'; });
  return number ? IsNumericHost(text) : IsDomainName(text);
}

}  // namespace sipevents
