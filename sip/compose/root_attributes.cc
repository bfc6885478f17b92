#include "sip/compose/root_attributes.h"

#include <optional>

#include "absl/container/inlined_vector.h"

namespace sipevents::sip {

std::string WithRootAttributes(std::string_view document, const XmlTagSpan& root,
                               absl::Span<const RootAttribute> attributes, size_t& first_at) {
  std::string copy;
  copy.reserve(document.size() + 256);
  absl::InlinedVector<bool, 4> is_set(attributes.size(), false);
  const auto offset = [&](std::string_view part) {
    return static_cast<size_t>(part.data() - document.data());
  };
  const auto set = [&](size_t i) {
    is_set[i] = true;
    if (i == 0) first_at = copy.size();
    copy.append(attributes[i].value);
  };
  size_t copied = 0;  // of the document
  std::string_view rest = root.attributes;
  while (const std::optional<XmlAttributeSpan> found = TakeXmlAttribute(rest)) {
    for (size_t i = 0; i < attributes.size(); ++i) {
      if (is_set[i] || attributes[i].name != found->name) continue;
      copy.append(document.substr(copied, offset(found->value) - copied));
      set(i);
      copied = offset(found->value) + found->value.size();
    }
  }
  const size_t end = offset(root.attributes) + root.attributes.size();
  copy.append(document.substr(copied, end - copied));
  for (size_t i = 0; i < attributes.size(); ++i) {
    if (is_set[i]) continue;
    copy.append(" ").append(attributes[i].name).append("=\"");
    set(i);
    copy += '"';
  }
  copy.append(document.substr(end));
  return copy;
}

}  // namespace sipevents::sip
