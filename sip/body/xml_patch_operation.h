#ifndef SIP_BODY_XML_PATCH_OPERATION_H_
#define SIP_BODY_XML_PATCH_OPERATION_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pugixml.hpp"
#include "sip/body/xml_scope.h"
#include "sip/body/xml_selector.h"

namespace sipevents::sip {

// What the operations of one set of changes have in common.
struct XmlPatchTarget {
  pugi::xml_node document;
  XmlScope& scope;
  // See XmlPatch.
  size_t& declared_octets;
};

// One <add>, <replace> or <remove> (RFC 5261 section 4.3 to 4.5).
//
// Threads: one at a time.
class XmlPatchOperation {
 public:
  XmlPatchOperation(pugi::xml_node operation, XmlPatchTarget& target)
      : operation_(operation), target_(target) {}

  // Applies it. The errors of XmlPatch::Apply(), without the name of the operation.
  absl::Status Apply();

 private:
  // Where copies of the operation's content go: before `reference`, or as the last children of
  // `parent` if there is none.
  struct Spot {
    pugi::xml_node parent;
    pugi::xml_node reference;
  };

  absl::StatusOr<XmlPlace> Locate();
  absl::Status Add();
  absl::Status AddAttribute(pugi::xml_node element, std::string_view type);
  absl::Status Replace();
  absl::Status ReplaceNode(pugi::xml_node node);
  absl::Status Remove();
  absl::StatusOr<Spot> SpotFor(pugi::xml_node found) const;
  // Copies one child of the operation, with its namespaces.
  absl::Status Copy(pugi::xml_node original, const Spot& spot);
  absl::Status KeepNames(pugi::xml_node original, pugi::xml_node copy);
  absl::Status KeepName(pugi::xml_node original, pugi::xml_node copy);
  absl::Status KeepAttributeNames(pugi::xml_node original, pugi::xml_node copy);
  // Sees to it that `uri` has a prefix at `element`: `prefix`, or else the one that is returned.
  absl::StatusOr<std::string> Bind(pugi::xml_node element, std::string_view prefix,
                                   std::string_view uri);
  // The text that the operation holds; INVALID_ARGUMENT: it holds elements.
  absl::StatusOr<std::string> Content() const;
  bool IsRoot(pugi::xml_node node) const {
    return node.type() == pugi::node_element && node.parent() == target_.document;
  }

  const pugi::xml_node operation_;
  XmlPatchTarget& target_;
  XmlSelector selector_;
};

}  // namespace sipevents::sip

#endif  // SIP_BODY_XML_PATCH_OPERATION_H_
