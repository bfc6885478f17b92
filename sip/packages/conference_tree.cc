#include "sip/packages/conference_tree.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {
namespace {

// The attributes that are kept: keys, and what the root says.
constexpr std::array<absl::string_view, 4> kAttributes = {"entity", "id", "label", "version"};

bool IsKept(absl::string_view attribute) {
  return std::find(kAttributes.begin(), kAttributes.end(), attribute) != kAttributes.end();
}

enum class State { kFull, kPartial, kDeleted };

State StateOf(pugi::xml_node element) {
  const std::string_view state = TrimBlanks(element.attribute("state").value());
  if (EqualsIgnoreCase(state, "partial")) return State::kPartial;
  if (EqualsIgnoreCase(state, "deleted")) return State::kDeleted;
  return State::kFull;
}

// Builds the tree that a document makes of the one before: a new one each time, so that one that
// grows too large can be dropped, and memory does not fragment over months of changes.
class Builder {
 public:
  explicit Builder(DecodeScratch& scratch) : scratch_(scratch) {}

  // Writes into `out`, which has its name: `element` of the new document, merged into `before`
  // (of the tree) if that is there. As deep as what passed the XML guard.
  void Merge(pugi::xml_node before, pugi::xml_node element, pugi::xml_node out);
  // Only what the element itself says.
  void MergeAttributes(pugi::xml_node before, pugi::xml_node element, pugi::xml_node out);

  absl::Status status() const;

 private:
  // What an element is found by: its name and, if it has one, its key.
  using Key = std::pair<absl::string_view, absl::string_view>;

  // A child of the new document.
  struct Child {
    pugi::xml_node node;
    Key key;
  };

  std::string_view NameOf(pugi::xml_node element) const;
  Key KeyOf(pugi::xml_node element, std::string_view name, bool kept);
  std::vector<Child> ChildrenOf(pugi::xml_node element);
  void MergeChildren(pugi::xml_node before, pugi::xml_node element, pugi::xml_node out);
  void BuildChildren(pugi::xml_node element, pugi::xml_node out);
  void Emit(pugi::xml_node before, const Child& child, pugi::xml_node out);
  void CopyKept(pugi::xml_node element, pugi::xml_node out);
  pugi::xml_node Append(pugi::xml_node out, absl::string_view name);
  void AppendText(std::string_view text, pugi::xml_node out);
  void SetAttribute(const char* name, const char* value, pugi::xml_node out);
  bool Exhausted() const {
    return elements_ > ConferenceTree::kMaxElements || octets_ > ConferenceTree::kMaxOctets;
  }

  DecodeScratch& scratch_;
  size_t elements_ = 0;
  size_t octets_ = 0;
};

absl::Status Builder::status() const {
  if (elements_ > ConferenceTree::kMaxElements) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than ", ConferenceTree::kMaxElements, " elements of state"));
  }
  if (octets_ > ConferenceTree::kMaxOctets) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than ", ConferenceTree::kMaxOctets, " octets of state"));
  }
  return absl::OkStatus();
}

// The local name of an element of the new document; empty: not of the conference's namespace.
std::string_view Builder::NameOf(pugi::xml_node element) const {
  if (element.type() != pugi::node_element) return {};
  const XmlName name = scratch_.names().Of(element);
  return name.uri == ConferenceTree::kSpace ? name.local : std::string_view();
}

// RFC 4575 section 4.4: users and endpoints by entity, media by id, sidebars by entity or, of those
// by reference, by uri. Equal keys are identical octets.
Builder::Key Builder::KeyOf(pugi::xml_node element, std::string_view name, bool kept) {
  std::string_view key;
  if (name == "user" || name == "endpoint") {
    key = element.attribute("entity").value();
  } else if (name == "media") {
    key = element.attribute("id").value();
  } else if (name == "entry") {
    key = element.attribute("entity").value();
    for (pugi::xml_node child = element.first_child(); key.empty() && child;
         child = child.next_sibling()) {
      const bool is_uri = kept ? std::strcmp(child.name(), "uri") == 0 : NameOf(child) == "uri";
      if (is_uri) key = scratch_.Text(child);
    }
  }
  return {AbslView(name), AbslView(TrimBlanks(key))};
}

std::vector<Builder::Child> Builder::ChildrenOf(pugi::xml_node element) {
  std::vector<Child> children;
  for (pugi::xml_node node = element.first_child(); node; node = node.next_sibling()) {
    const std::string_view name = NameOf(node);
    if (!name.empty()) children.push_back({node, KeyOf(node, name, /*kept=*/false)});
  }
  return children;
}

pugi::xml_node Builder::Append(pugi::xml_node out, absl::string_view name) {
  ++elements_;
  octets_ += name.size();
  pugi::xml_node child = out.append_child(pugi::node_element);
  child.set_name(name.data());  // the end of an element's name: octet 0 follows
  return child;
}

void Builder::AppendText(std::string_view text, pugi::xml_node out) {
  if (text.empty()) return;
  octets_ += text.size();
  out.append_child(pugi::node_pcdata).set_value(text.data(), text.size());
}

