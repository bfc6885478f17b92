#ifndef SIP_PACKAGES_TIMED_STATUS_H_
#define SIP_PACKAGES_TIMED_STATUS_H_

#include <string_view>
#include <vector>

#include "pugixml.hpp"
#include "sip/body/decode_scratch.h"
#include "sip/document.h"

namespace sipevents::sip {

inline constexpr std::string_view kTimedStatusUri = "urn:ietf:params:xml:ns:pidf:timed-status";

// Decodes one child, of this name, of a tuple as a status of another time (RFC 4481) and adds it to
// `statuses`. False: it is none. One with something in it that must be understood and is not is
// left out; so is one without a time, which RFC 4481 demands, unless `lenient`.
bool DecodeTimedStatus(pugi::xml_node element, XmlName name, bool lenient, DecodeScratch& scratch,
                       std::vector<TimedStatus>& statuses);

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_TIMED_STATUS_H_
