#ifndef SIP_AGENT_SETUP_H_
#define SIP_AGENT_SETUP_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sip/agent_impl.h"
#include "sip/auth/credentials.h"
#include "sip/stack/endpoint.h"

namespace sipevents::sip {

// AgentOptions, checked and in the form that the SIP threads take.
struct AgentSetup {
  EndpointOptions endpoint;    // of the first thread, with the bounds of one thread
  std::string outbound_route;  // value of a Route header; may be empty
  CredentialTable credentials;
};

// Checks the options. Errors: INVALID_ARGUMENT, naming the flag, its value, and what is expected.
absl::StatusOr<AgentSetup> SetUpAgent(const AgentOptions& options);

// The listeners of thread `shard` (from 0), which has its own ports beyond the first thread: one
// for UDP and TCP, and for TLS the next.
std::vector<ListenSpec> ListenersOf(const AgentSetup& setup, const AgentOptions& options,
                                    int shard);

}  // namespace sipevents::sip

#endif  // SIP_AGENT_SETUP_H_
