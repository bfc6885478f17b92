#include "sip/compositor/resource_uri.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/uri.h"

namespace sipevents::sip {
namespace {

constexpr std::string_view kSipPrefix = "sip:";

std::string_view WithoutLastDot(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

bool IsAlnum(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }

bool AreAll(std::string_view text, std::string_view marks) {
  return std::all_of(text.begin(), text.end(), [marks](char c) {
    return IsAlnum(c) || marks.find(c) != std::string_view::npos;
  });
}

std::string Join(std::string_view user, std::string_view host) {
  std::string resource;
  resource.reserve(kSipPrefix.size() + user.size() + 1 + host.size());
  resource.append(kSipPrefix).append(user).append("@");
  const std::string_view bare = WithoutLastDot(host);
  const size_t at = resource.size();
  resource.append(bare);
  std::transform(resource.begin() + static_cast<std::ptrdiff_t>(at), resource.end(),
                 resource.begin() + static_cast<std::ptrdiff_t>(at),
                 [](char c) { return absl::ascii_tolower(static_cast<unsigned char>(c)); });
  return resource;
}

// What nearly every request says, `sip:user@host` and no more, without taking a URI apart: each
// PUBLISH and SUBSCRIBE asks. An empty user: it may be something else.
std::pair<std::string_view, std::string_view> PlainAddress(std::string_view uri) {
  if (!uri.starts_with(kSipPrefix) || uri.size() > kMaxUriOctets) return {};
  uri.remove_prefix(kSipPrefix.size());
  const size_t at = uri.find('@');
  if (at == std::string_view::npos) return {};
  const std::string_view user = uri.substr(0, at);
  const std::string_view host = uri.substr(at + 1);
  if (!AreAll(user, "-_.+") || !AreAll(host, "-.")) return {};
  return {user, host};
}

}  // namespace

DomainSet::DomainSet(const std::vector<std::string>& domains) {
  for (const std::string& domain : domains) domains_.insert(ToLower(WithoutLastDot(domain)));
}

bool DomainSet::Has(std::string_view host) const {
  const std::string_view bare = WithoutLastDot(host);
  const bool lower = std::none_of(bare.begin(), bare.end(), [](char c) {
    return absl::ascii_isupper(static_cast<unsigned char>(c));
  });
  return lower ? domains_.contains(AbslView(bare)) : domains_.contains(ToLower(bare));
}

std::optional<std::string> ResourceOf(std::string_view request_uri, const DomainSet& domains) {
  if (const auto [user, host] = PlainAddress(request_uri); !user.empty()) {
    if (!domains.Has(host)) return std::nullopt;
    return Join(user, host);
  }
  const absl::StatusOr<std::string> canonical = CanonicalTarget(request_uri, /*tel_domain=*/"");
  if (!canonical.ok()) return std::nullopt;
  const absl::StatusOr<Uri> uri = ParseUri(*canonical);
  if (!uri.ok() || uri->user.empty() || !domains.Has(uri->host)) return std::nullopt;
  return Join(std::string_view(uri->user).substr(0, uri->user.find(':')), uri->host);
}

}  // namespace sipevents::sip
