#ifndef SIP_NOTIFIER_NOTIFIER_H_
#define SIP_NOTIFIER_NOTIFIER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/node_hash_map.h"
#include "absl/time/time.h"
#include "sip/agent.h"
#include "sip/compositor/resource_uri.h"
#include "sip/compositor/state_source.h"
#include "sip/dialog/incoming_request.h"
#include "sip/event_server.h"
#include "sip/notifier/audience.h"
#include "sip/notifier/list_view.h"
#include "sip/notifier/notify_contents.h"
#include "sip/notifier/notify_way.h"
#include "sip/notifier/subscribe_checks.h"
#include "sip/notifier/watcher.h"
#include "sip/notifier/watcher_info_source.h"
#include "sip/notifier/watcher_observers.h"
#include "sip/notifier/watcher_policy.h"

namespace sipevents::sip {

struct NotifierOptions {
  DomainSet domains;
  SubscribeLimits limits;
  // The least time between two NOTIFYs of a watcher; none: the package's own.
  std::optional<absl::Duration> notify_interval;
  size_t max_watchers = 1'000'000;
  // Subscriptions of one watcher to one package of one resource; past it the oldest one goes
  // (DEV-11).
  size_t max_per_watcher = 100;
  // Those who are remembered until somebody decides about them (RFC 3857 section 4.7.1): in all,
  // and resources of one watcher. Past it nobody else is.
  size_t max_waiting = 100'000;
  size_t max_waiting_per_watcher = 100;
};

// Takes SUBSCRIBE for our domains and keeps watchers informed (RFC 6665 section 4.2).
//
// Threads: the SIP thread that serves.
class Notifier final : public WatcherHost, public StateListener {
 public:
  struct Parts {
    WatcherHost::Means means;
    StateSource& states;
    WatcherPolicy& policy;
    // The Contact of answers to who came from there (NOT-35), without <>.
    std::function<std::string(const RequestSource&, bool secure)> contact_for;
    SipMetrics* metrics = nullptr;  // may be null
  };

  Notifier(NotifierOptions options, Parts parts);
  ~Notifier() override;

  // `identity`: who the request is from, as proven; empty: nobody asked for a proof.
  RequestAnswer OnSubscribe(const IncomingRequest& request, const std::string& identity);

  // The same of a caller of ours: no limit of time and rate is set, and NOTIFYs are handed to the
  // sender with `first_hop`. From says who it is. Drop() ends it without a NOTIFY; a tag that is
  // none is fine.
  RequestAnswer OnLocalSubscribe(const IncomingRequest& request, const std::string& first_hop);
  void Drop(uint64_t local_tag);

  // Applies a decision to the watchers that are there.
  void OnRule(const std::string& resource_uri, const std::string& event_package,
              const std::string& watcher_uri);

  // Serves a list of resources, or replaces its members. RESOURCE_EXHAUSTED: too many lists, or
  // members.
  absl::Status SetList(const ServedList& list);
  // Its watchers are told `noresource`; an unknown one is fine.
  void RemoveList(const std::string& uri);

  // Ends all with `deactivated` (NOT-42); calls `on_idle` once none is left.
  void Drain(std::function<void()> on_idle);

  // See EventServer.
  std::vector<WatcherRecord> List(const WatcherFilter& filter, std::string_view after,
                                  size_t limit) const;
  // The same in steps, each short: adds to `records`, up to `limit` in all. Returns where to go on;
  // empty: it is done.
  std::string ListSome(const WatcherFilter& filter, std::string_view after, size_t limit,
                       std::vector<WatcherRecord>& records) const;
  void Observe(const WatcherFilter& filter, std::shared_ptr<WatcherObserver> observer);
  void StopObserving(const std::shared_ptr<WatcherObserver>& observer);

  size_t size() const { return watchers_.size(); }

  // StateListener:
  void OnStateChanged(std::string_view resource, std::string_view event_package,
                      const ComposedStatePtr& state) override;
  // WatcherHost:
  const Means& means() const override { return parts_.means; }
  NotifyContent ContentFor(Watcher& watcher) override;
  bool IsNews(const Watcher& watcher) override;
  bool KeepsWaiting(const Watcher& watcher) override;
  void SendSoon(Watcher& watcher) override;
  void OnWatcherChanged(const Watcher& watcher) override;
  void OnViewChanged(const Watcher& watcher) override;
  void OnGone(Watcher& watcher) override;

