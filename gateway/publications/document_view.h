#ifndef GATEWAY_PUBLICATIONS_DOCUMENT_VIEW_H_
#define GATEWAY_PUBLICATIONS_DOCUMENT_VIEW_H_

#include "sip/document.h"
#include "sipevents/v1/packages/dialog_info.pb.h"
#include "sipevents/v1/packages/message_summary.pb.h"
#include "sipevents/v1/packages/presence.pb.h"

// The typed states of the contract as sip/ sees them: every text is a view into the message, which
// must outlive the result. CheckValues() has passed the message. Nothing else is checked here:
// values outside the ranges of the contract are handed on, for sip::WriteDocument() to refuse.
// Threads: any.

namespace sipevents::gateway {

sip::Presence ViewOf(const v1::Presence& presence);
sip::DialogInfo ViewOf(const v1::DialogInfo& info);
sip::MessageSummary ViewOf(const v1::MessageSummary& summary);

}  // namespace sipevents::gateway

#endif  // GATEWAY_PUBLICATIONS_DOCUMENT_VIEW_H_
