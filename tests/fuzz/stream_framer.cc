// A stream gives the same messages, pings and end, however it is cut.
//
// Input: an octet that says how to cut, an octet whose lowest bit asks for small limits, the
// stream.

#include "sip/transport/stream_framer.h"

#include <algorithm>
#include <string>

#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

using sip::StreamFrame;

// What came out of a stream.
struct Outcome {
  std::vector<std::string> frames;
  int status = 0;  // of what is bad; 0: nothing

  bool operator==(const Outcome&) const = default;
};

class Reader {
 public:
  explicit Reader(const sip::StreamLimits& limits) : limits_(limits), framer_(limits) {}

  void Append(std::string_view octets) {
    framer_.Append(octets);
    while (true) {
      const StreamFrame frame = framer_.Next();
      Touch(frame.octets);
      if (frame.kind == StreamFrame::Kind::kIncomplete) return;
      // Once bad, always bad.
      FUZZ_EXPECT(outcome_.status == 0 || frame.kind == StreamFrame::Kind::kBad);
      if (frame.kind == StreamFrame::Kind::kBad) {
        FUZZ_EXPECT(frame.status == 400 || frame.status == 413 || frame.status == 513);
        FUZZ_EXPECT(outcome_.status == 0 || outcome_.status == frame.status);
        outcome_.status = frame.status;
        return;
      }
      if (frame.kind == StreamFrame::Kind::kMessage) {
        FUZZ_EXPECT(!frame.octets.empty() && frame.octets.size() <= limits_.max_message_octets);
        FUZZ_EXPECT(frame.octets.front() != '\r' && frame.octets.front() != '\n');
      }
      outcome_.frames.emplace_back(frame.octets);
    }
  }

  const Outcome& outcome() const { return outcome_; }

 private:
  const sip::StreamLimits limits_;
  sip::StreamFramer framer_;
  Outcome outcome_;
};

void Run(std::string_view input) {
  const size_t cut = size_t{TakeOctet(input)} + 1;
  sip::StreamLimits limits;
  if ((TakeOctet(input) & 1) != 0) {
    limits = {.max_message_octets = 600, .max_head_octets = 300, .max_head_lines = 8};
  }
  Reader whole(limits);
  whole.Append(input);
  Reader pieces(limits);
  // Pieces of different sizes, so that each place is a border for some input.
  for (size_t at = 0, step = cut; at < input.size(); step = step * 5 % 257 + 1) {
    const size_t size = std::min(step, input.size() - at);
    pieces.Append(input.substr(at, size));
    at += size;
  }
  FUZZ_EXPECT(whole.outcome() == pieces.outcome());
  if (input.size() > 2000) return;
  Reader octets(limits);
  for (size_t at = 0; at < input.size(); ++at) octets.Append(input.substr(at, 1));
  FUZZ_EXPECT(whole.outcome() == octets.outcome());
}

}  // namespace
}  // namespace sipevents::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sipevents::fuzz::Run(sipevents::fuzz::AsText(data, size));
  return 0;
}
