// SUBSCRIBE and PUBLISH from the octets of a message into the notifier and the compositor of a
// domain, and the NOTIFYs that come of it.
//
// Input: an octet whose bits say 1: digest, 2: strict, 4: watchers wait for a decision; then parts:
// "T", a number of seconds (up to 9999) and maybe a blank and a status: NOTIFYs that wait are
// answered so, if it is there, and time passes; "D", a digit and a URI: a caller decides about a
// watcher; "L" and a number: the list has so many members; anything else is a message, see
// NotifierWorld::Receive(), which came over a stream if it begins with "+".

#include <algorithm>
#include <string>

#include "sip/base/header_grammar.h"
#include "tests/fuzz/fuzzing.h"
#include "tests/fuzz/notifier_world.h"

namespace sipevents::fuzz {
namespace {

constexpr size_t kMaxParts = 24;
constexpr uint32_t kMaxSeconds = 9999;
constexpr uint32_t kMaxMembers = 300;

void Pass(std::string_view part, NotifierWorld& world) {
  const size_t blank = std::min(part.find(' '), part.size());
  const uint32_t seconds = ParseDeltaSeconds(part.substr(0, blank)).value_or(1);
  const uint32_t status =
      blank < part.size() ? ParseDeltaSeconds(part.substr(blank + 1)).value_or(0) : 0;
  world.Advance(absl::Seconds(std::min(seconds, kMaxSeconds)),
                status >= 200 && status <= 699 ? static_cast<int>(status) : 0);
}

void Run(std::string_view input) {
  const uint8_t bits = TakeOctet(input);
  NotifierWorld world(
      (bits & 1) != 0, (bits & 2) != 0,
      (bits & 4) != 0 ? sip::WatcherDecision::kPending : sip::WatcherDecision::kAllow);
  for (std::string_view part : SplitParts(input, kMaxParts)) {
    const bool is_short = part.size() > 1 && part.find('\n') == std::string_view::npos;
    if (is_short && part.front() == 'T') {
      Pass(part.substr(1), world);
    } else if (is_short && part.front() == 'D') {
      world.Decide(std::string(part.substr(2)),
                   static_cast<sip::WatcherDecision>(static_cast<uint8_t>(part[1]) % 4));
    } else if (is_short && part.front() == 'L') {
      world.ServeList(std::min(ParseDeltaSeconds(part.substr(1)).value_or(0), kMaxMembers));
    } else if (part.starts_with('+')) {
      world.Receive(part.substr(1), true);
    } else {
      world.Receive(part, false);
    }
  }
}

}  // namespace
}  // namespace sipevents::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sipevents::fuzz::Run(sipevents::fuzz::AsText(data, size));
  return 0;
}
