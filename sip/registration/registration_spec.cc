#include "sip/registration/registration_spec.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sip/auth/digest.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/base/uri.h"

namespace sipevents::sip {
namespace {

constexpr int kShortestExpires = 10;     // seconds
constexpr int kLongestExpires = 86'400;  // seconds
constexpr char kExpected[] =
    "aor [registrar=URI] [expires=SECONDS] [instance=urn:uuid:...] [gruu=yes|no]";

absl::Status BadField(std::string_view field, std::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat(QuoteForMessage(field), ": expected ", AbslView(expected)));
}

absl::StatusOr<Uri> ReadSipUri(std::string_view field, std::string_view text) {
  absl::StatusOr<Uri> uri = ParseUri(text);
  if (!uri.ok() || (uri->scheme != "sip" && uri->scheme != "sips")) {
    return BadField(field, "a URI such as sip:example.com");
  }
  return uri;
}

// Fills `aor` and the registrar that is its domain.
absl::Status ReadAor(std::string_view field, RegistrationSpec& spec) {
  SIPEVENTS_ASSIGN_OR_RETURN(Uri uri, ReadSipUri(field, field));
  const bool has_password = uri.user.find(':') != std::string::npos;
  if (uri.user.empty() || has_password || !uri.parameters.empty()) {
    return BadField(field,
                    "an identity such as sip:alice@example.com, without password and parameters");
  }
  SIPEVENTS_ASSIGN_OR_RETURN(spec.aor, CanonicalTarget(field, /*tel_domain=*/""));
  uri.user.clear();
  spec.registrar = uri.ToString();
  return absl::OkStatus();
}

absl::Status ReadExpires(std::string_view field, std::string_view value, RegistrationSpec& spec) {
  int seconds = 0;
  if (!absl::SimpleAtoi(AbslView(value), &seconds) || seconds < kShortestExpires ||
      seconds > kLongestExpires) {
    return BadField(field, absl::StrCat("a number of seconds from ", kShortestExpires, " to ",
                                        kLongestExpires));
  }
  spec.expires = absl::Seconds(seconds);
  return absl::OkStatus();
}

// urn:uuid: and 36 characters, with dashes where RFC 9562 section 4 has them.
bool IsUuidUrn(std::string_view text) {
  constexpr std::string_view kPrefix = "urn:uuid:";
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + 36) return false;
  text.remove_prefix(kPrefix.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const auto octet = static_cast<unsigned char>(text[i]);
    if (dash ? octet != '-' : !absl::ascii_isxdigit(octet)) return false;
  }
  return true;
}

absl::Status ReadOption(std::string_view field, RegistrationSpec& spec) {
  const size_t equals = field.find('=');
  const std::string_view name = field.substr(0, equals);
  const std::string_view value =
      equals == std::string_view::npos ? std::string_view() : field.substr(equals + 1);
  if (name == "registrar") {
    SIPEVENTS_ASSIGN_OR_RETURN(const Uri uri, ReadSipUri(field, value));
    // RFC 3261 section 10.2: there is no user in the Request-URI of a REGISTER.
    if (!uri.user.empty()) return BadField(field, "a URI without a user, such as sip:example.com");
    spec.registrar = uri.ToString();
    return absl::OkStatus();
  }
  if (name == "expires") return ReadExpires(field, value, spec);
  if (name == "instance") {
    spec.instance = ToLower(value);
    if (IsUuidUrn(spec.instance)) return absl::OkStatus();
    return BadField(field, "urn:uuid: and a UUID");
  }
  if (name == "gruu" && (value == "yes" || value == "no")) {
    spec.use_gruu = value == "yes";
    return absl::OkStatus();
  }
  return BadField(field, kExpected);
}

absl::StatusOr<RegistrationSpec> ReadLine(const std::vector<std::string_view>& fields) {
  RegistrationSpec spec;
  SIPEVENTS_RETURN_IF_ERROR(ReadAor(fields.front(), spec));
  for (size_t i = 1; i < fields.size(); ++i) {
    SIPEVENTS_RETURN_IF_ERROR(ReadOption(fields[i], spec));
  }
  return spec;
}

std::vector<std::string_view> SplitFields(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    line = line.substr(std::min(line.find_first_not_of(" \t\r"), line.size()));
    if (line.empty() || line.front() == '#') return fields;
    const size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    fields.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

}  // namespace

absl::StatusOr<std::vector<RegistrationSpec>> LoadRegistrations(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int error = errno;
    return absl::ErrnoToStatus(error != 0 ? error : EIO, absl::StrCat("cannot open ", path));
  }
  std::string text(kMaxRegistrationFileOctets + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return absl::UnavailableError(absl::StrCat("cannot read ", path));
  text.resize(static_cast<size_t>(file.gcount()));
  return ParseRegistrations(text, path);
}

absl::StatusOr<std::vector<RegistrationSpec>> ParseRegistrations(std::string_view text,
                                                                 std::string_view name) {
  if (text.size() > kMaxRegistrationFileOctets) {
    return absl::InvalidArgumentError(absl::StrCat(AbslView(name), ": too large; expected at most ",
                                                   kMaxRegistrationFileOctets, " octets"));
  }
  std::vector<RegistrationSpec> specs;
  absl::flat_hash_map<std::string, size_t> lines;  // by aor
  for (size_t line = 1; !text.empty(); ++line) {
    const std::string_view content = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(content.size() + 1, text.size()));
    const std::vector<std::string_view> fields = SplitFields(content);
    if (fields.empty()) continue;
    absl::StatusOr<RegistrationSpec> spec = ReadLine(fields);
    absl::Status status = spec.status();
    if (status.ok() && specs.size() == kMaxRegistrations) {
      status = BadField(fields.front(), absl::StrCat("at most ", kMaxRegistrations, " identities"));
    }
    if (status.ok()) {
      const auto [it, added] = lines.try_emplace(spec->aor, line);
      if (!added) {
        status = BadField(fields.front(),
                          absl::StrCat("another identity than that of line ", it->second));
      }
    }
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(AbslView(name), ":", line, ": ", status.message()));
    }
    specs.push_back(*std::move(spec));
  }
  return specs;
}

std::string DefaultInstance(std::string_view aor, std::string_view host) {
  // As RFC 9562 section 5.8 leaves it to us: all bits but version and variant are a hash.
  std::string hex =
      DigestHash(DigestAlgorithm::kSha256,
                 absl::StrCat("sip-event-gateway ", AbslView(aor), " ", AbslView(host)));
  hex[12] = '8';
  hex[16] = 'a';
  return absl::StrCat("urn:uuid:", hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4),
                      "-", hex.substr(16, 4), "-", hex.substr(20, 12));
}

}  // namespace sipevents::sip
