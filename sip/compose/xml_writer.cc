#include "sip/compose/xml_writer.h"

#include "absl/strings/str_cat.h"
#include "sip/compose/xml_text.h"

namespace sipevents::sip {

XmlWriter::XmlWriter() : text_("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n") {}

void XmlWriter::CloseTag() {
  if (std::exchange(in_tag_, false)) text_ += '>';
}

void XmlWriter::Begin(std::string_view element) {
  CloseTag();
  text_ += '<';
  text_.append(element);
  in_tag_ = true;
}

void XmlWriter::Attribute(std::string_view name, std::string_view value) {
  AppendXmlAttribute(name, value, text_);
}

void XmlWriter::Attribute(std::string_view name, uint64_t value) {
  AppendXmlAttribute(name, absl::StrCat(value), text_);
}

size_t XmlWriter::EmptyAttribute(std::string_view name) {
  AppendXmlAttribute(name, {}, text_);
  return text_.size() - 1;
}

void XmlWriter::Text(std::string_view text) {
  CloseTag();
  AppendXmlText(text, text_);
}

void XmlWriter::End(std::string_view element) {
  if (std::exchange(in_tag_, false)) {
    text_ += "/>";
  } else {
    text_.append("</").append(element).append(">");
  }
}

void XmlWriter::TextElement(std::string_view element, std::string_view text) {
  Begin(element);
  if (!text.empty()) Text(text);
  End(element);
}

}  // namespace sipevents::sip
