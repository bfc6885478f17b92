#ifndef SIP_PACKAGES_PRESENCE_H_
#define SIP_PACKAGES_PRESENCE_H_

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "sip/body/decode_scratch.h"
#include "sip/document.h"
#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Decodes the bodies of the package `presence` (RFC 3856): PIDF (RFC 3863) with data model
// (RFC 4479), RPID (RFC 4480), timed status (RFC 4481) and CIPID (RFC 4482). Each one is the full
// state, but for those of application/pidf-diff+xml (RFC 5263), for whom asks for that type: they
// are merged per fork. Any thread.
std::unique_ptr<StateMerger> NewPresenceMerger();

// Decodes a PIDF document into `presence`, whose text points into `scratch`.
// INVALID_ARGUMENT: see ParseGuardedXml; another root than PIDF's `presence`; a child of it
// that must be understood and is not; strict only: an identifier that PIDF demands is missing.
absl::Status DecodePidf(std::string_view body, bool lenient, DecodeScratch& scratch,
                        Presence& presence);

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_PRESENCE_H_
