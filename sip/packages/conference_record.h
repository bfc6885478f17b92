#ifndef SIP_PACKAGES_CONFERENCE_RECORD_H_
#define SIP_PACKAGES_CONFERENCE_RECORD_H_

#include "sip/body/xml_record.h"

namespace sipevents::sip {

// How a conference-info document (RFC 4575 section 5) becomes the fields of v1.Conference, all but
// `ended`. Any thread.
const XmlRecord& ConferenceRecord();

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_CONFERENCE_RECORD_H_
