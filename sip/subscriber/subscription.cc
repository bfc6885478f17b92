#include "sip/subscriber/subscription.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/log.h"
#include "sip/packages/package_table.h"
#include "sip/subscriber/subscription_status.h"

namespace sipevents::sip {
namespace {

RefreshAnswered ToAnswer(const Response& response) {
  return {response.status, FailureOf(response), response.expires, response.min_expires,
          response.retry_after};
}

// A server that knows no subscriptions to a package, but tells its state unasked (DEV-09), is asked
// now and then all the same. Asterisk says 404 where a mailbox is told unasked only.
constexpr absl::Duration kUnaskedRetry = absl::Hours(1);

bool LivesUnasked(const SubscriberContext& context, const SubscribeRequest& request,
                  const Ending& ending) {
  return context.unsolicited != nullptr && TakesUnsolicited(request.event_package) &&
         (ending.sip_status == 404 || ending.sip_status == 405 || ending.sip_status == 489 ||
          ending.sip_status == 501);
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
      intake_(context, package_),
      observer_(std::move(observer)),
      on_done_(std::move(on_done)),
      dialogs_(context.dialogs, *this) {}

Subscription::~Subscription() { context_.timers.Cancel(timer_); }

void Subscription::Start() {
  const Turn turn(*this);
  BeginAttempt();
}

// ---- attempts

void Subscription::BeginAttempt() {
  retry_at_ = absl::InfiniteFuture();
  history_.attempt_began = context_.clock.Now();
  history_.established = absl::InfiniteFuture();
  history_.pace.Count(context_.clock.Now());
  attempt_ = std::make_unique<Attempt>(context_, subscribe_, AsOwner());
  attempt_->id = dialogs_.NewCall();
  attempt_->state = NewAttemptState(subscribe_.expires(), context_.Step());
  SubscribeExchange::Leg& leg = attempt_->exchange.leg();
  leg.call_id = context_.dialogs.CallId(attempt_->id);
  leg.local_tag = context_.dialogs.LocalTag(attempt_->id);
  if (!context_.outbound_route.empty()) leg.route_set = {context_.outbound_route};
  if (lost_ != nullptr) leg.entity_tag = lost_->entity_tag;
  attempt_->exchange.Send(Seconds(attempt_->state.requested), RequestPriority::kSubscribe,
                          lost_ != nullptr && trust_.may_ask());
}

// ---- SubscribeExchange::Owner

bool Subscription::IsOfAttempt(const SubscribeExchange& exchange) const {
  return attempt_ != nullptr && &attempt_->exchange == &exchange;
}

void Subscription::OnResend(SubscribeExchange& exchange) {
  const Turn turn(*this);
  if (IsOfAttempt(exchange)) {
    OnAttemptWaits(attempt_->state);
  } else if (DialogUsage* dialog = dialogs_.Find(exchange)) {
    Apply(*dialog, Next(dialog->state, RefreshWaits{}, context_.Step()));
  }
}

void Subscription::OnSent(SubscribeExchange& exchange) {
  const Turn turn(*this);
  if (IsOfAttempt(exchange)) {
    journal_.NoteSent(0, exchange.leg().cseq, exchange.server(), context_.clock.Now());
    if (!attempt_->state.sent) history_.attempt_began = context_.clock.Now();
    OnAttemptSent(attempt_->state, context_.Step());
  } else if (DialogUsage* dialog = dialogs_.Find(exchange)) {
    journal_.NoteSent(dialog->index, exchange.leg().cseq, exchange.server(), context_.clock.Now());
    Apply(*dialog, Next(dialog->state, RefreshSent{}, context_.Step()));
  }
}

void Subscription::OnAnswer(SubscribeExchange& exchange, const Response& response) {
  const Turn turn(*this);
  if (IsOfAttempt(exchange)) {
    OnAttemptAnswer(response);
  } else if (DialogUsage* dialog = dialogs_.Find(exchange)) {
    if (response.status < 300 && !response.contact.empty()) {
      exchange.Retarget(response.contact);  // SUB-20
    }
    trust_.OnAnswered(exchange.is_conditional(), response.status, response.made_here);
    Apply(*dialog, Next(dialog->state, ToAnswer(response), context_.Step()));
  }
}

// CEN-09: who does not take the condition is asked once more, without it.
bool Subscription::AsksWithoutCondition(const Response& response) {
  const bool trusted = trust_.may_ask();
  trust_.OnAnswered(attempt_->exchange.is_conditional(), response.status, response.made_here);
  if (!trusted || trust_.may_ask() || response.made_here || !AwaitsNotify()) return false;
  OnAttemptWaits(attempt_->state);
  history_.pace.Count(context_.clock.Now());
  attempt_->exchange.Send(Seconds(attempt_->state.requested), RequestPriority::kSubscribe);
  return true;
}

void Subscription::OnAttemptAnswer(const Response& response) {
  if (AsksWithoutCondition(response)) return;
  const StepContext step = context_.Step();
  AttemptStep next = OnAttemptAnswered(attempt_->state, ToAnswer(response), step);
  if (response.status < 300) {
    // The grant binds the dialogs that came before the answer, too (SUB-04).
    for (const auto& dialog : dialogs_.all()) {
      if (dialog->id.call == attempt_->id.call && !dialog->ended()) {
        LowerGrant(dialog->state, next.state.grant_until, step);
      }
    }
  }
  if (response.status == 421 && next.ending.has_value() && !response.required.empty()) {
    next.ending->reason = absl::StrCat("extension-required:", response.required.front());
  }
  ApplyAttempt(std::move(next));
}

void Subscription::ApplyAttempt(AttemptStep step) {
  attempt_->state = step.state;
  CountDeviation(step.deviation);
  if (step.send_expires.has_value()) {
    attempt_->exchange.Send(*step.send_expires, RequestPriority::kSubscribe,
                            attempt_->exchange.is_conditional());
  }
  if (step.state.phase != AttemptPhase::kClosed) return;
  if (step.ending.has_value() && step.ending->reason == "no-notify") {
    trust_.OnNoNotify(attempt_->exchange.is_conditional());
  }
  attempt_.reset();
  if (step.ending.has_value()) Resubscribe(*step.ending);
}

// Decides what follows when nothing is left of an attempt.
void Subscription::Resubscribe(const Ending& ending) {
  if (observer_ == nullptr || over_ || dialogs_.live() > 0) return;
  const absl::Time now = context_.clock.Now();
  std::optional<absl::Duration> delay =
      PlanRetry(history_, ending, now, context_.retry_base, context_.random);
  if (!delay.has_value() && LivesUnasked(context_, subscribe_.request(), ending)) {
    delay = kUnaskedRetry;
  }
  last_ending_ = ending;
  Log(LogSeverity::kInfo, "subscription", "ended",
      {{"target", subscribe_.request().target_uri},
       {"event", subscribe_.request().event_package},
       {"reason", ending.reason},
       {"sip_status", ending.sip_status},
       {"retry_in", delay.has_value() ? absl::FormatDuration(*delay) : "never"}});
  attempt_.reset();
  if (!delay.has_value()) {
    DropLostState();
    over_ = true;
    return;
  }
  if (stale_since_ == absl::InfinitePast() && !shows_unsolicited_) stale_since_ = now;
  retry_due_ = now + *delay;
  if (*delay <= absl::ZeroDuration()) {
    BeginAttempt();
  } else {
    retry_at_ = retry_due_;
  }
}

// ---- dialogs

// The one place where a dialog's state changes.
void Subscription::Apply(DialogUsage& dialog, DialogStep step) {
  if (step.state.phase != dialog.state.phase && LogEnabled(LogSeverity::kInfo)) {
    Log(LogSeverity::kInfo, "dialog",
        std::string_view(step.why.empty() ? std::string_view("moved") : step.why),
        {{"target", subscribe_.request().target_uri},
         {"dialog", dialog.name},
         {"from", AbslView(DialogPhaseName(dialog.state.phase))},
         {"to", AbslView(DialogPhaseName(step.state.phase))}});
  }
  dialog.state = std::move(step.state);
  CountDeviation(step.deviation);
  if (step.send_expires.has_value()) {
    const bool refreshes = *step.send_expires != 0;
    const bool conditionally = refreshes && trust_.may_ask() && !step.full_state_wanted;
    dialog.exchange.Send(*step.send_expires,
                         refreshes ? RequestPriority::kRefresh : RequestPriority::kUnsubscribe,
                         conditionally);
  }
  if (step.ending.has_value()) EndDialog(dialog, *step.ending);
}

void Subscription::EndDialog(DialogUsage& dialog, const Ending& ending) {
  // CEN-09: it left the NOTIFY out and did not say so.
  if (ending.reason == "no-notify") trust_.OnNoNotify(dialog.exchange.is_conditional());
  dialog.exchange.Cancel();
  history_.pace.Join(dialog.state.pace);
  // Its last NOTIFY may be repeated for so long (Timer J).
  dialog.forget_at = context_.clock.Now() + 64 * context_.t1;
  if (observer_ == nullptr) return;
  const bool resumable = MayBeResumed(dialog, ending);
  const MergeResult rest = intake_.DropDialog(dialog.index);
  if (resumable) {
    lost_ = std::make_unique<LostState>(
        LostState{dialog.name, dialog.exchange.leg().entity_tag, ending.reason});
  } else {
    observer_->OnDialogEnded(dialog.name, ending.reason, ending.state_remains);
  }
  if (rest.kind == MergeResult::Kind::kDocument) {
    for (const auto& other : dialogs_.all()) {
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
  if (dialogs_.live() == 0) {
    attempt_.reset();
    Resubscribe(ending);
  }
}

// The next dialog may show the same, without being told it again (CEN-04).
bool Subscription::MayBeResumed(const DialogUsage& dialog, const Ending& ending) const {
  return package_.resumable && trust_.may_ask() && dialogs_.live() == 0 &&
         ending.followup != Followup::kNever && !dialog.exchange.leg().entity_tag.empty() &&
         !intake_.IsListFork(dialog.index);
}

void Subscription::DropLostState() {
  if (lost_ == nullptr) return;
  const std::unique_ptr<LostState> lost = std::move(lost_);
  observer_->OnDialogEnded(lost->dialog, lost->reason, /*state_remains=*/false);
}

void Subscription::Unsubscribe() { GiveUp({.reason = "unsubscribed"}); }

void Subscription::GiveUp(const Ending& ending) {
  if (observer_ == nullptr) return;
  const Turn turn(*this);
  over_ = true;
  lost_.reset();
  last_ending_ = ending;
  retry_at_ = absl::InfiniteFuture();
  // What was not sent, or not accepted, leaves nothing behind.
  if (AwaitsNotify() && attempt_->exchange.waiting()) attempt_.reset();
  TellStatus();
  for (const auto& dialog : dialogs_.all()) {
    Apply(*dialog, Next(dialog->state, UnsubscribeWanted{}, context_.Step()));
  }
}

void Subscription::SetExpires(absl::Duration expires) {
  subscribe_.set_expires(expires);
  for (const auto& dialog : dialogs_.all()) {
    if (dialog->state.phase != DialogPhase::kUnsubscribing) dialog->state.requested = expires;
  }
}

// ---- time

void Subscription::OnTimer() {
  const Turn turn(*this);
  timer_ = 0;
  timer_at_ = absl::InfiniteFuture();
  const absl::Time now = context_.clock.Now();
  if (attempt_ != nullptr && NextDeadline(attempt_->state) <= now) {
    ApplyAttempt(OnAttemptTick(attempt_->state, context_.Step()));
  }
  for (const auto& dialog : dialogs_.all()) {
    if (NextDeadline(dialog->state) <= now) {
      Apply(*dialog, Next(dialog->state, Tick{}, context_.Step()));
    }
  }
  if (retry_at_ <= now) BeginAttempt();
  dialogs_.Sweep(now, attempt_.get());
}

void Subscription::Settle() {
  TellStatus();
  Rearm();
}

void Subscription::Rearm() {
  absl::Time next = std::min(retry_at_, dialogs_.NextDue());
  if (attempt_ != nullptr) next = std::min(next, NextDeadline(attempt_->state));
  const bool done = next == absl::InfiniteFuture() && attempt_ == nullptr;
  if (next == absl::InfiniteFuture() && !done) return;  // a SUBSCRIBE waits
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
    const std::function<void()> on_done = std::move(on_done_);
    on_done();  // destroys this
  });
}

// ---- status

bool Subscription::AwaitsNotify() const {
  return attempt_ != nullptr && attempt_->state.phase == AttemptPhase::kNotifyWait;
}

bool Subscription::alive() const { return dialogs_.live() > 0 || AwaitsNotify(); }

void Subscription::TellStatus() {
  if (observer_ == nullptr) return;
  SubscriptionStatus status = ComposeStatus({.dialogs = dialogs_.all(),
                                             .attempt = attempt_.get(),
                                             .last_ending = last_ending_,
                                             .retry_due = retry_due_,
                                             .retry_planned = retry_at_ != absl::InfiniteFuture(),
                                             .over = over_,
                                             .stale_since = stale_since_});
  if (told_.has_value() && !IsNews(*told_, status)) return;
  told_ = status;
  observer_->OnStatus(status);
  if (status.state == SubscriptionState::kTerminated) {
    std::exchange(observer_, nullptr)->OnEnded();
  }
}

}  // namespace sipevents::sip
