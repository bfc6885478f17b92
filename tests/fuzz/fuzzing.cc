#include "tests/fuzz/fuzzing.h"

#include <cstdio>
#include <cstdlib>

namespace sipevents::fuzz {

void Fail(const char* file, int line, const char* what) {
  std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
  std::abort();
}

uint8_t TakeOctet(std::string_view& input) {
  if (input.empty()) return 0;
  const auto octet = static_cast<uint8_t>(input.front());
  input.remove_prefix(1);
  return octet;
}

std::vector<std::string_view> SplitParts(std::string_view input, size_t most) {
  static constexpr std::string_view kSeparator = "\n%\n";
  std::vector<std::string_view> parts;
  while (parts.size() < most) {
    const size_t end = input.find(kSeparator);
    parts.push_back(input.substr(0, end));
    if (end == std::string_view::npos) break;
    input.remove_prefix(end + kSeparator.size());
  }
  return parts;
}

void Touch(std::string_view text) {
  static volatile char sink;
  for (const char octet : text) sink = octet;
  (void)sink;
}

}  // namespace sipevents::fuzz
