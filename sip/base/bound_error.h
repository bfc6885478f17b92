#ifndef SIP_BASE_BOUND_ERROR_H_
#define SIP_BASE_BOUND_ERROR_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace sipevents::sip {

// RESOURCE_EXHAUSTED: the bound of this name, one of a fixed set, is reached. The message may name
// who asked; the name does not, so that it can be counted by (SipMetrics::OnBoundReached()).
// Threads: any.
absl::Status BoundError(std::string_view bound, std::string_view message);

// The name of the bound that a BoundError() is about; empty: it is another error. Threads: any.
std::string BoundOf(const absl::Status& status);

}  // namespace sipevents::sip

#endif  // SIP_BASE_BOUND_ERROR_H_
