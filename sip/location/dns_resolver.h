#ifndef SIP_LOCATION_DNS_RESOLVER_H_
#define SIP_LOCATION_DNS_RESOLVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sip/agent.h"
#include "sip/location/dns_answer.h"
#include "sip/location/resolv_conf.h"
#include "sip/transport/event_loop.h"

namespace sipevents::sip {

struct DnsResolverOptions {
  ResolvConf servers;
  absl::Duration timeout = absl::Seconds(3);  // of one question, over all servers
  size_t max_in_flight = 512;                 // questions; further ones wait
  // Past either, the resolver is worn out: sofia-sip's never frees some of what it takes in, and
  // has no bound on what it remembers.
  size_t max_answers = 20'000;
  size_t max_abandoned = 128;
};

// Asks DNS through sofia-sip's resolver, guarded: what comes is checked first (CheckDnsResponse),
// questions have a time-out of seconds (its own is a minute), the same question is asked once
// however many want to know, and how many are under way is bounded. It remembers answers for
// their TTL, and "there is none" for 10 minutes at most, as long as this object lives. It does not
// notice that resolv.conf changes, which kills sofia-sip's while a question is under way: make a
// new one then.
//
// Threads: the loop's. `loop` and `metrics` (may be null) must outlive it.
class DnsResolver {
 public:
  using Callback = std::function<void(const DnsAnswer&)>;

  // Errors: UNAVAILABLE (the system gives no descriptor …).
  static absl::StatusOr<std::shared_ptr<DnsResolver>> Create(EventLoop& loop,
                                                             DnsResolverOptions options,
                                                             SipMetrics* metrics);
  ~DnsResolver();
  DnsResolver(const DnsResolver&) = delete;
  DnsResolver& operator=(const DnsResolver&) = delete;

  // What is remembered of an earlier answer; nothing if DNS has to be asked.
  std::optional<DnsAnswer> Remembered(DnsQuestion question, const std::string& name) const;

  // Asks. `name` is a host name, or one with service labels, without a final dot. `callback` is
  // called once, from the loop, never from within this call; never after destruction.
  void Ask(DnsQuestion question, const std::string& name, Callback callback);

  // Whether nobody waits for an answer.
  bool idle() const;
  // Whether a new one should take its place.
  bool worn_out() const;
  const ResolvConf& servers() const;

  struct Core;

 private:
  explicit DnsResolver(std::shared_ptr<Core> core) : core_(std::move(core)) {}

  // Shared with a callback that runs: it may destroy the resolver.
  const std::shared_ptr<Core> core_;
};

}  // namespace sipevents::sip

#endif  // SIP_LOCATION_DNS_RESOLVER_H_
