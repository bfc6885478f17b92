#ifndef SIP_COMPOSE_XML_TEXT_H_
#define SIP_COMPOSE_XML_TEXT_H_

#include <string>
#include <string_view>

// Text on its way into XML. Threads: any, for everything here.

namespace sipevents::sip {

// Whether XML 1.0 can carry the text: UTF-8 without control characters but tab and line ends.
bool IsXmlText(std::string_view text);

// Whether the text can be an xs:ID: a letter or underscore, then letters, digits, '.', '-' and '_'
// (an NCName; letters are also those beyond ASCII).
bool IsXmlId(std::string_view text);

// Appends text to an attribute in double quotes, or to an element: escaped, and with U+FFFD for
// what XML cannot carry.
void AppendXmlText(std::string_view text, std::string& out);

// The same as a string of its own.
inline std::string XmlEscaped(std::string_view text) {
  std::string escaped;
  AppendXmlText(text, escaped);
  return escaped;
}

// Appends ` name="value"`.
void AppendXmlAttribute(std::string_view name, std::string_view value, std::string& out);

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_XML_TEXT_H_
