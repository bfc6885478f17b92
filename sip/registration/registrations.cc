#include "sip/registration/registrations.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/uri.h"

namespace sipevents::sip {

void Registrations::Add(RegistrationSpec spec) {
  if (ending_ || registrations_.contains(spec.aor)) return;
  const std::string identity = spec.aor;
  std::string user = NewContactUser(identity);
  auto registration =
      std::make_unique<Registration>(parts_, std::move(spec), user, [this] { OnEnded(); });
  Registration* const raw = registration.get();
  registrations_.emplace(identity, std::move(registration));
  by_user_.emplace(std::move(user), identity);
  ++alive_;
  raw->Start();
}

std::string Registrations::PublicGruu(std::string_view identity) const {
  const auto it = registrations_.find(AbslView(identity));
  return it == registrations_.end() ? std::string() : it->second->public_gruu();
}

std::string Registrations::OfUser(std::string_view user) const {
  const auto found = by_user_.find(AbslView(user));
  return found == by_user_.end() ? std::string() : found->second;
}

// The identity's own. Where that is taken (100 at one domain, 100 at another), with what tells them
// apart, and stays the same after a restart: what comes to a Contact must be of one identity.
std::string Registrations::NewContactUser(const std::string& aor) const {
  const absl::StatusOr<Uri> parsed = ParseUri(aor);
  std::string user = parsed.ok() ? parsed->user : std::string();
  if (!by_user_.contains(user)) return user;
  absl::StrAppend(&user, "-", parsed.ok() ? absl::AsciiStrToLower(parsed->host) : std::string());
  while (by_user_.contains(user)) user += "-";
  return user;
}

void Registrations::End(std::function<void()> on_idle) {
  if (std::exchange(ending_, true)) return;
  on_idle_ = std::move(on_idle);
  ++alive_;  // ours: `on_idle` follows all of them
  for (const auto& [identity, registration] : registrations_) registration->End();
  OnEnded();
}

void Registrations::OnEnded() {
  if (--alive_ > 0 || on_idle_ == nullptr) return;
  // From the loop: whoever hears of it may destroy this.
  parts_.timers.At(parts_.clock.Now(), std::exchange(on_idle_, nullptr));
}

std::vector<RegistrationStatus> Registrations::Describe() const {
  std::vector<RegistrationStatus> all;
  all.reserve(registrations_.size());
  for (const auto& [identity, registration] : registrations_) {
    all.push_back(registration->Status());
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.identity < b.identity; });
  return all;
}

}  // namespace sipevents::sip
