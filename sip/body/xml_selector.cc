#include "sip/body/xml_selector.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/body/xml_names.h"

namespace sipevents::sip {
namespace {

using Nodes = std::vector<pugi::xml_node>;

// Walks a tree along one selector. Each step looks at every child of what the step before left
// over, so that no node is looked at twice but for the texts that are compared; `scope` counts.
class Locator {
 public:
  Locator(pugi::xml_node document, XmlScope& scope) : document_(document), scope_(scope) {}

  Nodes Elements(const XmlSelector& selector);
  Nodes Leaves(const XmlSelector& selector, const Nodes& holders);

 private:
  Nodes Beginning(const XmlSelector& selector);
  // The children that the step takes of one element.
  Nodes Step(const XmlStep& step, pugi::xml_node parent);
  void Keep(const XmlCondition& condition, Nodes& nodes);
  bool Holds(const XmlCondition& condition, pugi::xml_node element);
  // Whether all text in the element, joined, is `value`.
  bool HasText(pugi::xml_node element, std::string_view value);

  const pugi::xml_node document_;
  XmlScope& scope_;
};

Nodes Locator::Beginning(const XmlSelector& selector) {
  if (selector.id.empty()) return {document_};
  // Without a schema an id is what is called so: PIDF names its ids `id`.
  Nodes found;
  int depth = 0;
  for (pugi::xml_node node = document_; node; node = NextInDocument(node, document_, depth)) {
    size_t looked_at = 1;
    for (const pugi::xml_attribute attribute : node.attributes()) {
      ++looked_at;
      const std::string_view name = scope_.Read(attribute.name());
      if ((name == "id" || name == "xml:id") && selector.id == scope_.Read(attribute.value())) {
        found.push_back(node);
        break;
      }
    }
    if (!scope_.Spend(looked_at)) break;
  }
  return found;
}

Nodes Locator::Elements(const XmlSelector& selector) {
  Nodes found = Beginning(selector);
  for (const XmlStep& step : selector.steps) {
    Nodes next;
    for (const pugi::xml_node parent : found) {
      const Nodes taken = Step(step, parent);
      next.insert(next.end(), taken.begin(), taken.end());
    }
    found = std::move(next);
  }
  return found;
}

Nodes Locator::Step(const XmlStep& step, pugi::xml_node parent) {
  Nodes taken;
  for (pugi::xml_node child = parent.first_child(); child; child = child.next_sibling()) {
    if (!scope_.Spend(1)) return {};
    if (child.type() != pugi::node_element) continue;
    if (step.name.local == "*" || scope_.Is(child, step.name.uri, step.name.local)) {
      taken.push_back(child);
    }
  }
  for (const XmlCondition& condition : step.conditions) Keep(condition, taken);
  return taken;
}

void Locator::Keep(const XmlCondition& condition, Nodes& nodes) {
  if (condition.kind == XmlCondition::Kind::kPosition) {
    if (condition.position > nodes.size()) {
      nodes.clear();
    } else {
      nodes = {nodes[condition.position - 1]};
    }
    return;
  }
  Nodes kept;
  for (const pugi::xml_node node : nodes) {
    if (Holds(condition, node)) kept.push_back(node);
  }
  nodes = std::move(kept);
}

bool Locator::Holds(const XmlCondition& condition, pugi::xml_node element) {
  if (condition.kind == XmlCondition::Kind::kText) return HasText(element, condition.value);
  if (condition.kind == XmlCondition::Kind::kAttribute) {
    const pugi::xml_attribute attribute =
        scope_.FindAttribute(element, condition.name.uri, condition.name.local);
    return attribute && condition.value == scope_.Read(attribute.value());
  }
  for (pugi::xml_node child = element.first_child(); child; child = child.next_sibling()) {
    if (!scope_.Spend(1)) return false;
    if (child.type() == pugi::node_element &&
        scope_.Is(child, condition.name.uri, condition.name.local) &&
        HasText(child, condition.value)) {
      return true;
    }
  }
  return false;
}

bool Locator::HasText(pugi::xml_node element, std::string_view value) {
  int depth = 0;
  for (pugi::xml_node node = element; node; node = NextInDocument(node, element, depth)) {
    if (!scope_.Spend(1)) return false;
    if (!IsTextNode(node)) continue;
    const std::string_view piece = scope_.Read(node.value());
    if (!value.starts_with(piece)) return false;
    value.remove_prefix(piece.size());
  }
  return value.empty();
}

bool IsLeaf(const XmlSelector& selector, pugi::xml_node node) {
  switch (selector.target) {
    case XmlTarget::kText:
      // Its first node stands for a text.
      return IsTextNode(node) && !IsTextNode(node.previous_sibling());
    case XmlTarget::kComment:
      return node.type() == pugi::node_comment;
    default:
      return node.type() == pugi::node_pi &&
             (selector.name.empty() || selector.name == node.name());
  }
}

Nodes Locator::Leaves(const XmlSelector& selector, const Nodes& holders) {
  Nodes leaves;
  for (const pugi::xml_node holder : holders) {
    size_t position = 0;
    for (pugi::xml_node child = holder.first_child(); child; child = child.next_sibling()) {
      if (!scope_.Spend(1)) return {};
      if (!IsLeaf(selector, child)) continue;
      ++position;
      if (selector.position == 0 || selector.position == position) leaves.push_back(child);
    }
  }
  return leaves;
}

std::vector<XmlPlace> AttributesOf(const XmlSelector& selector, const Nodes& holders,
                                   XmlScope& scope) {
  std::vector<XmlPlace> places;
  for (const pugi::xml_node holder : holders) {
    const pugi::xml_attribute attribute =
        selector.target == XmlTarget::kNamespace
            ? FindDeclaration(holder, selector.name)
            : scope.FindAttribute(holder, selector.attribute.uri, selector.attribute.local);
    if (attribute) places.push_back({holder, attribute});
  }
  return places;
}

}  // namespace

absl::StatusOr<XmlPlace> LocateXml(const XmlSelector& selector, pugi::xml_node document,
                                   XmlScope& scope) {
  Locator locator(document, scope);
  const Nodes elements = locator.Elements(selector);
  std::vector<XmlPlace> places;
  if (selector.target == XmlTarget::kAttribute || selector.target == XmlTarget::kNamespace) {
    places = AttributesOf(selector, elements, scope);
  } else {
    const Nodes nodes =
        selector.target == XmlTarget::kElement ? elements : locator.Leaves(selector, elements);
    for (const pugi::xml_node node : nodes) places.push_back({node, {}});
  }
  if (places.empty()) return absl::NotFoundError("it selects nothing");
  if (places.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("it selects ", places.size(), " places instead of one"));
  }
  return places.front();
}

}  // namespace sipevents::sip
