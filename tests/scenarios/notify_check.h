#ifndef TESTS_SCENARIOS_NOTIFY_CHECK_H_
#define TESTS_SCENARIOS_NOTIFY_CHECK_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/peer/sip_peer.h"

namespace sipevents::testing {

// What a watcher knows of its dialog: enough to judge what a notifier sends in it.
struct WatcherDialog {
  std::string call_id;
  std::string local;    // From of the SUBSCRIBE, with its tag
  std::string remote;   // To of the 2xx, with its tag
  std::string event;    // Event of the SUBSCRIBE
  std::string contact;  // URI that the watcher gave
  uint32_t local_cseq = 1;
  uint32_t remote_cseq = 0;                           // of the last NOTIFY; 0: none yet
  absl::Time granted_until = absl::InfiniteFuture();  // by 2xx and Subscription-State so far
};

// Whether the final response to a SUBSCRIBE is a 200 as it must be: To tag, exactly one Contact
// and Expires, nothing that belongs in requests only (NOT-15, NOT-16, GEN-04, GEN-05,
// GEN-17). FailedPrecondition, naming all that is wrong.
absl::Status CheckAccepted(const Received& response);

// Whether a NOTIFY is as it must be in this dialog, whatever it tells: headers that are mandatory
// (GEN-17), forbidden (NOT-24, GEN-18) and there once, the dialog's names, a larger CSeq, the event
// with its id (NOT-33), a known state with the time that remains (NOT-20 to NOT-23), a body
// with its type or neither. FailedPrecondition, naming all that is wrong.
absl::Status CheckNotify(const Received& notify, const WatcherDialog& dialog);

// `active`, `pending` or `terminated` of its Subscription-State.
std::string SubstateOf(const Received& notify);
// A parameter of its Subscription-State; empty if it is not there.
std::string StateParameter(const Received& notify, const std::string& name);
// `expires` of its Subscription-State; -1 if it is not there.
int StateExpires(const Received& notify);

}  // namespace sipevents::testing

#endif  // TESTS_SCENARIOS_NOTIFY_CHECK_H_
