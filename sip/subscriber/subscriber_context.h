#ifndef SIP_SUBSCRIBER_SUBSCRIBER_CONTEXT_H_
#define SIP_SUBSCRIBER_SUBSCRIBER_CONTEXT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "sip/agent.h"
#include "sip/auth/credentials.h"
#include "sip/auth/digest_server.h"
#include "sip/base/backoff.h"
#include "sip/base/clock.h"
#include "sip/base/random_id.h"
#include "sip/base/timer_queue.h"
#include "sip/body/decode_scratch.h"
#include "sip/dialog/dialog_table.h"
#include "sip/dialog/request_sender.h"
#include "sip/subscriber/dialog_state.h"
#include "sip/subscriber/unsolicited.h"

namespace sipevents::sip {

// What all subscriptions of one SIP thread share. Everything referred to outlives them.
//
// Threads: the SIP thread.
struct SubscriberContext {
  RequestSender& sender;
  const Clock& clock;
  TimerQueue& timers;
  RandomSource& random;
  DialogTable& dialogs;
  const CredentialTable& credentials;
  DecodeScratch& scratch;
  SipMetrics* metrics = nullptr;        // may be null
  DigestServer* notify_auth = nullptr;  // null: NOTIFYs need no credentials
  absl::Duration t1 = absl::Milliseconds(500);
  absl::Duration retry_base = kRetryBase;  // see TransientDelay()
  std::string outbound_route;  // value of a Route header, "<sip:p.example.com;lr>"; may be empty
  std::string identity;        // From where a request names none
  absl::Duration expires;      // zero: the package's
  bool strict = false;
  // The URI that SUBSCRIBEs of an identity name as Contact (GRUU-01); null, or an empty result:
  // that of the listener.
  std::function<std::string(std::string_view identity)> contact_of;

  UnsolicitedDoor* unsolicited = nullptr;  // null: what nobody asked for is refused

  StepContext Step() const { return {clock.Now(), t1, random.Uniform(), strict}; }
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_SUBSCRIBER_CONTEXT_H_
