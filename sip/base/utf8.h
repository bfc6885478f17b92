#ifndef SIP_BASE_UTF8_H_
#define SIP_BASE_UTF8_H_

#include <string>
#include <string_view>

// The contract's `string` fields hold UTF-8 and nothing else; a reader refuses a message that
// breaks this. What SIP peers send is under no such rule.

namespace sipevents {

// Whether `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool IsUtf8(std::string_view text);

// Returns `text` with each octet that is not part of well-formed UTF-8 replaced by U+FFFD.
std::string ToUtf8(std::string_view text);

}  // namespace sipevents

#endif  // SIP_BASE_UTF8_H_
