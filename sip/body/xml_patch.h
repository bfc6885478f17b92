#ifndef SIP_BODY_XML_PATCH_H_
#define SIP_BODY_XML_PATCH_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pugixml.hpp"
#include "sip/body/xml_names.h"
#include "sip/body/xml_scope.h"

// Changes to XML documents: <add>, <replace> and <remove> of RFC 5261. Everything that a peer can
// make large by them is bounded; what goes beyond, or does not fit the document, is an error that
// names the operation, and then the caller keeps the text it had.

namespace sipevents::sip {

// Most operations of one set of changes.
inline constexpr size_t kMaxPatchOperations = 1000;
// Most nodes and attributes that are looked at for one set of changes.
inline constexpr size_t kMaxPatchWork = 1'000'000;

// One document that is being changed.
//
// Threads: one at a time.
class XmlPatch {
 public:
  XmlPatch() : scope_(kMaxPatchWork) {}
  XmlPatch(const XmlPatch&) = delete;
  XmlPatch& operator=(const XmlPatch&) = delete;

  // Takes the document to change, through the guard (see ParseGuardedXml for the errors).
  absl::Status Load(std::string_view document, bool lenient);

  // Applies, in order, the operations among the children of `changes`: those in the namespace of
  // `changes` itself. `changes` must have been parsed with XmlDetail::kAll.
  // INVALID_ARGUMENT, NOT_FOUND, RESOURCE_EXHAUSTED: what is wrong, and with which operation; the
  // document is then half changed and of no more use.
  absl::Status Apply(pugi::xml_node changes);

  // The document as it is now. RESOURCE_EXHAUSTED: larger than kMaxBodyOctets.
  absl::StatusOr<std::string> Text() const;

 private:
  std::string buffer_;
  pugi::xml_document document_;
  XmlNames names_;
  XmlScope scope_;
  // Octets of namespace declarations that copies needed; each may cost more than what brought it.
  size_t declared_octets_ = 0;
};

// Renames `element` to `local` of the namespace `uri`, declared if need be.
void RenameElement(pugi::xml_node element, std::string_view uri, std::string_view local);

}  // namespace sipevents::sip

#endif  // SIP_BODY_XML_PATCH_H_
