#include "gateway/registry/incarnation.h"

#include <utility>

#include "gateway/registry/event_encoder.h"
#include "google/protobuf/util/time_util.h"
#include "sip/base/ascii.h"
#include "sip/base/utf8.h"

namespace sipevents::gateway {
namespace {

using google::protobuf::util::TimeUtil;

// The states of sip/ have the contract's names.
v1::Subscription::State StateOf(sip::SubscriptionState state) {
  switch (state) {
    case sip::SubscriptionState::kSubscribing:
      return v1::Subscription::SUBSCRIBING;
    case sip::SubscriptionState::kPending:
      return v1::Subscription::PENDING;
    case sip::SubscriptionState::kActive:
      return v1::Subscription::ACTIVE;
    case sip::SubscriptionState::kRetrying:
      return v1::Subscription::RETRYING;
    case sip::SubscriptionState::kTerminated:
      return v1::Subscription::TERMINATED;
  }
  return v1::Subscription::STATE_UNSPECIFIED;
}

void SetTime(absl::Time time, google::protobuf::Timestamp* timestamp) {
  *timestamp = TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(time));
}

v1::SubscriptionSpec SpecOf(const SubscriptionKey& key, absl::Duration expires) {
  v1::SubscriptionSpec spec;
  spec.set_target_uri(key.target_uri);
  spec.set_event_package(key.event_package);
  for (const auto& [name, value] : key.event_parameters) {
    (*spec.mutable_event_parameters())[name] = value;
  }
  spec.set_identity(key.identity);
  for (const std::string& type : key.accept) spec.add_accept(type);
  for (const std::string& member : key.members) spec.add_members(member);
  spec.set_appearance_index(key.appearance_index);
  if (!key.body.empty()) {
    spec.mutable_body()->set_content_type(key.body_content_type);
    spec.mutable_body()->set_data(key.body);
  }
  if (expires > absl::ZeroDuration()) {
    *spec.mutable_expires() = TimeUtil::NanosecondsToDuration(absl::ToInt64Nanoseconds(expires));
  }
  return spec;
}

bool IsWaiting(const sip::SubscriptionStatus& status) {
  return status.waiting_since != absl::InfinitePast();
}

bool IsEstablished(const sip::SubscriptionStatus& status) {
  return status.state == sip::SubscriptionState::kActive ||
         status.state == sip::SubscriptionState::kPending;
}

void SetStatus(const sip::SubscriptionStatus& status, v1::Subscription& subscription) {
  subscription.set_state(StateOf(status.state));
  subscription.set_reason(ToUtf8(status.reason));
  subscription.set_sip_status(status.sip_status);
  if (status.retry_time != absl::InfinitePast()) {
    SetTime(status.retry_time, subscription.mutable_retry_time());
  }
  if (status.sip_expire_time != absl::InfinitePast()) {
    SetTime(status.sip_expire_time, subscription.mutable_sip_expire_time());
  }
  if (status.stale_since != absl::InfinitePast()) {
    SetTime(status.stale_since, subscription.mutable_stale_since());
  }
  if (IsWaiting(status)) SetTime(status.waiting_since, subscription.mutable_waiting_since());
  subscription.set_dialog_count(status.dialog_count);
}

// Whether the streams should hear of the step from one status to the next. They need not hear
// of each refresh: sip_expire_time alone, and that a refresh waits, moves only in the resource.
bool IsNews(sip::SubscriptionStatus before, const sip::SubscriptionStatus& now) {
  before.sip_expire_time = now.sip_expire_time;
  if (IsEstablished(now)) before.waiting_since = now.waiting_since;
  return before != now;
}

}  // namespace

Incarnation::Incarnation(const WantedSubscription& wanted, std::string uid, const Parts& parts)
    : key_(wanted.key),
      create_time_(parts.clock.Now()),
      clock_(parts.clock),
      metrics_(parts.metrics.ForPackage(wanted.key.event_package)),
      log_(std::make_shared<EventLog>(
          LogIdentity{.name = wanted.name, .uid = std::move(uid), .epoch = wanted.epoch},
          parts.log_limits, parts.executor, parts.budget)),
      event_head_(
          EventEncoder::EncodeHead(wanted.name, wanted.key.target_uri, wanted.key.event_package)),
      waiting_count_(parts.waiting_count),
      expires_(wanted.expires) {
  metrics_.MoveSubscription(std::nullopt, sip::SubscriptionState::kSubscribing);
  // Of what happens, none may be left out, not even before the first watch comes to look.
  if (wanted.every || sip::DescribePackage(key_.event_package).every_event) {
    LogView(*log_).KeepHistory();
  }
}