 private:
  // Resource and package.
  using AudienceKey = std::pair<std::string, std::string>;
  using AudienceView = std::pair<std::string_view, std::string_view>;
  struct HashAudience {
    using is_transparent = void;
    size_t operator()(const AudienceView& key) const { return absl::HashOf(key.first, key.second); }
    size_t operator()(const AudienceKey& key) const {
      return (*this)(AudienceView(key.first, key.second));
    }
  };
  struct SameAudience {
    using is_transparent = void;
    bool operator()(const AudienceView& a, const AudienceView& b) const { return a == b; }
  };

  // Who a SUBSCRIBE is from, and where its NOTIFYs go.
  struct Origin {
    std::string watcher_uri;
    NotifyWay way;
    bool local = false;  // a caller of ours
  };
  RequestAnswer Begin(const IncomingRequest& request, const Origin& origin);
  Watcher& AddWatcher(const IncomingRequest& request, const Origin& origin, Audience& audience);
  RequestAnswer OnRefresh(const IncomingRequest& request, const std::string& identity);
  std::optional<RequestAnswer> Judge(const IncomingRequest& request, std::string_view package,
                                     Watcher::Grant& grant) const;
  std::optional<RequestAnswer> RefuseWay(const IncomingRequest& request, const NotifyWay& way,
                                         bool led) const;
  RequestAnswer Accepted(const Watcher& watcher, const Watcher::Grant& grant) const;
  std::optional<RequestAnswer> MakeRoom(const Audience& audience, const std::string& watcher_uri);
  void ReplaceWaiting(const Watcher& by);
  std::string WatcherUriOf(const IncomingRequest& request, const std::string& identity) const;
  // The list that a SUBSCRIBE is about; null: none is. A refusal: 421, 406, 415, 400.
  struct WantedList {
    std::optional<RequestAnswer> refusal;
    std::shared_ptr<const ServedList> list;
  };
  WantedList FindList(const IncomingRequest& request, const std::string& resource) const;
  std::unique_ptr<ListView> NewView(const std::shared_ptr<const ServedList>& list,
                                    Watcher& watcher);
  void ForEachOfList(const ServedList* list, const std::function<void(Watcher&)>& visit);
  void LeaveAudience(Audience& audience);
  absl::Duration IntervalOf(std::string_view event_package) const;
  Watcher* FindWatcher(const IncomingRequest& request) const;
  Audience& AudienceOf(std::string_view resource, std::string_view event_package);
  Audience* FindAudience(std::string_view resource, std::string_view event_package) const;
  const std::string* Intern(const std::string& text);
  void Release(const std::string* text);
  std::vector<const Watcher*> FindAfter(const WatcherFilter& filter, uint64_t number,
                                        size_t limit) const;
  WatcherObservers::Slice SliceAfter(const WatcherFilter& filter, uint64_t number) const;
  void Flush();

  const NotifierOptions options_;
  const Parts parts_;
  WatcherInfoSource watcher_info_;
  NotifyContents contents_;
  ListTable lists_;
  uint64_t last_number_;
  uint64_t last_revision_;                          // of an audience
  absl::node_hash_map<std::string, size_t> texts_;  // shared by watchers: how many have it
  absl::flat_hash_map<AudienceKey, std::unique_ptr<Audience>, HashAudience, SameAudience>
      audiences_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Watcher>> watchers_;  // by our tag
  absl::btree_map<uint64_t, Watcher*> by_number_;
  absl::flat_hash_map<std::pair<const void*, const void*>, uint32_t> counts_;
  absl::flat_hash_map<const void*, uint32_t> waiting_;  // by watcher_uri
  size_t waiting_count_ = 0;
  WatcherObservers observers_;
  std::vector<uint64_t> due_;  // tags of those who have a NOTIFY to send, in order
  size_t flushed_ = 0;         // of due_
  TimerQueue::TimerId flush_timer_ = 0;
  std::function<void()> on_idle_;
};

}  // namespace sipevents::sip

#endif  // SIP_NOTIFIER_NOTIFIER_H_
