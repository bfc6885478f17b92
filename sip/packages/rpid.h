#ifndef SIP_PACKAGES_RPID_H_
#define SIP_PACKAGES_RPID_H_

#include "pugixml.hpp"
#include "sip/body/decode_scratch.h"
#include "sip/document.h"

namespace sipevents::sip {

// Decodes one child, of this name, of a person, tuple or device as rich presence (RFC 4480) and
// adds it to `rich`. False: it is none that we know. Values outside the vocabulary are kept: it may
// be extended (RFC 4480 section 3.1); malformed numbers and times are left out.
bool DecodeRichPresence(pugi::xml_node element, XmlName name, DecodeScratch& scratch,
                        RichPresence& rich);

// Decodes a <note> of PIDF, data model or RPID.
PresenceNote DecodeNote(pugi::xml_node element, DecodeScratch& scratch);

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_RPID_H_
