// URIs that callers and peers name: whatever is taken has one canonical form, and what goes on the
// wire is a URI again.

#include "sip/base/uri.h"

#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

constexpr std::string_view kTelDomain = "example.com";

void CheckParsed(std::string_view text) {
  const absl::StatusOr<Uri> parsed = ParseUri(text);
  if (!parsed.ok()) return;
  FUZZ_EXPECT(text.size() <= kMaxUriOctets);
  const std::string written = parsed->ToString();
  const absl::StatusOr<Uri> again = ParseUri(written);
  FUZZ_EXPECT(again.ok());
  FUZZ_EXPECT(*again == *parsed);
  FUZZ_EXPECT(again->ToString() == written);
}

void CheckCanonical(std::string_view text) {
  const absl::StatusOr<std::string> canonical = CanonicalTarget(text, kTelDomain);
  if (!canonical.ok()) {
    // Whatever is a URI has a canonical form, unless that of a number would be too long.
    const absl::StatusOr<Uri> parsed = ParseUri(text);
    FUZZ_EXPECT(!parsed.ok() || parsed->scheme == "tel");
    return;
  }
  FUZZ_EXPECT(canonical->find_first_of(std::string_view("\r\n\0 <>\"", 7)) == std::string::npos);
  const absl::StatusOr<std::string> again = CanonicalTarget(*canonical, kTelDomain);
  FUZZ_EXPECT(again.ok());
  FUZZ_EXPECT(*again == *canonical);
  const absl::StatusOr<Uri> wire = ParseUri(WireRequestUri(*canonical));
  FUZZ_EXPECT(wire.ok());
  FUZZ_EXPECT(wire->scheme == "sip" || wire->scheme == "sips");
  FUZZ_EXPECT(IsSipHost(wire->host));
}

}  // namespace
}  // namespace sipevents::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = sipevents::fuzz::AsText(data, size);
  sipevents::fuzz::CheckParsed(text);
  sipevents::fuzz::CheckCanonical(text);
  return 0;
}
