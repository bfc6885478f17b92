#ifndef SIP_NOTIFIER_LIST_VIEW_H_
#define SIP_NOTIFIER_LIST_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "sip/compose/composed_state.h"
#include "sip/compositor/state_source.h"
#include "sip/event_server.h"
#include "sip/notifier/audience.h"

namespace sipevents::sip {

// What one subscription to a list shows (RFC 4662): follows the states of the members, and writes
// what changed of them into one document.
//
// Threads: the SIP thread that serves.
class ListView {
 public:
  struct Parts {
    StateSource& states;
    const std::string& watcher_uri;  // whose view it is
    // The audience of a member; null: it is not served here.
    std::function<Audience*(const std::string& uri)> audience_of;
    // An audience may have lost its last member.
    std::function<void(Audience&)> on_left;
    // What the policy decides about this watcher and a member.
    std::function<WatcherDecision(const std::string& uri)> decide;
    std::function<void()> on_changed;  // there is something to tell
  };

  // Octets from which on the rest of a document is left to the next one: the largest datagram is
  // not much larger.
  static constexpr size_t kMaxOctets = 48 << 10;

  ListView(std::shared_ptr<const ServedList> list, std::string event_package, Parts parts);
  ~ListView();

  // Follows other members from now on; the next document is a full one.
  void Replace(std::shared_ptr<const ServedList> list);

  // The next document. `full`: it answers a SUBSCRIBE, or the one before was not taken (RLS-05).
  struct Written {
    ComposedBody body;
    uint32_t version = 0;  // RLS-05: of the list, put in at body.version_at
    bool more = false;     // not all of it fitted: there is another one to be sent
    // Of all that was told by now, as EntityTag(); empty with `more`.
    std::string entity_tag;
  };
  Written Write(bool full);

  // Stands for all states as they are now, and for which of them the watcher may see: the same for
  // whoever sees the same, whatever was told in how many documents (CEN-01).
  std::string EntityTag() const;

  const ServedList& list() const { return *list_; }

 private:
  class Member;

  void Follow();
  std::string TagOf(uint64_t sum) const;

  const std::string event_package_;
  const Parts parts_;
  std::shared_ptr<const ServedList> list_;
  std::vector<std::unique_ptr<Member>> members_;
  uint32_t version_ = 0;
  bool replaced_ = false;
};

// The lists that are served by name (`ResourceLists`).
//
// Threads: the SIP thread that serves.
class ListTable {
 public:
  static constexpr size_t kMaxLists = 100'000;
  static constexpr size_t kMaxMembers = 1'000;

  // RESOURCE_EXHAUSTED, naming the bound.
  absl::Status Set(const ServedList& list);
  // False: there is none.
  bool Remove(const std::string& uri) { return lists_.erase(uri) > 0; }
  // Null: there is none.
  std::shared_ptr<const ServedList> Find(std::string_view uri) const;

 private:
  absl::flat_hash_map<std::string, std::shared_ptr<const ServedList>> lists_;
};

}  // namespace sipevents::sip

#endif  // SIP_NOTIFIER_LIST_VIEW_H_
