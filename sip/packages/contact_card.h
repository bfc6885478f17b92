#ifndef SIP_PACKAGES_CONTACT_CARD_H_
#define SIP_PACKAGES_CONTACT_CARD_H_

#include "pugixml.hpp"
#include "sip/body/decode_scratch.h"
#include "sip/document.h"

namespace sipevents::sip {

// Decodes one child, of this name, of a person or tuple as contact information (CIPID, RFC 4482)
// into `card`; of an element that comes twice the first one counts. False: it is none.
bool DecodeContactCard(pugi::xml_node element, XmlName name, DecodeScratch& scratch,
                       ContactCard& card);

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_CONTACT_CARD_H_
