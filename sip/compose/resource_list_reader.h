#ifndef SIP_COMPOSE_RESOURCE_LIST_READER_H_
#define SIP_COMPOSE_RESOURCE_LIST_READER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sipevents::sip {

// An entry of a list of resources.
struct ResourceListEntry {
  std::string uri;   // as it is written, without blanks around it
  std::string name;  // for people; may be empty

  bool operator==(const ResourceListEntry&) const = default;
};

// Whether a Content-Type, as received, names application/resource-lists+xml. Threads: any.
bool IsResourceLists(std::string_view content_type);

// Reads application/resource-lists+xml as RFC 5367 uses it: a flat list (RFC 4826 section 3.1). The
// entries of all lists in the document, lists within them included, in its order; each URI once.
// References to what is elsewhere (`entry-ref`, `external`) and extensions are passed over.
// INVALID_ARGUMENT: see ParseGuardedXml(); another root; an entry without uri, or with one that is
// no SIP, PRES or TEL URI. RESOURCE_EXHAUSTED: more than `most` entries.
// Threads: any.
absl::StatusOr<std::vector<ResourceListEntry>> ReadResourceLists(std::string_view body,
                                                                 size_t most);

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_RESOURCE_LIST_READER_H_
