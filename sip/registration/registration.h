#ifndef SIP_REGISTRATION_REGISTRATION_H_
#define SIP_REGISTRATION_REGISTRATION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "sip/agent.h"
#include "sip/auth/credentials.h"
#include "sip/auth/digest.h"
#include "sip/base/clock.h"
#include "sip/base/random_id.h"
#include "sip/base/timer_queue.h"
#include "sip/dialog/flow_keeper.h"
#include "sip/dialog/request_sender.h"
#include "sip/registration/registration_spec.h"
#include "sip/registration/registration_state.h"

namespace sipevents::sip {

// What all registrations of one SIP thread share. Everything referred to outlives them.
//
// Threads: the SIP thread.
struct RegistrationParts {
  RequestSender& sender;
  FlowKeeper& flows;
  const Clock& clock;
  TimerQueue& timers;
  RandomSource& random;
  const CredentialTable& credentials;
  SipMetrics* metrics = nullptr;  // may be null
  absl::Duration t1 = absl::Milliseconds(500);
  absl::Duration retry_base = absl::Seconds(30);  // see TransientDelay()
  std::string outbound_route;  // value of a Route header, "<sip:p.example.com;lr>"; may be empty
};

// Keeps one identity registered (RFC 3261 section 10, RFC 5626, RFC 5627): sends what the state
// machine asks for, with credentials where they are asked for, and keeps the flow open that the
// registrar sends requests over.
//
// Threads: the SIP thread.
class Registration : public RequestClient {
 public:
  // So many challenges in a row are answered, whatever their nonces and `stale` say.
  static constexpr int kMostChallenges = 4;

  // `spec.instance` is given. `on_ended` is called once, after End(), from the loop or from within
  // it; the registration must not be destroyed within the call.
  // `contact_user`: of our Contact, no other registration's.
  Registration(RegistrationParts& parts, RegistrationSpec spec, std::string contact_user,
               std::function<void()> on_ended);
  ~Registration() override;
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  void Start();
  // Unregisters.
  void End();

  // What leads to us from anywhere while we are registered (GRUU-01); empty: nothing does.
  const std::string& public_gruu() const { return public_gruu_; }
  RegistrationStatus Status() const;

  // RequestClient:
  OutgoingRequest Fill() override;
  void OnServer(std::string_view server) override;
  void OnSent() override {}
  void OnFinal(const Response& response) override;

 private:
  RegistrationContext Context() const;
  void Apply(RegistrationStep step);
  void Transmit(uint32_t expires);
  bool MeetsChallenge(const Response& response);
  // What the 2xx says of our Contact, and nothing of those of other devices.
  const ContactBinding* FindBinding(const Response& response) const;
  void TakeBinding(const Response& response, const ContactBinding* binding);
  void KeepFlow(const Response& response);
  void ReleaseFlow();
  void LogStep(const RegistrationState& before, bool failed) const;
  void ArmTimer();

  RegistrationParts& parts_;
  const RegistrationSpec spec_;
  const std::function<void()> on_ended_;
  const std::string host_;  // of the registrar: decides whose credentials may be used
  const std::string user_;  // of our Contact
  const std::string call_id_;
  const std::string tag_;
  RegistrationState state_;
  bool began_ = false;
  uint32_t cseq_ = 0;
  uint32_t expires_ = 0;                         // of the REGISTER under way
  int challenges_ = 0;                           // in a row
  std::unique_ptr<ClientDigestSession> digest_;  // null: never challenged
  RequestId request_ = 0;
  bool filled_ = false;  // the request under way has left, or is about to
  std::string server_;
  std::string public_gruu_;
  FlowKeeper::FlowId flow_ = 0;
  bool outbound_ = false;  // the registrar uses the flow (RFC 5626), as far as we were told
  TimerQueue::TimerId timer_ = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_REGISTRATION_REGISTRATION_H_
