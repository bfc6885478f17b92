#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "pugixml.hpp"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/decode_scratch.h"
#include "sip/body/values.h"
#include "sip/body/xml_record.h"
#include "sip/body/xml_scope.h"
#include "sip/compose/package_composition.h"
#include "sip/compose/xml_span.h"
#include "sip/packages/message_summary.h"

namespace sipevents::sip {
namespace {

// Nodes and attributes that are looked at to find what prefixes stand for.
constexpr size_t kMaxLookups = 200'000;

absl::Status Refuse(std::string_view what) { return absl::InvalidArgumentError(AbslView(what)); }

std::string Named(std::string_view element, std::string_view id) {
  return absl::StrCat("<", AbslView(element), " id=", QuoteForMessage(id), ">");
}

// ---- XML that pugixml reads though it is none, and that other readers would refuse

bool IsControl(char c) {
  return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

// Eight octets at a time: most have neither control characters nor line ends.
bool HasControl(std::string_view text) {
  constexpr uint64_t kEach = 0x0101010101010101;
  size_t at = 0;
  for (; at + sizeof(uint64_t) <= text.size(); at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof(word));
    // The highest bit of an octet that is less than 0x20; and of some behind one that is.
    const uint64_t low = (word - kEach * 0x20) & ~word & (kEach * 0x80);
    if (low == 0) continue;
    const std::string_view octets = text.substr(at, sizeof(word));
    if (std::any_of(octets.begin(), octets.end(), IsControl)) return true;
  }
  return std::any_of(text.begin() + at, text.end(), IsControl);
}

absl::Status CheckPrefix(pugi::xml_node element, std::string_view name, XmlScope& scope) {
  const std::string_view prefix = XmlPrefix(name);
  if (prefix.empty() || prefix == "xml" || prefix == "xmlns") return absl::OkStatus();
  if (scope.UriOf(element, prefix)) return absl::OkStatus();
  if (scope.exhausted()) return Refuse("XML: too many names with prefixes");
  return Refuse(absl::StrCat("XML: the prefix of ", QuoteForMessage(name), " is not declared"));
}

// With at most one prefix (Namespaces in XML, section 4).
bool IsQualifiedName(std::string_view name) {
  const std::string_view local = XmlLocalName(name);
  if (!IsXmlName(local) || local.find(':') != std::string_view::npos) return false;
  return local.size() == name.size() || IsXmlName(name);
}

// A prefix stands for something, and those of XML itself for nothing else.
absl::Status CheckDeclaration(pugi::xml_attribute attribute) {
  const std::string_view name = attribute.name();
  if (!name.starts_with("xmlns:")) return absl::OkStatus();
  const bool is_reserved = name == "xmlns:xml" || name == "xmlns:xmlns";
  if (!is_reserved && *attribute.value() != '\0') return absl::OkStatus();
  return Refuse(absl::StrCat("XML: ", QuoteForMessage(name), " declares nothing"));
}

absl::Status CheckNames(pugi::xml_node element, XmlScope& scope) {
  if (!IsQualifiedName(element.name())) {
    return Refuse(absl::StrCat("XML: ", QuoteForMessage(element.name()), " is no name"));
  }
  SIPEVENTS_RETURN_IF_ERROR(CheckPrefix(element, element.name(), scope));
  for (pugi::xml_attribute attribute = element.first_attribute(); attribute;
       attribute = attribute.next_attribute()) {
    const std::string_view name = attribute.name();
    if (!IsQualifiedName(name)) {
      return Refuse(absl::StrCat("XML: ", QuoteForMessage(name), " is no name of an attribute"));
    }
    SIPEVENTS_RETURN_IF_ERROR(CheckPrefix(element, name, scope));
    SIPEVENTS_RETURN_IF_ERROR(CheckDeclaration(attribute));
    for (pugi::xml_attribute other = attribute.next_attribute(); other;
         other = other.next_attribute()) {
      if (name != other.name()) continue;
      return Refuse(absl::StrCat("XML: <", AbslView(element.name()), "> has the attribute ",
                                 QuoteForMessage(name), " twice"));
    }
  }
  return absl::OkStatus();
}

// Parses a body of which the octets, or parts of them, go on to watchers.
absl::StatusOr<pugi::xml_node> ParsePublished(std::string_view body, DecodeScratch& scratch) {
  SIPEVENTS_ASSIGN_OR_RETURN(const pugi::xml_node root, scratch.Parse(body, /*lenient=*/false));
  if (HasControl(body)) {
    return Refuse("XML: a control character in the text");
  }
  XmlScope scope(kMaxLookups);
  int depth = 1;
  for (pugi::xml_node node = root; node; node = NextInDocument(node, root, depth)) {
    if (node.type() != pugi::node_element) continue;
    SIPEVENTS_RETURN_IF_ERROR(CheckNames(node, scope));
  }
  // What is found here is what will be put together.
  if (!FindXmlRoot(body)) return Refuse("XML: no well-formed root element");
  return root;
}

// Checks the root, and that it says of whom the document is, if not how it should.
absl::Status CheckRootOf(pugi::xml_node root, std::string_view uri, std::string_view local,
                         std::string_view resource, const DecodeScratch& scratch) {
  SIPEVENTS_RETURN_IF_ERROR(CheckRoot(root, uri, local, scratch));
  if (!TrimBlanks(root.attribute("entity").value()).empty()) return absl::OkStatus();
  return Refuse(absl::StrCat("<", AbslView(local), "> without entity; ", QuoteForMessage(resource),
                             " was expected"));
}

// Ids of one document.
class Ids {
 public:
  absl::Status Take(pugi::xml_node element, std::string_view local) {
    const std::string_view id = element.attribute("id").value();
    if (TrimBlanks(id).empty()) {
      return Refuse(absl::StrCat("<", AbslView(local), "> without id"));
    }
    if (ids_.insert(AbslView(id)).second) return absl::OkStatus();
    return Refuse(absl::StrCat(Named(local, id), " is there twice; ids must differ"));
  }

