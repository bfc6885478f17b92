#ifndef CLIENTS_CLI_TABLE_LAYOUT_H_
#define CLIENTS_CLI_TABLE_LAYOUT_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "clients/cli/watch_table.h"

namespace sipevents::client {

// How a table is to look.
struct TableStyle {
  // Columns that a line may take; 0: any number.
  int columns = 0;
  bool color = false;
  // Places cells by moving the cursor: they stand in line also where the terminal draws a character
  // wider or narrower than we count.
  bool moves_cursor = false;
  absl::TimeZone zone;
  absl::Time now;  // to tell today from other days
};

// The lines of a table, the first one its head: what is watched, its state, since when it is so,
// and how the subscription fares. Where the columns do not suffice the widest cells are cut.
// Threads: any.
std::vector<std::string> TableLines(const std::vector<TableRow>& rows, const TableStyle& style);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_TABLE_LAYOUT_H_
