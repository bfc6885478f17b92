#ifndef SIP_COMPOSE_COMPOSITION_H_
#define SIP_COMPOSE_COMPOSITION_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "sip/compose/composed_state.h"
#include "sip/compose/shown_ids.h"

// What several publications of one resource add up to (RFC 3903 section 4 of the catalogue), and
// what may be published at all. Threads: any, for everything here.

namespace sipevents::sip {

// Media types in which state of the package can be published, for the Accept of a 415; empty: any.
std::vector<std::string> PublishedTypes(std::string_view event_package);

// Media types that watchers of the package can be notified in, the usual one first, which is what
// Compose() makes; empty: whatever was published. presence: also pidf-diff (presence_diff.h) and
// application/cpim-pidf+xml, an old name of the same documents.
std::vector<std::string> NotifiedTypes(std::string_view event_package);

// Whether a body can be published as the state of `resource`, a URI (ESC-10). Extensions that we do
// not know are fine, and so is another `entity`: Compose() puts `resource` there. The message says
// what is wrong and what was expected.
// FAILED_PRECONDITION: the media type is none of PublishedTypes() (415).
// RESOURCE_EXHAUSTED: more than kMaxBodyOctets (413).
// INVALID_ARGUMENT: anything else (400): an empty body, XML that ParseGuardedXml() refuses, another
// root element, a presence document without entity, with a tuple without id or with the id of
// another one, with a status other than open and closed, a priority outside 0 to 1, or a time that
// is none; a dialog without id, with the id of another one, or without one of the five states; a
// message summary that does not begin with Messages-Waiting or has lines that mean nothing.
absl::Status CheckPublished(std::string_view event_package, std::string_view resource,
                            std::string_view content_type, std::string_view body);

// What watchers are shown of `resource`, a URI. `publications` have passed CheckPublished() and
// come in an order that stays, e.g. that of their creation: of equal ids the first one keeps its
// own. One publication is passed on as it is but for `entity`, `version` and `state` of its root.
//
// presence: all tuples, notes and extensions of all publications, octet by octet; an id (of a
// tuple, person or device, or inside of RPID) that another element has already becomes `source.id`,
// also where one publication has it twice. Of persons, the one with the latest
// timestamp (without one: its publish_time; the later publication if equal); of devices with the
// same deviceID likewise.
// dialog: all dialogs; of those with the same id and call-id the one published last, others become
// `source.id`. What has ended stays as long as its publication.
// message-summary: the last publication of each account, with CRLF at the end of its lines and no
// count above 2^32-1; over all accounts, messages wait if they do anywhere, and counts are added,
// if all have some.
// Any other package: the last publication.
//
// A result is no larger than kMaxBodyOctets: publications that would lead beyond are left out.
// Without any publication: NeutralBody().
//
// `shown`: what Compose() put there for the publications that the resource had before, empty at
// first; it puts there what it is to be given next time. So tuples, persons and devices keep the
// ids that they were shown under as long as their publication lives (RFC 3903 section 10), up to 64
// of them for a resource. Null: nobody was shown anything.
ComposedBody Compose(std::string_view event_package, std::string_view resource,
                     absl::Span<const PublishedState> publications, ShownIds* shown = nullptr);

// The state of a resource of which nobody has published anything; also shown to who is politely
// blocked. presence: no tuples; dialog: no dialogs; message-summary: nothing waits; any other
// package: nothing to send.
ComposedBody NeutralBody(std::string_view event_package, std::string_view resource);

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_COMPOSITION_H_