 private:
  absl::flat_hash_set<absl::string_view> ids_;
};

// ---- presence

class PresenceChecks {
 public:
  explicit PresenceChecks(DecodeScratch& scratch) : scratch_(scratch) {}

  absl::Status Check(pugi::xml_node root, std::string_view resource);

 private:
  absl::Status CheckTuple(pugi::xml_node tuple);
  absl::Status CheckStatus(pugi::xml_node status, std::string_view tuple);
  absl::Status CheckPriority(pugi::xml_node contact, std::string_view tuple);
  absl::Status CheckTimestamp(pugi::xml_node element, std::string_view where);
  bool IsPidf(pugi::xml_node element, std::string_view local) const {
    return IsElement(element, kPidfUri, local, scratch_);
  }
  bool IsDataModel(pugi::xml_node element, std::string_view local) const {
    return IsElement(element, kDataModelUri, local, scratch_);
  }

  DecodeScratch& scratch_;
  Ids ids_;
};

absl::Status PresenceChecks::Check(pugi::xml_node root, std::string_view resource) {
  SIPEVENTS_RETURN_IF_ERROR(CheckRootOf(root, kPidfUri, "presence", resource, scratch_));
  for (pugi::xml_node child = root.first_child(); child; child = child.next_sibling()) {
    if (IsPidf(child, "tuple")) {
      SIPEVENTS_RETURN_IF_ERROR(CheckTuple(child));
      continue;
    }
    const bool is_person = IsDataModel(child, "person");
    if (!is_person && !IsDataModel(child, "device")) continue;
    for (const pugi::xml_node inner : child.children()) {
      if (!IsDataModel(inner, "timestamp")) continue;
      SIPEVENTS_RETURN_IF_ERROR(CheckTimestamp(inner, is_person ? "<person>" : "<device>"));
    }
  }
  return absl::OkStatus();
}

absl::Status PresenceChecks::CheckTuple(pugi::xml_node tuple) {
  SIPEVENTS_RETURN_IF_ERROR(ids_.Take(tuple, "tuple"));
  const std::string_view id = tuple.attribute("id").value();
  for (pugi::xml_node child = tuple.first_child(); child; child = child.next_sibling()) {
    if (IsPidf(child, "status")) {
      SIPEVENTS_RETURN_IF_ERROR(CheckStatus(child, id));
    } else if (IsPidf(child, "contact")) {
      SIPEVENTS_RETURN_IF_ERROR(CheckPriority(child, id));
    } else if (IsPidf(child, "timestamp")) {
      SIPEVENTS_RETURN_IF_ERROR(CheckTimestamp(child, Named("tuple", id)));
    }
  }
  return absl::OkStatus();
}

absl::Status PresenceChecks::CheckStatus(pugi::xml_node status, std::string_view tuple) {
  for (pugi::xml_node child = status.first_child(); child; child = child.next_sibling()) {
    if (!IsPidf(child, "basic")) continue;
    const std::string_view basic = scratch_.Text(child);
    if (basic == "open" || basic == "closed") continue;
    return Refuse(absl::StrCat(Named("tuple", tuple), " has the basic status ",
                               QuoteForMessage(basic), " instead of open or closed"));
  }
  return absl::OkStatus();
}

absl::Status PresenceChecks::CheckPriority(pugi::xml_node contact, std::string_view tuple) {
  const pugi::xml_attribute attribute = contact.attribute("priority");
  if (!attribute) return absl::OkStatus();
  const std::optional<double> priority = ParseDecimal(attribute.value());
  if (priority && *priority >= 0 && *priority <= 1) return absl::OkStatus();
  return Refuse(absl::StrCat(Named("tuple", tuple), " has a contact of priority ",
                             QuoteForMessage(attribute.value()),
                             "; a number from 0 to 1 was expected"));
}

absl::Status PresenceChecks::CheckTimestamp(pugi::xml_node element, std::string_view where) {
  const std::string_view text = scratch_.Text(element);
  if (ParseDateTime(text)) return absl::OkStatus();
  return Refuse(absl::StrCat(AbslView(where), " has the timestamp ", QuoteForMessage(text),
                             "; a time like 2026-03-01T09:00:00Z was expected"));
}

// ---- dialog

absl::Status CheckDialog(pugi::xml_node dialog, DecodeScratch& scratch) {
  static constexpr std::array<std::string_view, 5> kStates = {"trying", "proceeding", "early",
                                                              "confirmed", "terminated"};
  const std::string name = Named("dialog", dialog.attribute("id").value());
  for (pugi::xml_node child = dialog.first_child(); child; child = child.next_sibling()) {
    if (!IsElement(child, kDialogInfoUri, "state", scratch)) continue;
    const std::string_view state = scratch.Text(child);
    for (const std::string_view known : kStates) {
      if (EqualsIgnoreCase(state, known)) return absl::OkStatus();
    }
    return Refuse(absl::StrCat(name, " has the state ", QuoteForMessage(state),
                               " instead of trying, proceeding, early, confirmed or terminated"));
  }
  return Refuse(absl::StrCat(name, " without state"));
}

}  // namespace

absl::Status CheckPublishedPresence(std::string_view resource, std::string_view body) {
  DecodeScratch scratch;
  SIPEVENTS_ASSIGN_OR_RETURN(const pugi::xml_node root, ParsePublished(body, scratch));
  return PresenceChecks(scratch).Check(root, resource);
}

absl::Status CheckPublishedDialogs(std::string_view resource, std::string_view body) {
  DecodeScratch scratch;
  SIPEVENTS_ASSIGN_OR_RETURN(const pugi::xml_node root, ParsePublished(body, scratch));
  SIPEVENTS_RETURN_IF_ERROR(CheckRootOf(root, kDialogInfoUri, "dialog-info", resource, scratch));
  Ids ids;
  for (pugi::xml_node child = root.first_child(); child; child = child.next_sibling()) {
    if (!IsElement(child, kDialogInfoUri, "dialog", scratch)) continue;
    SIPEVENTS_RETURN_IF_ERROR(ids.Take(child, "dialog"));
    SIPEVENTS_RETURN_IF_ERROR(CheckDialog(child, scratch));
  }
  return absl::OkStatus();
}

absl::Status CheckPublishedSummary(std::string_view body) {
  DecodeScratch scratch;
  MessageSummary summary;
  return DecodeMessageSummary(body, /*lenient=*/false, scratch, summary);
}

}  // namespace sipevents::sip
