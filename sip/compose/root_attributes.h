#ifndef SIP_COMPOSE_ROOT_ATTRIBUTES_H_
#define SIP_COMPOSE_ROOT_ATTRIBUTES_H_

#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "sip/compose/xml_span.h"

namespace sipevents::sip {

// What an attribute of a root shall be.
struct RootAttribute {
  std::string_view name;
  std::string_view value;  // as it is written: escaped
};

// Copies a document, with these attributes of its root set; all else stays. `root` is that of the
// document. Where the value of the first of them is in the copy comes in `first_at`. Any thread.
std::string WithRootAttributes(std::string_view document, const XmlTagSpan& root,
                               absl::Span<const RootAttribute> attributes, size_t& first_at);

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_ROOT_ATTRIBUTES_H_
