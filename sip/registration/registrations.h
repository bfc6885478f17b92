#ifndef SIP_REGISTRATION_REGISTRATIONS_H_
#define SIP_REGISTRATION_REGISTRATIONS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "sip/registration/registration.h"

namespace sipevents::sip {

// The registrations of one SIP thread.
//
// Threads: the SIP thread.
class Registrations {
 public:
  explicit Registrations(RegistrationParts parts) : parts_(std::move(parts)) {}
  Registrations(const Registrations&) = delete;
  Registrations& operator=(const Registrations&) = delete;

  // Registers an identity from here on; one that is there already is ignored.
  void Add(RegistrationSpec spec);

  // The GRUU that requests of this identity have as Contact; empty: it is not registered, or its
  // registrar gave none.
  std::string PublicGruu(std::string_view identity) const;

  // The identity whose Contact has this user; empty: none has.
  std::string OfUser(std::string_view user) const;

  // Unregisters all; calls `on_idle` once, from the loop, when the registrars have answered.
  // Again is ignored.
  void End(std::function<void()> on_idle);

  // Of each, by identity.
  std::vector<RegistrationStatus> Describe() const;

 private:
  std::string NewContactUser(const std::string& aor) const;
  void OnEnded();

  RegistrationParts parts_;
  // By identity, in canonical form.
  absl::flat_hash_map<std::string, std::unique_ptr<Registration>> registrations_;
  // By the user of the Contact.
  absl::flat_hash_map<std::string, std::string> by_user_;
  size_t alive_ = 0;
  bool ending_ = false;
  std::function<void()> on_idle_;
};

}  // namespace sipevents::sip

#endif  // SIP_REGISTRATION_REGISTRATIONS_H_
