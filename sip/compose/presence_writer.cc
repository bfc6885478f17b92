#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sip/base/status_macros.h"
#include "sip/compose/package_composition.h"
#include "sip/compose/typed_writers.h"

namespace sipevents::sip {
namespace {

// What stands for what in the documents that are written here.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kNamespaces = {
    {{"xmlns", kPidfUri},
     {"xmlns:dm", kDataModelUri},
     {"xmlns:r", "urn:ietf:params:xml:ns:pidf:rpid"},
     {"xmlns:c", "urn:ietf:params:xml:ns:pidf:cipid"},
     {"xmlns:ts", "urn:ietf:params:xml:ns:pidf:timed-status"},
     {"xmlns:lt", "urn:ietf:params:xml:ns:location-type"}}};

// RFC 4482 section 3. The name is no URI.
constexpr std::array<std::pair<std::string_view, std::string_view ContactCard::*>, 5> kCardUris = {
    {{"card", &ContactCard::card},
     {"homepage", &ContactCard::homepage},
     {"icon", &ContactCard::icon},
     {"map", &ContactCard::map},
     {"sound", &ContactCard::sound}}};

std::string_view WordOf(PresenceBasic basic) {
  return basic == PresenceBasic::kOpen ? "open" : "closed";
}

class PresenceWriter {
 public:
  absl::Status Write(std::string_view resource, const Presence& presence);
  std::string Take() { return xml_.Take(); }

 private:
  absl::Status WriteTuple(const FieldPath& path, const PresenceTuple& tuple);
  absl::Status WriteContact(const FieldPath& path, const PresenceTuple& tuple);
  absl::Status WriteTimedStatus(const FieldPath& path, const TimedStatus& status);
  absl::Status WriteCard(const FieldPath& path, const ContactCard& card);
  absl::Status WritePerson(const FieldPath& path, const PresencePerson& person);
  absl::Status WriteDevice(const FieldPath& path, const PresenceDevice& device);
  // Notes and time, which end tuples, persons and devices; `prefix` of the elements.
  template <typename T>
  absl::Status WriteEnd(const FieldPath& path, std::string_view prefix, const T& item);

