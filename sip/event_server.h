#ifndef SIP_EVENT_SERVER_H_
#define SIP_EVENT_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

// What gateway/ sees of the gateway as notifier and event state compositor of its own domains.

namespace sipevents::sip {

// State that a caller of ours owns, served to watchers beside what phones publish.
struct LocalPublication {
  uint64_t id = 0;  // given by the caller; the same one replaces its state
  std::string resource_uri;
  std::string event_package;
  std::string content_type;
  std::string body;
  absl::Time expire_time = absl::InfiniteFuture();
  // Only the time is another one than was set under this id before: a report, which is told once,
  // is not told again, and a state counts as no newer than it was.
  bool only_time = false;
};

// May somebody watch? (api: AuthorizeWatcher)
enum class WatcherDecision {
  kPending,      // nobody has decided: told that it waits
  kAllow,        // sees the state
  kDeny,         // refused, or ended `rejected`
  kPoliteBlock,  // sees the neutral state, and cannot tell (NOT-07)
};

// Left by an authorisation; met by each SUBSCRIBE.
struct WatcherRule {
  std::string resource_uri;   // canonical
  std::string event_package;  // e.g. "presence"; the rule is about its `.winfo` too where named so
  std::string watcher_uri;    // address-of-record, canonical
  WatcherDecision decision = WatcherDecision::kPending;

  bool operator==(const WatcherRule&) const = default;
};

// As watcherinfo names them (RFC 3858). kWaiting: its subscription ended before anybody decided
// about it.
enum class WatcherStatus { kPending, kActive, kWaiting, kTerminated };

// Why a NOTIFY went without the state that it was to bring.
enum class BodyOmission : uint8_t {
  kNone,      // it did not
  kRefused,   // the watcher had refused a body: 415, 406
  kTooLarge,  // for the watcher (413, 513), or for a datagram
  kUnproven,  // too large for where nobody has answered yet (SEC-03)
};

// One who subscribes to what is served here.
struct WatcherRecord {
  std::string id;  // unique over all watchers, never reused
  std::string resource_uri;
  std::string event_package;
  std::string watcher_uri;   // address-of-record, authenticated where watchers are
  std::string display_name;  // may be empty
  std::string contact_uri;   // where NOTIFYs go; empty: it watches through gRPC
  std::string user_agent;    // as it says; may be empty
  WatcherStatus status = WatcherStatus::kPending;
  // What led to the status, as RFC 3858 names it: `subscribe`, `approved`, `deactivated`,
  // `rejected`, `timeout`, `giveup`, `noresource`.
  std::string event;
  bool polite_block = false;
  absl::Time subscribe_time;
  absl::Time expire_time;                              // kWaiting: when it is forgotten
  absl::Time last_notify_time = absl::InfinitePast();  // of the last NOTIFY that was answered 200
  uint64_t notify_count = 0;
  // Of the last NOTIFY that was handed to be sent, whatever became of it.
  absl::Time last_notify_attempt_time = absl::InfinitePast();
  int last_notify_status = 0;  // of the last final answer, or what stands for it; 0: none yet
  BodyOmission body_omission = BodyOmission::kNone;  // of the last NOTIFY

  bool operator==(const WatcherRecord&) const = default;
};

// Which watchers are meant; empty: all.
struct WatcherFilter {
  std::string resource_uri;
  std::string event_package;
  std::string watcher_uri;
  std::string id = {};  // as WatcherRecord::id
};

// Hears of watchers. Threads: called on a SIP thread, one call at a time; must not block.
class WatcherObserver {
 public:
  virtual ~WatcherObserver() = default;
  // A watcher came, changed its status or `polite_block`, or went (kTerminated: the last word of
  // it). Those that are there are told first, then OnInitialComplete().
  virtual void OnWatcher(const WatcherRecord& watcher) = 0;
  virtual void OnInitialComplete() = 0;
};

// A list of resources that is served as one (RFC 4662).
struct ServedList {
  std::string uri;  // canonical
  struct Member {
    std::string uri;   // canonical
    std::string name;  // for people; may be empty
    bool operator==(const Member&) const = default;
  };
  std::vector<Member> members;

  bool operator==(const ServedList&) const = default;
};

// Serves event state to SIP watchers, and takes it from SIP publishers, for the domains of the
// agent (AgentOptions::domains).
//
// Threads: any; each call posts to the SIP thread that serves and returns at once. Each `done` is
// called once, on that thread, and must not block; if the agent goes away before, it is destroyed
// without being called.
class EventServer {
 public:
  using Done = std::function<void(const absl::Status&)>;

  virtual ~EventServer() = default;

  // Whether resources with this canonical URI are served here; false for all where no domain is
  // configured.
  virtual bool Serves(std::string_view uri) const = 0;
  // By which name the resource of this canonical URI is known here, in rules, filters and lists:
  // `sip:user@domain`, where `sips:`, `pres:`, a port and parameters lead too. The URI itself where
  // it is not served.
  virtual std::string NameOf(std::string_view uri) const { return std::string(uri); }

  // Event packages that SIP watchers can subscribe to here, templates (`presence.winfo`) among
  // them.
  virtual const std::vector<std::string>& NotifiedPackages() const = 0;
  // Those of them whose state SetState() takes.
  virtual const std::vector<std::string>& PublishedPackages() const = 0;

  // Publishes, or replaces what was published under the same id; the package is one of
  // PublishedPackages(), the state was checked by CheckPublished(). RESOURCE_EXHAUSTED, naming the
  // bound: it is not stored, what was there before under the id stays.
  virtual void SetState(LocalPublication publication, Done done) = 0;
  // Withdraws; an unknown id is fine.
  virtual void RemoveState(uint64_t id, Done done) = 0;

  // By resource, package and id; `limit` at most, those whose id comes after `after` (empty: from
  // the first on) in the order of ids.
  virtual void ListWatchers(WatcherFilter filter, std::string after, size_t limit,
                            std::function<void(std::vector<WatcherRecord>)> done) = 0;
  // Tells of watchers until StopObserving() of the same object.
  virtual void Observe(WatcherFilter filter, std::shared_ptr<WatcherObserver> observer) = 0;
  virtual void StopObserving(const std::shared_ptr<WatcherObserver>& observer) = 0;

  // Applies to watchers that are there and to each SUBSCRIBE from now on. RESOURCE_EXHAUSTED: too
  // many rules.
  virtual void SetRule(WatcherRule rule, Done done) = 0;
  // Watchers that are there go on as the rule left them, until their next refresh. NOT_FOUND.
  virtual void RemoveRule(std::string resource_uri, std::string event_package,
                          std::string watcher_uri, Done done) = 0;
  virtual void ListRules(std::function<void(std::vector<WatcherRule>)> done) = 0;

  // Serves a list, or replaces its members. RESOURCE_EXHAUSTED.
  virtual void SetList(ServedList list, Done done) = 0;
  // Its watchers are told `noresource`.
  virtual void RemoveList(std::string uri, Done done) = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_EVENT_SERVER_H_
