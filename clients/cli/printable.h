#ifndef CLIENTS_CLI_PRINTABLE_H_
#define CLIENTS_CLI_PRINTABLE_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace sipevents::client {

// Whether the text is well-formed UTF-8 (no overlong forms, no surrogates). Threads: any.
bool IsUtf8(absl::string_view text);

// Makes foreign text harmless on a terminal and keeps it on one line: control characters (C0,
// DEL, C1, those that turn the direction of what follows) and what is not UTF-8 become '?', line
// breaks and tabs a space; at most `max_octets` are kept, then "…". Threads: any.
std::string Printable(absl::string_view text, size_t max_octets = 200);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_PRINTABLE_H_
