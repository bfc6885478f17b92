#ifndef SIP_COMPOSE_XML_SPAN_H_
#define SIP_COMPOSE_XML_SPAN_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// XML as octets: where elements begin and end in a text that stays as it is, so that what we do not
// understand goes to watchers as it came. Finds in well-formed documents what pugixml finds; of
// others it says that they are broken, or something, but never reads beyond them.
// Threads: any, for everything here.

namespace sipevents::sip {

// An attribute as it is written. Views into the text.
struct XmlAttributeSpan {
  std::string_view text;   // `name="value"`
  std::string_view name;   // with its prefix
  std::string_view value;  // without the quotes; escapes as they are written
};

// A start tag, or that of an empty element.
struct XmlTagSpan {
  std::string_view text;        // from '<' to '>'
  std::string_view name;        // with its prefix
  std::string_view attributes;  // what is between name and '>' or '/>'
  bool is_empty = false;        // '/>': there is no end tag

  // The first attribute of this name, as it is written.
  std::optional<XmlAttributeSpan> Find(std::string_view attribute) const;
};

// An element.
struct XmlSpan {
  XmlTagSpan tag;
  std::string_view text;     // with both tags
  std::string_view content;  // between them
};

// Takes the next attribute off the front of XmlTagSpan::attributes; nothing: none is left.
std::optional<XmlAttributeSpan> TakeXmlAttribute(std::string_view& attributes);

// Takes off the front of `text`, of any part of a document, all up to the next attribute `id`, and
// that; returns its value. Nothing: none is left. Text that looks like one is taken for one.
std::optional<std::string_view> TakeXmlIdLike(std::string_view& text);

// The start tag of a document's root, behind a byte order mark, declaration, comments and
// instructions; nothing: there is none, or a DOCTYPE is there.
std::optional<XmlTagSpan> FindXmlRootTag(std::string_view document);
// The root element; nothing also if it does not end, or if more than comments follow it.
std::optional<XmlSpan> FindXmlRoot(std::string_view document);

// Steps through the child elements in the content of an element.
class XmlChildren {
 public:
  explicit XmlChildren(std::string_view content) : rest_(content) {}

  // The next one; nothing: none is left, or the content is broken.
  std::optional<XmlSpan> Next();
  bool broken() const { return broken_; }
  // Whether other text than blanks was passed.
  bool has_text() const { return has_text_; }

 private:
  std::string_view rest_;
  bool broken_ = false;
  bool has_text_ = false;
};

// Steps through the start tags in the content of an element, also of elements deeper inside.
class XmlTags {
 public:
  explicit XmlTags(std::string_view content) : rest_(content) {}

  // The next one; nothing: none is left, or the content is broken.
  std::optional<XmlTagSpan> Next();
  // How many elements of the content are around the tag that came last.
  int depth() const { return depth_; }

 private:
  std::string_view rest_;
  int open_ = 0;
  int depth_ = 0;
};

// The part of a name behind its prefix.
inline std::string_view XmlLocalName(std::string_view name) {
  return name.substr(name.find(':') + 1);  // npos + 1 is 0
}

// The prefix of a name; empty: none.
inline std::string_view XmlPrefix(std::string_view name) {
  const size_t colon = name.find(':');
  return colon == std::string_view::npos ? std::string_view() : name.substr(0, colon);
}

// What the text of an attribute or element means: the references to characters resolved, as
// pugixml does, others left.
std::string DecodeXmlReferences(std::string_view text);

// What an element without child elements says, without blanks around it.
std::string XmlTextOf(const XmlSpan& element);

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_XML_SPAN_H_
