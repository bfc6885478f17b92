#include "gateway/rpc/watcher_messages.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/rpc/timestamps.h"
#include "sip/base/utf8.h"

namespace sipevents::gateway {
namespace {

v1::Watcher::Status StatusOf(sip::WatcherStatus status) {
  switch (status) {
    case sip::WatcherStatus::kPending:
      return v1::Watcher::PENDING;
    case sip::WatcherStatus::kActive:
      return v1::Watcher::ACTIVE;
    case sip::WatcherStatus::kWaiting:
      return v1::Watcher::WAITING;
    case sip::WatcherStatus::kTerminated:
      return v1::Watcher::TERMINATED;
  }
  return v1::Watcher::STATUS_UNSPECIFIED;
}

v1::Watcher::Event EventOf(std::string_view event) {
  constexpr std::pair<std::string_view, v1::Watcher::Event> kEvents[] = {
      {"subscribe", v1::Watcher::SUBSCRIBE},     {"approved", v1::Watcher::APPROVED},
      {"deactivated", v1::Watcher::DEACTIVATED}, {"probation", v1::Watcher::PROBATION},
      {"rejected", v1::Watcher::REJECTED},       {"timeout", v1::Watcher::TIMEOUT},
      {"giveup", v1::Watcher::GIVEUP},           {"noresource", v1::Watcher::NORESOURCE},
  };
  for (const auto& [word, value] : kEvents) {
    if (word == event) return value;
  }
  return v1::Watcher::EVENT_UNSPECIFIED;
}

v1::ServedWatcher::BodyOmission OmissionOf(sip::BodyOmission omission) {
  switch (omission) {
    case sip::BodyOmission::kNone:
      break;
    case sip::BodyOmission::kRefused:
      return v1::ServedWatcher::BODY_REFUSED;
    case sip::BodyOmission::kTooLarge:
      return v1::ServedWatcher::BODY_TOO_LARGE;
    case sip::BodyOmission::kUnproven:
      return v1::ServedWatcher::CONTACT_UNPROVEN;
  }
  return v1::ServedWatcher::BODY_OMISSION_UNSPECIFIED;
}

v1::WatcherRule::Decision DecisionOf(sip::WatcherDecision decision) {
  switch (decision) {
    case sip::WatcherDecision::kPending:
      return v1::WatcherRule::PENDING;
    case sip::WatcherDecision::kAllow:
      return v1::WatcherRule::ALLOW;
    case sip::WatcherDecision::kDeny:
      return v1::WatcherRule::DENY;
    case sip::WatcherDecision::kPoliteBlock:
      return v1::WatcherRule::POLITE_BLOCK;
  }
  return v1::WatcherRule::DECISION_UNSPECIFIED;
}

}  // namespace

v1::ServedWatcher ToMessage(const sip::WatcherRecord& watcher) {
  v1::ServedWatcher message;
  message.set_name(absl::StrCat("watchers/", watcher.id));
  message.set_target_uri(watcher.resource_uri);
  message.set_event_package(watcher.event_package);
  // What watchers say of themselves need not be UTF-8.
  message.set_watcher_uri(ToUtf8(watcher.watcher_uri));
  message.set_display_name(ToUtf8(watcher.display_name));
  message.set_contact_uri(ToUtf8(watcher.contact_uri));
  message.set_user_agent(ToUtf8(watcher.user_agent));
  message.set_status(StatusOf(watcher.status));
  message.set_event(EventOf(watcher.event));
  message.set_polite_block(watcher.polite_block);
  SetTime(watcher.subscribe_time, message.mutable_subscribe_time());
  SetTime(watcher.expire_time, message.mutable_expire_time());
  if (watcher.last_notify_time != absl::InfinitePast()) {
    SetTime(watcher.last_notify_time, message.mutable_last_notify_time());
  }
  message.set_notify_count(static_cast<int64_t>(watcher.notify_count));
  if (watcher.last_notify_attempt_time != absl::InfinitePast()) {
    SetTime(watcher.last_notify_attempt_time, message.mutable_last_notify_attempt_time());
  }
  message.set_last_notify_status(watcher.last_notify_status);
  message.set_body_omission(OmissionOf(watcher.body_omission));
  return message;
}

v1::WatcherRule ToMessage(const sip::WatcherRule& rule, const std::string& name) {
  v1::WatcherRule message;
  message.set_name(name);
  message.set_target_uri(rule.resource_uri);
  message.set_event_package(rule.event_package);
  message.set_watcher_uri(ToUtf8(rule.watcher_uri));
  message.set_decision(DecisionOf(rule.decision));
  return message;
}

sip::WatcherDecision ToDecision(v1::WatcherRule::Decision decision) {
  switch (decision) {
    case v1::WatcherRule::ALLOW:
      return sip::WatcherDecision::kAllow;
    case v1::WatcherRule::DENY:
      return sip::WatcherDecision::kDeny;
    case v1::WatcherRule::POLITE_BLOCK:
      return sip::WatcherDecision::kPoliteBlock;
    default:
      return sip::WatcherDecision::kPending;
  }
}

}  // namespace sipevents::gateway
