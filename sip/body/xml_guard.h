#ifndef SIP_BODY_XML_GUARD_H_
#define SIP_BODY_XML_GUARD_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "pugixml.hpp"
#include "sip/body/xml_names.h"

// The one gate that XML of a peer passes (SEC-08). What it lets through is bounded in size,
// depth and number of elements and attributes, and all text of it is UTF-8.

namespace sipevents::sip {

// Deepest nesting of elements; the root is at 1.
inline constexpr int kMaxXmlDepth = 64;
inline constexpr int kMaxXmlElements = 20'000;
// Most attributes of one element.
inline constexpr int kMaxXmlAttributes = 64;

// How much of a document becomes nodes.
enum class XmlDetail {
  kState,  // elements and texts that are not blank; an element's first text is its value
  kAll,    // every text, also blank ones, comments and processing instructions, each as a node
};

// Parses `buffer` in place into `document`, whose text then points into `buffer`, and learns
// its namespaces. Returns the root element.
//
// Fails with INVALID_ARGUMENT and a message for people: empty, larger than kMaxBodyOctets,
// octets 0 or UTF-16, not UTF-8 (ISO-8859-1 is converted if declared), a DOCTYPE (so entities
// are never defined, let alone fetched), not well-formed, text after the root, or over a
// bound. `document` is then without meaning.
absl::StatusOr<pugi::xml_node> ParseGuardedXml(std::string& buffer, bool lenient,
                                               pugi::xml_document& document, XmlNames& names,
                                               XmlDetail detail = XmlDetail::kState);

}  // namespace sipevents::sip

#endif  // SIP_BODY_XML_GUARD_H_
