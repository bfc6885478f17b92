#ifndef SIP_PACKAGES_MESSAGE_SUMMARY_H_
#define SIP_PACKAGES_MESSAGE_SUMMARY_H_

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "sip/body/decode_scratch.h"
#include "sip/document.h"
#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Merges the bodies of the package `message-summary` (RFC 3842). Each one is the full state of its
// fork; the state of the Subscription is merged over all forks. Any thread.
std::unique_ptr<StateMerger> NewMessageSummaryMerger();

// Decodes a message summary into `summary`, whose text points into `scratch`. Counts above
// 2^32-1 are clamped.
// INVALID_ARGUMENT: no usable Messages-Waiting line; too large or too many lines; strict only:
// Messages-Waiting is not the first line, a malformed line.
absl::Status DecodeMessageSummary(std::string_view body, bool lenient, DecodeScratch& scratch,
                                  MessageSummary& summary);

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_MESSAGE_SUMMARY_H_
