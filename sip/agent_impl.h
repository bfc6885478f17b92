#ifndef SIP_AGENT_IMPL_H_
#define SIP_AGENT_IMPL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sip/agent.h"
#include "sip/event_server.h"
#include "sip/publication.h"
#include "sip/user_directory.h"

namespace sipevents::sip {

// How the SIP side is set up; gateway/config fills it from the flags of the same names.
struct AgentOptions {
  // Where to listen: "udp:127.0.0.1:5060", "tcp:[::1]:5060", "tls:127.0.0.1:5061" (needs the
  // certificate below). Port 0 picks one.
  std::vector<std::string> listen;
  // What Via and Contact say, "host" or "host:port" (a port given as 0 or left out: the bound
  // one): none, one for all listeners, or one per listener. A wildcard listener needs one.
  std::vector<std::string> advertise;
  // SIP threads. The first serves the listeners above; each further one owns a port.
  int shards = 1;
  // Ports of the further shards, shards - 1 of them; empty: any free one.
  std::vector<int> shard_ports;
  // "sip:127.0.0.1:5090;lr": where out-of-dialog requests go first; empty: where the URI says.
  std::string outbound_proxy;
  // From of requests that name no identity.
  std::string identity = "sip:gateway@localhost";
  // File of "realm user password [identity=URI] [domain…]" lines; empty: none.
  std::string credentials_file;
  // File of "aor [registrar=URI] [expires=SECONDS] [instance=URN] [gruu=yes|no]" lines: identities
  // that are kept registered. Their subscriptions are held by the thread that registers them.
  // Empty: none.
  std::string registrations_file;
  // Domains whose event state is served here, to SIP watchers; none: nothing is served.
  std::vector<std::string> domains;
  // File of "user realm password [publish=URI]…" lines: who may subscribe and publish.
  std::string users_file;
  // Who knows further users; must outlive the agent; may be null.
  UserDirectory* user_directory = nullptr;
  bool authenticate_watchers = true;  // SUBSCRIBE and PUBLISH must bear credentials of these
  bool only_md5 = false;              // by MD5 alone
  WatcherDecision watcher_decision = WatcherDecision::kAllow;  // where there is no rule
  // What is granted to watchers and publishers, in whole seconds.
  absl::Duration min_expires = absl::Seconds(60);
  absl::Duration max_expires = absl::Hours(1);
  // The least time between two NOTIFYs to one watcher; none: each package's own.
  std::optional<absl::Duration> notify_interval;
  // Duration that subscriptions ask for; zero: the package's own.
  absl::Duration expires;
  // Reject what peers get wrong instead of tolerating it (DEV rows).
  bool strict = false;
  // Whether NOTIFYs must bear credentials (SUB-28): of the account that the credentials file has
  // for the domain of their subscription.
  bool authenticate_notify = false;
  // T1 of RFC 3261, 10 ms to 10 s; Timers B, F and N are 64 times this.
  absl::Duration t1 = absl::Milliseconds(500);
  // What retries after failures begin with: rand(0.5..1) of this, doubled up to 30 minutes.
  absl::Duration retry_base = absl::Seconds(30);
  // Networks and domains that requests may go to, comma separated (see DestinationPolicy);
  // empty: the default.
  std::string allowed_destinations;
  // Networks whose NOTIFYs outside of any subscription are taken, comma separated (see
  // UnsolicitedDoor); empty: none.
  std::string unsolicited_peers;
  // SIP over TLS. PEM files; the certificate with the intermediate ones after it. Empty: we have
  // no certificate.
  std::string tls_certificate_file;
  std::string tls_key_file;
  // Whose certificates are trusted; empty: the system's authorities.
  std::string tls_authorities_file;
  // Whether peers that connect to us must show a certificate.
  bool tls_require_client_certificate = false;
  // Whether servers must prove to be who we meant (RFC 5922). Off only for tests and labs.
  bool tls_verify_server = true;
  // "1.2" or "1.3".
  std::string tls_minimum_version = "1.2";
  // A file in the form of /etc/resolv.conf; empty: that one.
  std::string resolv_conf;
  // Requests per second to one server, and requests to it that are not answered yet; of the
  // whole agent, so a shard has its part. A rate of 0: no bound.
  int destination_rate = 1000;
  int destination_in_flight = 500;
  // Requests to all servers that are not answered yet; of the whole agent likewise.
  int max_in_flight = 2000;
  // Connections over TCP and TLS that peers opened, and as many that we opened; of the whole
  // agent likewise.
  int max_connections = 10'000;
  // Must outlive the agent; may be null.
  SipMetrics* metrics = nullptr;
};

// An Agent that is running; destroying it stops the SIP threads.
class RunningAgent : public Agent {
 public:
  // The listeners with the ports in use, in the order and syntax of AgentOptions::listen.
  virtual const std::vector<std::string>& listening() const = 0;

  // Publishes elsewhere; lives as long as the agent. Drain() withdraws what it published.
  virtual Publisher& publisher() = 0;

  // Serves our own domains; lives as long as the agent. Drain() ends what is served.
  virtual EventServer& event_server() = 0;

  // Tells of all registrations, by identity: `done` is called once, on a SIP thread, and must not
  // block. If the agent goes away before, `done` is destroyed without being called.
  virtual void DescribeRegistrations(std::function<void(std::vector<RegistrationStatus>)> done) = 0;
};

// Starts the SIP threads and opens the listeners. Errors: INVALID_ARGUMENT (an option cannot be
// used; the message names it as the flag is called, e.g. "--sip_listen"), UNAVAILABLE (an
// address cannot be bound).
absl::StatusOr<std::unique_ptr<RunningAgent>> StartAgent(const AgentOptions& options);

}  // namespace sipevents::sip

#endif  // SIP_AGENT_IMPL_H_
