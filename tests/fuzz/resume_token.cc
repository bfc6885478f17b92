// Resume tokens as clients hand them in, and as we make them.
//
// Input: a token; or "=" and parts: name, uid, epoch and sequence (8 octets each at most).

#include "gateway/watch/resume_token.h"

#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

uint64_t Number(std::string_view octets) {
  uint64_t number = 0;
  for (const char octet : octets.substr(0, 8)) number = number << 8 | static_cast<uint8_t>(octet);
  return number;
}

void CheckDecode(std::string_view text) {
  const auto token = gateway::ResumeToken::Decode(text);
  if (!token.ok()) {
    FUZZ_EXPECT(token.status().code() == absl::StatusCode::kInvalidArgument);
    return;
  }
  FUZZ_EXPECT(text.size() == gateway::ResumeToken::kTextSize);
  // There is one text for a place.
  FUZZ_EXPECT(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-_") == std::string_view::npos);
}

void CheckRoundTrip(std::string_view input) {
  std::vector<std::string_view> parts = SplitParts(input, 4);
  parts.resize(4);
  const gateway::LogIdentity log = {
      .name = std::string(parts[0]), .uid = std::string(parts[1]), .epoch = Number(parts[2])};
  const uint64_t sequence = Number(parts[3]);
  const std::string text = gateway::ResumeTokenEncoder(log).Encode(sequence);
  CheckDecode(text);
  const auto token = gateway::ResumeToken::Decode(text);
  FUZZ_EXPECT(token.ok());
  FUZZ_EXPECT(token->sequence() == sequence);
  FUZZ_EXPECT(token->IsForName(log.name));
  FUZZ_EXPECT(token->IsForLog(log));
  gateway::LogIdentity later = log;
  ++later.epoch;
  FUZZ_EXPECT(!token->IsForLog(later));
}

}  // namespace
}  // namespace sipevents::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input = sipevents::fuzz::AsText(data, size);
  if (input.starts_with('=')) {
    sipevents::fuzz::CheckRoundTrip(input.substr(1));
  } else {
    sipevents::fuzz::CheckDecode(input);
  }
  return 0;
}
