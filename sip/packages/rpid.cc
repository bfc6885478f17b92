#include "sip/packages/rpid.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "sip/base/ascii.h"
#include "sip/body/values.h"

namespace sipevents::sip {
namespace {

// How the values of an element are written.
enum class Form {
  kNames,  // empty elements named after the value: <activities><away/></activities>
  kText,   // text: <class>auth</class>
};

struct RichElementRow {
  std::string_view local;
  RichElementKind kind;
  Form form;
};

// RFC 4480 section 3; `place-is`, `time-offset` and `user-input` have a shape of their own.
constexpr std::array kRows = {
    RichElementRow{"activities", kActivities, Form::kNames},
    RichElementRow{"class", kClass, Form::kText},
    RichElementRow{"mood", kMood, Form::kNames},
    RichElementRow{"place-type", kPlaceType, Form::kNames},
    RichElementRow{"privacy", kPrivacy, Form::kNames},
    RichElementRow{"relationship", kRelationship, Form::kNames},
    RichElementRow{"service-class", kServiceClass, Form::kNames},
    RichElementRow{"sphere", kSphere, Form::kNames},
    RichElementRow{"status-icon", kStatusIcon, Form::kText},
};

// Takes the times that `element` holds for.
void DecodePeriod(pugi::xml_node element, RichElement& rich) {
  for (pugi::xml_attribute attribute = element.first_attribute(); attribute;
       attribute = attribute.next_attribute()) {
    const std::string_view name = attribute.name();
    if (name == "from") rich.from_time = ParseDateTime(attribute.value());
    if (name == "until") rich.until_time = ParseDateTime(attribute.value());
  }
}

// Takes one value written as an element.
void DecodeNamedValue(pugi::xml_node element, DecodeScratch& scratch, RichElement& rich) {
  const std::string_view local = scratch.names().Of(element).local;
  const std::string_view text = scratch.Text(element);
  if (local == "other" && !text.empty() && rich.other.empty()) {
    rich.other = text;
    return;
  }
  // Drafts of RPID, and so some phones, have <activity>busy</activity>.
  const bool text_is_value = local == "other" || local == "activity";
  rich.values.push_back(text_is_value && !text.empty() ? text : local);
}

void DecodeValues(pugi::xml_node element, Form form, DecodeScratch& scratch, RichElement& rich) {
  if (form == Form::kNames) {
    for (pugi::xml_node child = element.first_child(); child; child = child.next_sibling()) {
      if (child.type() != pugi::node_element) continue;
      if (scratch.names().Of(child).local == "note") {
        rich.notes.push_back(DecodeNote(child, scratch));
      } else {
        DecodeNamedValue(child, scratch, rich);
      }
    }
  }
  if (!rich.values.empty() || !rich.other.empty()) return;
  std::string_view text = scratch.Text(element);
  if (text.empty()) return;
  // RFC 4480 itself writes <sphere>bowling league</sphere>. Asterisk writes
  // <ep:activities>ep:away</ep:activities>, where it means an element.
  if (form == Form::kNames && text.find(' ') == std::string_view::npos) {
    text.remove_prefix(text.find(':') + 1);  // npos + 1 is 0
  }
  rich.values.push_back(text);
}

// <place-is><audio><noisy/></audio><video><dark/></video></place-is>: one element per medium.
void DecodePlaceIs(pugi::xml_node element, DecodeScratch& scratch, RichPresence& rich) {
  static constexpr std::array<std::pair<std::string_view, RichElementKind>, 3> kMedia = {
      {{"audio", kPlaceIsAudio}, {"video", kPlaceIsVideo}, {"text", kPlaceIsText}}};
  std::vector<PresenceNote> notes;
  const size_t first = rich.elements.size();
  for (pugi::xml_node child = element.first_child(); child; child = child.next_sibling()) {
    if (child.type() != pugi::node_element) continue;
    const std::string_view local = scratch.names().Of(child).local;
    if (local == "note") notes.push_back(DecodeNote(child, scratch));
    for (const auto& [medium, kind] : kMedia) {
      if (local != medium) continue;
      RichElement& place = rich.elements.emplace_back(kind, RichElement()).second;
      DecodePeriod(element, place);
      DecodeValues(child, Form::kNames, scratch, place);
    }
  }
  // The remarks are on the place as a whole; one copy is enough.
  if (notes.empty() || rich.elements.size() == first) return;
  RichElement& place = rich.elements[first].second;
  place.notes.insert(place.notes.begin(), notes.begin(), notes.end());
}

void DecodeTimeOffset(pugi::xml_node element, DecodeScratch& scratch, RichPresence& rich) {
  static constexpr uint64_t kDay = 1440;
  std::string_view text = scratch.Text(element);
  const bool west = text.starts_with('-');
  if (west || text.starts_with('+')) text.remove_prefix(1);
  const std::optional<uint64_t> minutes = ParseClamped(text, kDay + 1);
  if (!minutes || *minutes > kDay) return;
  const int offset = static_cast<int>(*minutes);
  rich.time_offset = TimeOffset{.minutes = west ? -offset : offset,
                                .description = element.attribute("description").value()};
}

void DecodeUserInput(pugi::xml_node element, DecodeScratch& scratch, RichPresence& rich) {
  UserInput& input = rich.user_input.emplace();
  const std::string_view text = scratch.Text(element);
  input.idle = EqualsIgnoreCase(text, "idle");
  input.state_given = input.idle || EqualsIgnoreCase(text, "active");
  const std::string_view threshold = element.attribute("idle-threshold").value();
  if (const auto seconds = ParseClamped(TrimBlanks(threshold), UINT32_MAX)) {
    input.idle_threshold = absl::Seconds(*seconds);
  }
  pugi::xml_attribute last = element.attribute("last-input");
  // "last-active" in the drafts that became RFC 4480.
  if (!last) last = element.attribute("last-active");
  input.last_input_time = ParseDateTime(last.value());
}

}  // namespace

PresenceNote DecodeNote(pugi::xml_node element, DecodeScratch& scratch) {
  return {scratch.Text(element), element.attribute("xml:lang").value()};
}

bool DecodeRichPresence(pugi::xml_node element, XmlName name, DecodeScratch& scratch,
                        RichPresence& rich) {
  if (name.space != XmlNamespace::kRpid) return false;
  for (const RichElementRow& row : kRows) {
    if (row.local != name.local) continue;
    RichElement& decoded = rich.elements.emplace_back(row.kind, RichElement()).second;
    DecodePeriod(element, decoded);
    DecodeValues(element, row.form, scratch, decoded);
    return true;
  }
  if (name.local == "place-is") {
    DecodePlaceIs(element, scratch, rich);
  } else if (name.local == "time-offset") {
    DecodeTimeOffset(element, scratch, rich);
  } else if (name.local == "user-input") {
    DecodeUserInput(element, scratch, rich);
  } else {
    return false;
  }
  return true;
}

}  // namespace sipevents::sip
