#ifndef SIP_COMPOSE_RESOURCE_LIST_WRITER_H_
#define SIP_COMPOSE_RESOURCE_LIST_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sip/compose/composed_state.h"
#include "sip/compose/xml_writer.h"

namespace sipevents::sip {

// One member of a list as a NOTIFY tells of it. Views are good during the call only.
struct ListedResource {
  enum class State { kActive, kPending, kTerminated };

  std::string_view uri;
  std::string_view name = {};  // for people; may be empty
  // Names our subscription to the member; the same one as long as that lasts. Empty: there is none,
  // nothing is known of the member.
  std::string_view instance = {};
  State state = State::kActive;
  std::string_view reason = {};  // with kTerminated, e.g. `noresource` (RLS-07)
  // The member's state; null, or one without content type: none is told.
  const ComposedBody* body = nullptr;
  uint32_t version = 0;  // what goes to version_at of `body`, if it has one
};

// Writes the body of a NOTIFY about a list (RFC 4662 section 5): a multipart/related whose root is
// RLMI, with the states of members as its other parts. Add() copies a member's state once, Take()
// once more; nothing is parsed.
//
// Threads: one at a time.
class ResourceListWriter {
 public:
  // `list_uri`: of the list. `full`: all members will be added; else those that changed (RLS-05).
  ResourceListWriter(std::string_view list_uri, bool full);

  // Adds a member; each URI once.
  void Add(const ListedResource& resource);

  // So many octets has the body at least by now: to end early where NOTIFYs must be small.
  size_t size() const { return parts_.size() + xml_.text().size(); }

  // The body, once; version_at is that of the list. The boundary is one that no part has.
  ComposedBody Take();

 private:
  // Where one part, header and body, is in `parts_`.
  using PartSpan = std::pair<size_t, size_t>;

  std::string CidOf(size_t part) const;
  std::string Boundary() const;

  std::string host_;  // of Content-IDs
  XmlWriter xml_;
  size_t version_at_ = 0;
  std::string parts_;
  std::vector<PartSpan> spans_;
};

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_RESOURCE_LIST_WRITER_H_
