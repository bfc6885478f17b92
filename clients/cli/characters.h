#ifndef CLIENTS_CLI_CHARACTERS_H_
#define CLIENTS_CLI_CHARACTERS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

// Text as a terminal sees it: characters, and the columns that they take. All functions: any
// thread.

namespace sipevents::client {

// Takes one character of UTF-8 (RFC 3629) off the front of `text`, which is not empty. Empty if
// there is none that is well formed; then one octet is taken off.
std::optional<uint32_t> TakeCharacter(absl::string_view& text);

// How many columns a text takes that Printable() has made: 2 for a character of East Asia or an
// emoji, 0 for one that goes with the character before it, 1 for any other.
int Columns(absl::string_view text);

// As much of such a text as fits into so many columns, 0 or more; "…" ends what was cut.
std::string Clip(absl::string_view text, int columns);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_CHARACTERS_H_
