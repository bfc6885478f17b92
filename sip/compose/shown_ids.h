#ifndef SIP_COMPOSE_SHOWN_IDS_H_
#define SIP_COMPOSE_SHOWN_IDS_H_

#include <string>

#include "absl/container/flat_hash_map.h"

namespace sipevents::sip {

// Under which ids the elements of several publications are shown together; by what Compose() knows
// them by. Empty: all under their own.
using ShownIds = absl::flat_hash_map<std::string, std::string>;

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_SHOWN_IDS_H_
