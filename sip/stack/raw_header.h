#ifndef SIP_STACK_RAW_HEADER_H_
#define SIP_STACK_RAW_HEADER_H_

#include <optional>
#include <string>
#include <string_view>

// Reads headers from the text of a message, as they were written: the parser keeps nothing of a
// header that it refuses, and does not know all of them. Any thread.

namespace sipevents::sip {

// Takes the text of a message up to the end of the first header of this name, and returns that
// header's value, which may go on over lines; nothing: there is none.
std::optional<std::string_view> TakeRawValue(std::string_view& text, std::string_view name);

// Of the first header of the name; empty: there is none.
std::string_view RawValue(std::string_view text, std::string_view name);

// Of all headers of the name, joined by commas.
std::string RawValues(std::string_view text, std::string_view name);

}  // namespace sipevents::sip

#endif  // SIP_STACK_RAW_HEADER_H_
