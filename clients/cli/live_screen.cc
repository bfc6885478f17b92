#include "clients/cli/live_screen.h"

#include "absl/strings/str_cat.h"

namespace sipevents::client {
namespace {

// ECMA-48 and what xterm made of DEC's: all terminals of today know these.
constexpr char kHideCursor[] = "\x1b[?25l";
constexpr char kShowCursor[] = "\x1b[?25h";
constexpr char kNoWrap[] = "\x1b[?7l";  // a line that is too wide is cut, not broken
constexpr char kWrap[] = "\x1b[?7h";
constexpr char kClearScreen[] = "\x1b[H\x1b[2J";
constexpr char kClearLine[] = "\x1b[2K";
constexpr char kClearBelow[] = "\x1b[J";

}  // namespace

std::string LiveScreen::Draw(const std::vector<std::string>& lines, TerminalSize size) {
  std::string out = absl::StrCat(kHideCursor, kNoWrap, "\r");
  if (drawn_.empty()) {
    size_ = size;
  } else if (size_ != size) {
    // The terminal has broken the lines anew, so nobody knows where they stand.
    absl::StrAppend(&out, kClearScreen);
    size_ = size;
    drawn_.clear();
  } else {
    absl::StrAppend(&out, "\x1b[", drawn_.size(), "A");
  }
  for (size_t i = 0; i < lines.size(); ++i) {
    const bool same = i < drawn_.size() && drawn_[i] == lines[i];
    if (!same) absl::StrAppend(&out, kClearLine, lines[i]);
    absl::StrAppend(&out, "\r\n");
  }
  if (lines.size() < drawn_.size()) absl::StrAppend(&out, kClearBelow);
  absl::StrAppend(&out, kWrap, kShowCursor);
  drawn_ = lines;
  return out;
}

}  // namespace sipevents::client
