// Bodies of packages that we do not know. Input: see package_run.h.

#include "sip/packages/opaque.h"

#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/package_run.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sipevents::fuzz::RunPackage(sipevents::sip::OpaquePackage(), "application/octet-stream",
                              sipevents::fuzz::AsText(data, size));
  return 0;
}
