#include "clients/cli/times.h"

#include <algorithm>
#include <cstdint>

namespace sipevents::client {

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

void SetDuration(absl::Duration duration, google::protobuf::Duration& field) {
  absl::Duration rest;
  field.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  field.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
}

std::string SpanText(absl::Duration span) {
  span = std::max(absl::Trunc(span, absl::Seconds(1)), absl::ZeroDuration());
  return span == absl::ZeroDuration() ? "0s" : absl::FormatDuration(span);
}

}  // namespace sipevents::client
