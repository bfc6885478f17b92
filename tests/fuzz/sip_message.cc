// What comes over the network, from the octets of a message into the dialogs of a subscriber.
//
// Input: "s" for the strict profile, else lenient; then parts: "T" and a number of seconds (up to
// 9999): time passes; anything else is a message, see SipWorld::Receive().

#include <algorithm>

#include "sip/base/header_grammar.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/sip_world.h"

namespace sipevents::fuzz {
namespace {

constexpr size_t kMaxParts = 24;
constexpr uint32_t kMaxSeconds = 9999;

void Run(std::string_view input) {
  SipWorld world(TakeOctet(input) == 's');
  for (const std::string_view part : SplitParts(input, kMaxParts)) {
    const std::optional<uint32_t> seconds =
        part.starts_with('T') ? ParseDeltaSeconds(part.substr(1)) : std::nullopt;
    if (seconds.has_value()) {
      world.Advance(absl::Seconds(std::min(*seconds, kMaxSeconds)));
    } else {
      world.Receive(part);
    }
  }
}

}  // namespace
}  // namespace sipevents::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sipevents::fuzz::Run(sipevents::fuzz::AsText(data, size));
  return 0;
}
