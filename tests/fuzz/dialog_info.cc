// Sequences of full and partial dialog-info documents. Input: see package_run.h.

#include "sip/packages/dialog_info.h"

#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/package_run.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sipevents::fuzz::RunPackage(sipevents::sip::DialogPackage(), "application/dialog-info+xml",
                              sipevents::fuzz::AsText(data, size));
  return 0;
}
