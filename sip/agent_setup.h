#ifndef SIP_AGENT_SETUP_H_
#define SIP_AGENT_SETUP_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "sip/agent_impl.h"
#include "sip/auth/credentials.h"
#include "sip/base/network_list.h"
#include "sip/event_service.h"
#include "sip/registration/registration_spec.h"
#include "sip/stack/endpoint.h"
#include "sip/subscriber/unsolicited.h"

namespace sipevents::sip {

// AgentOptions, checked and in the form that the SIP threads take.
struct AgentSetup {
  EndpointOptions endpoint;    // of the first thread, with the bounds of one thread
  std::string outbound_route;  // value of a Route header; may be empty
  CredentialTable credentials;
  std::string identity;                         // of requests that name none, in canonical form
  std::vector<RegistrationSpec> registrations;  // each with its instance
  absl::flat_hash_set<std::string> registered;  // their identities
  NetworkList unsolicited_peers;
  std::optional<EventServiceOptions> events;  // of the first thread; none: nothing is served
  std::shared_ptr<const UserTable> users;     // of --sip_users_file; null: there is none
  // Of UnsolicitedDoor; set by who starts the threads.
  std::function<bool(const std::shared_ptr<const UnsolicitedState>&)> tell_all;

  // The thread that holds what this identity asks of a resource; `identity` may be empty. Spread
  // by the resource, so that all of its packages are told by one thread; but requests that name
  // a GRUU as Contact are of the thread that it leads to.
  size_t ShardOf(const std::string& target_uri, const std::string& requested_identity,
                 size_t shards) const;
};

// Checks the options. Errors: INVALID_ARGUMENT, naming the flag, its value, and what is expected.
absl::StatusOr<AgentSetup> SetUpAgent(const AgentOptions& options);

// The listeners of thread `shard` (from 0), which has its own ports beyond the first thread: one
// for UDP and TCP, and for TLS the next.
std::vector<ListenSpec> ListenersOf(const AgentSetup& setup, const AgentOptions& options,
                                    int shard);

}  // namespace sipevents::sip

#endif  // SIP_AGENT_SETUP_H_
