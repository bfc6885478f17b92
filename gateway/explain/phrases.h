#ifndef GATEWAY_EXPLAIN_PHRASES_H_
#define GATEWAY_EXPLAIN_PHRASES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

// Times, counts and SIP's words as people say them. Pure. Any thread.

namespace sipevents::gateway {

// "12 s", "4 min 5 s", "2 h 5 min", "3 d 4 h": two units at the most; below zero: "0 s".
std::string InWords(absl::Duration duration);

// "02:13:07 UTC".
std::string TimeOfDay(absl::Time time);

absl::Time ToTime(const google::protobuf::Timestamp& timestamp);

// "1 time-out", "5 time-outs".
std::string Counted(int64_t count, std::string_view one, std::string_view many);

// What Subscription.reason and the status that goes with it mean: "the server does not answer",
// "the server answered 503"; what is not known stands in quotes, as it came.
std::string ReasonInWords(std::string_view reason, int sip_status);

}  // namespace sipevents::gateway

#endif  // GATEWAY_EXPLAIN_PHRASES_H_
