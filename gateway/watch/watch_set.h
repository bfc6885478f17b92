#ifndef GATEWAY_WATCH_WATCH_SET_H_
#define GATEWAY_WATCH_WATCH_SET_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "gateway/telemetry/metrics.h"
#include "gateway/watch/event_log.h"
#include "gateway/watch/fanout_executor.h"
#include "gateway/watch/watch_batch.h"
#include "gateway/watch/watch_reader.h"

namespace sipevents::gateway {

// What a watch is made of, once the caller may have it.
struct OpenedWatch {
  std::shared_ptr<EventLog> log;
  // Keeps the Subscription alive; let go of when the watch ends.
  std::shared_ptr<void> lease;
  PackageMetrics* package_metrics = nullptr;  // never null in a set
  // `max_items` and `max_bytes` do not apply.
  WatchOptions reading;
};

// The watches of one WatchMany stream. Each has a reader of its own; those with something to
// tell stand in a queue and take turns, a few items each, so that a busy one delays no other.
// One that has nothing to tell waits in its log, and one whose credit is used up waits for more:
// neither costs anything until then. Work is in proportion to what is ready, never to how many
// watches there are.
//
// Memory: about 0.6 KB a watch beside its Subscription (docs/performance.md).
//
// Threads: one call at a time (a Runnable's Run() will do).
class WatchSet {
 public:
  // So many items a watch may tell in one turn.
  static constexpr int kTurnItems = 16;

  // `owner` is scheduled when a watch that waited has news.
  explicit WatchSet(std::weak_ptr<Runnable> owner);
  ~WatchSet();
  WatchSet(const WatchSet&) = delete;
  WatchSet& operator=(const WatchSet&) = delete;

  size_t size() const { return watches_.size(); }
  bool Has(uint64_t id) const { return watches_.contains(id); }

  // Adds a watch under a new id, not 0. With a `credit` it tells at most so many items until
  // there is more.
  void Add(uint64_t id, const OpenedWatch& opened, std::optional<uint64_t> credit);
  // Ends a watch; false if there is none.
  bool Remove(uint64_t id);
  // Raises the credit of a watch that has one; false if there is no such watch.
  bool Grant(uint64_t id, uint64_t items);

  // Whether a watch may have something to tell.
  bool HasReady() const;

  // Appends what the ready watches tell, in turns, until `batch` has `max_items` items or
  // `max_bytes` octets (the last item may go beyond), or none is ready. A watch whose
  // Subscription has ended tells `removed`, one that cannot go on an error; both are then gone.
  // `batch.full` says whether it was ended by a limit.
  void Fill(int max_items, size_t max_bytes, WatchBatch& batch);

  // Has every watch look into its log; for once, at the end.
  void ReadyAll();

  // Ends up to `count` watches. Returns whether there are more.
  bool Release(size_t count);

 private:
  class Watch;
  class News;

  void MakeReady(const std::shared_ptr<Watch>& watch);
  void TakeTurn(const std::shared_ptr<Watch>& watch, int max_items, size_t max_bytes,
                WatchBatch& batch);
  void Drop(const std::shared_ptr<Watch>& watch);

  const std::shared_ptr<News> news_;
  absl::flat_hash_map<uint64_t, std::shared_ptr<Watch>> watches_;
  std::deque<std::shared_ptr<Watch>> ready_;  // each at most once
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_WATCH_SET_H_
