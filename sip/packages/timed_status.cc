#include "sip/packages/timed_status.h"

#include <utility>

#include "sip/body/values.h"
#include "sip/packages/pidf_status.h"

namespace sipevents::sip {

bool DecodeTimedStatus(pugi::xml_node element, XmlName name, bool lenient, DecodeScratch& scratch,
                       std::vector<TimedStatus>& statuses) {
  if (name.uri != kTimedStatusUri || name.local != "timed-status") return false;
  TimedStatus status;
  status.from_time = ParseDateTime(element.attribute("from").value());
  status.until_time = ParseDateTime(element.attribute("until").value());
  if (!lenient && !status.from_time) return true;
  if (!DecodeStatus(element, lenient, scratch, status.basic, status.rich)) return true;
  statuses.push_back(std::move(status));
  return true;
}

}  // namespace sipevents::sip
