#include "sip/body/xml_guard.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/base/utf8.h"
#include "sip/body/body_size.h"
#include "sip/body/values.h"

namespace sipevents::sip {
namespace {

// A short text is kept in its element's value; text outside of the root and a DOCTYPE become
// nodes, so that they can be seen and refused. pugixml never expands an entity but the five
// of XML itself and character references.
constexpr unsigned kParseFlags =
    pugi::parse_default | pugi::parse_embed_pcdata | pugi::parse_doctype | pugi::parse_fragment;

// Every text, comment and processing instruction is a node of its own.
constexpr unsigned kParseExactFlags = pugi::parse_default | pugi::parse_ws_pcdata |
                                      pugi::parse_comments | pugi::parse_pi | pugi::parse_doctype |
                                      pugi::parse_fragment;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

absl::Status Refuse(std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("XML: ", AbslView(why)));
}

bool IsUtf16(std::string_view text) {
  return text.starts_with("\xFE\xFF") || text.starts_with("\xFF\xFE") ||
         text.starts_with(std::string_view("\0<", 2)) ||
         text.starts_with(std::string_view("<\0", 2));
}

bool DeclaresLatin1(std::string_view text) {
  if (!text.starts_with("<?xml")) return false;
  const std::string declaration = ToLower(text.substr(0, std::min<size_t>(text.find("?>"), 128)));
  return declaration.find("iso-8859-1") != std::string::npos ||
         declaration.find("latin1") != std::string::npos;
}

// Makes sure of UTF-8 without octet 0, which is what pugixml and protobuf take.
absl::Status CheckEncoding(std::string& buffer) {
  if (buffer.starts_with(kByteOrderMark)) buffer.erase(0, kByteOrderMark.size());
  if (IsUtf16(buffer)) return Refuse("UTF-16 is not taken, only UTF-8");
  if (std::memchr(buffer.data(), 0, buffer.size()) != nullptr) return Refuse("octet 0 in the text");
  if (IsUtf8(buffer)) return absl::OkStatus();
  if (!DeclaresLatin1(buffer)) return Refuse("the text is not UTF-8");
  buffer = Latin1ToUtf8(buffer);
  return absl::OkStatus();
}

// Whether XML 1.0 section 2.2 allows the character.
bool IsXmlCharacter(uint32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return code <= 0xD7FF || (code >= 0xE000 && code <= 0xFFFD) ||
         (code >= 0x10000 && code <= 0x10FFFF);
}

// Refuses references like &#0; and &#xD800;, from which pugixml would make text that ends
// early or is not UTF-8.
absl::Status CheckReferences(std::string_view text) {
  for (size_t at = text.find("&#"); at != std::string_view::npos; at = text.find("&#", at)) {
    at += 2;
    const std::string_view digits = text.substr(at, std::min<size_t>(text.find(';', at) - at, 16));
    uint32_t code = 0;
    const bool is_number = digits.starts_with("x")
                               ? absl::SimpleHexAtoi(AbslView(digits.substr(1)), &code)
                               : absl::SimpleAtoi(AbslView(digits), &code);
    if (!is_number || !IsXmlCharacter(code)) {
      return Refuse("a character reference stands for no character");
    }
  }
  return absl::OkStatus();
}

// Refuses what is sure to go over the bounds before a tree is built of it: each element and
// each comment between two texts costs at least one '<'.
absl::Status CheckMarkup(std::string_view text) {
  static constexpr size_t kSmall = 64 << 10;
  static constexpr int64_t kMost = int64_t{3} * kMaxXmlElements;
  if (text.size() <= kSmall) return absl::OkStatus();
  if (std::count(text.begin(), text.end(), '<') > kMost) {
    return Refuse(absl::StrCat("more than ", kMaxXmlElements, " elements"));
  }
  return absl::OkStatus();
}

// Whether a node beside the root says nothing: comments and the white space between them.
bool IsBeside(pugi::xml_node node) {
  return node.type() == pugi::node_comment || node.type() == pugi::node_pi ||
         (node.type() == pugi::node_pcdata && TrimBlanks(node.value()).empty());
}

// The one element at the top.
absl::StatusOr<pugi::xml_node> FindRoot(const pugi::xml_document& document) {
  pugi::xml_node root;
  for (pugi::xml_node node = document.first_child(); node; node = node.next_sibling()) {
    if (node.type() == pugi::node_doctype) return Refuse("a DOCTYPE is not taken");
    if (IsBeside(node)) continue;
    if (node.type() != pugi::node_element) return Refuse("text outside of the root element");
    if (root) return Refuse("more than one root element");
    root = node;
  }
  if (!root) return Refuse("no root element");
  return root;
}

// Checks the bounds in one walk without recursion; tells whether an element below the root
// declares namespaces.
absl::StatusOr<bool> CheckTree(pugi::xml_node root, XmlDetail detail) {
  // Text before and after each element, and below the deepest one: see CheckMarkup().
  const bool all = detail == XmlDetail::kAll;
  const int most = all ? 3 * kMaxXmlElements : kMaxXmlElements;
  const int deepest = all ? kMaxXmlDepth + 1 : kMaxXmlDepth;
  bool has_inner = false;
  int depth = 1;
  int elements = 0;
  for (pugi::xml_node node = root; node; node = NextInDocument(node, root, depth)) {
    if (++elements > most) {
      return Refuse(absl::StrCat("more than ", kMaxXmlElements, " elements"));
    }
    if (depth > deepest) {
      return Refuse(absl::StrCat("elements nested deeper than ", kMaxXmlDepth));
    }
    int attributes = 0;
    for (pugi::xml_attribute attribute = node.first_attribute(); attribute;
         attribute = attribute.next_attribute()) {
      if (++attributes > kMaxXmlAttributes) {
        return Refuse(absl::StrCat("an element with more than ", kMaxXmlAttributes, " attributes"));
      }
      if (node != root && IsNamespaceDeclaration(attribute.name())) has_inner = true;
    }
  }
  return has_inner;
}

}  // namespace

absl::StatusOr<pugi::xml_node> ParseGuardedXml(std::string& buffer, bool lenient,
                                               pugi::xml_document& document, XmlNames& names,
                                               XmlDetail detail) {
  if (buffer.empty()) return Refuse("the body is empty");
  if (buffer.size() > kMaxBodyOctets) {
    return Refuse(absl::StrCat("the body has more than ", kMaxBodyOctets, " octets"));
  }
  SIPEVENTS_RETURN_IF_ERROR(CheckEncoding(buffer));
  SIPEVENTS_RETURN_IF_ERROR(CheckReferences(buffer));
  SIPEVENTS_RETURN_IF_ERROR(CheckMarkup(buffer));
  const pugi::xml_parse_result parsed = document.load_buffer_inplace(
      buffer.data(), buffer.size(), detail == XmlDetail::kAll ? kParseExactFlags : kParseFlags,
      pugi::encoding_utf8);
  if (!parsed) {
    return Refuse(absl::StrCat(parsed.description(), " at octet ", parsed.offset));
  }
  SIPEVENTS_ASSIGN_OR_RETURN(const pugi::xml_node root, FindRoot(document));
  SIPEVENTS_ASSIGN_OR_RETURN(const bool has_inner, CheckTree(root, detail));
  SIPEVENTS_RETURN_IF_ERROR(names.Learn(root, has_inner, lenient));
  return root;
}

}  // namespace sipevents::sip
