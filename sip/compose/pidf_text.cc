#include "sip/compose/pidf_text.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/utf8.h"
#include "sip/body/values.h"
#include "sip/compose/package_composition.h"

namespace sipevents::sip {
namespace {

// Whether the id can stand between quotes in a path as it stands in its attribute.
bool IsPlainId(std::string_view id) {
  return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c)) &&
           std::string_view("\"'&<>").find(c) == std::string_view::npos;
  });
}

bool HasId(std::string_view uri, std::string_view local) {
  if (uri == kPidfUri) return local == "tuple";
  return uri == kDataModelUri && (local == "person" || local == "device");
}

}  // namespace

std::string PidfChild::Identity() const {
  if (id.empty()) return std::string(element.text);
  // No element begins like this.
  return absl::StrCat(AbslView(XmlLocalName(element.tag.name)), " ", AbslView(uri), " ",
                      AbslView(id));
}

std::optional<std::string_view> PidfText::UriOf(std::string_view prefix) const {
  for (const XmlAttributeSpan& attribute : attributes_) {
    const bool declares =
        prefix.empty() ? attribute.name == "xmlns"
                       : attribute.name.starts_with("xmlns:") && attribute.name.substr(6) == prefix;
    if (declares) return attribute.value;
  }
  return std::nullopt;
}

void PidfText::ReadChild(const XmlSpan& element) {
  PidfChild& child = children_.emplace_back();
  child.element = element;
  const std::string_view prefix = XmlPrefix(element.tag.name);
  child.uri = UriOf(prefix).value_or(std::string_view());
  const std::string declaration =
      prefix.empty() ? "xmlns" : absl::StrCat("xmlns:", AbslView(prefix));
  if (element.tag.Find(declaration)) return;
  const std::optional<XmlAttributeSpan> id = element.tag.Find("id");
  if (id && IsPlainId(id->value) && HasId(child.uri, XmlLocalName(element.tag.name))) {
    child.id = id->value;
  }
}

std::optional<PidfText> PidfText::Read(std::string_view document) {
  PidfText text;
  if (!IsUtf8(document)) {
    text.converted_ = std::make_shared<const std::string>(Latin1ToUtf8(document));
    document = *text.converted_;
  }
  const std::optional<XmlSpan> root = FindXmlRoot(document);
  if (!root) return std::nullopt;
  text.root_ = *root;
  std::string_view attributes = root->tag.attributes;
  while (const std::optional<XmlAttributeSpan> attribute = TakeXmlAttribute(attributes)) {
    text.attributes_.push_back(*attribute);
  }
  XmlChildren children(root->content);
  while (const std::optional<XmlSpan> child = children.Next()) text.ReadChild(*child);
  if (children.broken()) return std::nullopt;
  // An id that is there twice tells nothing apart.
  absl::flat_hash_map<std::string, size_t> first;
  for (size_t i = 0; i < text.children_.size(); ++i) {
    PidfChild& child = text.children_[i];
    if (child.id.empty()) continue;
    const auto [known, is_new] = first.try_emplace(child.Identity(), i);
    if (is_new) continue;
    child.id = {};
    text.children_[known->second].id = {};
  }
  return text;
}

bool IsPlainXmlText(std::string_view content) {
  return content.find('<') == std::string_view::npos && !TrimBlanks(content).empty();
}

std::optional<OneChange> FindOneChange(std::string_view before, std::string_view after) {
  XmlChildren old_children(before);
  XmlChildren new_children(after);
  std::optional<OneChange> change;
  for (size_t place = 0;; ++place) {
    const std::optional<XmlSpan> old_child = old_children.Next();
    const std::optional<XmlSpan> new_child = new_children.Next();
    if (!old_child && !new_child) break;
    if (!old_child || !new_child) return std::nullopt;
    if (old_child->text == new_child->text) continue;
    if (change || old_child->tag.name != new_child->tag.name) return std::nullopt;
    change = OneChange{place, *old_child, *new_child};
  }
  if (old_children.has_text() || new_children.has_text()) return std::nullopt;
  if (old_children.broken() || new_children.broken()) return std::nullopt;
  return change;
}

}  // namespace sipevents::sip
