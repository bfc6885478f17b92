#include "sip/packages/pidf_status.h"

#include <string_view>

#include "sip/base/ascii.h"
#include "sip/packages/rpid.h"
#include "sip/packages/timed_status.h"

namespace sipevents::sip {
namespace {

PresenceBasic DecodeBasic(std::string_view text, bool lenient) {
  const auto is = [&](std::string_view value) {
    return text == value || (lenient && EqualsIgnoreCase(text, value));
  };
  if (is("open")) return PresenceBasic::kOpen;
  return is("closed") ? PresenceBasic::kClosed : PresenceBasic::kUnspecified;
}

}  // namespace

bool MayIgnore(pugi::xml_node element) {
  for (pugi::xml_attribute attribute = element.first_attribute(); attribute;
       attribute = attribute.next_attribute()) {
    std::string_view name = attribute.name();
    name.remove_prefix(name.find(':') + 1);  // npos + 1 is 0
    if (name != "mustUnderstand") continue;
    const std::string_view value = TrimBlanks(attribute.value());
    return value != "true" && value != "1";
  }
  return true;
}

bool DecodeStatus(pugi::xml_node element, bool lenient, DecodeScratch& scratch,
                  PresenceBasic& basic, RichPresence& rich) {
  for (pugi::xml_node child = element.first_child(); child; child = child.next_sibling()) {
    if (child.type() != pugi::node_element) continue;
    const XmlName name = scratch.names().Of(child);
    // RFC 4481 has a <basic> of its own.
    const bool may_be_basic = name.space == XmlNamespace::kPidf || name.uri == kTimedStatusUri;
    if (may_be_basic && name.local == "basic") {
      basic = DecodeBasic(scratch.Text(child), lenient);
    } else if (!DecodeRichPresence(child, name, scratch, rich) && !MayIgnore(child)) {
      return false;
    }
  }
  return true;
}

}  // namespace sipevents::sip
