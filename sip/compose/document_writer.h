#ifndef SIP_COMPOSE_DOCUMENT_WRITER_H_
#define SIP_COMPOSE_DOCUMENT_WRITER_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "sip/compose/composed_state.h"
#include "sip/document.h"

namespace sipevents::sip {

// Writes a typed state of `resource`, a URI, as a body that can be published: Presence as PIDF
// (RFC 3863, 4479, 4480, 4481, 4482), DialogInfo (RFC 4235), MessageSummary (RFC 3842). The
// document's own `entity` and `version` are passed over. What sip/packages decodes of the body is
// the document again, to the second in durations and to a thousandth in priorities; media of
// `privacy` come in the order of their names. The version of a dialog-info is 0: watchers are told
// numbers of their own.
//
// INVALID_ARGUMENT, whose message begins with the field as the API calls it and a colon, e.g.
// `presence.tuples[0].id: ...`, then the value and what was expected: an id that is missing, no
// XML name or there twice; no basic status; a priority outside 0 to 1; a URI, word or text with
// characters that its place cannot carry; a word of rich presence that RFC 4480 does not know, or
// that its element cannot have (see rich_presence_words.h); a number or time outside its range; no
// state of a call; a document of another package, which has no typed form that could be written.
// RESOURCE_EXHAUSTED: more than kMaxBodyOctets.
// Threads: any.
absl::StatusOr<ComposedBody> WriteDocument(std::string_view resource, const Document& document);

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_DOCUMENT_WRITER_H_
