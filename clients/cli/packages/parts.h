#ifndef CLIENTS_CLI_PACKAGES_PARTS_H_
#define CLIENTS_CLI_PACKAGES_PARTS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// What summaries are put together from. All functions: any thread.

namespace sipevents::client {

// The parts of a line: those that are not empty, each once, the first few. A document may have
// thousands.
class Parts {
 public:
  void Add(std::string part);
  // Whether there is none.
  bool empty() const { return parts_.empty(); }
  // How many were added, those left out included.
  size_t added() const { return added_; }
  // With "… 12 in all" at the end where not all are there.
  std::string Join(absl::string_view separator) const;
  // "head: parts"; empty if there is none.
  std::string Under(absl::string_view head) const;

 private:
  std::vector<std::string> parts_;
  size_t added_ = 0;
  bool left_out_ = false;
};

// The name of an enum value as words: ON_HOLD -> "on hold".
std::string Words(absl::string_view enum_name);

// "Bob <sip:bob@example.com>", or what of it there is; safe on a terminal.
std::string NameText(absl::string_view display_name, absl::string_view uri);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_PACKAGES_PARTS_H_
