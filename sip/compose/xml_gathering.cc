#include "sip/compose/xml_gathering.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/utf8.h"
#include "sip/body/body_size.h"
#include "sip/body/values.h"

namespace sipevents::sip {
namespace {

// Most namespaces that the common root declares; further ones are declared where they are used, so
// that no element gets more attributes than readers take.
constexpr size_t kMaxShared = 32;

// What a new id has beside the old one and the source: "s", two dots, a number.
constexpr size_t kMostAddedToId = 10;

constexpr std::string_view kXmlns = "xmlns";

// Whether an attribute of this name is about what is inside of its element.
bool ReachesInside(std::string_view name) {
  return name == kXmlns || name.starts_with("xmlns:") || name.starts_with("xml:");
}

// Whether the attribute `name` declares `prefix`.
bool Declares(std::string_view name, std::string_view prefix) {
  if (prefix.empty()) return name == kXmlns;
  return name.size() == kXmlns.size() + 1 + prefix.size() && name.starts_with("xmlns:") &&
         name.ends_with(prefix);
}

}  // namespace

XmlGathering::Bindings XmlGathering::BindingsOf(const XmlTagSpan& root) {
  Bindings bindings;
  bool has_default = false;
  std::string_view attributes = root.attributes;
  while (const std::optional<XmlAttributeSpan> attribute = TakeXmlAttribute(attributes)) {
    if (!ReachesInside(attribute->name)) continue;
    has_default |= attribute->name == kXmlns;
    bindings.push_back({attribute->name, attribute->value, attribute->text});
  }
  if (!has_default) bindings.push_back({kXmlns, {}, "xmlns=\"\""});
  return bindings;
}

void XmlGathering::Sort(const Bindings& bindings, Bindings& shareable, Bindings& carried) const {
  for (const Binding& binding : bindings) {
    const auto shared = std::find_if(shared_.begin(), shared_.end(), [&](const Binding& other) {
      return other.name == binding.name;
    });
    if (shared != shared_.end()) {
      if (shared->value != binding.value) carried.push_back(binding);
    } else if (binding.name.starts_with(kXmlns) && shared_.size() + shareable.size() < kMaxShared) {
      shareable.push_back(binding);
    } else {
      carried.push_back(binding);
    }
  }
}

std::string_view XmlGathering::Utf8Of(std::string_view body) {
  if (IsUtf8(body)) return body;
  return converted_.emplace_back(Latin1ToUtf8(body));
}

void XmlGathering::Add(const PublishedState& publication) {
  const std::optional<XmlSpan> root = FindXmlRoot(Utf8Of(publication.body));
  if (!root) return;
  const Bindings bindings = BindingsOf(root->tag);
  Document document = {.publication = &publication, .carried = {}};
  Bindings shareable;
  Sort(bindings, shareable, document.carried);
  size_t shared_octets = 0;
  size_t carried_octets = 0;
  for (const Binding& binding : shareable) shared_octets += binding.text.size() + 1;
  for (const Binding& binding : document.carried) carried_octets += binding.text.size() + 1;
  const size_t before = pieces_.size();
  size_t octets = octets_ + shared_octets;
  XmlChildren children(root->content);
  while (const std::optional<XmlSpan> child = children.Next()) {
    XmlPiece piece = {.element = *child, .document = documents_.size()};
    piece.local = XmlLocalName(child->tag.name);
    const std::string_view prefix = XmlPrefix(child->tag.name);
    for (const Binding& binding : bindings) {
      if (Declares(binding.name, prefix)) piece.uri = binding.value;
    }
    std::string_view attributes = child->tag.attributes;
    while (const std::optional<XmlAttributeSpan> attribute = TakeXmlAttribute(attributes)) {
      if (Declares(attribute->name, prefix)) piece.uri = attribute->value;
      if (attribute->name == "id") piece.id = attribute->value;
    }
    pieces_.push_back(piece);
    octets += child->text.size() + carried_octets;
    std::string_view rest = child->text;
    while (TakeXmlIdLike(rest)) octets += publication.source.size() + kMostAddedToId;
  }
  if (children.broken() || octets > kMaxBodyOctets) {
    pieces_.resize(before);
    return;
  }
  octets_ = octets;
  shared_.insert(shared_.end(), shareable.begin(), shareable.end());
  documents_.push_back(std::move(document));
}

std::string_view XmlGathering::UriOf(const XmlPiece& piece, std::string_view prefix) const {
  for (const Bindings* bindings : {&documents_[piece.document].carried, &shared_}) {
    for (const Binding& binding : *bindings) {
      if (Declares(binding.name, prefix)) return binding.value;
    }
  }
  return {};
}

void XmlGathering::Append(const XmlPiece& piece, absl::Span<const XmlEdit> edits,
                          std::string& out) const {
  const Bindings& carried = documents_[piece.document].carried;
  const XmlTagSpan& tag = piece.element.tag;
  if (carried.empty() && edits.empty()) {
    out.append(piece.element.text);
    return;
  }
  out += '<';
  out.append(tag.name);
  for (const Binding& binding : carried) {
    if (!tag.Find(binding.name)) absl::StrAppend(&out, " ", AbslView(binding.text));
  }
  // Attributes, the end of the tag and all that is inside.
  std::string_view rest = piece.element.text;
  rest.remove_prefix(static_cast<size_t>(tag.attributes.data() - rest.data()));
  for (const XmlEdit& edit : edits) {
    const auto at = static_cast<size_t>(edit.was.data() - rest.data());
    out.append(rest.substr(0, at)).append(edit.is);
    rest.remove_prefix(at + edit.was.size());
  }
  out.append(rest);
}

void XmlGathering::AppendWithOwnId(const XmlPiece& piece, std::string& out) {
  if (piece.id.empty()) return Append(piece, out);
  const std::string_view source = publication(piece).source;
  std::string id(piece.id);
  while (!ids_.insert(DecodeXmlReferences(id)).second) {
    // An id begins with a letter.
    const bool is_name = !source.empty() && absl::ascii_isalpha(source.front()) != 0;
    id = absl::StrCat(is_name ? "" : "s", AbslView(source), ".", id);
  }
  if (id == piece.id) return Append(piece, out);
  const XmlEdit edit = {piece.id, std::move(id)};
  Append(piece, {&edit, 1}, out);
}

void XmlGathering::AppendDeclarations(std::string& out) const {
  for (size_t i = 1; i < shared_.size(); ++i) {
    absl::StrAppend(&out, " ", AbslView(shared_[i].text));
  }
}

}  // namespace sipevents::sip
