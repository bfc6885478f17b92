#include "sip/body/xml_scope.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/body/xml_names.h"

namespace sipevents::sip {
namespace {

constexpr std::string_view kXmlns = "xmlns";
constexpr std::string_view kXmlUri = "http://www.w3.org/XML/1998/namespace";

// The prefix that an attribute declares; empty: the default namespace.
std::string_view DeclaredPrefix(std::string_view attribute_name) {
  return attribute_name.size() > kXmlns.size() ? attribute_name.substr(kXmlns.size() + 1)
                                               : std::string_view();
}

bool IsNameStart(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return absl::ascii_isalpha(octet) || c == '_' || octet >= 0x80;
}

// Collects what pugixml prints.
class TextWriter final : public pugi::xml_writer {
 public:
  void write(const void* octets, size_t size) override {
    text_.append(static_cast<const char*>(octets), size);
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

XmlQName SplitXmlName(std::string_view name) {
  const size_t colon = name.find(':');
  if (colon == std::string_view::npos) return {{}, name};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

bool IsXmlName(std::string_view text) {
  return !text.empty() && IsNameStart(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return IsNameStart(c) || absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
                  c == '-' || c == '.' || c == ':';
         });
}

bool XmlScope::Spend(size_t work) {
  if (left_ < work) exhausted_ = true;
  left_ -= exhausted_ ? left_ : work;
  return !exhausted_;
}

std::optional<std::string_view> XmlScope::UriOf(pugi::xml_node element, std::string_view prefix) {
  if (prefix == "xml") return kXmlUri;
  for (; element.type() == pugi::node_element; element = element.parent()) {
    size_t looked_at = 1;
    for (pugi::xml_attribute attribute = element.first_attribute(); attribute;
         attribute = attribute.next_attribute()) {
      ++looked_at;
      if (!IsNamespaceDeclaration(attribute.name())) continue;
      if (DeclaredPrefix(Read(attribute.name())) == prefix) return Read(attribute.value());
    }
    if (!Spend(looked_at)) return std::nullopt;
  }
  if (prefix.empty()) return std::string_view();
  return std::nullopt;
}

std::string_view XmlScope::PrefixOf(pugi::xml_node element, std::string_view uri) {
  for (pugi::xml_node holder = element; holder.type() == pugi::node_element;
       holder = holder.parent()) {
    for (pugi::xml_attribute attribute = holder.first_attribute(); attribute;
         attribute = attribute.next_attribute()) {
      if (!Spend(1)) return {};
      if (!IsNamespaceDeclaration(attribute.name()) || uri != Read(attribute.value())) continue;
      const std::string_view prefix = DeclaredPrefix(attribute.name());
      // An inner declaration may have taken the prefix over.
      if (IsXmlName(prefix) && UriOf(element, prefix) == uri) return prefix;
    }
  }
  return {};
}

bool XmlScope::Is(pugi::xml_node element, std::string_view uri, std::string_view local) {
  const XmlQName name = SplitXmlName(Read(element.name()));
  // The cheap half of the question first.
  return name.local == local && UriOf(element, name.prefix) == uri;
}

pugi::xml_attribute XmlScope::FindAttribute(pugi::xml_node element, std::string_view uri,
                                            std::string_view local) {
  for (pugi::xml_attribute attribute = element.first_attribute(); attribute;
       attribute = attribute.next_attribute()) {
    if (!Spend(1)) return {};
    if (IsNamespaceDeclaration(attribute.name())) continue;
    const XmlQName name = SplitXmlName(Read(attribute.name()));
    if (name.local != local || name.prefix.empty() != uri.empty()) continue;
    // The default namespace is not for attributes.
    if (uri.empty() || UriOf(element, name.prefix) == uri) return attribute;
  }
  return {};
}

pugi::xml_attribute FindDeclaration(pugi::xml_node element, std::string_view prefix) {
  for (pugi::xml_attribute attribute = element.first_attribute(); attribute;
       attribute = attribute.next_attribute()) {
    if (IsNamespaceDeclaration(attribute.name()) && DeclaredPrefix(attribute.name()) == prefix) {
      return attribute;
    }
  }
  return {};
}

void Declare(pugi::xml_node element, std::string_view prefix, std::string_view uri) {
  const std::string name =
      prefix.empty() ? std::string(kXmlns) : absl::StrCat("xmlns:", AbslView(prefix));
  element.append_attribute(name.c_str()).set_value(std::string(uri).c_str());
}

std::string XmlText(pugi::xml_node element) {
  TextWriter writer;
  element.print(writer, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return writer.Take();
}

std::string StandaloneXml(pugi::xml_node element) {
  std::vector<pugi::xml_attribute> added;
  for (pugi::xml_node outer = element.parent(); outer.type() == pugi::node_element;
       outer = outer.parent()) {
    for (pugi::xml_attribute attribute = outer.first_attribute(); attribute;
         attribute = attribute.next_attribute()) {
      if (!IsNamespaceDeclaration(attribute.name())) continue;
      if (FindDeclaration(element, DeclaredPrefix(attribute.name()))) continue;
      added.push_back(element.append_copy(attribute));
    }
  }
  std::string text = XmlText(element);
  for (const pugi::xml_attribute attribute : added) element.remove_attribute(attribute);
  return text;
}

}  // namespace sipevents::sip
