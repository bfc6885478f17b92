// The lines of --sip_registrations_file.

#include "sip/registration/registration_spec.h"

#include <algorithm>

#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

// What is read may stand in a REGISTER.
void CheckSpec(const sip::RegistrationSpec& spec) {
  FUZZ_EXPECT(spec.aor.starts_with("sip:") || spec.aor.starts_with("sips:"));
  FUZZ_EXPECT(spec.registrar.starts_with("sip:") || spec.registrar.starts_with("sips:"));
  for (const std::string* text : {&spec.aor, &spec.registrar, &spec.instance}) {
    FUZZ_EXPECT(
        std::all_of(text->begin(), text->end(), [](char c) { return c > ' ' && c <= '~'; }));
    FUZZ_EXPECT(text->find_first_of("<>\"") == std::string::npos);
  }
  FUZZ_EXPECT(spec.expires >= absl::Seconds(10) && spec.expires <= absl::Hours(24));
}

}  // namespace
}  // namespace sipevents::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto specs =
      sipevents::sip::ParseRegistrations(sipevents::fuzz::AsText(data, size), "file");
  if (!specs.ok()) {
    FUZZ_EXPECT(specs.status().code() == absl::StatusCode::kInvalidArgument);
    return 0;
  }
  FUZZ_EXPECT(specs->size() <= sipevents::sip::kMaxRegistrations);
  for (const auto& spec : *specs) sipevents::fuzz::CheckSpec(spec);
  return 0;
}