Incarnation::~Incarnation() {
  metrics_.MoveSubscription(status_.state, std::nullopt);
  CountWaiting(IsWaiting(status_), false);
}

void Incarnation::CountWaiting(bool before, bool now) {
  if (before == now || waiting_count_ == nullptr) return;
  waiting_count_->fetch_add(now ? 1 : -1, std::memory_order_relaxed);
}

v1::Subscription Incarnation::Describe() const {
  v1::Subscription subscription;
  subscription.set_name(name());
  subscription.set_uid(uid());
  SetTime(create_time_, subscription.mutable_create_time());
  if (const int64_t nanos = last_notify_nanos_.load(std::memory_order_relaxed); nanos != 0) {
    *subscription.mutable_last_notify_time() = TimeUtil::NanosecondsToTimestamp(nanos);
  }
  sip::SubscriptionStatus status;
  absl::Duration expires;
  {
    MutexLock lock(mutex_);
    status = status_;
    expires = expires_;
  }
  SetStatus(status, subscription);
  *subscription.mutable_spec() = SpecOf(key_, expires);
  return subscription;
}

bool Incarnation::IsFresh(absl::Time since) const {
  const int64_t nanos = last_notify_nanos_.load(std::memory_order_relaxed);
  if (nanos == 0 || absl::FromUnixNanos(nanos) < since) return false;
  MutexLock lock(mutex_);
  return status_.state == sip::SubscriptionState::kActive &&
         status_.stale_since == absl::InfinitePast();
}

std::vector<EntryRef> Incarnation::NewestEvents() const {
  std::vector<EntryRef> events;
  const LogView view(*log_);
  view.CatchUp();
  for (const EntryRef& entry : view.newest()) {
    if (entry->kind() == EntryKind::kEvent) events.push_back(entry);
  }
  return events;
}

std::vector<Incarnation::MissingMember> Incarnation::MissingMembers() const {
  std::vector<MissingMember> members;
  MutexLock lock(mutex_);
  for (const auto& [dialog, member] : missing_) members.push_back(member);
  return members;
}

void Incarnation::ForgetMissing(EntryKey dialog, std::string_view member_uri) {
  if (!any_missing_) return;
  MutexLock lock(mutex_);
  std::erase_if(missing_, [&](const auto& one) {
    return one.first == dialog && (member_uri.empty() || one.second.uri == member_uri);
  });
  any_missing_ = !missing_.empty();
}

void Incarnation::SetExpires(absl::Duration expires) {
  MutexLock lock(mutex_);
  expires_ = expires;
}

void Incarnation::OnStatus(const sip::SubscriptionStatus& status) {
  sip::SubscriptionStatus now = status;
  const bool is_terminated = now.state == sip::SubscriptionState::kTerminated;
  if (is_terminated && deleted_.load(std::memory_order_relaxed)) now.reason = "deleted";
  sip::SubscriptionStatus before = now;
  {
    MutexLock lock(mutex_);
    std::swap(before, status_);
    status_ = now;
  }
  metrics_.MoveSubscription(before.state, now.state);
  CountWaiting(IsWaiting(before), IsWaiting(now));
  if (is_terminated) terminated_.store(true, std::memory_order_release);
  const bool is_first = log_head_ == 0;
  if (is_first || IsNews(std::move(before), now)) {
    log_head_ = log_->AppendStatus(Describe().SerializeAsString(), clock_.Now());
  }
  // Whoever waits for the first state learns that it may not come soon.
  if (is_terminated || now.state == sip::SubscriptionState::kRetrying) log_->Settle();
}

void Incarnation::NoteNotify(absl::Time receive_time) {
  last_notify_nanos_.store(absl::ToUnixNanos(receive_time), std::memory_order_relaxed);
}

