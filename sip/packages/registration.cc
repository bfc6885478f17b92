#include "sip/packages/registration.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/sipevents/v1/field_numbers.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/values.h"
#include "sip/body/xml_record.h"
#include "sip/packages/table_merger.h"

namespace sipevents::sip {
namespace {

namespace registration = fields::Registration;
namespace contact = fields::RegisteredContact;
namespace parameter = fields::ContactParameter;

constexpr std::string_view kSpace = "urn:ietf:params:xml:ns:reginfo";
constexpr std::string_view kGruuSpace = "urn:ietf:params:xml:ns:gruuinfo";

// A contact that stays registered for years gets a new temporary GRUU with every refresh.
constexpr size_t kMaxTemporaryGruus = 64;

constexpr XmlToken kStates[] = {
    {"init", registration::State::kINIT},
    {"active", registration::State::kACTIVE},
    {"terminated", registration::State::kTERMINATED},
};
constexpr XmlField kRegistrationFields[] = {
    Attribute("aor", registration::kAor),
    Attribute("id", registration::kId),
    Attribute("state", registration::kState, kStates),
};
constexpr XmlRecord kRegistration = {kSpace, kRegistrationFields};

constexpr XmlField kParameterFields[] = {
    Attribute("name", parameter::kName),
    Self(parameter::kValue),
};
constexpr XmlRecord kParameter = {kSpace, kParameterFields};

constexpr XmlToken kContactStates[] = {
    {"active", contact::State::kACTIVE},
    {"terminated", contact::State::kTERMINATED},
};
constexpr XmlToken kEvents[] = {
    {"registered", contact::Event::kREGISTERED}, {"created", contact::Event::kCREATED},
    {"refreshed", contact::Event::kREFRESHED},   {"shortened", contact::Event::kSHORTENED},
    {"expired", contact::Event::kEXPIRED},       {"deactivated", contact::Event::kDEACTIVATED},
    {"probation", contact::Event::kPROBATION},   {"unregistered", contact::Event::kUNREGISTERED},
    {"rejected", contact::Event::kREJECTED},
};
constexpr XmlField kContactFields[] = {
    Attribute("id", contact::kId),
    Child("uri", contact::kUri),
    Attribute("state", contact::kState, kContactStates),
    Attribute("event", contact::kEvent, kEvents),
    Child("display-name", contact::kDisplayName),
    Attribute("expires", contact::kExpires, XmlValue::kSeconds),
    Attribute("retry-after", contact::kRetryAfter, XmlValue::kSeconds),
    Attribute("duration-registered", contact::kDurationRegistered, XmlValue::kSeconds),
    Attribute("q", contact::kQ, XmlValue::kDecimal),
    Attribute("callid", contact::kCallId),
    Attribute("cseq", contact::kCseq, XmlValue::kPresent),
    EachNested("unknown-param", contact::kUnknownParameters, kParameter),
};
constexpr XmlRecord kContact = {kSpace, kContactFields};

// ---- GRUUs (RFC 5628): not among the fields, since they may outlive the contact's element

std::optional<uint32_t> NumberOf(pugi::xml_attribute attribute) {
  const auto number = ParseClamped(TrimBlanks(attribute.value()), UINT32_MAX);
  if (!number) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

std::vector<RowTable::Lasting> ReadGruus(pugi::xml_node element, const DecodeScratch& scratch) {
  std::vector<RowTable::Lasting> gruus;
  std::optional<RowTable::Lasting> temporary;
  for (const pugi::xml_node child : element.children()) {
    const std::string_view uri = TrimBlanks(child.attribute("uri").value());
    if (uri.empty()) continue;
    if (gruus.empty() && IsElement(child, kGruuSpace, "pub-gruu", scratch)) {
      gruus.push_back({.field = contact::kPubGruu, .text = std::string(uri)});
    } else if (!temporary && IsElement(child, kGruuSpace, "temp-gruu", scratch)) {
      // The text of the RFC calls the attribute "cseq", its schema and examples "first-cseq".
      const auto first = NumberOf(child.attribute("first-cseq"));
      temporary = {.field = contact::kTempGruus,
                   .text = std::string(uri),
                   .order = NumberOf(element.attribute("cseq")).value_or(0),
                   .oldest = first ? *first : NumberOf(child.attribute("cseq")).value_or(0)};
    }
  }
  if (temporary) gruus.push_back(*std::move(temporary));
  return gruus;
}

const RowTable::Lasting* FindGruu(const RowTable::Row& row, int field) {
  for (const RowTable::Lasting& gruu : row.lasting) {
    if (gruu.field == field) return &gruu;
  }
  return nullptr;
}

// Whether what was told earlier of the same Call-ID is a temporary GRUU that still holds.
bool Holds(const RowTable::Lasting& earlier, const RowTable::Lasting* newest) {
  if (earlier.field != contact::kTempGruus) return false;
  return newest == nullptr || (earlier.order >= newest->oldest && earlier.text != newest->text);
}

// A new public GRUU takes the place of the one before; temporary ones add up as long as they hold.
// A full document without any takes them away.
void KeepGruus(const RowTable::Row& before, bool partial, RowTable::Row& row) {
  const RowTable::Lasting* const newest = FindGruu(row, contact::kTempGruus);
  const RowTable::Lasting* pub = FindGruu(row, contact::kPubGruu);
  if (pub == nullptr && partial) pub = FindGruu(before, contact::kPubGruu);
  std::vector<RowTable::Lasting> gruus;
  if (pub != nullptr) gruus.push_back(*pub);
  const size_t first = gruus.size();
  if (before.scope == row.scope && (newest != nullptr || partial)) {
    for (const RowTable::Lasting& earlier : before.lasting) {
      if (Holds(earlier, newest)) gruus.push_back(earlier);
    }
  }
  if (newest != nullptr) gruus.push_back(*newest);
  if (gruus.size() - first > kMaxTemporaryGruus) {
    const auto begin = gruus.begin() + static_cast<std::ptrdiff_t>(first);
    gruus.erase(begin, gruus.end() - static_cast<std::ptrdiff_t>(kMaxTemporaryGruus));
  }
  row.lasting = std::move(gruus);
}

void Complete(const RowTable& known, bool partial, RowTable::Group& group) {
  for (RowTable::Row& row : group.rows) {
    const RowTable::Row* const before = row.over ? nullptr : known.Find(group.key, row.key);
    if (before != nullptr && !before->over) KeepGruus(*before, partial, row);
  }
}

// ---- elements

bool IsTerminated(pugi::xml_node element) {
  return EqualsIgnoreCase(TrimBlanks(element.attribute("state").value()), "terminated");
}

absl::StatusOr<std::string> IdOf(pugi::xml_node element, std::string_view name) {
  const std::string_view id = TrimBlanks(element.attribute("id").value());
  if (id.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("a ", AbslView(name), " without id"));
  }
  return std::string(id);
}

absl::StatusOr<RowTable::Group> ReadRegistration(pugi::xml_node element, DecodeScratch& scratch) {
  RowTable::Group group;
  SIPEVENTS_ASSIGN_OR_RETURN(group.key, IdOf(element, "registration"));
  group.fields = EncodeXmlRecord(kRegistration, element, scratch);
  group.over = IsTerminated(element);
  for (const pugi::xml_node child : element.children()) {
    if (!IsElement(child, kSpace, "contact", scratch)) continue;
    SIPEVENTS_ASSIGN_OR_RETURN(std::string id, IdOf(child, "contact"));
    group.rows.push_back({.key = std::move(id),
                          .fields = EncodeXmlRecord(kContact, child, scratch),
                          .over = IsTerminated(child),
                          .lasting = ReadGruus(child, scratch),
                          .scope = child.attribute("callid").value()});
  }
  return group;
}

constexpr TableShape kShape = {
    .content_type = "application/reginfo+xml",
    .space = kSpace,
    .root = "reginfo",
    .group = "registration",
    .read_group = ReadRegistration,
    .complete = Complete,
    .document_number = fields::Event::kRegistration,
    .group_number = fields::RegistrationInfo::kRegistrations,
    .row_number = registration::kContacts,
};

}  // namespace

std::unique_ptr<StateMerger> NewRegistrationMerger() { return NewTableMerger(kShape); }

}  // namespace sipevents::sip
