#include "sip/compose/xml_span.h"

#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {
namespace {

constexpr size_t kNone = std::string_view::npos;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct Skipped {
  std::string_view begin;
  std::string_view end;
  bool is_text;
};

// What begins like an element and is none.
constexpr std::array kNoElements = {
    Skipped{"<!--", "-->", false},
    Skipped{"<![CDATA[", "]]>", true},
    Skipped{"<?", "?>", false},
};

bool IsBlank(char c) { return kSipBlanks.find(c) != kNone; }

// The kind of markup at the front of `text`, if it is none of an element; null: it is.
const Skipped* FindSkipped(std::string_view text) {
  if (text.size() < 2 || (text[1] != '!' && text[1] != '?')) return nullptr;
  for (const Skipped& kind : kNoElements) {
    if (text.starts_with(kind.begin)) return &kind;
  }
  return nullptr;
}

// How long the markup is with which `text` begins; npos: it does not end.
size_t LengthOf(const Skipped& kind, std::string_view text) {
  const size_t end = text.find(kind.end, kind.begin.size());
  return end == kNone ? kNone : end + kind.end.size();
}

// Where the tag that `text` begins with ends: behind its '>'; npos: nowhere. Quotes may hold one.
size_t TagLength(std::string_view text) {
  char quote = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '>') {
      return at + 1;
    } else if (c == '"' || c == '\'') {
      quote = c;
    }
  }
  return kNone;
}

// The start tag at the front of `text`.
std::optional<XmlTagSpan> ReadTag(std::string_view text) {
  const size_t length = TagLength(text);
  if (length == kNone || length < 3) return std::nullopt;
  XmlTagSpan tag;
  tag.text = text.substr(0, length);
  tag.is_empty = tag.text[length - 2] == '/';
  const std::string_view inside = tag.text.substr(1, length - (tag.is_empty ? 3 : 2));
  size_t end = 0;
  while (end < inside.size() && !IsBlank(inside[end]) && inside[end] != '/') ++end;
  if (end == 0 || inside.front() == '!') return std::nullopt;
  tag.name = inside.substr(0, end);
  tag.attributes = inside.substr(end);
  return tag;
}

// Where the element's end tag begins and ends, given what follows its start tag.
std::optional<std::pair<size_t, size_t>> FindEnd(std::string_view text) {
  int depth = 1;
  size_t at = text.find('<');
  while (at != kNone) {
    const std::string_view rest = text.substr(at);
    size_t length = 0;
    if (const Skipped* kind = FindSkipped(rest); kind != nullptr) {
      length = LengthOf(*kind, rest);
    } else {
      length = TagLength(rest);
      if (length == kNone || length < 3 || rest[1] == '!') return std::nullopt;
      if (rest[1] == '/') {
        if (--depth == 0) return std::pair(at, at + length);
      } else if (rest[length - 2] != '/') {
        ++depth;
      }
    }
    if (length == kNone) return std::nullopt;
    at = text.find('<', at + length);
  }
  return std::nullopt;
}

// The element at the front of `text`, which begins with its tag.
std::optional<XmlSpan> ReadElement(std::string_view text) {
  const std::optional<XmlTagSpan> tag = ReadTag(text);
  if (!tag) return std::nullopt;
  XmlSpan element;
  element.tag = *tag;
  element.text = tag->text;
  if (tag->is_empty) return element;
  const std::string_view behind = text.substr(tag->text.size());
  const auto end = FindEnd(behind);
  if (!end) return std::nullopt;
  const std::string_view end_tag = behind.substr(end->first, end->second - end->first);
  if (TrimBlanks(end_tag.substr(2, end_tag.size() - 3)) != tag->name) return std::nullopt;
  element.content = behind.substr(0, end->first);
  element.text = text.substr(0, tag->text.size() + end->second);
  return element;
}

// Takes everything off the front that is no element. False: something else than comments,
// instructions and blanks is there.
bool SkipProlog(std::string_view& text) {
  while (true) {
    const size_t at = text.find_first_not_of(kSipBlanks);
    text.remove_prefix(at == kNone ? text.size() : at);
    if (text.empty()) return true;
    if (text.front() != '<') return false;
    const Skipped* const kind = FindSkipped(text);
    if (kind == nullptr) return true;
    const size_t length = LengthOf(*kind, text);
    if (kind->is_text || length == kNone) return false;
    text.remove_prefix(length);
  }
}

void AppendUtf8(uint32_t code, std::string& out) {
  const auto tail = [&](unsigned shift) {
    out += static_cast<char>(0x80U | ((code >> shift) & 0x3FU));
  };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | (code >> 6U));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0U | (code >> 12U));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | (code >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

// Appends what `&name;` stands for; false: nothing that we know.
bool AppendReference(std::string_view name, std::string& out) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> kNames = {
      {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}}};
  for (const auto& [known, c] : kNames) {
    if (known != name) continue;
    out += c;
    return true;
  }
  if (!name.starts_with('#')) return false;
  uint32_t code = 0;
  const bool is_number = name.starts_with("#x")
                             ? absl::SimpleHexAtoi(AbslView(name.substr(2)), &code)
                             : absl::SimpleAtoi(AbslView(name.substr(1)), &code);
  if (!is_number || code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
  AppendUtf8(code, out);
  return true;
}

}  // namespace

