#include "sip/body/xml_record.h"

#include <cstdint>
#include <optional>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "sip/base/ascii.h"
#include "sip/body/values.h"

namespace sipevents::sip {
namespace {

int ValueOf(std::string_view word, absl::Span<const XmlToken> tokens) {
  for (const XmlToken& token : tokens) {
    if (EqualsIgnoreCase(token.word, word)) return token.value;
  }
  return 0;
}

// xs:boolean; anything else is not there.
std::optional<bool> ParseFlag(std::string_view text) {
  if (text == "1" || EqualsIgnoreCase(text, "true")) return true;
  if (text == "0" || EqualsIgnoreCase(text, "false")) return false;
  return std::nullopt;
}

// The last one first.
void WriteWords(int number, std::string_view text, ReverseWireWriter& writer) {
  for (text = TrimBlanks(text); !text.empty();) {
    const size_t blank = text.find_last_of(kSipBlanks);
    const size_t begin = blank == std::string_view::npos ? 0 : blank + 1;
    writer.Text(number, text.substr(begin));
    text = TrimBlanks(text.substr(0, begin));
  }
}

void WriteValue(const XmlField& field, std::string_view text, ReverseWireWriter& writer) {
  switch (field.value) {
    case XmlValue::kText:
      if (field.repeated) {
        writer.TextAlways(field.number, text);
      } else {
        writer.Text(field.number, text);
      }
      break;
    case XmlValue::kUnsigned:
      if (const auto number = ParseClamped(text, UINT32_MAX))
        writer.Unsigned(field.number, *number);
      break;
    case XmlValue::kPresent:
      if (const auto number = ParseClamped(text, UINT32_MAX)) {
        writer.UnsignedAlways(field.number, *number);
      }
      break;
    case XmlValue::kDecimal:
      if (const auto number = ParseDecimal(text)) writer.DoubleAlways(field.number, *number);
      break;
    case XmlValue::kBool:
      writer.Bool(field.number, ParseFlag(text).value_or(false));
      break;
    case XmlValue::kFlag:
      if (const auto flag = ParseFlag(text)) writer.UnsignedAlways(field.number, *flag ? 1 : 0);
      break;
    case XmlValue::kTime:
      if (const auto time = ParseDateTime(text)) writer.Timestamp(field.number, *time);
      break;
    case XmlValue::kSeconds:
      if (const auto seconds = ParseClamped(text, UINT32_MAX)) {
        writer.Duration(field.number, absl::Seconds(*seconds));
      }
      break;
    case XmlValue::kToken:
      writer.Signed(field.number, ValueOf(text, field.tokens));
      break;
    case XmlValue::kExists:
      writer.Bool(field.number, true);
      break;
    case XmlValue::kWords:
      WriteWords(field.number, text, writer);
      break;
    case XmlValue::kRecord:
      break;
  }
}

void WriteChild(const XmlField& field, pugi::xml_node child, DecodeScratch& scratch,
                ReverseWireWriter& writer) {
  if (field.value == XmlValue::kRecord) {
    writer.Message(field.number, [&] { WriteXmlRecord(*field.record, child, scratch, writer); });
  } else {
    WriteValue(field, scratch.Text(child), writer);
  }
}

// The child elements of an element; their names are looked up once for all fields.
struct NamedChild {
  pugi::xml_node node;
  XmlName name;
};
using NamedChildren = absl::InlinedVector<NamedChild, 16>;

NamedChildren ChildrenOf(pugi::xml_node element, const DecodeScratch& scratch) {
  NamedChildren children;
  for (pugi::xml_node child = element.first_child(); child; child = child.next_sibling()) {
    if (child.type() == pugi::node_element) children.push_back({child, scratch.names().Of(child)});
  }
  return children;
}

bool Is(const NamedChild& child, std::string_view space, std::string_view local) {
  return child.name.local == local && child.name.uri == space;
}

// A message is written from its end.
void WriteChildren(const XmlField& field, std::string_view space, const NamedChildren& children,
                   DecodeScratch& scratch, ReverseWireWriter& writer) {
  pugi::xml_node first;
  for (auto child = children.rbegin(); child != children.rend(); ++child) {
    if (!Is(*child, space, field.name)) continue;
    if (field.repeated) WriteChild(field, child->node, scratch, writer);
    first = child->node;
  }
  if (!field.repeated && first) WriteChild(field, first, scratch, writer);
}

// Writes a field of `element`, whose children are given.
void WriteField(const XmlField& field, std::string_view space, pugi::xml_node element,
                const NamedChildren& children, DecodeScratch& scratch, ReverseWireWriter& writer) {
  switch (field.from) {
    case XmlField::From::kAttribute:
      if (const pugi::xml_attribute attribute = element.attribute(field.name.data())) {
        WriteValue(field, TrimBlanks(attribute.value()), writer);
      }
      break;
    case XmlField::From::kChild:
      WriteChildren(field, space, children, scratch, writer);
      break;
    case XmlField::From::kSelf:
      WriteValue(field, scratch.Text(element), writer);
      break;
  }
}

// Writes a field of the first child that holds it.
void WriteFieldWithin(const XmlField& field, std::string_view space, const NamedChildren& children,
                      DecodeScratch& scratch, ReverseWireWriter& writer) {
  for (const NamedChild& child : children) {
    if (!Is(child, space, field.within)) continue;
    WriteField(field, space, child.node, ChildrenOf(child.node, scratch), scratch, writer);
    return;
  }
}

}  // namespace

bool IsElement(pugi::xml_node element, std::string_view space, std::string_view local,
               const DecodeScratch& scratch) {
  // The cheap half of the question first.
  if (!std::string_view(element.name()).ends_with(local)) return false;
  const XmlName name = scratch.names().Of(element);
  return name.local == local && name.uri == space;
}

absl::Status CheckRoot(pugi::xml_node root, std::string_view space, std::string_view local,
                       const DecodeScratch& scratch) {
  if (IsElement(root, space, local, scratch)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the root element is ",
                                                 QuoteForMessage(root.name()), ", not <",
                                                 AbslView(local), "> of ", AbslView(space)));
}

// As deep as the tables are.
void WriteXmlRecord(const XmlRecord& record, pugi::xml_node element,  // NOLINT(misc-no-recursion)
                    DecodeScratch& scratch, ReverseWireWriter& writer) {
  const NamedChildren children = ChildrenOf(element, scratch);
  for (auto field = record.fields.rbegin(); field != record.fields.rend(); ++field) {
    const std::string_view space = field->space.empty() ? record.space : field->space;
    if (field->within.empty()) {
      WriteField(*field, space, element, children, scratch, writer);
    } else {
      WriteFieldWithin(*field, space, children, scratch, writer);
    }
  }
}

std::string EncodeXmlRecord(const XmlRecord& record, pugi::xml_node element,
                            DecodeScratch& scratch) {
  ReverseWireWriter& writer = scratch.writer();
  writer.Reset();
  WriteXmlRecord(record, element, scratch, writer);
  return std::string(writer.bytes());
}

}  // namespace sipevents::sip
