#ifndef CLIENTS_CLI_REMARK_H_
#define CLIENTS_CLI_REMARK_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sipevents::client {

// Writes "sipevents: …" as one line to standard error. Threads: any.
void Remark(absl::string_view text);

// Words for that there is no gateway. Threads: any.
std::string UnreachableText(absl::string_view gateway, const absl::Status& why);

// Says so. Threads: any.
void RemarkUnreachable(absl::string_view gateway, const absl::Status& why);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_REMARK_H_
