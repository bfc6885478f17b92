#ifndef TESTS_SANITIZERS_REPORT_SCANNER_H_
#define TESTS_SANITIZERS_REPORT_SCANNER_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace sipevents::testing {

// The exit status of a program in which a sanitizer found something (tests/sanitizers/options.cc).
inline constexpr int kSanitizerExitStatus = 86;

// Finds the reports of sanitizers in what a program writes to its standard error.
//
// Threads: one.
class SanitizerReportScanner {
 public:
  static constexpr size_t kMaxReportOctets = 32 << 10;

  // Takes the next piece of the output; a report may begin in one piece and end in another.
  void Read(std::string_view piece);

  // From the line where the first report begins, at most kMaxReportOctets; empty: none so far.
  const std::string& report() const { return report_; }

 private:
  std::string line_;  // unfinished; what is beyond any marker's reach is left out
  std::string report_;
};

}  // namespace sipevents::testing

#endif  // TESTS_SANITIZERS_REPORT_SCANNER_H_
