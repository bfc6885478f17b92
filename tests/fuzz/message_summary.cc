// Message summaries, merged over forks. Input: see package_run.h.

#include "sip/packages/message_summary.h"

#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/package_run.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sipevents::fuzz::RunPackage(sipevents::sip::MessageSummaryPackage(),
                              "application/simple-message-summary",
                              sipevents::fuzz::AsText(data, size));
  return 0;
}
