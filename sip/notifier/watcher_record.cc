#include <string>

#include "absl/strings/str_cat.h"
#include "sip/notifier/watcher.h"

// The part of Watcher that others see.

namespace sipevents::sip {
namespace {

absl::Time TimeOf(int64_t micros) {
  return micros == 0 ? absl::InfinitePast() : absl::FromUnixMicros(micros);
}

}  // namespace

std::string WatcherId(uint64_t number) { return absl::StrCat("w", number); }

WatcherStatus Watcher::status() const {
  if (state_.waits) return WatcherStatus::kWaiting;
  switch (state_.phase) {
    case WatcherPhase::kPending:
      return WatcherStatus::kPending;
    case WatcherPhase::kActive:
      return WatcherStatus::kActive;
    case WatcherPhase::kTerminated:
    case WatcherPhase::kWaiting:
    case WatcherPhase::kGone:
      break;
  }
  return WatcherStatus::kTerminated;
}

WatcherRecord Watcher::Describe() const {
  WatcherRecord record;
  record.id = WatcherId(birth_number_);
  record.resource_uri = audience().resource();
  record.event_package = audience().event_package();
  record.watcher_uri = *watcher_uri_;
  record.display_name = std::string(dialog_.display_name());
  record.contact_uri = std::string(dialog_.contact_uri());
  record.user_agent = std::string(dialog_.user_agent());
  record.polite_block = view_ == WatcherView::kNeutral;
  record.subscribe_time = subscribe_time_;
  record.expire_time = state_.expire_time;
  record.last_notify_time = TimeOf(last_notify_time_);
  record.notify_count = notify_count_;
  record.last_notify_attempt_time = TimeOf(last_attempt_time_);
  record.last_notify_status = last_status_;
  record.body_omission = omission_;
  record.status = status();
  switch (record.status) {
    case WatcherStatus::kPending:
      record.event = "subscribe";
      break;
    case WatcherStatus::kActive:
      record.event = approved_ ? "approved" : "subscribe";
      break;
    case WatcherStatus::kWaiting:
      record.event = "timeout";
      break;
    case WatcherStatus::kTerminated:
      record.event = std::string(WatcherEndToken(state_.end));
      if (record.event.empty()) record.event = "timeout";  // its host is gone
      break;
  }
  return record;
}

}  // namespace sipevents::sip
