#ifndef TESTS_SIP_COMPOSE_DECODING_H_
#define TESTS_SIP_COMPOSE_DECODING_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "sip/compose/composed_state.h"
#include "sip/document.h"

namespace sipevents::sip {

// A publication of the hour `hour`.
PublishedState Published(std::string_view source, std::string_view body, int hour = 1,
                         std::string_view content_type = "application/pidf+xml");
absl::Time AtHour(int hour);

// The body with its number put in, as a watcher gets it.
std::string Numbered(const ComposedBody& body, int version = 0);

// What a reader of the package makes of a body, as text for people (the message of the API); what
// is wrong with the body if it cannot be read. Strict, as a watcher who goes by the book.
std::string Shown(std::string_view event_package, const ComposedBody& body);
std::string ShownText(std::string_view event_package, std::string_view content_type,
                      std::string_view body);

// A typed state in the same form.
std::string Shown(const Document& document);

}  // namespace sipevents::sip

#endif  // TESTS_SIP_COMPOSE_DECODING_H_
