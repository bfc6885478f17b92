#include "sip/compose/presence_ids.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/compose/xml_span.h"

namespace sipevents::sip {
namespace {

constexpr std::string_view kRpidUri = "urn:ietf:params:xml:ns:pidf:rpid";
constexpr size_t kNone = std::string_view::npos;
// Declarations that are looked at to find what prefixes in a piece stand for.
constexpr size_t kMaxLookups = 200'000;
// Where more are shown, none is remembered.
constexpr size_t kMostShown = 64;

// Finds the ids of RPID in the content of a piece.
class RpidIds {
 public:
  RpidIds(const XmlGathering& gathering, const XmlPiece& piece)
      : gathering_(gathering), piece_(piece) {}

  // Calls `found` with each value, in their order. `content` is all of the piece, or what is
  // inside.
  template <typename Found>
  void Find(std::string_view content, const Found& found);

 private:
  struct Declaration {
    std::string_view prefix;
    std::string_view uri;
    int depth;  // of the element that declares it
  };

  // Returns the value of the tag's id, if it is one of RPID.
  std::optional<std::string_view> IdOf(const XmlTagSpan& tag);
  std::string_view UriOf(std::string_view prefix);
  void TakeDeclarations(const XmlTagSpan& tag, int depth);

  const XmlGathering& gathering_;
  const XmlPiece& piece_;
  std::vector<Declaration> declarations_;  // of the elements around, the outermost first
  size_t lookups_left_ = kMaxLookups;
};

void RpidIds::TakeDeclarations(const XmlTagSpan& tag, int depth) {
  std::string_view attributes = tag.attributes;
  while (const std::optional<XmlAttributeSpan> attribute = TakeXmlAttribute(attributes)) {
    if (attribute->name == "xmlns") {
      declarations_.push_back({{}, attribute->value, depth});
    } else if (attribute->name.starts_with("xmlns:")) {
      declarations_.push_back({attribute->name.substr(6), attribute->value, depth});
    }
  }
}

std::string_view RpidIds::UriOf(std::string_view prefix) {
  for (size_t i = declarations_.size(); i-- > 0;) {
    if (lookups_left_ == 0) return {};
    --lookups_left_;
    if (declarations_[i].prefix == prefix) return declarations_[i].uri;
  }
  return gathering_.UriOf(piece_, prefix);
}

std::optional<std::string_view> RpidIds::IdOf(const XmlTagSpan& tag) {
  const std::optional<XmlAttributeSpan> id = tag.Find("id");
  if (!id || UriOf(XmlPrefix(tag.name)) != kRpidUri) return std::nullopt;
  return id->value;
}

template <typename Found>
void RpidIds::Find(std::string_view content, const Found& found) {
  if (content.data() != piece_.element.text.data()) TakeDeclarations(piece_.element.tag, -1);
  XmlTags tags(content);
  while (const std::optional<XmlTagSpan> tag = tags.Next()) {
    while (!declarations_.empty() && declarations_.back().depth >= tags.depth()) {
      declarations_.pop_back();
    }
    TakeDeclarations(*tag, tags.depth());
    if (const auto id = IdOf(*tag)) found(*id);
  }
}

}  // namespace

bool MayRepeatIds(std::string_view document) {
  absl::InlinedVector<std::string_view, 8> values;
  while (const std::optional<std::string_view> value = TakeXmlIdLike(document)) {
    if (value->find('&') != kNone) return true;  // it may stand for another one
    values.push_back(*value);
  }
  if (values.size() < 2) return false;
  std::sort(values.begin(), values.end());
  return std::adjacent_find(values.begin(), values.end()) != values.end();
}

bool KeepsItsIds(const ShownIds& shown, std::string_view source) {
  const std::string prefix = absl::StrCat(AbslView(source), " ");
  return std::all_of(shown.begin(), shown.end(), [&](const auto& each) {
    const auto& [key, id] = each;
    return !key.starts_with(prefix) || key.ends_with(absl::StrCat(" ", id));
  });
}

std::string PresenceIds::KeyOf(const XmlPiece& piece) const {
  return absl::StrCat(AbslView(gathering_.publication(piece).source), " ", AbslView(piece.local),
                      " ", AbslView(piece.id));
}

std::string PresenceIds::TakeFree(std::string_view id, std::string_view source) {
  if (taken_.insert(DecodeXmlReferences(id)).second) return std::string(id);
  // An id begins with a letter.
  const bool is_name = !source.empty() && absl::ascii_isalpha(source.front()) != 0;
  const std::string prefixed =
      absl::StrCat(is_name ? "" : "s", AbslView(source), ".", AbslView(id));
  if (taken_.insert(DecodeXmlReferences(prefixed)).second) return std::string(prefixed);
  // One document has it several times. Each number is tried once, however many there are.
  size_t& number = numbers_.try_emplace(prefixed, 1).first->second;
  while (true) {
    std::string free = absl::StrCat(prefixed, ".", ++number);
    if (taken_.insert(DecodeXmlReferences(free)).second) return free;
  }
}

void PresenceIds::Name(std::vector<size_t> places) {
  if (before_ != nullptr && !before_->empty()) {
    for (const size_t place : places) {
      const auto known = before_->find(KeyOf(gathering_.pieces()[place]));
      if (known == before_->end()) continue;
      if (!taken_.insert(DecodeXmlReferences(known->second)).second) continue;
      names_[place] = known->second;
    }
  }
  // Of the one that came first all were shown before.
  std::stable_sort(places.begin(), places.end(), [this](size_t a, size_t b) {
    return gathering_.pieces()[a].document < gathering_.pieces()[b].document;
  });
  for (const size_t place : places) {
    const XmlPiece& piece = gathering_.pieces()[place];
    if (piece.id.empty()) continue;
    std::string& name = names_[place];
    if (name.empty()) name = TakeFree(piece.id, gathering_.publication(piece).source);
    shown_.try_emplace(KeyOf(piece), name);
  }
}

ShownIds PresenceIds::TakeShown() {
  if (shown_.size() > kMostShown) shown_.clear();
  return std::move(shown_);
}

void PresenceIds::Append(size_t place, std::string& out) {
  const XmlPiece& piece = gathering_.pieces()[place];
  const auto name = names_.find(place);
  const bool is_named = name != names_.end();
  std::vector<XmlEdit> edits;
  if (is_named && name->second != piece.id) edits.push_back({piece.id, name->second});
  const auto take = [&](std::string_view id) {
    std::string free = TakeFree(id, gathering_.publication(piece).source);
    if (free != id) edits.push_back({id, std::move(free)});
  };
  const std::string_view content = is_named ? piece.element.content : piece.element.text;
  std::string_view rest = content;
  if (TakeXmlIdLike(rest)) RpidIds(gathering_, piece).Find(content, take);
  gathering_.Append(piece, edits, out);
}

}  // namespace sipevents::sip
