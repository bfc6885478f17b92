#ifndef SIP_BODY_VALUES_H_
#define SIP_BODY_VALUES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

// Simple values in bodies: text, numbers, times.

namespace sipevents::sip {

// Reads digits only, no sign; values above `max` give `max`. Nothing if anything else is there.
std::optional<uint64_t> ParseClamped(std::string_view text, uint64_t max);

// Reads an xs:decimal, e.g. "0.8", ".5", "1": at most 9 digits before the point; those after
// the ninth behind it do not count.
std::optional<double> ParseDecimal(std::string_view text);

// Reads an xs:dateTime of the years 1 to 9999, e.g. "2026-03-01T09:00:00.5+01:00"; without zone
// it is taken as UTC; digits after nanoseconds do not count. Nothing if malformed or if the
// instant is outside these years in UTC.
std::optional<absl::Time> ParseDateTime(std::string_view text);

// Reads octets as ISO-8859-1 and writes them as UTF-8.
std::string Latin1ToUtf8(std::string_view text);

}  // namespace sipevents::sip

#endif  // SIP_BODY_VALUES_H_
