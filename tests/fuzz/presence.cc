// Presence documents (PIDF, data model, RPID). Input: see package_run.h.

#include "sip/packages/presence.h"

#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/package_run.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sipevents::fuzz::RunPackage(sipevents::sip::PresencePackage(), "application/pidf+xml",
                              sipevents::fuzz::AsText(data, size));
  return 0;
}
