#ifndef SIP_BODY_XML_RECORD_H_
#define SIP_BODY_XML_RECORD_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "pugixml.hpp"
#include "sip/base/reverse_wire_writer.h"
#include "sip/body/decode_scratch.h"

// XML as messages of the contract, by tables: which attribute or child element becomes which
// field. What a document says beyond its table is left out, as are values that are malformed.

namespace sipevents::sip {

// How a text becomes a value.
enum class XmlValue {
  kText,      // string
  kUnsigned,  // uint32 or uint64; larger values are cut to 2^32-1
  kPresent,   // the same with presence (`optional`)
  kDecimal,   // optional double
  kBool,      // xs:boolean
  kFlag,      // the same with presence (`optional`); a malformed one is absent
  kTime,      // google.protobuf.Timestamp, from xs:dateTime
  kSeconds,   // google.protobuf.Duration
  kToken,     // an enum, by its words; any other word is its value 0
  kExists,    // bool: the element is there
  kWords,     // repeated string, of words with white space between them
  kRecord,    // a message
};

// A word and the enum value that it stands for; compared without regard to case.
struct XmlToken {
  std::string_view word;
  int value;
};

struct XmlRecord;

// One field and where it comes from. Made by the functions below.
struct XmlField {
  enum class From { kAttribute, kChild, kSelf };
  From from;
  std::string_view name;  // of the attribute or child; local part
  int number;             // of the field
  XmlValue value = XmlValue::kText;
  absl::Span<const XmlToken> tokens = {};
  const XmlRecord* record = nullptr;
  // Every child of the name counts, in order; otherwise the first.
  bool repeated = false;
  std::string_view space = {};  // of the child; empty: that of the record
  // Child element that holds the attribute, child or text; empty: the element of the record.
  std::string_view within = {};
};

// The fields of one element, by ascending number; `space` is the URI of its children's namespace.
struct XmlRecord {
  std::string_view space;
  absl::Span<const XmlField> fields;
};

// An attribute.
constexpr XmlField Attribute(std::string_view name, int number, XmlValue value = XmlValue::kText) {
  return {XmlField::From::kAttribute, name, number, value};
}
constexpr XmlField Attribute(std::string_view name, int number, absl::Span<const XmlToken> tokens) {
  return {XmlField::From::kAttribute, name, number, XmlValue::kToken, tokens};
}
// The text of a child element.
constexpr XmlField Child(std::string_view name, int number, XmlValue value = XmlValue::kText) {
  return {XmlField::From::kChild, name, number, value};
}
constexpr XmlField Child(std::string_view name, int number, absl::Span<const XmlToken> tokens) {
  return {XmlField::From::kChild, name, number, XmlValue::kToken, tokens};
}
// The text of each child element of the name: a repeated string.
constexpr XmlField EachChild(std::string_view name, int number) {
  return {XmlField::From::kChild, name, number, XmlValue::kText, {}, nullptr, true};
}
// A child element as a message.
constexpr XmlField Nested(std::string_view name, int number, const XmlRecord& record) {
  return {XmlField::From::kChild, name, number, XmlValue::kRecord, {}, &record};
}
// Each child element of the name as a message: a repeated field.
constexpr XmlField EachNested(std::string_view name, int number, const XmlRecord& record) {
  return {XmlField::From::kChild, name, number, XmlValue::kRecord, {}, &record, true};
}
// The element's own text.
constexpr XmlField Self(int number, XmlValue value = XmlValue::kText) {
  return {XmlField::From::kSelf, {}, number, value};
}
constexpr XmlField Self(int number, absl::Span<const XmlToken> tokens) {
  return {XmlField::From::kSelf, {}, number, XmlValue::kToken, tokens};
}
// The words in the text of a child element, with white space between them: a repeated string.
constexpr XmlField EachWord(std::string_view name, int number) {
  return {XmlField::From::kChild, name, number, XmlValue::kWords};
}
// The same, of a child element (the first of the name) instead of the element itself.
constexpr XmlField Within(std::string_view child, XmlField field) {
  field.within = child;
  return field;
}
// The same, of an element in another namespace; with Within(), of both elements.
constexpr XmlField In(std::string_view space, XmlField field) {
  field.space = space;
  return field;
}

// Whether `element` of the document in `scratch` is `local` in the namespace `space` (a URI).
bool IsElement(pugi::xml_node element, std::string_view space, std::string_view local,
               const DecodeScratch& scratch);

// Fails with INVALID_ARGUMENT unless it is: for the root of a document.
absl::Status CheckRoot(pugi::xml_node root, std::string_view space, std::string_view local,
                       const DecodeScratch& scratch);

// Writes the fields of `element`, which belongs to the document in `scratch`.
void WriteXmlRecord(const XmlRecord& record, pugi::xml_node element, DecodeScratch& scratch,
                    ReverseWireWriter& writer);

// The same, as octets of their own.
std::string EncodeXmlRecord(const XmlRecord& record, pugi::xml_node element,
                            DecodeScratch& scratch);

}  // namespace sipevents::sip

#endif  // SIP_BODY_XML_RECORD_H_
