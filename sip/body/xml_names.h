#ifndef SIP_BODY_XML_NAMES_H_
#define SIP_BODY_XML_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "pugixml.hpp"

namespace sipevents::sip {

// The XML namespaces that the packages understand. Each stands for its URI and, in the lenient
// profile, for the URIs that drafts of it had and deployed servers still send.
enum class XmlNamespace : uint8_t {
  kNone,     // no namespace, or a prefix that is not declared
  kForeign,  // declared, but not one of these
  kPidf,
  kDataModel,
  kRpid,
  kDialogInfo,
};

// What an element is called, whatever its prefix.
struct XmlName {
  XmlNamespace space = XmlNamespace::kNone;
  std::string_view uri;  // of the namespace, as declared; empty: none
  std::string_view local;
};

// Resolves the prefixes of one document. Declarations of the root serve all elements unless an
// inner element declares some of its own, which is rare: only then are names resolved one by
// one, in the single walk of Learn().
//
// Threads: one at a time.
class XmlNames {
 public:
  // Most namespace declarations in force at one place.
  static constexpr size_t kMaxBindings = 64;

  // Takes the declarations of the document with this root, which must stay as it is while
  // Of() is used; `has_inner`: an element below the root declares namespaces. Fails if too
  // many are in force at once.
  absl::Status Learn(pugi::xml_node root, bool has_inner, bool lenient);

  // Name of an element of the document.
  XmlName Of(pugi::xml_node element) const;

 private:
  struct Binding {
    std::string_view prefix;  // empty: the default namespace
    XmlNamespace space;
    std::string_view uri;
  };

  // Adds what `element` declares; false if there are too many.
  bool Declare(pugi::xml_node element, bool lenient);
  // The binding in force; null: none.
  const Binding* Lookup(std::string_view prefix) const;
  absl::Status LearnInner(pugi::xml_node root, bool lenient);

  std::vector<Binding> bindings_;
  bool has_inner_ = false;
  // With has_inner_: the namespace of each element; its name is not set.
  absl::flat_hash_map<const pugi::xml_node_struct*, XmlName> spaces_;
};

// Whether the attribute declares a namespace.
inline bool IsNamespaceDeclaration(const char* attribute_name) {
  return std::strncmp(attribute_name, "xmlns", 5) == 0 &&
         (attribute_name[5] == '\0' || attribute_name[5] == ':');
}

// Steps through the elements below and including `root` in document order, without recursion.
// Returns the element after `node`, or an empty node; `depth` follows (root: 1).
pugi::xml_node NextInDocument(pugi::xml_node node, pugi::xml_node root, int& depth);

}  // namespace sipevents::sip

#endif  // SIP_BODY_XML_NAMES_H_
