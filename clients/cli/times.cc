#include "clients/cli/times.h"

#include <algorithm>

namespace sipevents::client {

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

std::string SpanText(absl::Duration span) {
  span = std::max(absl::Trunc(span, absl::Seconds(1)), absl::ZeroDuration());
  return span == absl::ZeroDuration() ? "0s" : absl::FormatDuration(span);
}

}  // namespace sipevents::client
