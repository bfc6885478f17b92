#ifndef SIP_SUBSCRIBER_DIALOG_SET_H_
#define SIP_SUBSCRIBER_DIALOG_SET_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "sip/dialog/dialog_table.h"
#include "sip/subscriber/attempt.h"
#include "sip/subscriber/dialog_usage.h"

namespace sipevents::sip {

// The forks of one subscription, and the Call-IDs by which their NOTIFYs are found.
//
// Threads: the SIP thread. `table` and `owner` must outlive it.
class DialogSet {
 public:
  DialogSet(DialogTable& table, DialogOwner& owner) : table_(table), owner_(owner) {}
  ~DialogSet();
  DialogSet(const DialogSet&) = delete;
  DialogSet& operator=(const DialogSet&) = delete;

  // A Call-ID and tag for a new attempt; kept while the attempt, or a dialog of it, is there.
  DialogTable::Id NewCall();

  DialogUsage& Add(std::unique_ptr<DialogUsage> dialog);
  // Null: none.
  DialogUsage* Find(const SubscribeExchange& exchange) const;
  DialogUsage* Find(const IncomingNotify& notify) const;

  // Ended ones, too. Adding one does not move the others.
  const std::vector<std::unique_ptr<DialogUsage>>& all() const { return dialogs_; }
  size_t size() const { return dialogs_.size(); }
  // Those that have not ended.
  int live() const;

  // When a Tick or Sweep() is due; InfiniteFuture: never.
  absl::Time NextDue() const;
  // Forgets dialogs whose last answer needs no more repeating, and Call-IDs that nobody uses.
  // `attempt`: the one under way; may be null.
  void Sweep(absl::Time now, const Attempt* attempt);

 private:
  DialogTable& table_;
  DialogOwner& owner_;
  std::vector<std::unique_ptr<DialogUsage>> dialogs_;
  std::vector<DialogTable::Id> calls_;
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_DIALOG_SET_H_
