#include "sip/auth/credentials.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/net_address.h"
#include "sip/base/status_macros.h"
#include "sip/base/uri.h"

namespace sipevents::sip {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr size_t kMaxFieldOctets = 256;
constexpr std::string_view kIdentityField = "identity=";

// The form in which hosts are compared.
std::string NormalizeDomain(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.size() > 1 && host.back() == '.') {
    host.remove_suffix(1);
  }
  return ToLower(host);
}

// The form in which identities are compared; empty for what is no SIP URI.
std::string NormalizeIdentity(std::string_view uri) {
  absl::StatusOr<std::string> canonical = CanonicalTarget(uri, /*tel_domain=*/"");
  const bool is_sip =
      canonical.ok() && (canonical->starts_with("sip:") || canonical->starts_with("sips:"));
  return is_sip ? *std::move(canonical) : std::string();
}

// Takes the identity, if one is named, out of the fields after the password.
absl::StatusOr<std::string> TakeIdentity(std::vector<std::string>& fields) {
  std::string identity;
  for (size_t i = 3; i < fields.size();) {
    if (!fields[i].starts_with(kIdentityField)) {
      ++i;
      continue;
    }
    if (!identity.empty()) return absl::InvalidArgumentError("has more than one identity");
    identity = NormalizeIdentity(std::string_view(fields[i]).substr(kIdentityField.size()));
    if (identity.empty()) {
      return absl::InvalidArgumentError("has an identity that is no sip: or sips: URI");
    }
    fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return identity;
}

// Takes one field off the front of `line`, which does not begin with a blank.
absl::StatusOr<std::string> TakeField(std::string_view* line) {
  std::string field;
  if (!line->starts_with('"')) {
    field = std::string(line->substr(0, line->find_first_of(kBlanks)));
    line->remove_prefix(field.size());
    return field;
  }
  size_t i = 1;
  for (; i < line->size() && (*line)[i] != '"'; ++i) {
    if ((*line)[i] == '\\' && i + 1 < line->size()) ++i;
    field += (*line)[i];
  }
  if (i >= line->size()) return absl::InvalidArgumentError("a quoted field does not end");
  line->remove_prefix(i + 1);
  if (!line->empty() && kBlanks.find(line->front()) == std::string_view::npos) {
    return absl::InvalidArgumentError("a quoted field is not followed by a blank");
  }
  return field;
}

absl::StatusOr<std::vector<std::string>> SplitFields(std::string_view line) {
  std::vector<std::string> fields;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    if (line.empty() || line.front() == '#') return fields;
    SIPEVENTS_ASSIGN_OR_RETURN(std::string field, TakeField(&line));
    if (field.empty() || field.size() > kMaxFieldOctets) {
      return absl::InvalidArgumentError(
          absl::StrCat("a field is empty or has more than ", kMaxFieldOctets, " octets"));
    }
    const bool control = std::any_of(field.begin(), field.end(), [](char c) {
      return absl::ascii_iscntrl(static_cast<unsigned char>(c));
    });
    if (control) return absl::InvalidArgumentError("a field has a control character in it");
    fields.push_back(std::move(field));
  }
}

}  // namespace

absl::StatusOr<CredentialTable> CredentialTable::Load(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int error = errno;
    return absl::ErrnoToStatus(error != 0 ? error : EIO, absl::StrCat("cannot open ", path));
  }
  std::string text(kMaxFileOctets + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return absl::UnavailableError(absl::StrCat("cannot read ", path));
  text.resize(static_cast<size_t>(file.gcount()));
  return Parse(text, path);
}

absl::StatusOr<CredentialTable> CredentialTable::Parse(std::string_view text,
                                                       std::string_view name) {
  if (text.size() > kMaxFileOctets) {
    return absl::InvalidArgumentError(
        absl::StrCat(AbslView(name), ": too large; expected at most ", kMaxFileOctets, " octets"));
  }
  CredentialTable table;
  for (size_t line = 1; !text.empty(); ++line) {
    std::string_view content = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(content.size() + 1, text.size()));
    if (content.ends_with('\r')) content.remove_suffix(1);
    absl::StatusOr<std::vector<std::string>> fields = SplitFields(content);
    absl::Status status = fields.status();
    if (status.ok() && !fields->empty()) status = table.Add(*std::move(fields), line);
    if (status.ok()) continue;
    return absl::InvalidArgumentError(absl::StrCat(AbslView(name), ":", line, ": ",
                                                   status.message(),
                                                   "; expected: realm user password "
                                                   "[identity=URI] [domain...]"));
  }
  return table;
}

absl::Status CredentialTable::Add(std::vector<std::string> fields, size_t line) {
  if (fields.size() < 3) {
    return absl::InvalidArgumentError(absl::StrCat("has ", fields.size(), " of three fields"));
  }
  SIPEVENTS_ASSIGN_OR_RETURN(const std::string identity, TakeIdentity(fields));
  if (fields.size() > 3 + kMaxDomains) {
    return absl::InvalidArgumentError(absl::StrCat("has more than ", kMaxDomains, " domains"));
  }
  if (size_ == kMaxEntries) {
    return absl::InvalidArgumentError(absl::StrCat("is beyond ", kMaxEntries, " entries"));
  }
  const Entry entry = {.credentials = {fields[1], fields[2]}, .line = line};
  // RFC 7616 section 3.4: the user name ends at the colon of A1.
  if (entry.credentials.user.find(':') != std::string::npos) {
    return absl::InvalidArgumentError("has a colon in the user");
  }
  const std::string realm = fields[0];
  if (fields.size() == 3) fields.push_back(realm);
  for (size_t i = 3; i < fields.size(); ++i) {
    const std::string& field = fields[i];
    if (!IsSipHost(field) && !IsNumericHost(field)) {
      return absl::InvalidArgumentError(
          "has a domain that is no host name or address (where none is given, the realm is it)");
    }
    const auto [it, added] = entries_.try_emplace({realm, NormalizeDomain(field), identity}, entry);
    if (!added) {
      return absl::InvalidArgumentError(absl::StrCat("has a realm, domain and identity that line ",
                                                     it->second.line, " has, too"));
    }
  }
  ++size_;
  return absl::OkStatus();
}

std::optional<Credentials> CredentialTable::Lookup(std::string_view realm,
                                                   std::string_view original_request_uri_host,
                                                   std::string_view identity) const {
  Key key = {std::string(realm), NormalizeDomain(original_request_uri_host),
             NormalizeIdentity(identity)};
  auto it = entries_.find(key);
  if (it == entries_.end() && !key.identity.empty()) {
    key.identity.clear();
    it = entries_.find(key);
  }
  if (it == entries_.end()) return std::nullopt;
  return it->second.credentials;
}

std::string CredentialTable::RealmFor(std::string_view original_request_uri_host,
                                      std::string_view identity) const {
  const std::string domain = NormalizeDomain(original_request_uri_host);
  const std::string own = NormalizeIdentity(identity);
  std::string first;
  for (const auto& [key, entry] : entries_) {
    if (key.domain != domain || (!key.identity.empty() && key.identity != own)) continue;
    // The first by name, so that it is the same one each time.
    if (first.empty() || key.realm < first) first = key.realm;
  }
  return first;
}

}  // namespace sipevents::sip
