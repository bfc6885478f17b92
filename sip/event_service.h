#ifndef SIP_EVENT_SERVICE_H_
#define SIP_EVENT_SERVICE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "sip/agent.h"
#include "sip/auth/digest_server.h"
#include "sip/auth/user_cache.h"
#include "sip/auth/user_table.h"
#include "sip/compositor/compositor.h"
#include "sip/dialog/incoming_request.h"
#include "sip/event_server.h"
#include "sip/notifier/notifier.h"
#include "sip/notifier/watcher_policy.h"
#include "sip/user_directory.h"

namespace sipevents::sip {

// How the domains of ours are served.
struct EventServiceOptions {
  DomainSet domains;
  // SUBSCRIBE and PUBLISH must bear credentials of a user, of SetUsers() or Parts::directory.
  bool authenticate = true;
  bool only_md5 = false;  // challenges name no other algorithm, for phones that stumble over one
  WatcherDecision usual_decision = WatcherDecision::kAllow;
  absl::Duration min_expires = absl::Seconds(60);
  absl::Duration max_expires = absl::Hours(1);
  std::optional<absl::Duration> notify_interval;  // none: each package's own
  bool strict = false;
};

// Notifier and compositor for our domains, on one SIP thread: judges who asks (RFC 6665 section
// 6.3, RFC 3903 section 14), and hands on to who serves. A request of a user who is to be looked up
// in the directory is put off (RequestAnswer::waits_for), and judged when it comes again.
//
// Threads: the SIP thread that serves.
class EventService final : public RequestServer {
 public:
  struct Parts {
    WatcherHost::Means means;
    // See Notifier::Parts.
    std::function<std::string(const RequestSource&, bool secure)> contact_for;
    SipMetrics* metrics = nullptr;  // may be null
    // Who knows the users that SetUsers() did not name; null: nobody. Must outlive the service.
    UserDirectory* directory = nullptr;
    // With a directory: see UserCache::Parts; and hears that requests put off until then (their
    // `waits_for`) can be judged.
    std::function<void(std::function<void()>)> post = {};
    std::function<void(uint64_t)> resume = {};
  };

  EventService(EventServiceOptions options, const Parts& parts);
  ~EventService() override;

  RequestAnswer OnSubscribe(const IncomingRequest& request) override;
  RequestAnswer OnPublish(const IncomingRequest& request) override;

  // Who stands in the users file, from now on; null: nobody. Subscriptions of others go on until
  // their next refresh.
  void SetUsers(std::shared_ptr<const UserTable> users) { users_.SetTable(std::move(users)); }

  Compositor& compositor() { return compositor_; }
  Notifier& notifier() { return notifier_; }
  WatcherPolicy& policy() { return policy_; }

  // Packages that are served, as Allow-Events lists them: without templates, unless peers are
  // tolerated who look for them there (NOT-44, DEV-14).
  static std::string AllowEvents(bool strict);
  // All that watchers can subscribe to, templates among them.
  static const std::vector<std::string>& NotifiedPackages();
  // Those of them that can be published.
  static const std::vector<std::string>& PublishedPackages();

 private:
  // Who a request is from.
  struct Sender {
    std::string identity;        // proven; empty: no proof is asked for
    const User* user = nullptr;  // null likewise; good during the call
  };
  // Or what to answer.
  std::variant<Sender, RequestAnswer> Authenticate(const IncomingRequest& request);
  RequestAnswer Challenge(const std::string& realm, bool stale, absl::Time now);
  UserCache::Parts UserCacheParts() const;
  std::string RealmFor(const IncomingRequest& request) const;
  static PublishRules PublishRulesOf(const EventServiceOptions& options);
  static NotifierOptions NotifierOptionsOf(const EventServiceOptions& options);

  const EventServiceOptions options_;
  const Parts parts_;
  DigestServer digest_;
  UserCache users_;
  WatcherPolicy policy_;
  Compositor compositor_;
  Notifier notifier_;
};

}  // namespace sipevents::sip

#endif  // SIP_EVENT_SERVICE_H_
