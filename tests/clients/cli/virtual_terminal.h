#ifndef TESTS_CLIENTS_CLI_VIRTUAL_TERMINAL_H_
#define TESTS_CLIENTS_CLI_VIRTUAL_TERMINAL_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace sipevents::client::testing {

// What somebody sees who sits before a terminal: understands what the table writes, and notes
// everything else. Shares no code with what it looks at.
//
// Threads: one.
class VirtualTerminal {
 public:
  VirtualTerminal(int columns, int rows);

  // Shows what a program wrote. What ends in the middle of a sequence is kept for the next call.
  void Feed(absl::string_view octets);
  // As when somebody draws at the window's corner; the lines that there are stay as they are.
  void Resize(int columns, int rows);

  // The lines of the screen from its top, without spaces at their ends; empty ones at the bottom
  // are left out.
  std::vector<std::string> Lines() const;
  // The same as one text.
  std::string Text() const;
  int cursor_row() const { return row_; }  // from 0
  bool cursor_visible() const { return cursor_visible_; }
  bool wraps() const { return wraps_; }
  bool colored() const { return colored_; }  // text that is written now
  // How often the cursor was hidden: so often was something drawn.
  int frames() const { return frames_; }
  // Sequences and control characters that it does not know.
  const std::string& unknown() const { return unknown_; }

 private:
  using Line =
      std::vector<std::string>;  // a character in each; empty: the right half of a wide one

  void Put(const std::string& character, int columns);
  void NextLine();
  void Obey(absl::string_view parameters, char command);
  void ClearLine(int row);

  int columns_;
  int rows_;
  std::vector<Line> screen_;
  int row_ = 0;
  int column_ = 0;
  bool cursor_visible_ = true;
  bool wraps_ = true;
  bool colored_ = false;
  int frames_ = 0;
  std::string rest_;
  std::string unknown_;
};

}  // namespace sipevents::client::testing

#endif  // TESTS_CLIENTS_CLI_VIRTUAL_TERMINAL_H_
