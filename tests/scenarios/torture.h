#ifndef TESTS_SCENARIOS_TORTURE_H_
#define TESTS_SCENARIOS_TORTURE_H_

#include <string>
#include <vector>

#include "sip/base/net_address.h"

namespace sipevents::testing {

// What becomes of a TCP connection after a case.
enum class TortureAfter {
  kServes,  // what comes next is answered
  kCloses,  // nobody can say where the next message begins
  kWaits,   // the message has not ended
};

// A message that no well-behaved peer sends, and what may come back.
struct Torture {
  std::string name;  // of RFC 4475 or of the catalogue, where it comes from there
  std::string bytes;
  std::string branch;         // of its Via: answers have it too
  std::vector<int> statuses;  // that are right; 0: no answer
  TortureAfter after = TortureAfter::kServes;
};

// The kinds of RFC 4475 and the TOR rows that need no subscription, as messages over UDP or TCP to
// the gateway's `gateway_port` from a peer at `peer_port`.
std::vector<Torture> TortureMessages(Transport transport, int gateway_port, int peer_port);

}  // namespace sipevents::testing

#endif  // TESTS_SCENARIOS_TORTURE_H_
