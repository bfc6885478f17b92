#ifndef GATEWAY_TELEMETRY_REGISTRATION_LINES_H_
#define GATEWAY_TELEMETRY_REGISTRATION_LINES_H_

#include <string>
#include <vector>

#include "sip/agent.h"

namespace sipevents::gateway {

// The page /registrations: one line of `name=value` for each identity, with what is known of it;
// times are in UTC. Threads: any.
std::string RegistrationLines(const std::vector<sip::RegistrationStatus>& registrations);

}  // namespace sipevents::gateway

#endif  // GATEWAY_TELEMETRY_REGISTRATION_LINES_H_
