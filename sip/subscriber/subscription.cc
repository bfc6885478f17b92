#include "sip/subscriber/subscription.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/log.h"
#include "sip/packages/package_table.h"
#include "sip/subscriber/notify_checks.h"

namespace sipevents::sip {
namespace {

// Forks of one SUBSCRIBE that are followed; more get 481. A peer could invent them.
constexpr int kMaxDialogs = 64;
constexpr size_t kMaxTagOctets = 256;

RefreshAnswered ToAnswer(const Response& response) {
  return {response.status, response.made_here, response.expires, response.min_expires,
          response.retry_after};
}

uint32_t Seconds(absl::Duration duration) {
  return static_cast<uint32_t>(absl::ToInt64Seconds(duration));
}

}  // namespace

Subscription::Subscription(SubscriberContext& context, SubscribeRequest request,
                           std::shared_ptr<SubscriptionObserver> observer,
                           std::function<void()> on_done)
    : context_(context),
      subscribe_(context, std::move(request)),
      package_(FindPackage(subscribe_.request().event_package)),
      merger_(package_.NewMerger()),
      observer_(std::move(observer)),
      on_done_(std::move(on_done)) {}

Subscription::~Subscription() {
  for (const DialogTable::Id id : ids_) context_.dialogs.Remove(id);
  context_.timers.Cancel(timer_);
}

void Subscription::Start() {
  BeginAttempt();
  TellStatus();
  Rearm();
}

// ---- attempts

void Subscription::BeginAttempt() {
  retry_at_ = absl::InfiniteFuture();
  history_.attempt_began = context_.clock.Now();
  attempt_ = Attempt();
  attempt_->id = context_.dialogs.Add(*this);
  ids_.push_back(attempt_->id);
  attempt_->state = NewAttemptState(subscribe_.expires(), context_.Step());
  attempt_->exchange = std::make_unique<SubscribeExchange>(
      context_, subscribe_, [this](const Response& response) { OnAttemptAnswer(response); },
      [this] {
        OnAttemptResent(attempt_->state, context_.Step());
        Rearm();
      });
  SubscribeExchange::Leg& leg = attempt_->exchange->leg();
  leg.call_id = context_.dialogs.CallId(attempt_->id);
  leg.local_tag = context_.dialogs.LocalTag(attempt_->id);
  if (!context_.outbound_route.empty()) leg.route_set = {context_.outbound_route};
  attempt_->exchange->Send(Seconds(attempt_->state.requested));
}

void Subscription::OnAttemptAnswer(const Response& response) {
  if (!attempt_.has_value()) return;
  const StepContext step = context_.Step();
  AttemptStep next = OnAttemptAnswered(attempt_->state, ToAnswer(response), step);
  if (response.status < 300) {
    // The grant binds the dialogs that came before the answer, too (SUB-04).
    for (const auto& dialog : dialogs_) {
      if (dialog->id.call == attempt_->id.call && !dialog->ended()) {
        LowerGrant(dialog->state, next.state.grant_until, step);
      }
    }
  }
  ApplyAttempt(std::move(next));
  TellStatus();
  Rearm();
}

void Subscription::ApplyAttempt(AttemptStep step) {
  attempt_->state = step.state;
  if (step.send_expires.has_value()) attempt_->exchange->Send(*step.send_expires);
  if (step.state.phase != AttemptPhase::kClosed) return;
  CloseAttempt();
  if (step.ending.has_value()) Resubscribe(*step.ending);
}

void Subscription::CloseAttempt() { attempt_.reset(); }

// Decides what follows when nothing is left of an attempt.
void Subscription::Resubscribe(const Ending& ending) {
  if (observer_ == nullptr || over_ || LiveDialogs() > 0) return;
  const absl::Time now = context_.clock.Now();
  const std::optional<absl::Duration> delay =
      PlanRetry(history_, ending, now, context_.t1, context_.random);
  last_ending_ = ending;
  Log(LogSeverity::kInfo, "subscription", "ended",
      {{"target", subscribe_.request().target_uri},
       {"event", subscribe_.request().event_package},
       {"reason", ending.reason},
       {"sip_status", ending.sip_status},
       {"retry_in", delay.has_value() ? absl::FormatDuration(*delay) : "never"}});
  attempt_.reset();
  if (!delay.has_value()) {
    over_ = true;
    return;
  }
  if (stale_since_ == absl::InfinitePast()) stale_since_ = now;
  if (*delay <= absl::ZeroDuration()) {
    BeginAttempt();
  } else {
    retry_at_ = now + *delay;
  }
}

// ---- NOTIFY

NotifyAnswer Subscription::OnNotify(const IncomingNotify& notify) {
  if (!EventMatches(subscribe_, notify)) return {481, {}};
  Dialog* dialog = FindDialog(notify);
  if (dialog != nullptr) {
    // A retransmission is answered as before, and counts as nothing new.
    if (notify.cseq == dialog->remote_cseq) return dialog->last_answer;
    if (dialog->ended()) return {481, {}};
    if (notify.cseq < dialog->remote_cseq) return {500, {}};  // SUB-44
  } else if (!MayMakeDialog(notify)) {
    return {481, {}};
  }
  if (std::optional<NotifyAnswer> refusal = RefuseNotify(context_, subscribe_, notify)) {
    if (dialog != nullptr) {
      dialog->remote_cseq = notify.cseq;
      dialog->last_answer = *refusal;
    }
    return *refusal;
  }
  if (dialog == nullptr) dialog = &MakeDialog(notify);
  dialog->remote_cseq = notify.cseq;
  dialog->last_answer = {200, {}};
  Accept(*dialog, notify);
  TellStatus();
  Rearm();
  return {200, {}};
}

Subscription::Dialog* Subscription::FindDialog(const IncomingNotify& notify) {
  for (const auto& dialog : dialogs_) {
    if (dialog->remote_tag == notify.from_tag &&
        dialog->exchange->leg().call_id == notify.call_id) {
      return dialog.get();
    }
  }
  return nullptr;
}

// SUB-15, SUB-25, SUB-26: until Timer N, and more than one only where the package allows it.
bool Subscription::MayMakeDialog(const IncomingNotify& notify) const {
  if (!attempt_.has_value() || attempt_->state.phase == AttemptPhase::kClosed) return false;
  if (notify.from_tag.empty() || notify.from_tag.size() > kMaxTagOctets) return false;
  if (attempt_->exchange->leg().call_id != notify.call_id) return false;
  if (attempt_->dialog_was_made && !package_.allows_forks()) return false;
  return dialogs_.size() < kMaxDialogs;
}

Subscription::Dialog& Subscription::MakeDialog(const IncomingNotify& notify) {
  attempt_->dialog_was_made = true;
  OnAttemptNotified(attempt_->state);
  auto dialog = std::make_unique<Dialog>();
  Dialog* raw = dialog.get();
  raw->index = ++last_index_;
  raw->id = attempt_->id;
  raw->remote_tag = std::string(notify.from_tag);
  raw->name = absl::StrCat(AbslView(notify.call_id), ";", raw->remote_tag);
  raw->state = NewDialogState(attempt_->state.grant_until, subscribe_.expires());
  // A longer interval that a 423 taught us holds for the refreshes too.
  raw->state.requested = std::max(raw->state.requested, attempt_->state.requested);
  raw->exchange = std::make_unique<SubscribeExchange>(
      context_, subscribe_,
      [this, raw](const Response& response) {
        if (response.status < 300 && !response.contact.empty()) {
          raw->exchange->leg().remote_target = response.contact;  // SUB-20
        }
        Apply(*raw, Next(raw->state, ToAnswer(response), context_.Step()));
        TellStatus();
        Rearm();
      },
      [this, raw] {
        raw->state.timer_n = context_.clock.Now() + 64 * context_.t1;
        Rearm();
      });
  SubscribeExchange::Leg& leg = raw->exchange->leg();
  const SubscribeExchange::Leg& first = attempt_->exchange->leg();
  leg.call_id = first.call_id;
  leg.local_tag = first.local_tag;
  leg.remote_tag = raw->remote_tag;
  leg.cseq = first.cseq;
  TakeRoute(leg, notify);
  dialogs_.push_back(std::move(dialog));
  return *raw;
}

void Subscription::Accept(Dialog& dialog, const IncomingNotify& notify) {
  dialog.exchange->leg().remote_target = notify.contact_uri;  // SUB-20
  stale_since_ = absl::InfinitePast();
  DialogStep step = Next(dialog.state,
                         Notified{notify.has_subscription_state ? notify.substate : "active",
                                  notify.reason, notify.expires, notify.retry_after},
                         context_.Step());
  MergeResult result;
  if (observer_ != nullptr) {
    result = merger_->Merge({.dialog = dialog.index,
                             .content_type = notify.content_type,
                             .body = notify.body,
                             .cseq = notify.cseq,
                             .lenient = !context_.strict},
                            context_.scratch);
    Deliver(dialog, notify, result);
  }
  Apply(dialog, std::move(step));
  if (observer_ == nullptr && !dialog.ended()) {
    Apply(dialog, Next(dialog.state, UnsubscribeWanted{}, context_.Step()));  // SUB-61
  } else if (result.resync && !dialog.ended()) {
    Apply(dialog, Next(dialog.state, ResyncWanted{}, context_.Step()));
  }
}

void Subscription::Deliver(Dialog& dialog, const IncomingNotify& notify,
                           const MergeResult& result) {
  if (result.kind == MergeResult::Kind::kUnchanged) {
    observer_->OnQuietNotify(notify.receive_time);
    return;
  }
  observer_->OnNotification(MakeNotification(context_, dialog.name, notify, result));
}

// ---- dialogs

// The one place where a dialog's state changes.
void Subscription::Apply(Dialog& dialog, DialogStep step) {
  if (step.state.phase != dialog.state.phase && LogEnabled(LogSeverity::kInfo)) {
    Log(LogSeverity::kInfo, "dialog",
        std::string_view(step.why.empty() ? std::string_view("moved") : step.why),
        {{"target", subscribe_.request().target_uri},
         {"dialog", dialog.name},
         {"from", AbslView(DialogPhaseName(dialog.state.phase))},
         {"to", AbslView(DialogPhaseName(step.state.phase))}});
  }
  dialog.state = std::move(step.state);
  if (step.send_expires.has_value()) dialog.exchange->Send(*step.send_expires);
  if (step.ending.has_value()) EndDialog(dialog, *step.ending);
}

void Subscription::EndDialog(Dialog& dialog, const Ending& ending) {
  // Its last NOTIFY may be repeated for so long (Timer J).
  dialog.forget_at = context_.clock.Now() + 64 * context_.t1;
  if (observer_ == nullptr) return;
  const MergeResult rest = merger_->DropDialog(dialog.index, context_.scratch);
  observer_->OnDialogEnded(dialog.name, ending.reason, ending.state_remains);
  if (rest.kind == MergeResult::Kind::kDocument) {
    for (const auto& other : dialogs_) {
      if (other->ended()) continue;
      Notification news;
      news.dialog = other->name;
      news.receive_time = context_.clock.Now();
      news.document = rest.document;
      observer_->OnNotification(news);
      break;
    }
  }
  // Other forks live on: theirs is the state now. A new SUBSCRIBE would fork to them again.
  if (LiveDialogs() == 0) {
    attempt_.reset();
    Resubscribe(ending);
  }
}

void Subscription::Unsubscribe() {
  if (observer_ == nullptr) return;
  over_ = true;
  last_ending_ = {.reason = "unsubscribed"};
  retry_at_ = absl::InfiniteFuture();
  TellStatus();
  for (size_t i = 0; i < dialogs_.size(); ++i) {
    Apply(*dialogs_[i], Next(dialogs_[i]->state, UnsubscribeWanted{}, context_.Step()));
  }
  Rearm();
}

void Subscription::SetExpires(absl::Duration expires) {
  subscribe_.set_expires(expires);
  for (const auto& dialog : dialogs_) {
    if (dialog->state.phase != DialogPhase::kUnsubscribing) dialog->state.requested = expires;
  }
}

// ---- time

void Subscription::OnTimer() {
  timer_ = 0;
  timer_at_ = absl::InfiniteFuture();
  const absl::Time now = context_.clock.Now();
  if (attempt_.has_value() && NextDeadline(attempt_->state) <= now) {
    ApplyAttempt(OnAttemptTick(attempt_->state, context_.Step()));
  }
  for (size_t i = 0; i < dialogs_.size(); ++i) {
    if (NextDeadline(dialogs_[i]->state) <= now) {
      Apply(*dialogs_[i], Next(dialogs_[i]->state, Tick{}, context_.Step()));
    }
  }
  if (retry_at_ <= now) BeginAttempt();
  Sweep();
  TellStatus();
  Rearm();
}

// Forgets dialogs whose last answer needs no more repeating, and Call-IDs that nobody uses.
void Subscription::Sweep() {
  const absl::Time now = context_.clock.Now();
  std::erase_if(dialogs_, [now](const auto& dialog) { return dialog->forget_at <= now; });
  std::erase_if(ids_, [this](DialogTable::Id id) {
    if (attempt_.has_value() && attempt_->id.call == id.call) return false;
    for (const auto& dialog : dialogs_) {
      if (dialog->id.call == id.call) return false;
    }
    context_.dialogs.Remove(id);
    return true;
  });
}

void Subscription::Rearm() {
  absl::Time next = retry_at_;
  if (attempt_.has_value()) next = std::min(next, NextDeadline(attempt_->state));
  for (const auto& dialog : dialogs_) {
    next = std::min({next, NextDeadline(dialog->state), dialog->forget_at});
  }
  const bool done = next == absl::InfiniteFuture();
  if (done) next = context_.clock.Now();  // from the loop: the caller may still be using this
  if (timer_ != 0 && timer_at_ <= next && !done) return;  // fires early enough to look again
  context_.timers.Cancel(timer_);
  timer_at_ = next;
  if (!done) {
    timer_ = context_.timers.At(next, [this] { OnTimer(); });
    return;
  }
  timer_ = context_.timers.At(next, [this] {
    timer_ = 0;
    on_done_();  // destroys this
  });
}

// ---- status

int Subscription::LiveDialogs() const {
  return static_cast<int>(std::count_if(dialogs_.begin(), dialogs_.end(),
                                        [](const auto& dialog) { return !dialog->ended(); }));
}

bool Subscription::AttemptWaits() const {
  return attempt_.has_value() && attempt_->state.phase == AttemptPhase::kNotifyWait;
}

bool Subscription::alive() const { return LiveDialogs() > 0 || AttemptWaits(); }

SubscriptionStatus Subscription::Status() const {
  SubscriptionStatus status;
  status.dialog_count = LiveDialogs();
  status.stale_since = stale_since_;
  bool active = false;
  for (const auto& dialog : dialogs_) {
    if (dialog->ended()) continue;
    active = active || dialog->state.phase == DialogPhase::kActive;
    status.stale_since = std::max(status.stale_since, dialog->state.stale_since);
    const bool first = status.sip_expire_time == absl::InfinitePast();
    status.sip_expire_time = first ? dialog->state.expires_at
                                   : std::min(status.sip_expire_time, dialog->state.expires_at);
  }
  if (status.dialog_count > 0 && !over_) {
    status.state = active ? SubscriptionState::kActive : SubscriptionState::kPending;
    return status;
  }
  if (over_ || retry_at_ != absl::InfiniteFuture()) {
    status.state = over_ ? SubscriptionState::kTerminated : SubscriptionState::kRetrying;
    status.reason = last_ending_.reason;
    status.sip_status = last_ending_.sip_status;
    if (!over_) status.retry_time = retry_at_;
  }
  return status;
}

void Subscription::TellStatus() {
  if (observer_ == nullptr) return;
  SubscriptionStatus status = Status();
  // Expiry moves with every refresh; it is news only together with something else, or when it
  // moved by more than the seconds that SIP counts in.
  if (told_.has_value()) {
    SubscriptionStatus same = status;
    if (absl::AbsDuration(same.sip_expire_time - told_->sip_expire_time) < absl::Seconds(2)) {
      same.sip_expire_time = told_->sip_expire_time;
    }
    if (same == *told_) return;
  }
  told_ = status;
  observer_->OnStatus(status);
  if (status.state == SubscriptionState::kTerminated) {
    std::exchange(observer_, nullptr)->OnEnded();
  }
}

}  // namespace sipevents::sip
