#ifndef CLIENTS_CLI_TIMES_H_
#define CLIENTS_CLI_TIMES_H_

#include <string>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

// Times of the contract, and how people read them. All functions: any thread.

namespace sipevents::client {

absl::Time ToTime(const google::protobuf::Timestamp& timestamp);
absl::Duration ToDuration(const google::protobuf::Duration& duration);
void SetDuration(absl::Duration duration, google::protobuf::Duration& field);

// Whole seconds: "4m12s", "0s"; what is negative counts as nothing.
std::string SpanText(absl::Duration span);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_TIMES_H_
