#include "sip/registration/registrations.h"

#include <algorithm>
#include <utility>

#include "sip/base/ascii.h"

namespace sipevents::sip {

void Registrations::Add(RegistrationSpec spec) {
  if (ending_ || registrations_.contains(spec.aor)) return;
  const std::string identity = spec.aor;
  auto registration =
      std::make_unique<Registration>(parts_, std::move(spec), [this] { OnEnded(); });
  Registration* const raw = registration.get();
  registrations_.emplace(identity, std::move(registration));
  by_user_[raw->contact_user()].push_back(identity);
  ++alive_;
  raw->Start();
}

std::string Registrations::PublicGruu(std::string_view identity) const {
  const auto it = registrations_.find(AbslView(identity));
  return it == registrations_.end() ? std::string() : it->second->public_gruu();
}

std::vector<std::string> Registrations::OfUser(std::string_view user) const {
  const auto found = by_user_.find(AbslView(user));
  return found == by_user_.end() ? std::vector<std::string>() : found->second;
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
