#include "sip/body/decode_scratch.h"

#include "sip/base/ascii.h"
#include "sip/body/body_size.h"
#include "sip/body/xml_guard.h"

namespace sipevents::sip {

absl::StatusOr<pugi::xml_node> DecodeScratch::Parse(std::string_view body, bool lenient) {
  joined_.clear();
  // One octet over the limit is enough for the guard to see that it is too large.
  buffer_.assign(body.substr(0, kMaxBodyOctets + 1));
  return ParseGuardedXml(buffer_, lenient, xml_, names_);
}

absl::StatusOr<pugi::xml_node> DecodeScratch::ParseAll(std::string_view body, bool lenient) {
  joined_.clear();
  buffer_.assign(body.substr(0, kMaxBodyOctets + 1));
  return ParseGuardedXml(buffer_, lenient, xml_, names_, XmlDetail::kAll);
}

void DecodeScratch::ReadNamesOf(pugi::xml_node root) {
  // Fails only for one that declares a great many.
  names_.Learn(root, /*has_inner=*/false, /*lenient=*/true).IgnoreError();
}

std::string_view DecodeScratch::RawText(pugi::xml_node element) {
  // The first piece is the element's value; CDATA, or what follows a comment, is a child.
  const std::string_view first = element.value();
  const pugi::xml_node child = element.first_child();
  if (!child) return first;
  if (first.empty() && child.type() == pugi::node_pcdata && !child.next_sibling()) {
    return child.value();
  }
  std::string* joined = nullptr;
  for (pugi::xml_node node = child; node; node = node.next_sibling()) {
    if (node.type() != pugi::node_pcdata && node.type() != pugi::node_cdata) continue;
    if (joined == nullptr) joined = &joined_.emplace_back(first);
    joined->append(node.value());
  }
  return joined == nullptr ? first : std::string_view(*joined);
}

std::string_view DecodeScratch::Text(pugi::xml_node element) {
  return TrimBlanks(RawText(element));
}

std::string& DecodeScratch::Load(std::string_view body) {
  joined_.clear();
  buffer_.assign(body);
  return buffer_;
}

}  // namespace sipevents::sip
