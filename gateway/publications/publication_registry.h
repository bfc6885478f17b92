#ifndef GATEWAY_PUBLICATIONS_PUBLICATION_REGISTRY_H_
#define GATEWAY_PUBLICATIONS_PUBLICATION_REGISTRY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/auth/resource_asker.h"
#include "gateway/publications/live_publication.h"
#include "gateway/publications/publication_feed.h"
#include "gateway/publications/request_ids.h"
#include "gateway/telemetry/metrics.h"
#include "gateway/watch/deadline_timer.h"
#include "gateway/watch/executor_tasks.h"
#include "gateway/watch/fanout_executor.h"
#include "sip/base/clock.h"
#include "sip/base/mutex.h"
#include "sip/base/random_id.h"
#include "sip/base/timer_queue.h"
#include "sip/event_server.h"
#include "sip/publication.h"

namespace sipevents::gateway {

// What is to be published; every field is checked.
struct PublicationOrder {
  std::string target_uri;  // canonical
  std::string event_package;
  std::string identity;  // canonical; empty: the gateway's own
  bool local = false;
  PublishedContent content;
  absl::Time expire_time;
  std::string request_id;  // empty: none
  std::string digest;      // of the request; with a request_id
};

// What is to change; every field is checked.
struct PublicationChange {
  std::optional<PublishedContent> content;
  std::optional<absl::Time> expire_time;
  std::string etag;  // empty: whatever it has
};

// The table of all Publications: hands what is REMOTE to the publisher, what is LOCAL to the event
// server, and withdraws what is over.
//
// Threads: any. Calls to SIP are made with the table's lock held, which SIP threads never take:
// what they have to say waits for the executor. Make it with std::make_shared.
class PublicationRegistry final : public Runnable {
 public:
  struct Options {
    size_t max_publications = 100'000;
    size_t max_publication_bytes = size_t{256} << 20;  // of all contents
    size_t max_request_ids = 200'000;
    absl::Duration request_id_lifetime = absl::Minutes(10);
  };
  // All must outlive the registry.
  struct Parts {
    sip::Publisher& publisher;
    sip::EventServer& server;
    const Clock& clock;
    RandomSource& random;
    FanoutExecutor& executor;
    Metrics& metrics;
  };
  using Publication = std::shared_ptr<const LivePublication>;
  // Called once, on any thread; destroyed without being called if the SIP side has gone away.
  using Done = std::function<void(absl::StatusOr<Publication>)>;

  PublicationRegistry(const Options& options, const Parts& parts);
  ~PublicationRegistry() override;

  // Publishes. Where the route is LOCAL, `done` is called when it is served. Errors:
  // RESOURCE_EXHAUSTED (`max_publications`, `max_publication_bytes`, `max_request_ids`, or a bound
  // of the event server), INVALID_ARGUMENT (`request_id` of another request), NOT_FOUND (what the
  // request made is over).
  void Create(const ResourceAsker& asker, PublicationOrder order, Done done);

  // Error: PUBLICATION_NOT_FOUND, also for those of others.
  absl::StatusOr<Publication> Find(const ResourceAsker& asker, const std::string& name) const;

  // Up to `limit` Publications of a tenant whose names come after `after`, in the order of names.
  std::vector<Publication> ListAfter(const std::string& tenant, const std::string& after,
                                     size_t limit) const;

  // Errors: NOT_FOUND, ABORTED (the etag), RESOURCE_EXHAUSTED: then all is as it was.
  void Update(const ResourceAsker& asker, const std::string& name, PublicationChange change,
              Done done);

  // Withdraws. Errors: NOT_FOUND, ABORTED (the etag).
  void Delete(const ResourceAsker& asker, const std::string& name, const std::string& etag,
              const Done& done);

  const std::shared_ptr<PublicationFeed>& feed() const { return feed_; }
  size_t size() const;

 private:
  struct Entry;
  class RemoteObserver;
  using EntryPtr = std::shared_ptr<Entry>;

  // Ends what is over.
  void Run() override;

  // The steps of Create(); the lock is held. What `Create` itself has to answer: an error, or one
  // that is published. nullptr: `done` was kept, or is not called before SIP has said something.
  absl::StatusOr<Publication> CreateLocked(const ResourceAsker& asker, PublicationOrder& order,
                                           Done& done) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Publication> RepeatLocked(const RequestIds::Made& made, const ResourceAsker& asker,
                                           const PublicationOrder& order, Done& done)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Publication> UpdateLocked(const ResourceAsker& asker, const std::string& name,
                                           PublicationChange& change, Done& done)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<EntryPtr> FindLocked(const ResourceAsker& asker, const std::string& name) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status AdmitBytes(size_t before, size_t now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  EntryPtr Insert(const ResourceAsker& asker, const PublicationOrder& order, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PublishRemote(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PublishLocal(const EntryPtr& entry, bool only_time, Done done)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnServed(const EntryPtr& entry, const PublicationWord& word, const absl::Status& status,
                const Done& done);
  // Withdraws what is published, and forgets it.
  void EndLocked(
      const EntryPtr& entry, const std::string& reason,
      sip::EventServer::Done removed = [](const absl::Status&) {})
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(const EntryPtr& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ArmExpiry(const EntryPtr& entry, absl::Time when, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ArmTimer(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string NewEtag() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  const Parts parts_;
  const std::shared_ptr<PublicationFeed> feed_;
  const std::shared_ptr<ExecutorTasks> tasks_;

  mutable Mutex mutex_;
  // By tenant and name.
  std::map<std::pair<std::string, std::string>, EntryPtr> table_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
  RequestIds request_ids_ ABSL_GUARDED_BY(mutex_);
  TimerQueue expiries_ ABSL_GUARDED_BY(mutex_);
  std::vector<EntryPtr> due_ ABSL_GUARDED_BY(mutex_);
  DeadlineTimer timer_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_PUBLICATIONS_PUBLICATION_REGISTRY_H_
