#ifndef SIP_AUTH_USER_CACHE_H_
#define SIP_AUTH_USER_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sip/agent.h"
#include "sip/auth/aged_map.h"
#include "sip/auth/user_table.h"
#include "sip/base/clock.h"
#include "sip/base/mutex.h"
#include "sip/base/timer_queue.h"
#include "sip/user_directory.h"

namespace sipevents::sip {

// Finds users: in the table of the file, else among the answers that a directory gave, else by
// asking it, once for all who wait for the same user. While the directory fails, what it said
// before counts for kGrace longer, so that phones that were let in go on.
//
// Threads: one, the SIP thread that serves.
class UserCache {
 public:
  // Users who are remembered; more take the place of the oldest.
  static constexpr size_t kMostKnown = 100'000;
  // Names that belong to nobody, and names whose look-up failed: as many of each are remembered.
  // They are apart from those above: who tries names does not push out users.
  static constexpr size_t kMostRefused = 10'000;
  // Look-ups that are under way; past it no more begin.
  static constexpr size_t kMostLookups = 1'000;
  // Longer names are nobody's, and names that are no UTF-8.
  static constexpr size_t kMaxNameOctets = 256;
  // After this time a look-up has failed.
  static constexpr absl::Duration kPatience = absl::Seconds(3);
  // How long an answer counts: where it does not say, and at least and at most where it does.
  static constexpr absl::Duration kUsualKeep = absl::Minutes(1);
  static constexpr absl::Duration kLeastKeep = absl::Seconds(1);
  static constexpr absl::Duration kMostKeep = absl::Hours(1);
  // How long it counts that there is no such user, and that nobody could tell.
  static constexpr absl::Duration kNobodyKeep = absl::Seconds(10);
  static constexpr absl::Duration kFailureKeep = absl::Seconds(1);
  // An answer younger than this is not doubted (AskAgain).
  static constexpr absl::Duration kFresh = absl::Seconds(5);
  // How much longer the last good answer counts while nobody can tell.
  static constexpr absl::Duration kGrace = absl::Hours(1);

  // Names one look-up; never 0, never used again.
  using LookupId = uint64_t;

  // What it is made of must outlive it.
  struct Parts {
    UserDirectory* directory = nullptr;  // null: nobody but who is in the file
    const Clock& clock;
    TimerQueue& timers;
    // Has an action run on the SIP thread, later; any thread may call it.
    std::function<void(std::function<void()>)> post;
    // Hears that a look-up is over, however it ended: Find() tells more from now on.
    std::function<void(LookupId)> on_answer;
    SipMetrics* metrics = nullptr;  // may be null
  };

  enum class Verdict {
    kKnown,
    kNobody,       // there is no such user
    kAsked,        // a look-up is under way
    kUnavailable,  // nobody can tell now
  };
  struct Finding {
    Verdict verdict = Verdict::kNobody;
    const User* user = nullptr;  // with kKnown; good until the thread next turns to other work
    LookupId lookup = 0;         // with kAsked
  };

  explicit UserCache(Parts parts);
  ~UserCache();
  UserCache(const UserCache&) = delete;
  UserCache& operator=(const UserCache&) = delete;

  // What the users file says from now on; null, as at first: there is none.
  void SetTable(std::shared_ptr<const UserTable> table) { table_ = std::move(table); }

  // Finds a user of a realm, which is compared without regard to case. Never blocks.
  Finding Find(std::string_view user, std::string_view realm);

  // For credentials that do not fit what the directory said of a user: has it asked again, since a
  // password may have been changed. 0: what is known is fresh, or nothing better is to be had.
  LookupId AskAgain(std::string_view user, std::string_view realm);

  size_t known() const { return known_.size(); }
  size_t lookups() const { return lookups_.size(); }

 private:
  using Key = std::pair<std::string, std::string>;  // user and realm
  struct Known {
    User user;
    absl::Time since;
    absl::Time until;
  };
  struct Lookup {
    Key key;
    absl::Time since;
    TimerQueue::TimerId timer = 0;
  };
  // Where the answers of other threads go; outlives the cache, which is null then.
  struct Inbox {
    Mutex mutex;
    UserCache* cache ABSL_GUARDED_BY(mutex) = nullptr;
  };

  Finding FindWithoutAnswer(const Known* known, absl::Time now);
  bool HasFailed(const Key& key, absl::Time now) const;
  LookupId Ask(const Key& key, absl::Time now);
  void OnAnswer(LookupId id, const absl::StatusOr<UserDirectory::Answer>& answer);
  void Keep(const Lookup& lookup, const absl::StatusOr<UserDirectory::Answer>& answer);
  void OnBound(std::string_view name);

  const Parts parts_;
  std::shared_ptr<const UserTable> table_;
  AgedMap<Key, Known> known_{kMostKnown};
  AgedMap<Key, absl::Time> nobody_{kMostRefused};  // until when
  AgedMap<Key, absl::Time> failed_{kMostRefused};
  absl::flat_hash_map<LookupId, Lookup> lookups_;
  absl::flat_hash_map<Key, LookupId> asked_;
  LookupId last_id_ = 0;
  std::shared_ptr<Inbox> inbox_;
};

}  // namespace sipevents::sip

#endif  // SIP_AUTH_USER_CACHE_H_
