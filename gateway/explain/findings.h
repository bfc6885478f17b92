#ifndef GATEWAY_EXPLAIN_FINDINGS_H_
#define GATEWAY_EXPLAIN_FINDINGS_H_

#include <vector>

#include "sipevents/v1/explanation.pb.h"
#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::gateway {

// What an on-call engineer should know of a Subscription, in plain words: worked out from all else
// that the explanation holds, as of its `explain_time`; the worst first, and of the same severity
// the cause before its effects. Never empty: where nothing is wrong, that is the first one. The
// codes are listed in docs/api.md.
//
// Pure. Any thread.
std::vector<v1::Finding> FindFindings(const v1::Explanation& explanation);

}  // namespace sipevents::gateway

#endif  // GATEWAY_EXPLAIN_FINDINGS_H_
