#ifndef SIP_PACKAGES_CONFERENCE_TREE_H_
#define SIP_PACKAGES_CONFERENCE_TREE_H_

#include <cstddef>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "pugixml.hpp"
#include "sip/body/decode_scratch.h"

namespace sipevents::sip {

// The conference-info document that the documents of one fork make up (RFC 4575 section 4.4,
// ALG-B): a tree that owns its text. It holds what the package shows and no more: elements of the
// conference's own namespace, without prefixes, and the attributes that are keys.
//
// Threads: one at a time.
class ConferenceTree {
 public:
  static constexpr std::string_view kSpace = "urn:ietf:params:xml:ns:conference-info";

  // Takes the document in `scratch` whose root is `element` in. Full: it replaces everything.
  // Partial: elements with state="partial" are merged by their keys, those with "deleted" taken
  // out, all others replace what was there. Deleted: nothing but the root is left.
  // RESOURCE_EXHAUSTED: beyond kMaxElements or kMaxOctets; nothing has changed then.
  absl::Status Apply(pugi::xml_node element, DecodeScratch& scratch);

  // The merged document's root, good until the next Apply(); null before the first. It declares
  // kSpace, which all its elements are of.
  pugi::xml_node root() const;

  static constexpr size_t kMaxElements = 20'000;
  static constexpr size_t kMaxOctets = size_t{4} << 20;  // of names and text

 private:
  std::unique_ptr<pugi::xml_document> document_;
};

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_CONFERENCE_TREE_H_
