#ifndef SIP_SUBSCRIBER_STATE_INTAKE_H_
#define SIP_SUBSCRIBER_STATE_INTAKE_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "sip/packages/event_list.h"
#include "sip/packages/event_package.h"
#include "sip/subscriber/subscriber_context.h"

namespace sipevents::sip {

// Turns what the NOTIFYs of a Subscription, or of a fetch, say into notifications: of the resource,
// or of each member of the list that it turns out to be (RFC 4662).
//
// Threads: the SIP thread.
class StateIntake {
 public:
  StateIntake(SubscriberContext& context, const EventPackage& package);
  StateIntake(const StateIntake&) = delete;
  StateIntake& operator=(const StateIntake&) = delete;

  // So often may changes fail, whatever full states come between.
  static constexpr int kMostFailedChanges = 3;

  // What came of a NOTIFY.
  struct Taken {
    bool quiet = true;    // nothing was told
    bool usable = true;   // all of it could be used, so that its entity-tag stands for our state
    bool resync = false;  // the full state should be asked for
    bool over = false;    // the resource is no more
    // Bodies of changes could not be applied, kMostFailedChanges of them, or more, in a row.
    bool changes_fail = false;
  };
  // A member of a list shows nothing any longer.
  struct MemberGone {
    std::string_view member_uri;
    uint32_t member_instance = 0;
    std::string_view reason;
  };
  using OnNews = absl::FunctionRef<void(const Notification&)>;
  using OnGone = absl::FunctionRef<void(const MemberGone&)>;

  // Takes in what the fork `index`, which is called `dialog` outside, says. `news` and `gone` are
  // called from within; what they get is good during the call.
  Taken Take(const IncomingNotify& notify, uint32_t index, std::string_view dialog, OnNews news,
             OnGone gone);

  // The fork `index`, which is new, shows what another one before it told, and of that nothing is
  // known here: changes count for nothing until the full state comes.
  void Resume(uint32_t index) { resumed_.insert(index); }

  // Forgets a fork that ended; see StateMerger::DropDialog().
  MergeResult DropDialog(uint32_t index);

  // Whether the fork `index` has told of a list.
  bool IsListFork(uint32_t index) const { return lists_.contains(index); }

  // Whether a NOTIFY must not make one more fork, whatever the package allows: a list comes from
  // one server only (RLS-09).
  bool ExcludesFork(const IncomingNotify& notify) const;

 private:
  // What is known of one fork: it is a list or a single resource for life (RLS-03).
  struct ListFork {
    explicit ListFork(const EventPackage& package) : list(package) {}
    EventList list;
    bool has_failed = false;  // an error of the list itself was told, and is shown
  };

  bool IsList(const IncomingNotify& notify) const;
  Taken TakeSingle(const IncomingNotify& notify, uint32_t index, std::string_view dialog,
                   OnNews news);
  Taken TakeList(const IncomingNotify& notify, uint32_t index, std::string_view dialog, OnNews news,
                 OnGone gone);
  // Whether what a fork tells changes a state that is not known here.
  bool LacksBase(const IncomingNotify& notify, uint32_t index, const MergeResult& result);
  bool CountChanges(const IncomingNotify& notify, const MergeResult& result);
  Taken Refuse(const IncomingNotify& notify, std::string_view dialog, std::string_view error,
               OnNews news) const;
  MergeInput InputOf(const IncomingNotify& notify, uint32_t index) const;

  SubscriberContext& context_;
  const EventPackage& package_;
  std::unique_ptr<StateMerger> merger_;
  absl::flat_hash_map<uint32_t, std::unique_ptr<ListFork>> lists_;
  absl::flat_hash_set<uint32_t> singles_;
  absl::flat_hash_set<uint32_t> resumed_;  // until they tell the full state
  int failed_changes_ = 0;                 // in a row
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_STATE_INTAKE_H_
