#ifndef SIP_NOTIFIER_NOTIFY_CONTENTS_H_
#define SIP_NOTIFIER_NOTIFY_CONTENTS_H_

#include <string>
#include <string_view>

#include "sip/base/clock.h"
#include "sip/compositor/state_source.h"
#include "sip/notifier/watcher.h"
#include "sip/notifier/watcher_info_source.h"

namespace sipevents::sip {

// Says what each NOTIFY shows: the state, the changes of it, a list, or who watches.
//
// Threads: the SIP thread that serves. What it is made of must outlive it.
class NotifyContents {
 public:
  NotifyContents(StateSource& states, const WatcherInfoSource& watcher_info, const Clock& clock)
      : states_(states), watcher_info_(watcher_info), clock_(clock) {}

  NotifyContent For(Watcher& watcher) const;

  // Whether a change of the state is one of what the watcher is shown, and not of what it has by
  // its condition (CEN-03).
  bool IsNews(const Watcher& watcher) const;
  // Whether what the watcher has is what it would be shown (CEN-03): `condition` is a tag, or `*`.
  bool Holds(std::string_view condition, const Watcher& watcher, WatcherView view) const;

 private:
  std::string EntityTag(const Watcher& watcher, WatcherView view) const;
  NumberedReport ReportFor(const Watcher& watcher, WatcherView view) const;
  ComposedStatePtr StateFor(const Watcher& watcher, WatcherView view) const;
  void AddState(Watcher& watcher, const ComposedStatePtr& state, NotifyContent& content) const;
  void AddList(Watcher& watcher, NotifyContent& content) const;
  void AddReport(Watcher& watcher, NotifyContent& content) const;
  void AddWatcherInfo(Watcher& watcher, NotifyContent& content) const;

  StateSource& states_;
  const WatcherInfoSource& watcher_info_;
  const Clock& clock_;
};

}  // namespace sipevents::sip

#endif  // SIP_NOTIFIER_NOTIFY_CONTENTS_H_
