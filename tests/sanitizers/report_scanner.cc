#include "tests/sanitizers/report_scanner.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sipevents::testing {
namespace {

constexpr std::array<std::string_view, 7> kMarkers = {
    "ERROR: AddressSanitizer",
    "ERROR: LeakSanitizer",
    "WARNING: ThreadSanitizer",
    "ThreadSanitizer:DEADLYSIGNAL",
    "AddressSanitizer:DEADLYSIGNAL",
    "runtime error: ",                  // UndefinedBehaviorSanitizer
    "terminate called after throwing",  // nothing of ours throws
};

constexpr size_t kLineKept = 4096;

bool HasMarker(std::string_view line) {
  return std::any_of(kMarkers.begin(), kMarkers.end(), [line](std::string_view marker) {
    return line.find(marker) != std::string_view::npos;
  });
}

}  // namespace

void SanitizerReportScanner::Read(std::string_view piece) {
  while (!piece.empty() && report_.empty()) {
    const size_t newline = piece.find('\n');
    const std::string_view part = piece.substr(0, newline);
    line_.append(part.substr(0, kLineKept - std::min(kLineKept, line_.size())));
    if (HasMarker(line_)) {
      report_ = std::exchange(line_, "");
      piece.remove_prefix(part.size());
      break;
    }
    if (newline == std::string_view::npos) return;
    line_.clear();
    piece.remove_prefix(newline + 1);
  }
  report_.append(piece.substr(0, kMaxReportOctets - std::min(kMaxReportOctets, report_.size())));
}

}  // namespace sipevents::testing
