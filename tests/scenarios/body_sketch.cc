#include "tests/scenarios/body_sketch.h"

#include <regex>

#include "absl/strings/str_cat.h"
#include "tests/peer/sip_text.h"

namespace sipevents::testing {
namespace {

std::string HeaderOf(const std::string& head, const std::string& name) {
  const std::regex line(absl::StrCat("(^|\n)", name, "[ \t]*:[ \t]*([^\r\n]*)"), std::regex::icase);
  std::smatch found;
  return std::regex_search(head, found, line) ? found[2].str() : "";
}

}  // namespace

std::string XmlElement::operator[](const std::string& attribute) const {
  const auto found = attributes.find(attribute);
  return found == attributes.end() ? "" : found->second;
}

std::vector<XmlElement> ElementsOf(const std::string& xml, const std::string& name) {
  const std::regex tag(absl::StrCat("<((?:[\\w.-]+:)?", name, ")((?:\\s[^<>]*?)?)(/?)>"));
  const std::regex attribute("([\\w:.-]+)\\s*=\\s*(?:\"([^\"]*)\"|'([^']*)')");
  std::vector<XmlElement> elements;
  for (std::sregex_iterator at(xml.begin(), xml.end(), tag), end; at != end; ++at) {
    XmlElement element;
    const std::string written = (*at)[2].str();
    for (std::sregex_iterator a(written.begin(), written.end(), attribute); a != end; ++a) {
      element.attributes[(*a)[1].str()] = (*a)[2].str() + (*a)[3].str();
    }
    if ((*at)[3].str().empty()) {
      const size_t begin = static_cast<size_t>(at->position() + at->length());
      const size_t stop = xml.find(absl::StrCat("</", (*at)[1].str()), begin);
      element.content = xml.substr(begin, stop == std::string::npos ? stop : stop - begin);
    }
    elements.push_back(std::move(element));
  }
  return elements;
}

std::vector<std::string> AttributesOf(const std::string& xml, const std::string& element,
                                      const std::string& attribute) {
  std::vector<std::string> values;
  for (const XmlElement& each : ElementsOf(xml, element)) values.push_back(each[attribute]);
  return values;
}

std::string MediaParameter(const std::string& content_type, const std::string& name) {
  const std::regex parameter(absl::StrCat(";\\s*", name, "\\s*=\\s*(?:\"([^\"]*)\"|([^;\\s]+))"),
                             std::regex::icase);
  std::smatch found;
  if (!std::regex_search(content_type, found, parameter)) return "";
  return found[1].str() + found[2].str();
}

std::vector<BodyPart> PartsOf(const std::string& content_type, const std::string& body) {
  std::vector<BodyPart> parts;
  const std::string boundary = MediaParameter(content_type, "boundary");
  if (boundary.empty()) return parts;
  const std::string line = absl::StrCat("--", boundary);
  size_t begin = body.find(line);
  while (begin != std::string::npos) {
    begin += line.size();
    const size_t end = body.find(absl::StrCat("\r\n", line), begin);
    if (end == std::string::npos) break;  // behind the last one
    const std::string text = body.substr(begin, end - begin);
    const size_t head_end = text.find("\r\n\r\n");
    if (head_end != std::string::npos) {
      BodyPart part{text.substr(0, head_end), "", "", text.substr(head_end + 4)};
      part.content_type = HeaderOf(part.head, "Content-Type");
      part.content_id = UriOf(HeaderOf(part.head, "Content-ID"));
      parts.push_back(std::move(part));
    }
    begin = end + 2;
  }
  return parts;
}

}  // namespace sipevents::testing
