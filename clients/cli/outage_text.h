#ifndef CLIENTS_CLI_OUTAGE_TEXT_H_
#define CLIENTS_CLI_OUTAGE_TEXT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sipevents::client {

// Words for that a stream broke, `why`, and is tried again. `was_connected`: it brought something
// before. Threads: any.
std::string OutageText(absl::string_view gateway, const absl::Status& why, bool was_connected);

// Words for that it is back. Threads: any.
std::string ConnectedText(absl::string_view gateway);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_OUTAGE_TEXT_H_
