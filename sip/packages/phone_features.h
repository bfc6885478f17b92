#ifndef SIP_PACKAGES_PHONE_FEATURES_H_
#define SIP_PACKAGES_PHONE_FEATURES_H_

#include <memory>

#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Merges the documents of the package `as-feature-event` (BroadSoft; ECMA-323): each document,
// alone or as a part of a multipart body, replaces one feature. Any thread.
std::unique_ptr<StateMerger> NewPhoneFeaturesMerger();

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_PHONE_FEATURES_H_
