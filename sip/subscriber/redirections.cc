#include "sip/subscriber/redirections.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "sip/base/uri.h"

namespace sipevents::sip {
namespace {

constexpr size_t kMostOffered = 16;

bool IsSecure(std::string_view uri) { return uri.starts_with("sips:"); }

// By which URIs are told apart; empty for one that no SUBSCRIBE can go to.
std::string KeyOf(const std::string& uri) {
  absl::StatusOr<std::string> canonical = CanonicalTarget(uri, /*tel_domain=*/"");
  if (!canonical.ok()) return "";
  const bool is_sip = canonical->starts_with("sip:") || IsSecure(*canonical);
  return is_sip ? *std::move(canonical) : std::string();
}

}  // namespace

Redirections::Redirections(std::string origin) : origin_(std::move(origin)) {
  tried_.push_back(KeyOf(origin_));
}

void Redirections::Offer(const std::vector<std::string>& contacts) {
  const bool secure_only = IsSecure(tried_.front());
  auto place = offered_.begin();
  for (const std::string& contact : contacts) {
    const std::string key = KeyOf(contact);
    if (key.empty() || WasTried(key) || (secure_only && !IsSecure(key))) continue;
    place = offered_.insert(place, contact) + 1;
  }
  if (offered_.size() > kMostOffered) offered_.resize(kMostOffered);
}

std::optional<std::string> Redirections::Next() {
  while (followed_ < kMost && !offered_.empty()) {
    std::string uri = std::move(offered_.front());
    offered_.pop_front();
    std::string key = KeyOf(uri);
    if (WasTried(key)) continue;
    tried_.push_back(std::move(key));
    ++followed_;
    return uri;
  }
  return std::nullopt;
}

bool Redirections::WasTried(std::string_view uri) const {
  return std::find(tried_.begin(), tried_.end(), uri) != tried_.end();
}

}  // namespace sipevents::sip
