#include "sip/subscriber/subscription_status.h"

#include <algorithm>
#include <string>

namespace sipevents::sip {
namespace {

// The earlier of two times, where InfinitePast stands for none.
absl::Time EarlierKnown(absl::Time a, absl::Time b) {
  if (a == absl::InfinitePast()) return b;
  if (b == absl::InfinitePast()) return a;
  return std::min(a, b);
}

void AddDialog(const DialogUsage& dialog, SubscriptionStatus& status) {
  const DialogState& state = dialog.state;
  ++status.dialog_count;
  if (state.phase == DialogPhase::kActive) status.state = SubscriptionState::kActive;
  status.stale_since = std::max(status.stale_since, state.stale_since);
  status.sip_expire_time = EarlierKnown(status.sip_expire_time, state.expires_at);
  if (state.failed_status != 0 && status.sip_status == 0) {
    status.sip_status = state.failed_status;
    status.reason = std::string(FailureReason(state.failure));
  }
  if (status.reason.empty()) status.reason = dialog.odd_substate;
}

}  // namespace

SubscriptionStatus ComposeStatus(const StatusParts& parts) {
  SubscriptionStatus status;
  status.stale_since = parts.stale_since;
  if (parts.attempt != nullptr) status.waiting_since = parts.attempt->exchange.waiting_since();
  status.state = SubscriptionState::kPending;
  for (const auto& dialog : parts.dialogs) {
    status.waiting_since = EarlierKnown(status.waiting_since, dialog->exchange.waiting_since());
    if (!dialog->ended()) AddDialog(*dialog, status);
  }
  if (status.dialog_count > 0 && !parts.over) return status;
  // A new attempt that waits for its turn is no news yet.
  const bool retry_waits = parts.retry_due != absl::InfinitePast() && parts.attempt != nullptr &&
                           !parts.attempt->state.sent;
  const bool retrying = parts.retry_planned || retry_waits;
  status.state = parts.over ? SubscriptionState::kTerminated
                 : retrying ? SubscriptionState::kRetrying
                            : SubscriptionState::kSubscribing;
  const bool shows_ending = parts.over || retrying;
  status.reason = shows_ending ? parts.last_ending.reason : "";
  status.sip_status = shows_ending ? parts.last_ending.sip_status : 0;
  if (!parts.over && retrying) status.retry_time = parts.retry_due;
  return status;
}

bool IsNews(const SubscriptionStatus& told, const SubscriptionStatus& now) {
  SubscriptionStatus same = now;
  if (absl::AbsDuration(now.sip_expire_time - told.sip_expire_time) < absl::Seconds(2)) {
    same.sip_expire_time = told.sip_expire_time;
  }
  return same != told;
}

}  // namespace sipevents::sip
