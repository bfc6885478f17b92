#ifndef CLIENTS_CLI_EXPLANATION_TEXT_H_
#define CLIENTS_CLI_EXPLANATION_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::client {

// Why a lamp is wrong, for people: the verdict first, a line for each finding, then all that it
// rests on, a line or two for each thing, without an end of line at the end. Times of day are in
// `zone`; durations are as of the explanation. Foreign text cannot reach the terminal's controls.
// Threads: any.
std::string ExplanationText(const v1::Explanation& explanation, absl::TimeZone zone, bool color);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_EXPLANATION_TEXT_H_
