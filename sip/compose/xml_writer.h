#ifndef SIP_COMPOSE_XML_WRITER_H_
#define SIP_COMPOSE_XML_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace sipevents::sip {

// Writes XML element by element. Names are literals of ours; values and texts are escaped, and what
// XML cannot carry becomes U+FFFD.
//
// Threads: one at a time.
class XmlWriter {
 public:
  // Begins with the XML declaration.
  XmlWriter();

  // Begins an element; attributes follow, then what it holds.
  void Begin(std::string_view element);
  void Attribute(std::string_view name, std::string_view value);
  void Attribute(std::string_view name, uint64_t value);
  // The same, unless `value` is empty.
  void AttributeIfAny(std::string_view name, std::string_view value) {
    if (!value.empty()) Attribute(name, value);
  }
  // An attribute whose value is put in later; returns where in the text.
  size_t EmptyAttribute(std::string_view name);
  void Text(std::string_view text);
  // Ends the element that was begun last and has not ended; `element` as in Begin().
  void End(std::string_view element);

  void TextElement(std::string_view element, std::string_view text);
  void TextElementIfAny(std::string_view element, std::string_view text) {
    if (!text.empty()) TextElement(element, text);
  }

  const std::string& text() const { return text_; }
  std::string Take() { return std::move(text_); }

 private:
  void CloseTag();

  std::string text_;
  bool in_tag_ = false;  // the last start tag has no '>' yet
};

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_XML_WRITER_H_
