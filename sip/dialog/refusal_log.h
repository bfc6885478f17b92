#ifndef SIP_DIALOG_REFUSAL_LOG_H_
#define SIP_DIALOG_REFUSAL_LOG_H_

#include "sip/dialog/incoming_request.h"
#include "sip/dialog/message.h"

namespace sipevents::sip {

// Logs, at debug, a SUBSCRIBE or PUBLISH that is refused: who asked for what, and the answer; of
// another answer, and of a challenge (401, 407), nothing. Any thread.
void LogRefusal(const IncomingRequest& request, const RequestAnswer& answer);

}  // namespace sipevents::sip

#endif  // SIP_DIALOG_REFUSAL_LOG_H_
