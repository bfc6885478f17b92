// Challenges of a peer that we have credentials for: whatever it says, the answer is a header, and
// it cannot have us try without end.
//
// Input: parts, each a response: "w" or "p" and the value of a WWW-Authenticate or
// Proxy-Authenticate header, or several, one a line; anything else is no challenge.

#include "sip/auth/digest.h"

#include "sip/base/header_grammar.h"
#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

using sip::ClientDigestSession;

constexpr size_t kMaxResponses = 64;

// The same every time.
class Counter : public RandomSource {
 public:
  uint64_t Next() override { return next_ += 0x9e3779b97f4a7c15; }

 private:
  uint64_t next_ = 0;
};

void CheckHeader(const ClientDigestSession::Header& header) {
  static constexpr std::string_view kScheme = "Digest ";
  FUZZ_EXPECT(header.value.starts_with(kScheme));
  for (const char c : header.value) FUZZ_EXPECT(static_cast<unsigned char>(c) >= ' ' || c == '\t');
  bool has_response = false;
  for (const std::string_view field :
       SplitCommaList(std::string_view(header.value).substr(kScheme.size()))) {
    const size_t equals = field.find('=');
    FUZZ_EXPECT(equals != std::string_view::npos);
    FUZZ_EXPECT(IsToken(field.substr(0, equals)));
    has_response = has_response || field.starts_with("response=");
  }
  FUZZ_EXPECT(has_response);
}

void CheckChallenges(std::string_view value) {
  for (const sip::DigestChallenge& challenge : sip::ParseDigestChallenges(value)) {
    FUZZ_EXPECT(!challenge.nonce.empty());
    FUZZ_EXPECT(challenge.realm.size() <= value.size());
  }
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (true) {
    const size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

void Run(std::string_view input) {
  Counter random;
  ClientDigestSession session(random);
  int in_a_row = 0;
  for (std::string_view part : SplitParts(input, kMaxResponses)) {
    const uint8_t kind = TakeOctet(part);
    if (kind != 'w' && kind != 'p') {
      session.OnAnswered();
      in_a_row = 0;
      continue;
    }
    CheckChallenges(part);
    const std::vector<std::string> values = Lines(part);
    const absl::Status status =
        session.Accept(kind == 'w' ? values : std::vector<std::string>(),
                       kind == 'p' ? values : std::vector<std::string>(),
                       [](std::string_view realm) -> std::optional<sip::Credentials> {
                         if (realm == "stranger") return std::nullopt;
                         return sip::Credentials{"al\"i\\ce", "pass word"};
                       });
    if (!status.ok()) continue;
    FUZZ_EXPECT(++in_a_row <= ClientDigestSession::kMaxChallenges);
    const auto headers = session.Authorize("SUBSCRIBE", "sip:bob@example.com", "body");
    FUZZ_EXPECT(!headers.empty() && headers.size() <= ClientDigestSession::kMaxRealms);
    for (const ClientDigestSession::Header& header : headers) CheckHeader(header);
  }
}

}  // namespace
}  // namespace sipevents::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sipevents::fuzz::Run(sipevents::fuzz::AsText(data, size));
  return 0;
}
