#ifndef GATEWAY_PUBLICATIONS_PUBLICATION_FEED_H_
#define GATEWAY_PUBLICATIONS_PUBLICATION_FEED_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "gateway/publications/live_publication.h"
#include "gateway/watch/fanout_executor.h"
#include "sip/base/mutex.h"

namespace sipevents::gateway {

// Which Publications somebody asks about.
struct PublicationScope {
  std::string tenant;
  std::string owner;          // empty: of all callers of the tenant
  std::string target_uri;     // canonical; empty: all
  std::string event_package;  // empty: all

  bool Covers(const PublicationIdentity& publication) const;
};

// Tells streams of Publications that have changed. A change costs the SIP thread the same however
// many streams there are: the executor hands it round.
//
// Threads: any. Make it with std::make_shared.
class PublicationFeed final : public Runnable {
 public:
  using Hear = std::function<void(const std::shared_ptr<const LivePublication>&)>;

  // `executor` must outlive it.
  explicit PublicationFeed(FanoutExecutor& executor) : executor_(executor) {}

  // There is a new Publication, or one has changed or ended.
  void OnChanged(std::shared_ptr<const LivePublication> publication);

  // From now on `hear` is called on executor threads, one call at a time, of what the scope covers;
  // must not block. The result ends that by its own end, and waits for a call that is under way.
  std::shared_ptr<void> Join(PublicationScope scope, Hear hear);

 private:
  struct Listener {
    PublicationScope scope;
    Hear hear;
  };
  class Membership;

  void Run() override;
  void Leave(size_t number);

  FanoutExecutor& executor_;
  std::atomic<size_t> listener_count_{0};

  Mutex changed_mutex_;
  std::vector<std::shared_ptr<const LivePublication>> changed_ ABSL_GUARDED_BY(changed_mutex_);

  Mutex listeners_mutex_;
  size_t last_number_ ABSL_GUARDED_BY(listeners_mutex_) = 0;
  absl::flat_hash_map<size_t, Listener> listeners_ ABSL_GUARDED_BY(listeners_mutex_);
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_PUBLICATIONS_PUBLICATION_FEED_H_
