#include "sip/body/xml_patch_operation.h"

#include <array>
#include <optional>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/body_size.h"
#include "sip/body/xml_guard.h"
#include "sip/body/xml_names.h"

namespace sipevents::sip {
namespace {

absl::Status Refuse(std::string_view why) { return absl::InvalidArgumentError(AbslView(why)); }

bool IsBlankText(pugi::xml_node node) {
  return IsTextNode(node) && TrimBlanks(node.value()).empty();
}

// Elements from the top down to `node`, which counts.
int DepthOf(pugi::xml_node node) {
  int depth = 0;
  for (; node.type() == pugi::node_element; node = node.parent()) ++depth;
  return depth;
}

// Levels below and including `element`.
int HeightOf(pugi::xml_node element) {
  int height = 0;
  int depth = 1;
  for (pugi::xml_node node = element; node; node = NextInDocument(node, element, depth)) {
    if (node.type() == pugi::node_element && depth > height) height = depth;
  }
  return height;
}

// Takes a text away, of which `first` is the first node.
void RemoveText(pugi::xml_node first) {
  while (IsTextNode(first)) {
    const pugi::xml_node next = first.next_sibling();
    first.parent().remove_child(first);
    first = next;
  }
}

// White space beside `node` goes as well where `ws` says so. White space that is not there is no
// error: it says nothing, and servers that leave it out still write `ws`.
void RemoveBlanks(pugi::xml_node node, bool before, bool after) {
  pugi::xml_node parent = node.parent();
  if (before && IsBlankText(node.previous_sibling())) parent.remove_child(node.previous_sibling());
  if (after && IsBlankText(node.next_sibling())) parent.remove_child(node.next_sibling());
}

// Whether a name in `element` needs `prefix`, of which nothing says what it stands for.
bool LacksPrefix(pugi::xml_node element, std::string_view prefix, XmlScope& scope) {
  int depth = 1;
  for (pugi::xml_node node = element; node; node = NextInDocument(node, element, depth)) {
    if (!scope.Spend(1)) return true;
    bool uses = SplitXmlName(scope.Read(node.name())).prefix == prefix;
    for (const pugi::xml_attribute attribute : node.attributes()) {
      if (SplitXmlName(scope.Read(attribute.name())).prefix == prefix) uses = true;
    }
    if (uses && !scope.UriOf(node, prefix)) return true;
  }
  return false;
}

bool IsNamespaceTarget(XmlTarget target) { return target == XmlTarget::kNamespace; }

}  // namespace

absl::Status XmlPatchOperation::Apply() {
  const std::string_view name = SplitXmlName(operation_.name()).local;
  if (name == "add") return Add();
  if (name == "replace") return Replace();
  if (name == "remove") return Remove();
  return Refuse("neither add nor replace nor remove");
}

absl::StatusOr<XmlPlace> XmlPatchOperation::Locate() {
  const pugi::xml_attribute sel = operation_.attribute("sel");
  if (!sel) return Refuse("it has no sel");
  SIPEVENTS_ASSIGN_OR_RETURN(selector_, ParseXmlSelector(sel.value(), operation_, target_.scope));
  return LocateXml(selector_, target_.document, target_.scope);
}

absl::StatusOr<std::string> XmlPatchOperation::Content() const {
  std::string content;
  for (const pugi::xml_node child : operation_.children()) {
    if (child.type() == pugi::node_element) return Refuse("an element where text is wanted");
    if (IsTextNode(child)) content += child.value();
  }
  return content;
}

absl::Status XmlPatchOperation::Add() {
  SIPEVENTS_ASSIGN_OR_RETURN(const XmlPlace place, Locate());
  if (place.attribute) return Refuse("nothing can be added to an attribute");
  const std::string_view type = operation_.attribute("type").value();
  if (!type.empty()) return AddAttribute(place.node, type);
  SIPEVENTS_ASSIGN_OR_RETURN(const Spot spot, SpotFor(place.node));
  for (const pugi::xml_node child : operation_.children()) {
    if (spot.parent == target_.document &&
        (IsTextNode(child) ? !IsBlankText(child) : child.type() == pugi::node_element)) {
      return Refuse("only comments can be beside the root element");
    }
    SIPEVENTS_RETURN_IF_ERROR(Copy(child, spot));
  }
  return absl::OkStatus();
}

absl::Status XmlPatchOperation::AddAttribute(pugi::xml_node element, std::string_view type) {
  static constexpr std::string_view kNamespaceAxis = "namespace::";
  if (element.type() != pugi::node_element) return Refuse("only elements have attributes");
  SIPEVENTS_ASSIGN_OR_RETURN(const std::string content, Content());
  if (type.starts_with(kNamespaceAxis)) {
    const std::string_view prefix = type.substr(kNamespaceAxis.size());
    if (!SplitXmlName(prefix).prefix.empty() || content.empty()) {
      return Refuse("a namespace needs a prefix and a URI");
    }
    // Looks at what it is made of.
    SIPEVENTS_RETURN_IF_ERROR(
        ResolveXmlName(prefix, /*is_attribute=*/true, operation_, target_.scope).status());
    if (FindDeclaration(element, prefix)) return Refuse("the prefix is declared there already");
    Declare(element, prefix, content);
    return absl::OkStatus();
  }
  if (!type.starts_with('@')) return Refuse("type is neither @attribute nor namespace::prefix");
  SIPEVENTS_ASSIGN_OR_RETURN(
      const XmlStepName name,
      ResolveXmlName(type.substr(1), /*is_attribute=*/true, operation_, target_.scope));
  if (target_.scope.FindAttribute(element, name.uri, name.local)) {
    return Refuse("the attribute is there already");
  }
  std::string written = name.local;
  if (!name.uri.empty()) {
    SIPEVENTS_ASSIGN_OR_RETURN(const std::string prefix,
                               Bind(element, SplitXmlName(type.substr(1)).prefix, name.uri));
    written = absl::StrCat(prefix, ":", name.local);
  } else if (IsNamespaceDeclaration(written.c_str())) {
    return Refuse("a namespace is no attribute");
  }
  element.append_attribute(written.c_str()).set_value(content.c_str());
  return absl::OkStatus();
}

absl::StatusOr<XmlPatchOperation::Spot> XmlPatchOperation::SpotFor(pugi::xml_node found) const {
  const std::string_view pos = operation_.attribute("pos").value();
  if (pos == "before") return Spot{found.parent(), found};
  if (pos == "after") {
    // A text may be several nodes.
    pugi::xml_node next = found.next_sibling();
    while (IsTextNode(found) && IsTextNode(next)) next = next.next_sibling();
    return Spot{found.parent(), next};
  }
  if (found.type() != pugi::node_element) return Refuse("only elements can hold what is added");
  if (pos == "prepend") return Spot{found, found.first_child()};
  if (pos.empty()) return Spot{found, {}};
  return Refuse("pos is none of before, after, prepend");
}

absl::Status XmlPatchOperation::Replace() {
  SIPEVENTS_ASSIGN_OR_RETURN(XmlPlace place, Locate());
  if (place.attribute || IsTextNode(place.node)) {
    SIPEVENTS_ASSIGN_OR_RETURN(const std::string content, Content());
    if (place.attribute) {
      if (IsNamespaceTarget(selector_.target) && content.empty()) {
        return Refuse("a namespace needs a URI");
      }
      place.attribute.set_value(content.c_str());
      return absl::OkStatus();
    }
    if (!content.empty()) {
      place.node.parent()
          .insert_child_before(pugi::node_pcdata, place.node)
          .set_value(content.c_str());
    }
    RemoveText(place.node);
    return absl::OkStatus();
  }
  return ReplaceNode(place.node);
}

absl::Status XmlPatchOperation::ReplaceNode(pugi::xml_node node) {
  pugi::xml_node content;
  for (const pugi::xml_node child : operation_.children()) {
    if (IsBlankText(child)) continue;
    if (child.type() != node.type() || content) {
      return Refuse("what is replaced needs one replacement of its own kind");
    }
    content = child;
  }
  if (!content) return Refuse("the replacement is missing");
  const Spot spot = {node.parent(), node};
  SIPEVENTS_RETURN_IF_ERROR(Copy(content, spot));
  node.parent().remove_child(node);
  return absl::OkStatus();
}

absl::Status XmlPatchOperation::Remove() {
  const std::string_view ws = operation_.attribute("ws").value();
  if (!ws.empty() && ws != "before" && ws != "after" && ws != "both") {
    return Refuse("ws is none of before, after, both");
  }
  SIPEVENTS_ASSIGN_OR_RETURN(XmlPlace place, Locate());
  if (place.attribute) {
    place.node.remove_attribute(place.attribute);
    if (IsNamespaceTarget(selector_.target) &&
        LacksPrefix(place.node, selector_.name, target_.scope)) {
      return Refuse("the namespace is still in use");
    }
    return absl::OkStatus();
  }
  if (IsRoot(place.node)) return Refuse("the root element cannot be removed");
  if (IsTextNode(place.node)) {
    RemoveText(place.node);
    return absl::OkStatus();
  }
  RemoveBlanks(place.node, ws == "before" || ws == "both", ws == "after" || ws == "both");
  place.node.parent().remove_child(place.node);
  return absl::OkStatus();
}

absl::Status XmlPatchOperation::Copy(pugi::xml_node original, const Spot& spot) {
  if (original.type() == pugi::node_element &&
      DepthOf(spot.parent) + HeightOf(original) > kMaxXmlDepth) {
    return absl::ResourceExhaustedError(
        absl::StrCat("elements would be nested deeper than ", kMaxXmlDepth));
  }
  pugi::xml_node parent = spot.parent;
  const pugi::xml_node copy = spot.reference ? parent.insert_copy_before(original, spot.reference)
                                             : parent.append_copy(original);
  if (!copy) return Refuse("such content cannot be there");
  if (copy.type() != pugi::node_element) return absl::OkStatus();
  return KeepNames(original, copy);
}

// The copy's prefixes may stand for something else where it is now (RFC 5261 section 4.2.3).
absl::Status XmlPatchOperation::KeepNames(pugi::xml_node original, pugi::xml_node copy) {
  int depth = 1;
  int copy_depth = 1;
  pugi::xml_node copied = copy;
  for (pugi::xml_node node = original; node && copied; node = NextInDocument(node, original, depth),
                      copied = NextInDocument(copied, copy, copy_depth)) {
    if (node.type() != pugi::node_element) continue;
    SIPEVENTS_RETURN_IF_ERROR(KeepName(node, copied));
    SIPEVENTS_RETURN_IF_ERROR(KeepAttributeNames(node, copied));
  }
  return absl::OkStatus();
}

absl::Status XmlPatchOperation::KeepName(pugi::xml_node original, pugi::xml_node copy) {
  const XmlQName name = SplitXmlName(original.name());
  const std::optional<std::string_view> wanted = target_.scope.UriOf(original, name.prefix);
  if (!wanted) {
    return Refuse(
        absl::StrCat("the prefix of ", QuoteForMessage(original.name()), " is not declared"));
  }
  SIPEVENTS_ASSIGN_OR_RETURN(const std::string prefix, Bind(copy, name.prefix, *wanted));
  if (prefix != name.prefix) {
    copy.set_name(absl::StrCat(prefix, ":", AbslView(name.local)).c_str());
  }
  return absl::OkStatus();
}

absl::Status XmlPatchOperation::KeepAttributeNames(pugi::xml_node original, pugi::xml_node copy) {
  for (pugi::xml_attribute attribute : copy.attributes()) {
    const XmlQName name = SplitXmlName(attribute.name());
    if (name.prefix.empty() || IsNamespaceDeclaration(attribute.name())) continue;
    const std::optional<std::string_view> wanted = target_.scope.UriOf(original, name.prefix);
    if (!wanted) {
      return Refuse(
          absl::StrCat("the prefix of ", QuoteForMessage(attribute.name()), " is not declared"));
    }
    SIPEVENTS_ASSIGN_OR_RETURN(const std::string prefix, Bind(copy, name.prefix, *wanted));
    if (prefix != name.prefix) {
      attribute.set_name(absl::StrCat(prefix, ":", AbslView(name.local)).c_str());
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> XmlPatchOperation::Bind(pugi::xml_node element, std::string_view prefix,
                                                    std::string_view uri) {
  if (target_.scope.UriOf(element, prefix) == uri) return std::string(prefix);
  const std::string_view known =
      uri.empty() ? std::string_view() : target_.scope.PrefixOf(element, uri);
  if (!known.empty()) return std::string(known);
  if (FindDeclaration(element, prefix)) {
    return Refuse(absl::StrCat("the prefix ", QuoteForMessage(prefix), " means something else"));
  }
  target_.declared_octets += prefix.size() + uri.size();
  if (target_.declared_octets > kMaxBodyOctets) {
    return absl::ResourceExhaustedError(
        absl::StrCat("namespace declarations of more than ", kMaxBodyOctets, " octets"));
  }
  Declare(element, prefix, uri);
  return std::string(prefix);
}

}  // namespace sipevents::sip
