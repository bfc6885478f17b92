#ifndef SIP_PACKAGES_VOICE_QUALITY_H_
#define SIP_PACKAGES_VOICE_QUALITY_H_

#include <memory>

#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Decodes the reports of the package `vq-rtcpxr` (RFC 6035), each of which is an event. Any thread.
std::unique_ptr<StateMerger> NewVoiceQualityMerger();

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_VOICE_QUALITY_H_
