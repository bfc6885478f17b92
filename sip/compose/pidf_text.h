#ifndef SIP_COMPOSE_PIDF_TEXT_H_
#define SIP_COMPOSE_PIDF_TEXT_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sip/compose/xml_span.h"

// A PIDF document as octets, for comparing it with another one.

namespace sipevents::sip {

// A child of the root.
struct PidfChild {
  XmlSpan element;
  std::string_view uri;  // of its namespace
  // What tells a tuple, person or device apart from the others of the document, fit for a path;
  // empty: it has no such id, or its prefix is its own.
  std::string_view id;

  // The same for what is the same thing in another version of the document.
  std::string Identity() const;
};

// Views point into a text that it keeps, or into the one that was read, which must outlive it.
//
// Threads: immutable; any thread.
class PidfText {
 public:
  // Nothing: not well-formed.
  static std::optional<PidfText> Read(std::string_view document);

  const XmlSpan& root() const { return root_; }
  const std::vector<XmlAttributeSpan>& attributes() const { return attributes_; }  // of the root
  const std::vector<PidfChild>& children() const { return children_; }
  // What a prefix (empty: none) stands for at the root; nothing: it is not declared.
  std::optional<std::string_view> UriOf(std::string_view prefix) const;

 private:
  void ReadChild(const XmlSpan& element);

  std::shared_ptr<const std::string> converted_;  // of a document that was not in UTF-8
  XmlSpan root_;
  std::vector<XmlAttributeSpan> attributes_;
  std::vector<PidfChild> children_;
};

// Whether the content of an element is text that is not blank, and nothing else.
bool IsPlainXmlText(std::string_view content);

// The one child element in which the contents of two elements differ.
struct OneChange {
  size_t place = 0;  // among the child elements, from 0
  XmlSpan before;
  XmlSpan after;
};

// Nothing: they differ in more, in a name, or in text beside elements.
std::optional<OneChange> FindOneChange(std::string_view before, std::string_view after);

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_PIDF_TEXT_H_
