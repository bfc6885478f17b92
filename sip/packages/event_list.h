#ifndef SIP_PACKAGES_EVENT_LIST_H_
#define SIP_PACKAGES_EVENT_LIST_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sip/body/decode_scratch.h"
#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Members of one list at most, those of lists within it included.
inline constexpr size_t kMaxListMembers = 10'000;
// Octets of the states of all members, at most.
inline constexpr size_t kMaxListOctets = size_t{64} << 20;
// Lists within lists; the outermost is at 1.
inline constexpr int kMaxListDepth = 8;

// What a NOTIFY told of one member of a list. Views are good during the call only.
struct MemberNews {
  std::string_view uri;   // as the list server writes it
  std::string_view name;  // for people; empty: none
  // Tells those apart that speak for the same member: 0 for the first, or only, one.
  uint32_t instance = 0;
  std::string_view content_type;
  std::string_view body;  // empty: it is in the list, but nothing is known of it
  // The merged full state; null: as before.
  const Document* document = nullptr;
  bool body_is_partial = false;
  std::string_view error;  // empty: fine
};

// Hears of members. Threads: the caller's of EventList::Merge().
class MemberListener {
 public:
  virtual ~MemberListener() = default;
  // A member is new, or its state changed.
  virtual void OnMember(const MemberNews& news) = 0;
  // What the member's `instance` showed is no longer true: it left the list, or the list server
  // cannot follow it any longer; `reason` is the list server's, empty if it gave none.
  virtual void OnMemberGone(std::string_view uri, uint32_t instance, std::string_view reason) = 0;
};

// What came of a body as a whole.
struct ListResult {
  // What is wrong with the list itself; empty: nothing. Of members, OnMember() tells.
  std::string error{};
  // A member's state could not be used.
  bool member_failed = false;
  // The full state should be asked for by a refresh.
  bool resync = false;
  // Active instances came without their state, which was tolerated (RLS-07).
  bool parts_missing = false;
  // Members were left out: there are more than kMaxListMembers. `error` says so, too.
  bool members_left_out = false;
};

// Follows a list of resources by what its server notifies (RFC 4662 section 5.2, ALG-D): the table
// of members by full and partial list documents, lists within it, and the state of each member by
// the rules of its package. A member that says what it said before is no news, unless the package
// is one of events.
//
// Threads: one at a time.
class EventList {
 public:
  explicit EventList(const EventPackage& package);
  ~EventList();
  EventList(const EventList&) = delete;
  EventList& operator=(const EventList&) = delete;

  // Takes one body in, for which IsEventList() is true. `listener` is called from within.
  ListResult Merge(const MergeInput& input, DecodeScratch& scratch, MemberListener& listener);

  // How many members there are, those that ended but are still listed included.
  size_t size() const;

 private:
  class Table;
  std::unique_ptr<Table> table_;
};

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_EVENT_LIST_H_
