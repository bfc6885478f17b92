#ifndef SIP_LOCATION_LOCATOR_H_
#define SIP_LOCATION_LOCATOR_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sip/agent.h"
#include "sip/base/random_id.h"
#include "sip/transport/event_loop.h"
#include "sip/transport/next_hop.h"

namespace sipevents::sip {

struct LocatorOptions {
  // A file in the form of /etc/resolv.conf; empty: that one. "port N" in it is the port of all
  // servers, an extension of sofia-sip's.
  std::string resolv_conf;
  // How soon a change of the file is noticed.
  absl::Duration look_interval = absl::Seconds(5);
  // What the endpoint can send over; the rest is left out of every answer.
  bool udp = true;
  bool tcp = true;
  bool tls = false;
  bool ipv4 = true;
  bool ipv6 = false;
  // How long one question to DNS may take; a lookup asks up to three in a row.
  absl::Duration question_timeout = absl::Seconds(3);
  // Lookups under way at once.
  size_t max_lookups = 100'000;
  RandomSource* random = nullptr;  // null: the system's
  SipMetrics* metrics = nullptr;   // may be null
};

// Finds the servers for a SIP URI through sofia-sip's resolver: NAPTR, SRV, AAAA and A
// (RFC 3263 section 4; LOC-01 to LOC-05).
//
// Names come from DNS alone: /etc/hosts is not read. `localhost` and what is below it are
// 127.0.0.1 and ::1, without DNS (RFC 6761). Of what DNS says no more than 16 servers are used,
// and no answer is remembered for more than an hour.
//
// Threads: the loop's.
class Locator {
 public:
  using Done = std::function<void(absl::StatusOr<std::vector<NextHop>>)>;

  Locator(EventLoop& loop, LocatorOptions options);
  ~Locator();

  // Calls `done` with the servers for `uri` (sip: or sips:), the first to try first, at least
  // one; from within the call where nothing has to be asked. `large`: the request is too large
  // for a datagram, so that TCP goes before UDP where the URI leaves the choice (RFC 3261
  // section 18.1.1). `done` may destroy the locator; after destruction nothing is called.
  // Errors, naming what was looked for: NOT_FOUND (no such name, or nothing that we can send to),
  // UNAVAILABLE (DNS does not answer, or fails), INVALID_ARGUMENT (no SIP URI),
  // RESOURCE_EXHAUSTED (too many lookups under way).
  void Locate(std::string_view uri, bool large, Done done);

 private:
  struct Core;
  // Shared with what runs when `done` is called, so that it may destroy the locator.
  std::shared_ptr<Core> core_;
};

}  // namespace sipevents::sip

#endif  // SIP_LOCATION_LOCATOR_H_