void Builder::SetAttribute(const char* name, const char* value, pugi::xml_node out) {
  octets_ += std::strlen(name) + std::strlen(value);
  out.append_attribute(name).set_value(value);
}

void Builder::CopyKept(pugi::xml_node element, pugi::xml_node out) {
  for (const pugi::xml_attribute attribute : element.attributes()) {
    SetAttribute(attribute.name(), attribute.value(), out);
  }
  for (pugi::xml_node child = element.first_child(); child && !Exhausted();
       child = child.next_sibling()) {
    if (child.type() == pugi::node_pcdata) {
      AppendText(child.value(), out);
    } else {
      CopyKept(child, Append(out, child.name()));
    }
  }
}

void Builder::Emit(pugi::xml_node before, const Child& child, pugi::xml_node out) {
  const State state = StateOf(child.node);
  if (state == State::kDeleted) return;
  Merge(state == State::kPartial ? before : pugi::xml_node(), child.node,
        Append(out, child.key.first));
}

// Of children with equal keys the last one counts.
void Builder::BuildChildren(pugi::xml_node element, pugi::xml_node out) {
  const std::vector<Child> children = ChildrenOf(element);
  absl::flat_hash_map<Key, size_t> last;
  if (children.size() > 1) {
    for (size_t i = 0; i < children.size(); ++i) {
      if (!children[i].key.second.empty()) last[children[i].key] = i;
    }
  }
  for (size_t i = 0; i < children.size() && !Exhausted(); ++i) {
    const auto found = last.empty() ? last.end() : last.find(children[i].key);
    if (found == last.end() || found->second == i) Emit({}, children[i], out);
  }
}

// What has a key finds its element by it, and of equal ones the last counts; all others of one name
// take the place of those of that name.
void Builder::MergeChildren(pugi::xml_node before, pugi::xml_node element, pugi::xml_node out) {
  const std::vector<Child> children = ChildrenOf(element);
  absl::flat_hash_map<Key, size_t> by_key;
  absl::flat_hash_map<absl::string_view, pugi::xml_node> by_name;  // the first that is there
  for (size_t i = 0; i < children.size(); ++i) {
    if (children[i].key.second.empty()) {
      by_name.try_emplace(children[i].key.first);
    } else {
      by_key[children[i].key] = i;
    }
  }
  std::vector<bool> done(children.size(), false);
  for (pugi::xml_node kept = before.first_child(); kept && !Exhausted();
       kept = kept.next_sibling()) {
    if (kept.type() != pugi::node_element) continue;
    const Key key = KeyOf(kept, kept.name(), /*kept=*/true);
    if (const auto found = by_key.find(key); found != by_key.end()) {
      if (!done[found->second]) Emit(kept, children[found->second], out);
      done[found->second] = true;
      continue;
    }
    const auto replaced = key.second.empty() ? by_name.find(key.first) : by_name.end();
    if (replaced == by_name.end()) {
      CopyKept(kept, Append(out, kept.name()));
    } else if (!replaced->second) {
      replaced->second = kept;
    }
  }
  for (size_t i = 0; i < children.size() && !Exhausted(); ++i) {
    const Child& child = children[i];
    if (child.key.second.empty()) {
      Emit(by_name[child.key.first], child, out);
    } else if (!done[i] && by_key[child.key] == i) {
      Emit({}, child, out);
    }
  }
}

void Builder::MergeAttributes(pugi::xml_node before, pugi::xml_node element, pugi::xml_node out) {
  for (pugi::xml_attribute attribute = element.first_attribute(); attribute;
       attribute = attribute.next_attribute()) {
    if (IsKept(attribute.name())) SetAttribute(attribute.name(), attribute.value(), out);
  }
  for (pugi::xml_attribute attribute = before.first_attribute(); attribute;
       attribute = attribute.next_attribute()) {
    if (IsKept(attribute.name()) && !element.attribute(attribute.name())) {
      SetAttribute(attribute.name(), attribute.value(), out);
    }
  }
}

void Builder::Merge(pugi::xml_node before, pugi::xml_node element, pugi::xml_node out) {
  MergeAttributes(before, element, out);
  AppendText(scratch_.Text(element), out);
  if (before) {
    MergeChildren(before, element, out);
  } else if (element.first_child()) {
    BuildChildren(element, out);
  }
}

}  // namespace

pugi::xml_node ConferenceTree::root() const {
  return document_ == nullptr ? pugi::xml_node() : document_->first_child();
}

absl::Status ConferenceTree::Apply(pugi::xml_node element, DecodeScratch& scratch) {
  auto next = std::make_unique<pugi::xml_document>();
  pugi::xml_node out = next->append_child("conference-info");
  out.append_attribute("xmlns").set_value(kSpace.data());
  Builder builder(scratch);
  switch (StateOf(element)) {
    case State::kDeleted:
      builder.MergeAttributes(root(), element, out);
      break;
    case State::kPartial:
      builder.Merge(root(), element, out);
      break;
    case State::kFull:
      builder.Merge({}, element, out);
      break;
  }
  if (absl::Status status = builder.status(); !status.ok()) return status;
  document_ = std::move(next);
  return absl::OkStatus();
}

}  // namespace sipevents::sip
