#ifndef SIP_PACKAGES_PIDF_STATUS_H_
#define SIP_PACKAGES_PIDF_STATUS_H_

#include "pugixml.hpp"
#include "sip/body/decode_scratch.h"
#include "sip/document.h"

namespace sipevents::sip {

// Whether an element that we do not know may be passed over: it does not ask to be understood
// (RFC 3863 section 4.2.4). Any thread.
bool MayIgnore(pugi::xml_node element);

// Decodes the children of a <status>, or of what is made like it. False: one of them must be
// understood and is not.
bool DecodeStatus(pugi::xml_node element, bool lenient, DecodeScratch& scratch,
                  PresenceBasic& basic, RichPresence& rich);

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_PIDF_STATUS_H_
