#ifndef CLIENTS_CLI_PAINT_H_
#define CLIENTS_CLI_PAINT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "clients/cli/summary.h"

namespace sipevents::client {

// The text in the colour of its tone, for a terminal. Threads: any.
std::string Paint(absl::string_view text, Tone tone);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_PAINT_H_
