#ifndef SIP_COMPOSE_RICH_PRESENCE_WORDS_H_
#define SIP_COMPOSE_RICH_PRESENCE_WORDS_H_

#include <string_view>

#include "absl/status/status.h"
#include "sip/compose/field_checks.h"
#include "sip/document.h"

// Which words the elements of rich presence are made of. Threads: any, for everything here.

namespace sipevents::sip {

// Whether RFC 4480 (for kinds of places: RFC 4589) has an element for `word` within one of the
// `kind`, which is any but kClass and kStatusIcon.
bool IsRichWord(RichElementKind kind, std::string_view word);

// Whether an element of the `kind`, likewise, may have these values and this free text, which need
// not be known words where the RFC itself writes others (kSphere). INVALID_ARGUMENT, of `values`
// or `other` within `path`: none at all; a word that the RFCs do not know, or several, or free
// text, where they do not go; `unknown` beside something else; the same medium of kPrivacy twice.
absl::Status CheckRichWords(const FieldPath& path, RichElementKind kind,
                            const RichElement& element);

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_RICH_PRESENCE_WORDS_H_
