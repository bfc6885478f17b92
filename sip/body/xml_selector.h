#ifndef SIP_BODY_XML_SELECTOR_H_
#define SIP_BODY_XML_SELECTOR_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "pugixml.hpp"
#include "sip/body/xml_scope.h"

// The part of XPath by which a change says where it applies (RFC 5261 section 4.1), with bounds: it
// is a peer who writes it. There are neither functions (but `id()`) nor axes (but child and
// attribute), and a selector is good for one place only.

namespace sipevents::sip {

// A name with its namespace. Empty `uri`: none. `local` "*": any element.
struct XmlStepName {
  std::string uri;
  std::string local;
};

// A condition in brackets.
struct XmlCondition {
  enum class Kind {
    kPosition,   // [2]: the second one of what is left
    kAttribute,  // [@id='x']
    kChild,      // [name='x']: has a child element with this text
    kText,       // [.='x']
  };
  Kind kind = Kind::kPosition;
  size_t position = 0;  // from 1
  XmlStepName name;
  std::string value;
};

struct XmlStep {
  XmlStepName name;
  std::vector<XmlCondition> conditions;
};

// What a selector ends at.
enum class XmlTarget { kElement, kText, kComment, kInstruction, kAttribute, kNamespace };

struct XmlSelector {
  std::string id;  // begins at the element with this id; empty: at the top
  std::vector<XmlStep> steps;
  XmlTarget target = XmlTarget::kElement;
  XmlStepName attribute;  // of kAttribute
  std::string name;       // kNamespace: the prefix; kInstruction: the name, or empty for any
  size_t position = 0;    // of kText, kComment and kInstruction; 0: not said
};

inline constexpr size_t kMaxSelectorOctets = 4096;
inline constexpr size_t kMaxSelectorSteps = 64;
inline constexpr size_t kMaxStepConditions = 8;

// The one place that a selector selects. `node` is an element, the first node of a text, a comment
// or an instruction; for attributes and declarations, the element that has them.
struct XmlPlace {
  pugi::xml_node node;
  pugi::xml_attribute attribute;
};

// Reads a selector. Its prefixes, and for names of elements the default namespace, are those in
// force at `holder` (RFC 5261 section 4.2.1). INVALID_ARGUMENT, quoting it: what is wrong.
absl::StatusOr<XmlSelector> ParseXmlSelector(std::string_view text, pugi::xml_node holder,
                                             XmlScope& scope);

// Finds its place in `document`, which was parsed with XmlDetail::kAll.
// NOT_FOUND: there is none. INVALID_ARGUMENT: there are several. Means nothing if `scope` is
// exhausted.
absl::StatusOr<XmlPlace> LocateXml(const XmlSelector& selector, pugi::xml_node document,
                                   XmlScope& scope);

// A name in a selector or in the attribute `type`, e.g. "r:mood", as at `holder`.
// INVALID_ARGUMENT: no name, or a prefix that is not declared.
absl::StatusOr<XmlStepName> ResolveXmlName(std::string_view name, bool is_attribute,
                                           pugi::xml_node holder, XmlScope& scope);

// Whether the node is character data. Such nodes side by side are one text (XPath 1.0, 5.7).
inline bool IsTextNode(pugi::xml_node node) {
  return node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata;
}

}  // namespace sipevents::sip

#endif  // SIP_BODY_XML_SELECTOR_H_
