#ifndef GATEWAY_LISTS_RESOURCE_LIST_TABLE_H_
#define GATEWAY_LISTS_RESOURCE_LIST_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/auth/resource_asker.h"
#include "gateway/watch/executor_tasks.h"
#include "gateway/watch/fanout_executor.h"
#include "sip/base/clock.h"
#include "sip/base/mutex.h"
#include "sip/base/random_id.h"
#include "sip/event_server.h"
#include "sipevents/v1/resource_lists.pb.h"

namespace sipevents::gateway {

// The table of all ResourceLists, and what the event server is told of them.
//
// Threads: any. Calls to the event server are made with the table's lock held, which its thread
// never takes: what it has to say waits for the executor. Make it with std::make_shared.
class ResourceListTable final : public std::enable_shared_from_this<ResourceListTable> {
 public:
  struct Options {
    size_t max_lists = 10'000;
    size_t max_members = 200'000;  // of all lists
  };
  // All must outlive the table.
  struct Parts {
    sip::EventServer& server;
    const Clock& clock;
    RandomSource& random;
    FanoutExecutor& executor;
  };
  // Called once, on any thread; destroyed without being called if the event server has gone away.
  using Done = std::function<void(absl::StatusOr<v1::ResourceList>)>;

  ResourceListTable(const Options& options, const Parts& parts);

  // Serves a list, whose URIs are checked and canonical. Errors: ALREADY_EXISTS,
  // RESOURCE_EXHAUSTED (`max_resource_lists`, `max_resource_list_members`, or a bound of the event
  // server).
  void Create(const ResourceAsker& asker, sip::ServedList list, const Done& done);

  // Errors: RESOURCE_LIST_NOT_FOUND, also for those of others.
  absl::StatusOr<v1::ResourceList> Find(const ResourceAsker& asker, const std::string& name) const;

  // Up to `limit` lists that the asker may see, whose names come after `after`, in the order of
  // names.
  std::vector<v1::ResourceList> ListAfter(const ResourceAsker& asker, const std::string& after,
                                          size_t limit) const;

  // Replaces the members; `etag` empty: whatever it has. Errors: NOT_FOUND, ABORTED (the etag),
  // RESOURCE_EXHAUSTED: then all is as it was.
  void Update(const ResourceAsker& asker, const std::string& name,
              std::vector<sip::ServedList::Member> members, const std::string& etag,
              const Done& done);

  // Ends it. Errors: NOT_FOUND, ABORTED (the etag).
  void Delete(const ResourceAsker& asker, const std::string& name, const std::string& etag,
              const Done& done);

 private:
  // What is said of a list, anew with each change.
  struct Word {
    std::vector<sip::ServedList::Member> members;
    std::string etag;
    absl::Time update_time;
    uint64_t revision = 0;
  };
  struct Entry {
    std::string name;
    std::string tenant;
    std::string owner;
    std::string list_uri;
    absl::Time create_time;
    Word word;      // the newest
    Word accepted;  // the newest that the event server took; revision 0: none
    bool in_table = true;
  };
  using EntryPtr = std::shared_ptr<Entry>;

  static v1::ResourceList Describe(const Entry& entry);
  absl::Status Admit(size_t members_before, size_t members_now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<EntryPtr> FindLocked(const ResourceAsker& asker, const std::string& name,
                                      const std::string& etag) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CreateLocked(const ResourceAsker& asker, sip::ServedList list, const Done& done)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Serve(const EntryPtr& entry, const Done& done) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnServed(const EntryPtr& entry, const Word& word, const absl::Status& status,
                const Done& done);
  void Forget(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  const Parts parts_;
  const std::shared_ptr<ExecutorTasks> tasks_;

  mutable Mutex mutex_;
  // By tenant and name.
  std::map<std::pair<std::string, std::string>, EntryPtr> table_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<std::string> uris_ ABSL_GUARDED_BY(mutex_);
  size_t members_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_LISTS_RESOURCE_LIST_TABLE_H_
