#ifndef TESTS_FUZZ_PACKAGE_RUN_H_
#define TESTS_FUZZ_PACKAGE_RUN_H_

#include <string_view>

#include "sip/packages/event_package.h"

namespace sipevents::fuzz {

// Runs the NOTIFY bodies of one Subscription through a package, and each state that comes of them
// on to the wire format of the API, where a protobuf parser must take it. All of it twice, with
// memory of different history, and the outcome must be the same.
//
// Input: "s" for the strict profile, else lenient; then parts, one for each NOTIFY: a letter for
// the fork ("a", "b", "c"; as a capital: the fork ends), "=" for the content type `type`, "-" for
// none, anything else for another one; "<" for a CSeq below the last one; lines "!E…" with
// parameters of Event and "!C…" with a Call-Info; the body. Blanks between these and the body do
// not matter.
void RunPackage(const sip::EventPackage& package, std::string_view type, std::string_view input);

}  // namespace sipevents::fuzz

#endif  // TESTS_FUZZ_PACKAGE_RUN_H_
