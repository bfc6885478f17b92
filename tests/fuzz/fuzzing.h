#ifndef TESTS_FUZZ_FUZZING_H_
#define TESTS_FUZZ_FUZZING_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// What every fuzz target is made of. A target runs one input and returns; it ends the process
// (here or by a sanitizer) when something is wrong. The same input must always do the same.

// The entry point that libFuzzer and the corpus tests call; each target defines it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace sipevents::fuzz {

inline std::string_view AsText(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Ends the process, naming what did not hold. Also for what the optimiser must not drop.
[[noreturn]] void Fail(const char* file, int line, const char* what);

// Fails the run unless `condition` holds.
#define FUZZ_EXPECT(condition)                                                 \
  do {                                                                         \
    if (!(condition)) ::sipevents::fuzz::Fail(__FILE__, __LINE__, #condition); \
  } while (false)

// Takes the first octet of an input off, to choose by; 0 if there is none. Inputs begin with
// digits and letters where that reads better in a corpus: the number is that of the ASCII order.
uint8_t TakeOctet(std::string_view& input);

// Splits an input into its parts at lines that hold "%" alone; at least one part, at most `most`
// (the rest is left out).
std::vector<std::string_view> SplitParts(std::string_view input, size_t most);

// Reads every octet of a text, so that a view of memory that is gone is found.
void Touch(std::string_view text);

}  // namespace sipevents::fuzz

#endif  // TESTS_FUZZ_FUZZING_H_
