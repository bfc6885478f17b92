#include "sip/subscriber/dialog_set.h"

#include <algorithm>
#include <utility>

namespace sipevents::sip {

DialogSet::~DialogSet() {
  for (const DialogTable::Id id : calls_) table_.Remove(id);
}

DialogTable::Id DialogSet::NewCall() {
  calls_.push_back(table_.Add(owner_));
  return calls_.back();
}

DialogUsage& DialogSet::Add(std::unique_ptr<DialogUsage> dialog) {
  dialogs_.push_back(std::move(dialog));
  return *dialogs_.back();
}

DialogUsage* DialogSet::Find(const SubscribeExchange& exchange) const {
  for (const auto& dialog : dialogs_) {
    if (&dialog->exchange == &exchange) return dialog.get();
  }
  return nullptr;
}

DialogUsage* DialogSet::Find(const IncomingNotify& notify) const {
  for (const auto& dialog : dialogs_) {
    const SubscribeExchange::Leg& leg = dialog->exchange.leg();
    if (leg.remote_tag == notify.from_tag && leg.call_id == notify.call_id) return dialog.get();
  }
  return nullptr;
}

int DialogSet::live() const {
  return static_cast<int>(std::count_if(dialogs_.begin(), dialogs_.end(),
                                        [](const auto& dialog) { return !dialog->ended(); }));
}

absl::Time DialogSet::NextDue() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& dialog : dialogs_) {
    next = std::min({next, NextDeadline(dialog->state), dialog->forget_at});
  }
  return next;
}

void DialogSet::Sweep(absl::Time now, const Attempt* attempt) {
  std::erase_if(dialogs_, [now](const auto& dialog) { return dialog->forget_at <= now; });
  std::erase_if(calls_, [this, attempt](DialogTable::Id id) {
    if (attempt != nullptr && attempt->id.call == id.call) return false;
    for (const auto& dialog : dialogs_) {
      if (dialog->id.call == id.call) return false;
    }
    table_.Remove(id);
    return true;
  });
}

}  // namespace sipevents::sip
