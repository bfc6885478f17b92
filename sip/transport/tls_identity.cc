#include "sip/transport/tls_identity.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sip/base/ascii.h"
#include "sip/base/net_address.h"

namespace sipevents::sip {
namespace {

// As many names as a message names.
constexpr size_t kMaxNamed = 5;

std::string_view Octets(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<size_t>(ASN1_STRING_length(string))};
}

std::string_view WithoutBrackets(std::string_view host) {
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  return bracketed ? host.substr(1, host.size() - 2) : host;
}

// A name may end with the dot of the root.
std::string_view WithoutRoot(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

// The host of `sip:host`, `sip:host:port` …; empty for another scheme (`sips` too) and for a URI
// that names a user.
std::string_view SipDomainOf(std::string_view uri) {
  constexpr std::string_view kScheme = "sip:";
  if (!EqualsIgnoreCase(uri.substr(0, kScheme.size()), kScheme)) return {};
  if (uri.find('@') != std::string_view::npos) return {};
  uri.remove_prefix(kScheme.size());
  if (uri.starts_with('[')) return uri.substr(0, std::min(uri.find(']'), uri.size() - 1) + 1);
  return uri.substr(0, uri.find_first_of(":;?"));
}

// The octets of a numeric address; empty for a name.
std::string AddressOctets(std::string_view host) {
  const std::string text(WithoutBrackets(host));
  std::array<char, sizeof(in6_addr)> octets = {};
  if (inet_pton(AF_INET, text.c_str(), octets.data()) == 1) return {octets.data(), 4};
  if (inet_pton(AF_INET6, text.c_str(), octets.data()) == 1) return {octets.data(), octets.size()};
  return "";
}

std::string AddressText(const std::string& octets) {
  std::array<char, INET6_ADDRSTRLEN> text = {};
  const int family = octets.size() == 4 ? AF_INET : AF_INET6;
  inet_ntop(family, octets.data(), text.data(), text.size());
  return text.data();
}

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [name](const std::string& candidate) {
    return EqualsIgnoreCase(WithoutRoot(candidate), name);
  });
}

std::string Describe(const TlsIdentity& identity) {
  std::vector<std::string> names;
  for (const std::string& domain : identity.sip_domains) {
    names.push_back(QuoteForMessage(absl::StrCat("sip:", domain)));
  }
  for (const std::string& name : identity.dns_names) names.push_back(QuoteForMessage(name));
  for (const std::string& address : identity.addresses) names.push_back(AddressText(address));
  if (names.empty()) return "nobody (it has no subject alternative name)";
  const bool cut = names.size() > kMaxNamed;
  names.resize(std::min(names.size(), kMaxNamed));
  return absl::StrCat(absl::StrJoin(names, ", "), cut ? ", ..." : "");
}

}  // namespace

TlsIdentity IdentityOf(const X509& certificate) {
  TlsIdentity identity;
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    const auto* string = static_cast<const ASN1_STRING*>(value);
    if (type == GEN_DNS) {
      identity.dns_names.emplace_back(Octets(string));
    } else if (type == GEN_URI) {
      const std::string_view domain = SipDomainOf(Octets(string));
      if (!domain.empty()) identity.sip_domains.emplace_back(domain);
    } else if (type == GEN_IPADD && (Octets(string).size() == 4 || Octets(string).size() == 16)) {
      identity.addresses.emplace_back(Octets(string));
    }
  }
  return identity;
}

absl::Status CheckIdentity(const TlsIdentity& identity, std::string_view name) {
  const std::string address = AddressOctets(name);
  bool matches = false;
  if (!address.empty()) {
    matches = std::find(identity.addresses.begin(), identity.addresses.end(), address) !=
              identity.addresses.end();
  } else if (!WithoutRoot(name).empty()) {
    matches = Contains(identity.sip_domains.empty() ? identity.dns_names : identity.sip_domains,
                       WithoutRoot(name));
  }
  if (matches) return absl::OkStatus();
  return absl::UnauthenticatedError(absl::StrCat("the certificate is for ", Describe(identity),
                                                 "; expected ", QuoteForMessage(name)));
}

}  // namespace sipevents::sip