std::optional<XmlAttributeSpan> TakeXmlAttribute(std::string_view& attributes) {
  const size_t begin = attributes.find_first_not_of(kSipBlanks);
  const size_t equals = attributes.find('=');
  const size_t open = attributes.find_first_of("\"'");
  if (begin == kNone || equals == kNone || open == kNone || equals < begin || open < equals) {
    return std::nullopt;
  }
  const size_t close = attributes.find(attributes[open], open + 1);
  if (close == kNone) return std::nullopt;
  XmlAttributeSpan attribute;
  attribute.text = attributes.substr(begin, close + 1 - begin);
  attribute.name = TrimBlanks(attributes.substr(begin, equals - begin));
  attribute.value = attributes.substr(open + 1, close - open - 1);
  attributes.remove_prefix(close + 1);
  return attribute;
}

std::optional<std::string_view> TakeXmlIdLike(std::string_view& text) {
  for (size_t at = text.find('='); at != kNone; at = text.find('=', at + 1)) {
    size_t end = at;
    while (end > 0 && IsBlank(text[end - 1])) --end;
    if (end < 3 || text[end - 1] != 'd' || text[end - 2] != 'i' || !IsBlank(text[end - 3]))
      continue;
    const size_t open = text.find_first_not_of(kSipBlanks, at + 1);
    if (open == kNone || (text[open] != '"' && text[open] != '\'')) continue;
    const size_t close = text.find(text[open], open + 1);
    if (close == kNone) continue;
    const std::string_view value = text.substr(open + 1, close - open - 1);
    text.remove_prefix(close + 1);
    return value;
  }
  return std::nullopt;
}

std::optional<XmlAttributeSpan> XmlTagSpan::Find(std::string_view attribute) const {
  std::string_view rest = attributes;
  while (const std::optional<XmlAttributeSpan> found = TakeXmlAttribute(rest)) {
    if (found->name == attribute) return found;
  }
  return std::nullopt;
}

std::optional<XmlTagSpan> FindXmlRootTag(std::string_view document) {
  if (document.starts_with(kByteOrderMark)) document.remove_prefix(kByteOrderMark.size());
  if (!SkipProlog(document) || document.empty()) return std::nullopt;
  return ReadTag(document);
}

std::optional<XmlSpan> FindXmlRoot(std::string_view document) {
  if (document.starts_with(kByteOrderMark)) document.remove_prefix(kByteOrderMark.size());
  if (!SkipProlog(document) || document.empty()) return std::nullopt;
  const std::optional<XmlSpan> root = ReadElement(document);
  if (!root) return std::nullopt;
  document.remove_prefix(root->text.size());
  if (!SkipProlog(document) || !document.empty()) return std::nullopt;
  return root;
}

std::optional<XmlSpan> XmlChildren::Next() {
  while (!broken_) {
    const size_t at = rest_.find('<');
    if (!TrimBlanks(rest_.substr(0, at)).empty()) has_text_ = true;
    if (at == kNone) return std::nullopt;
    rest_.remove_prefix(at);
    if (const Skipped* kind = FindSkipped(rest_); kind != nullptr) {
      const size_t length = LengthOf(*kind, rest_);
      if (kind->is_text) has_text_ = true;
      broken_ = length == kNone;
      if (!broken_) rest_.remove_prefix(length);
      continue;
    }
    std::optional<XmlSpan> element = ReadElement(rest_);
    broken_ = !element || element->tag.name.starts_with('/');
    if (broken_) return std::nullopt;
    rest_.remove_prefix(element->text.size());
    return element;
  }
  return std::nullopt;
}

std::optional<XmlTagSpan> XmlTags::Next() {
  for (size_t at = rest_.find('<'); at != kNone; at = rest_.find('<')) {
    rest_.remove_prefix(at);
    const Skipped* const kind = FindSkipped(rest_);
    const bool is_end = rest_.starts_with("</");
    if (kind == nullptr && !is_end) {
      const std::optional<XmlTagSpan> tag = ReadTag(rest_);
      if (!tag) return std::nullopt;
      rest_.remove_prefix(tag->text.size());
      depth_ = open_;
      if (!tag->is_empty) ++open_;
      return tag;
    }
    const size_t length = is_end ? TagLength(rest_) : LengthOf(*kind, rest_);
    if (length == kNone) return std::nullopt;
    if (is_end) --open_;
    rest_.remove_prefix(length);
  }
  return std::nullopt;
}

std::string DecodeXmlReferences(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t at = text.find('&'); at != kNone; at = text.find('&')) {
    decoded.append(text.substr(0, at));
    text.remove_prefix(at);
    // The longest name that means anything is that of a character: "#x0010FFFF".
    const size_t end = text.substr(0, 16).find(';');
    if (end != kNone && AppendReference(text.substr(1, end - 1), decoded)) {
      text.remove_prefix(end + 1);
    } else {
      decoded += '&';
      text.remove_prefix(1);
    }
  }
  decoded.append(text);
  return decoded;
}

std::string XmlTextOf(const XmlSpan& element) {
  std::string text;
  std::string_view rest = element.content;
  for (size_t at = rest.find('<'); at != kNone; at = rest.find('<')) {
    text += DecodeXmlReferences(rest.substr(0, at));
    rest.remove_prefix(at);
    const Skipped* const kind = FindSkipped(rest);
    const size_t length = kind == nullptr ? TagLength(rest) : LengthOf(*kind, rest);
    if (length == kNone) return text;
    if (kind != nullptr && kind->is_text) {
      text.append(rest.substr(kind->begin.size(), length - kind->begin.size() - kind->end.size()));
    }
    rest.remove_prefix(length);
  }
  text += DecodeXmlReferences(rest);
  return std::string(TrimBlanks(text));
}

}  // namespace sipevents::sip
