// The bodies of one event package, FUZZ_EVENT, whose media type is FUZZ_TYPE. Input: see
// package_run.h.

#include "sip/packages/package_table.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/package_run.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sipevents::fuzz::RunPackage(sipevents::sip::FindPackage(FUZZ_EVENT), FUZZ_TYPE,
                              sipevents::fuzz::AsText(data, size));
  return 0;
}
