#ifndef SIP_BODY_XML_SCOPE_H_
#define SIP_BODY_XML_SCOPE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "pugixml.hpp"

// Names and namespaces of a tree that changes while it is read (XmlNames learns those of one that
// does not).

namespace sipevents::sip {

// A name as it is written.
struct XmlQName {
  std::string_view prefix;  // empty: none
  std::string_view local;
};
XmlQName SplitXmlName(std::string_view name);

// Whether the text can stand in a document as a name, with or without prefix. pugixml reads some
// that cannot, and writes them too.
bool IsXmlName(std::string_view text);

// Looks namespaces up from an element outwards. Whoever may be made to look up a great deal says
// how much is enough: beyond it everything is answered with "nothing", and exhausted() tells.
//
// Threads: one at a time.
class XmlScope {
 public:
  // `most_work`: nodes and attributes that may be looked at; a long text counts as several.
  explicit XmlScope(size_t most_work) : left_(most_work) {}

  // Counts work; false once there was too much.
  bool Spend(size_t work);
  bool exhausted() const { return exhausted_; }
  // A text of the tree; long ones are work to read.
  std::string_view Read(const char* text) {
    const std::string_view view = text;
    Spend(view.size() / kOctetsOfWork);
    return view;
  }

  // The URI that `prefix` (empty: the default namespace) stands for at `element`; empty: no
  // namespace. Nothing: a prefix that is not declared.
  std::optional<std::string_view> UriOf(pugi::xml_node element, std::string_view prefix);
  // A prefix that stands for `uri` at `element` and can begin a name; empty: there is none.
  std::string_view PrefixOf(pugi::xml_node element, std::string_view uri);

  // Whether the element has this name.
  bool Is(pugi::xml_node element, std::string_view uri, std::string_view local);
  // The attribute of this name; a namespace declaration is none. Empty `uri`: without prefix.
  pugi::xml_attribute FindAttribute(pugi::xml_node element, std::string_view uri,
                                    std::string_view local);

 private:
  static constexpr size_t kOctetsOfWork = 64;

  size_t left_;
  bool exhausted_ = false;
};

// The declaration of `prefix` on the element itself, or none.
pugi::xml_attribute FindDeclaration(pugi::xml_node element, std::string_view prefix);
// Adds one; `prefix` may be empty: the default namespace.
void Declare(pugi::xml_node element, std::string_view prefix, std::string_view uri);

// The element as a document of its own: with the namespace declarations that are in force there.
std::string StandaloneXml(pugi::xml_node element);

// The element as text, without anything added.
std::string XmlText(pugi::xml_node element);

}  // namespace sipevents::sip

#endif  // SIP_BODY_XML_SCOPE_H_
