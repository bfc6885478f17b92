#include "tests/clients/cli/virtual_terminal.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sipevents::client::testing {
namespace {

constexpr char kEscape = '\x1b';

size_t LengthOf(char first) {
  const auto octet = static_cast<unsigned char>(first);
  return octet < 0x80 ? 1 : octet < 0xE0 ? 2 : octet < 0xF0 ? 3 : 4;
}

// Roughly what terminals do.
int ColumnsOf(const std::string& character) {
  uint32_t number = static_cast<unsigned char>(character[0]);
  if (character.size() > 1) number &= 0xFFU >> (character.size() + 1);
  for (size_t i = 1; i < character.size(); ++i) {
    number = (number << 6U) | (static_cast<unsigned char>(character[i]) & 0x3FU);
  }
  const bool combines = number >= 0x300 && number <= 0x36F;
  return combines ? 0 : number >= 0x2E80 ? 2 : 1;
}

}  // namespace

VirtualTerminal::VirtualTerminal(int columns, int rows)
    : columns_(columns),
      rows_(rows),
      screen_(static_cast<size_t>(rows), Line(static_cast<size_t>(columns), " ")) {}

void VirtualTerminal::Resize(int columns, int rows) {
  columns_ = columns;
  rows_ = rows;
  screen_.resize(static_cast<size_t>(rows));
  for (Line& line : screen_) line.resize(static_cast<size_t>(columns), " ");
  row_ = std::min(row_, rows_ - 1);
  column_ = std::min(column_, columns_ - 1);
}

void VirtualTerminal::Feed(absl::string_view octets) {
  rest_.append(octets.data(), octets.size());
  absl::string_view text = rest_;
  while (!text.empty()) {
    const char first = text[0];
    size_t length = LengthOf(first);
    if (first == kEscape) {
      if (text.size() < 2) break;
      const size_t end =
          text.find_first_of("@ABCDEFGHIJKLMNOPQRSTUVWXYZ[abcdefghijklmnopqrstuvwxyz", 2);
      if (text[1] == '[' && end == absl::string_view::npos) break;
      length = text[1] == '[' ? end + 1 : 2;
      if (text[1] == '[') {
        Obey(text.substr(2, length - 3), text[length - 1]);
      } else {
        absl::StrAppend(&unknown_, "ESC", text.substr(1, 1), " ");
      }
    } else if (first == '\r') {
      column_ = 0;
    } else if (first == '\n') {
      NextLine();
    } else if (absl::ascii_iscntrl(static_cast<unsigned char>(first))) {
      absl::StrAppend(&unknown_, static_cast<int>(first), " ");
    } else {
      if (text.size() < length) break;
      const std::string character(text.substr(0, length));
      Put(character, ColumnsOf(character));
    }
    text.remove_prefix(length);
  }
  rest_ = std::string(text);
}

void VirtualTerminal::Put(const std::string& character, int columns) {
  if (columns == 0) return;
  if (column_ + columns > columns_) {
    if (!wraps_) return;
    column_ = 0;
    NextLine();
  }
  Line& line = screen_[static_cast<size_t>(row_)];
  line[static_cast<size_t>(column_)] = character;
  if (columns == 2) line[static_cast<size_t>(column_) + 1] = "";
  column_ += columns;
}

void VirtualTerminal::NextLine() {
  if (row_ + 1 < rows_) {
    ++row_;
    return;
  }
  screen_.erase(screen_.begin());
  screen_.emplace_back(static_cast<size_t>(columns_), " ");
}

void VirtualTerminal::ClearLine(int row) {
  std::fill(screen_[static_cast<size_t>(row)].begin(), screen_[static_cast<size_t>(row)].end(),
            " ");
}

void VirtualTerminal::Obey(absl::string_view parameters, char command) {
  const std::string sequence = absl::StrCat(parameters, std::string(1, command));
  const int number = std::max(std::atoi(std::string(parameters).c_str()), 1);
  if (sequence == "?25l" || sequence == "?25h") {
    cursor_visible_ = command == 'h';
    if (!cursor_visible_) ++frames_;
  } else if (sequence == "?7l" || sequence == "?7h") {
    wraps_ = command == 'h';
  } else if (command == 'A') {
    row_ = std::max(row_ - number, 0);
  } else if (command == 'G') {
    column_ = std::min(number, columns_) - 1;
  } else if (sequence == "H") {
    row_ = column_ = 0;
  } else if (sequence == "2K") {
    ClearLine(row_);
  } else if (sequence == "2J") {
    for (int row = 0; row < rows_; ++row) ClearLine(row);
  } else if (sequence == "J" && column_ == 0) {
    for (int row = row_; row < rows_; ++row) ClearLine(row);
  } else if (command == 'm') {
    colored_ = parameters != "0";
  } else {
    absl::StrAppend(&unknown_, "CSI ", sequence, " ");
  }
}

std::vector<std::string> VirtualTerminal::Lines() const {
  std::vector<std::string> lines;
  for (const Line& line : screen_) {
    lines.push_back(absl::StrJoin(line, ""));
    absl::StripTrailingAsciiWhitespace(&lines.back());
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

std::string VirtualTerminal::Text() const { return absl::StrJoin(Lines(), "\n"); }

}  // namespace sipevents::client::testing
