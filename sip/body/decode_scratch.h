#ifndef SIP_BODY_DECODE_SCRATCH_H_
#define SIP_BODY_DECODE_SCRATCH_H_

#include <deque>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "pugixml.hpp"
#include "sip/base/reverse_wire_writer.h"
#include "sip/body/xml_names.h"
#include "sip/document.h"

namespace sipevents::sip {

// What decoding a body needs, kept from one body to the next so that the usual one costs few
// allocations. Holds at most what the largest body so far took (kMaxBodyOctets bounds it).
//
// Threads: one at a time; meant as one per SIP thread.
class DecodeScratch {
 public:
  DecodeScratch() = default;
  DecodeScratch(const DecodeScratch&) = delete;
  DecodeScratch& operator=(const DecodeScratch&) = delete;

  // Copies `body` and parses it as XML behind the guard (see ParseGuardedXml for the errors).
  // The root and all that is read from it live until the next call of Parse(), ParseAll()
  // or Load().
  absl::StatusOr<pugi::xml_node> Parse(std::string_view body, bool lenient);

  // The same, with blank texts, comments and processing instructions: XmlDetail::kAll.
  absl::StatusOr<pugi::xml_node> ParseAll(std::string_view body, bool lenient);

  // Names of the elements of the parsed document.
  const XmlNames& names() const { return names_; }

  // From here on names() are those of a document of the caller's own, which declares its
  // namespaces at this root and stays as it is while they are read; the parsed one's are gone.
  void ReadNamesOf(pugi::xml_node root);

  // All the character data directly in `element`, with surrounding white space or without.
  std::string_view RawText(pugi::xml_node element);
  std::string_view Text(pugi::xml_node element);

  // Copies `body` for decoding of a package's own, in place.
  std::string& Load(std::string_view body);

  // Writes an EncodedDocument, or a part of one; holds what was written before.
  ReverseWireWriter& writer() { return writer_; }

  // The document being built; holds that of the call before.
  Document& document() { return document_; }

 private:
  std::string buffer_;
  pugi::xml_document xml_;
  XmlNames names_;
  std::deque<std::string> joined_;  // texts that came in pieces
  ReverseWireWriter writer_;
  Document document_;
};

}  // namespace sipevents::sip

#endif  // SIP_BODY_DECODE_SCRATCH_H_
