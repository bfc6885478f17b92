#include "sip/compose/presence_diff.h"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/compose/pidf_text.h"

namespace sipevents::sip {
namespace {

constexpr char kType[] = "application/pidf-diff+xml";
constexpr char kUri[] = "urn:ietf:params:xml:ns:pidf-diff";
constexpr char kDeclaration[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n";
constexpr size_t kNone = std::string_view::npos;
// Beyond this many operations the whole document is told.
constexpr size_t kMaxOperations = 200;

// A prefix for what is our own in a document that has declared others.
std::string FreePrefix(const PidfText& pidf) {
  std::string prefix = "p";
  for (int i = 0; pidf.UriOf(prefix); ++i) prefix = absl::StrCat("p", i);
  return prefix;
}

// Begins a document up to and with its version, which is left empty.
ComposedBody Begin(std::string_view prefix, std::string_view name) {
  ComposedBody body = {.content_type = kType, .body = kDeclaration};
  absl::StrAppend(&body.body, "<", AbslView(prefix), ":", AbslView(name),
                  " xmlns:", AbslView(prefix), "=\"", kUri, "\" version=\"");
  body.version_at = body.body.size();
  body.body += '"';
  return body;
}

ComposedBody AsFull(const PidfText& pidf) {
  const std::string prefix = FreePrefix(pidf);
  ComposedBody full = Begin(prefix, "pidf-full");
  for (const XmlAttributeSpan& attribute : pidf.attributes()) {
    if (attribute.name != "version") absl::StrAppend(&full.body, " ", AbslView(attribute.text));
  }
  absl::StrAppend(&full.body, ">", AbslView(pidf.root().content), "</", prefix, ":pidf-full>\r\n");
  return full;
}

// Whether the roots say the same, except that one may declare prefixes that the other does not.
bool HaveSameRoots(const PidfText& before, const PidfText& after) {
  const auto is_said_by = [](const PidfText& pidf, const XmlAttributeSpan& attribute) {
    for (const XmlAttributeSpan& other : pidf.attributes()) {
      if (other.name == attribute.name) return other.value == attribute.value;
    }
    return attribute.name.starts_with("xmlns:");
  };
  const auto all_said = [&](const PidfText& one, const PidfText& other) {
    return std::all_of(one.attributes().begin(), one.attributes().end(),
                       [&](const XmlAttributeSpan& each) { return is_said_by(other, each); });
  };
  return before.root().tag.name == after.root().tag.name && all_said(before, after) &&
         all_said(after, before);
}

bool DeclaresSomething(const XmlTagSpan& tag) { return tag.attributes.find("xmlns") != kNone; }

// Writes the operations of RFC 5261 that lead from one document to another.
class DiffWriter {
 public:
  DiffWriter(const PidfText& before, const PidfText& after)
      : before_(before),
        after_(after),
        prefix_(FreePrefix(after)),
        diff_(Begin(prefix_, "pidf-diff")) {}

  // Nothing: it takes too many.
  std::optional<ComposedBody> Write();

 private:
  void Match();
  void WriteRemovals();
  void WriteReplacements();
  void WriteAdditions();
  // Tells how one element became another one, which is at `path`, as deep inside as can be.
  void WriteReplacement(std::string path, XmlSpan old_element, XmlSpan new_element);

  // Selects a child of the root, which is the one at `place`.
  std::string PathOf(const PidfChild& child, size_t place) const;
  // Appends an operation and what it holds.
  void Operation(std::string_view name, std::string_view path, std::string_view position,
                 std::string_view content);

  const PidfText& before_;
  const PidfText& after_;
  const std::string prefix_;
  ComposedBody diff_;
  size_t operations_ = 0;
  std::vector<size_t> match_;  // of each child of `after_`, that of `before_`; kNone: it is new
  std::vector<bool> stays_;    // of each child of `before_`
};

void DiffWriter::Operation(std::string_view name, std::string_view path, std::string_view position,
                           std::string_view content) {
  ++operations_;
  const std::string qualified = absl::StrCat(prefix_, ":", AbslView(name));
  absl::StrAppend(&diff_.body, "<", qualified, " sel=\"", AbslView(path), "\"");
  if (!position.empty()) absl::StrAppend(&diff_.body, " pos=\"", AbslView(position), "\"");
  if (content.empty()) {
    diff_.body += "/>";
  } else {
    absl::StrAppend(&diff_.body, ">", AbslView(content), "</", qualified, ">");
  }
}

std::string DiffWriter::PathOf(const PidfChild& child, size_t place) const {
  const std::string_view root = after_.root().tag.name;
  const std::string_view name = child.element.tag.name;
  // The prefixes of a path are those of the document that it is in, which has those of `after_`.
  const bool is_named = !child.id.empty() && after_.UriOf(XmlPrefix(name)) == child.uri;
  if (is_named) {
    return absl::StrCat(AbslView(root), "/", AbslView(name), "[@id='", AbslView(child.id), "']");
  }
  return absl::StrCat(AbslView(root), "/*[", place + 1, "]");
}

// Pairs what is the same thing in both documents, as long as the order is the same, too.
void DiffWriter::Match() {
  absl::flat_hash_map<std::string, std::deque<size_t>> known;
  for (size_t i = 0; i < before_.children().size(); ++i) {
    known[before_.children()[i].Identity()].push_back(i);
  }
  size_t next = 0;
  stays_.assign(before_.children().size(), false);
  for (const PidfChild& child : after_.children()) {
    match_.push_back(kNone);
    const auto found = known.find(child.Identity());
    if (found == known.end()) continue;
    std::deque<size_t>& places = found->second;
    while (!places.empty() && places.front() < next) places.pop_front();
    if (places.empty()) continue;
    match_.back() = places.front();
    stays_[places.front()] = true;
    next = places.front() + 1;
  }
}

// From the last one on, so that places before it stay what they are.
void DiffWriter::WriteRemovals() {
  for (size_t i = before_.children().size(); i-- > 0;) {
    if (!stays_[i]) Operation("remove", PathOf(before_.children()[i], i), {}, {});
  }
}

void DiffWriter::WriteReplacements() {
  for (size_t i = 0; i < match_.size(); ++i) {
    if (match_[i] == kNone) continue;
    const PidfChild& old_child = before_.children()[match_[i]];
    const PidfChild& new_child = after_.children()[i];
    if (old_child.element.text == new_child.element.text) continue;
    // What is the same thing and differs has an id: its place does not matter.
    WriteReplacement(PathOf(new_child, i), old_child.element, new_child.element);
  }
}

void DiffWriter::WriteReplacement(std::string path, XmlSpan old_element, XmlSpan new_element) {
  static constexpr int kMaxSteps = 8;
  for (int step = 0; step < kMaxSteps; ++step) {
    const XmlTagSpan& tag = new_element.tag;
    if (tag.text != old_element.tag.text || tag.is_empty || DeclaresSomething(tag)) break;
    if (IsPlainXmlText(old_element.content) && IsPlainXmlText(new_element.content)) {
      return Operation("replace", path + "/text()", {}, new_element.content);
    }
    const std::optional<OneChange> change = FindOneChange(old_element.content, new_element.content);
    if (!change) break;
    absl::StrAppend(&path, "/*[", change->place + 1, "]");
    old_element = change->before;
    new_element = change->after;
  }
  Operation("replace", path, {}, new_element.text);
}

void DiffWriter::WriteAdditions() {
  size_t there = static_cast<size_t>(std::count(stays_.begin(), stays_.end(), true));
  for (size_t i = 0; i < match_.size(); ++i) {
    if (match_[i] != kNone) continue;
    const size_t first = i;
    std::string content;
    for (; i < match_.size() && match_[i] == kNone; ++i) {
      content.append(after_.children()[i].element.text);
    }
    const std::string_view root = after_.root().tag.name;
    if (first == there) {
      Operation("add", root, {}, content);
    } else if (first == 0) {
      Operation("add", root, "prepend", content);
    } else {
      Operation("add", PathOf(after_.children()[first - 1], first - 1), "after", content);
    }
    there += i - first;
  }
}

std::optional<ComposedBody> DiffWriter::Write() {
  for (const XmlAttributeSpan& attribute : after_.attributes()) {
    if (attribute.name == "entity" || attribute.name.starts_with("xmlns")) {
      absl::StrAppend(&diff_.body, " ", AbslView(attribute.text));
    }
  }
  diff_.body += '>';
  Match();
  WriteRemovals();
  WriteReplacements();
  WriteAdditions();
  absl::StrAppend(&diff_.body, "</", prefix_, ":pidf-diff>\r\n");
  if (operations_ > kMaxOperations) return std::nullopt;
  return std::move(diff_);
}

}  // namespace

ComposedBody PresenceAsFull(std::string_view pidf) {
  const std::optional<PidfText> text = PidfText::Read(pidf);
  return text ? AsFull(*text) : ComposedBody{.content_type = kType, .body = {}};
}

ComposedBody PresenceAsChanges(std::string_view before, std::string_view after) {
  const std::optional<PidfText> new_text = PidfText::Read(after);
  if (!new_text) return PresenceAsFull(after);
  ComposedBody full = AsFull(*new_text);
  const std::optional<PidfText> old_text = PidfText::Read(before);
  if (!old_text || !HaveSameRoots(*old_text, *new_text)) return full;
  std::optional<ComposedBody> diff = DiffWriter(*old_text, *new_text).Write();
  return diff && diff->body.size() < full.body.size() ? *std::move(diff) : full;
}

}  // namespace sipevents::sip