Incarnation::Dialog& Incarnation::DialogOf(std::string_view id) {
  const auto found = dialogs_.find(AbslView(id));
  if (found != dialogs_.end()) return found->second;
  Dialog& dialog = dialogs_[std::string(id)];
  dialog.own.key = DialogKey(++last_dialog_);
  return dialog;
}

Incarnation::Shown& Incarnation::ShownBy(const sip::Notification& notification, Dialog& dialog) {
  if (notification.member_uri.empty()) return dialog.own;
  Shown& member =
      dialog.members[{std::string(notification.member_uri), notification.member_instance}];
  if (member.key == 0) member.key = MemberKey(dialog.own.key, ++dialog.last_member);
  return member;
}

void Incarnation::OnNotification(const sip::Notification& notification) {
  // One for all Subscriptions of a SIP thread: it owns a buffer.
  thread_local EventEncoder encoder;
  NoteNotify(notification.receive_time);
  Dialog& dialog = DialogOf(notification.dialog);
  if (!notification.member_uri.empty()) ForgetMissing(dialog.own.key, notification.member_uri);
  Shown& shown = ShownBy(notification, dialog);
  std::string last_document;
  if (notification.document == nullptr) last_document = LastDocument(shown);
  const EventEncoder::Encoded encoded = encoder.Encode(event_head_, notification, last_document);
  shown.document_octets = encoded.document_octets;
  log_head_ = log_->AppendEvent(shown.key, encoded.event, notification.receive_time);
  log_->Settle();
}

std::string Incarnation::LastDocument(const Shown& shown) const {
  if (shown.document_octets == 0) return "";
  // Rare, so that looking into the log costs less than keeping every document a second time.
  const LogView view(*log_);
  view.CatchUp();
  const EntryRef* entry = view.newest().Find(shown.key);
  if (entry == nullptr) return "";
  const std::string_view payload = (*entry)->payload();
  return std::string(payload.substr(payload.size() - shown.document_octets));
}

void Incarnation::OnQuietNotify(absl::Time receive_time) {
  NoteNotify(receive_time);
  log_->Settle();
}

void Incarnation::OnDialogEnded(std::string_view dialog, std::string_view reason,
                                bool state_remains) {
  const auto found = dialogs_.find(AbslView(dialog));
  // Who never heard of a fork need not hear of its end.
  if (found == dialogs_.end()) return;
  const EntryKey key = found->second.own.key;
  dialogs_.erase(found);
  ForgetMissing(key, "");
  // The newest event of the fork stays what the Subscription shows (RFC 6665, `invariant`).
  if (state_remains) return;
  v1::DialogEnded ended;
  ended.set_dialog(ToUtf8(dialog));
  ended.set_reason(ToUtf8(reason));
  log_head_ = log_->AppendDialogEnded(key, ended.SerializeAsString(), clock_.Now());
}

void Incarnation::OnMemberGone(std::string_view dialog, std::string_view member_uri,
                               uint32_t member_instance, std::string_view reason) {
  Dialog& of = DialogOf(dialog);
  ForgetMissing(of.own.key, member_uri);
  if (reason == "noresource" || reason == "rejected") {
    MutexLock lock(mutex_);
    if (missing_.size() < kMostMissing) {
      missing_.push_back({of.own.key, {std::string(member_uri), std::string(reason)}});
      any_missing_ = true;
    }
  }
  // Who never heard of a member hears why it has nothing to tell. Its key is of no more use.
  auto member = of.members.extract(MemberId(std::string(member_uri), member_instance));
  const EntryKey key =
      member.empty() ? MemberKey(of.own.key, ++of.last_member) : member.mapped().key;
  v1::DialogEnded ended;
  ended.set_dialog(ToUtf8(dialog));
  ended.set_reason(ToUtf8(reason));
  ended.set_member_uri(ToUtf8(member_uri));
  ended.set_member_instance(member_instance);
  log_head_ = log_->AppendDialogEnded(key, ended.SerializeAsString(), clock_.Now());
}

void Incarnation::OnEnded() { log_->Close(); }

}  // namespace sipevents::gateway
