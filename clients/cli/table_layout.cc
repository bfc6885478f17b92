#include "clients/cli/table_layout.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "clients/cli/characters.h"
#include "clients/cli/paint.h"

namespace sipevents::client {
namespace {

constexpr int kGap = 2;  // columns between cells
constexpr size_t kCells = 4;

using Cells = std::array<Summary, kCells>;
using Widths = std::array<int, kCells>;

std::string SinceText(absl::Time since, const TableStyle& style) {
  if (since == absl::InfinitePast()) return "";
  const bool today = absl::ToCivilDay(since, style.zone) == absl::ToCivilDay(style.now, style.zone);
  return absl::FormatTime(today ? "%H:%M:%S" : "%d %b %H:%M", since, style.zone);
}

Cells CellsOf(const TableRow& row, const TableStyle& style) {
  return {Summary{row.target, Tone::kPlain}, row.state,
          Summary{SinceText(row.since, style), Tone::kPlain}, row.subscription};
}

// Cuts the widest cells so that a line fits.
Widths Fit(Widths widths, int columns) {
  const int room = columns - kGap * (static_cast<int>(kCells) - 1);
  const auto taken = [&widths](int most) {
    return std::accumulate(widths.begin(), widths.end(), 0,
                           [most](int sum, int width) { return sum + std::min(width, most); });
  };
  int most = *std::max_element(widths.begin(), widths.end());
  while (most > 1 && taken(most) > room) --most;
  // What is left over goes to the cells that were cut, the state first.
  int left = std::max(room - taken(most), 0);
  for (const size_t cell : {1, 0, 3, 2}) {
    const int wanted = widths[cell];
    widths[cell] = std::min(wanted, most + left);
    left -= std::max(widths[cell] - most, 0);
  }
  return widths;
}

std::string Line(const Cells& cells, const Widths& widths, const TableStyle& style) {
  std::string line;
  int begin = 0;  // of the cell, in columns
  int end = 0;    // of what is written
  for (size_t i = 0; i < kCells; ++i) {
    const bool fits = style.columns == 0 || begin + widths[i] <= style.columns;
    if (!fits) break;
    const std::string text = Clip(cells[i].text, widths[i]);
    if (!text.empty()) {
      if (begin > 0 && style.moves_cursor) {
        absl::StrAppend(&line, "\x1b[", begin + 1, "G");
      } else {
        line.append(static_cast<size_t>(std::max(begin - end, 0)), ' ');
      }
      absl::StrAppend(&line, style.color ? Paint(text, cells[i].tone) : text);
      end = begin + Columns(text);
    }
    begin += widths[i] + kGap;
  }
  return line;
}

}  // namespace

std::vector<std::string> TableLines(const std::vector<TableRow>& rows, const TableStyle& style) {
  std::vector<Cells> lines = {
      Cells{Summary{"TARGET", Tone::kMissing}, Summary{"STATE", Tone::kMissing},
            Summary{"SINCE", Tone::kMissing}, Summary{"SUBSCRIPTION", Tone::kMissing}}};
  for (const TableRow& row : rows) lines.push_back(CellsOf(row, style));
  Widths widths = {};
  for (const Cells& cells : lines) {
    for (size_t i = 0; i < kCells; ++i) {
      widths[i] = std::max(widths[i], Columns(cells[i].text));
    }
  }
  if (style.columns > 0) widths = Fit(widths, style.columns);
  std::vector<std::string> texts;
  texts.reserve(lines.size());
  for (const Cells& cells : lines) texts.push_back(Line(cells, widths, style));
  return texts;
}

}  // namespace sipevents::client