  XmlWriter xml_;
  IdChecks ids_;
};

absl::Status PresenceWriter::Write(std::string_view resource, const Presence& presence) {
  const FieldPath path("presence");
  xml_.Begin("presence");
  for (const auto& [name, uri] : kNamespaces) xml_.Attribute(name, uri);
  xml_.Attribute("entity", resource);
  for (size_t i = 0; i < presence.tuples.size(); ++i) {
    SIPEVENTS_RETURN_IF_ERROR(WriteTuple(FieldPath(path, "tuples", i), presence.tuples[i]));
  }
  for (size_t i = 0; i < presence.notes.size(); ++i) {
    SIPEVENTS_RETURN_IF_ERROR(
        WriteNote(FieldPath(path, "notes", i), "note", presence.notes[i], xml_));
  }
  for (size_t i = 0; i < presence.persons.size(); ++i) {
    SIPEVENTS_RETURN_IF_ERROR(WritePerson(FieldPath(path, "persons", i), presence.persons[i]));
  }
  for (size_t i = 0; i < presence.devices.size(); ++i) {
    SIPEVENTS_RETURN_IF_ERROR(WriteDevice(FieldPath(path, "devices", i), presence.devices[i]));
  }
  xml_.End("presence");
  return absl::OkStatus();
}

template <typename T>
absl::Status PresenceWriter::WriteEnd(const FieldPath& path, std::string_view prefix,
                                      const T& item) {
  const std::string note = std::string(prefix) + "note";
  for (size_t i = 0; i < item.notes.size(); ++i) {
    SIPEVENTS_RETURN_IF_ERROR(WriteNote(FieldPath(path, "notes", i), note, item.notes[i], xml_));
  }
  if (!item.timestamp) return absl::OkStatus();
  SIPEVENTS_RETURN_IF_ERROR(CheckTime(FieldPath(path, "timestamp"), *item.timestamp));
  xml_.TextElement(std::string(prefix) + "timestamp", FormatDateTime(*item.timestamp));
  return absl::OkStatus();
}

absl::Status PresenceWriter::WriteTuple(const FieldPath& path, const PresenceTuple& tuple) {
  SIPEVENTS_RETURN_IF_ERROR(ids_.Take(FieldPath(path, "id"), tuple.id));
  if (tuple.basic == PresenceBasic::kUnspecified) {
    return FieldError(FieldPath(path, "basic"), "PRESENCE_BASIC_UNSPECIFIED", "OPEN or CLOSED");
  }
  xml_.Begin("tuple");
  xml_.Attribute("id", tuple.id);
  xml_.Begin("status");
  xml_.TextElement("basic", WordOf(tuple.basic));
  xml_.End("status");
  SIPEVENTS_RETURN_IF_ERROR(WriteRichPresence(FieldPath(path, "rich"), tuple.rich, xml_));
  for (size_t i = 0; i < tuple.timed_statuses.size(); ++i) {
    SIPEVENTS_RETURN_IF_ERROR(
        WriteTimedStatus(FieldPath(path, "timed_statuses", i), tuple.timed_statuses[i]));
  }
  SIPEVENTS_RETURN_IF_ERROR(WriteCard(FieldPath(path, "contact_card"), tuple.contact_card));
  for (size_t i = 0; i < tuple.device_ids.size(); ++i) {
    SIPEVENTS_RETURN_IF_ERROR(CheckUri(FieldPath(path, "device_ids", i), tuple.device_ids[i]));
    xml_.TextElement("dm:deviceID", tuple.device_ids[i]);
  }
  SIPEVENTS_RETURN_IF_ERROR(WriteContact(path, tuple));
  SIPEVENTS_RETURN_IF_ERROR(WriteEnd(path, "", tuple));
  xml_.End("tuple");
  return absl::OkStatus();
}

absl::Status PresenceWriter::WriteContact(const FieldPath& path, const PresenceTuple& tuple) {
  const FieldPath priority(path, "contact_priority");
  if (tuple.contact.empty()) {
    if (!tuple.contact_priority) return absl::OkStatus();
    return FieldError(priority, absl::StrCat(*tuple.contact_priority), "a contact beside it");
  }
  SIPEVENTS_RETURN_IF_ERROR(CheckUri(FieldPath(path, "contact"), tuple.contact));
  xml_.Begin("contact");
  if (tuple.contact_priority) {
    // Not a number is neither.
    if (!(*tuple.contact_priority >= 0 && *tuple.contact_priority <= 1)) {
      return FieldError(priority, absl::StrCat(*tuple.contact_priority), "0 to 1");
    }
    // PIDF takes three digits.
    std::string text = absl::StrFormat("%.3f", *tuple.contact_priority);
    text.resize(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    xml_.Attribute("priority", text);
  }
  xml_.Text(tuple.contact);
  xml_.End("contact");
  return absl::OkStatus();
}

absl::Status PresenceWriter::WriteTimedStatus(const FieldPath& path, const TimedStatus& status) {
  const FieldPath from(path, "from_time");
  const FieldPath until(path, "until_time");
  if (!status.from_time) return FieldError(from, "missing", "when the status begins to hold");
  SIPEVENTS_RETURN_IF_ERROR(CheckTime(from, *status.from_time));
  if (status.basic == PresenceBasic::kUnspecified && status.rich.empty()) {
    return FieldError(FieldPath(path, "basic"), "PRESENCE_BASIC_UNSPECIFIED",
                      "OPEN or CLOSED, or something in rich");
  }
  xml_.Begin("ts:timed-status");
  xml_.Attribute("from", FormatDateTime(*status.from_time));
  if (status.until_time) {
    SIPEVENTS_RETURN_IF_ERROR(CheckTime(until, *status.until_time));
    if (*status.until_time < *status.from_time) {
      return FieldError(until, FormatDateTime(*status.until_time), "a time after from_time");
    }
    xml_.Attribute("until", FormatDateTime(*status.until_time));
  }
  if (status.basic != PresenceBasic::kUnspecified) {
    xml_.TextElement("ts:basic", WordOf(status.basic));
  }
  SIPEVENTS_RETURN_IF_ERROR(WriteRichPresence(FieldPath(path, "rich"), status.rich, xml_));
  xml_.End("ts:timed-status");
  return absl::OkStatus();
}

absl::Status PresenceWriter::WriteCard(const FieldPath& path, const ContactCard& card) {
  for (const auto& [name, field] : kCardUris) {
    SIPEVENTS_RETURN_IF_ERROR(CheckUriIfAny(FieldPath(path, name), card.*field));
    xml_.TextElementIfAny(absl::StrCat("c:", absl::string_view(name.data(), name.size())),
                          card.*field);
  }
  SIPEVENTS_RETURN_IF_ERROR(CheckText(FieldPath(path, "display_name"), card.display_name));
  xml_.TextElementIfAny("c:display-name", card.display_name);
  return absl::OkStatus();
}

absl::Status PresenceWriter::WritePerson(const FieldPath& path, const PresencePerson& person) {
  SIPEVENTS_RETURN_IF_ERROR(ids_.Take(FieldPath(path, "id"), person.id));
  xml_.Begin("dm:person");
  xml_.Attribute("id", person.id);
  SIPEVENTS_RETURN_IF_ERROR(WriteRichPresence(FieldPath(path, "rich"), person.rich, xml_));
  SIPEVENTS_RETURN_IF_ERROR(WriteCard(FieldPath(path, "contact_card"), person.contact_card));
  SIPEVENTS_RETURN_IF_ERROR(WriteEnd(path, "dm:", person));
  xml_.End("dm:person");
  return absl::OkStatus();
}

absl::Status PresenceWriter::WriteDevice(const FieldPath& path, const PresenceDevice& device) {
  SIPEVENTS_RETURN_IF_ERROR(ids_.Take(FieldPath(path, "id"), device.id));
  SIPEVENTS_RETURN_IF_ERROR(CheckUri(FieldPath(path, "device_id"), device.device_id));
  xml_.Begin("dm:device");
  xml_.Attribute("id", device.id);
  SIPEVENTS_RETURN_IF_ERROR(WriteRichPresence(FieldPath(path, "rich"), device.rich, xml_));
  xml_.TextElement("dm:deviceID", device.device_id);
  SIPEVENTS_RETURN_IF_ERROR(WriteEnd(path, "dm:", device));
  xml_.End("dm:device");
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteNote(const FieldPath& path, std::string_view element, const PresenceNote& note,
                       XmlWriter& xml) {
  SIPEVENTS_RETURN_IF_ERROR(CheckText(FieldPath(path, "text"), note.text));
  SIPEVENTS_RETURN_IF_ERROR(CheckLanguage(FieldPath(path, "language"), note.language));
  xml.Begin(element);
  xml.AttributeIfAny("xml:lang", note.language);
  if (!note.text.empty()) xml.Text(note.text);
  xml.End(element);
  return absl::OkStatus();
}

absl::StatusOr<std::string> WritePresence(std::string_view resource, const Presence& presence) {
  PresenceWriter writer;
  SIPEVENTS_RETURN_IF_ERROR(writer.Write(resource, presence));
  return writer.Take();
}

}  // namespace sipevents::sip
