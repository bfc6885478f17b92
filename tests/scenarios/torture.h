#ifndef TESTS_SCENARIOS_TORTURE_H_
#define TESTS_SCENARIOS_TORTURE_H_

#include <string>
#include <vector>

namespace sipevents::testing {

// A datagram that no well-behaved peer sends, and what may come back.
struct Torture {
  std::string name;
  std::string bytes;
  std::string branch;         // of its Via: answers have it too
  std::vector<int> statuses;  // that are right; 0: no answer; empty: anything
};

// The kinds of RFC 4475 and the TOR rows that need no subscription, as datagrams to the gateway's
// `gateway_port` from a peer at `peer_port`.
std::vector<Torture> TortureDatagrams(int gateway_port, int peer_port);

}  // namespace sipevents::testing

#endif  // TESTS_SCENARIOS_TORTURE_H_
