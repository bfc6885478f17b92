#include "sip/packages/contact_card.h"

#include <array>
#include <string_view>

namespace sipevents::sip {
namespace {

struct CardRow {
  std::string_view local;
  std::string_view ContactCard::*field;
};

// RFC 4482 section 3.
constexpr std::array kRows = {
    CardRow{"card", &ContactCard::card},
    CardRow{"display-name", &ContactCard::display_name},
    CardRow{"homepage", &ContactCard::homepage},
    CardRow{"icon", &ContactCard::icon},
    CardRow{"map", &ContactCard::map},
    CardRow{"sound", &ContactCard::sound},
};

}  // namespace

bool DecodeContactCard(pugi::xml_node element, XmlName name, DecodeScratch& scratch,
                       ContactCard& card) {
  if (name.uri != "urn:ietf:params:xml:ns:pidf:cipid") return false;
  for (const CardRow& row : kRows) {
    if (row.local != name.local) continue;
    if ((card.*row.field).empty()) card.*row.field = scratch.Text(element);
    return true;
  }
  return false;
}

}  // namespace sipevents::sip
