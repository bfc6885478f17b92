#include "sip/subscriber/subscription.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/log.h"
#include "sip/packages/package_table.h"
#include "sip/subscriber/notify_checks.h"
#include "sip/subscriber/subscription_status.h"

namespace sipevents::sip {
namespace {

// Forks of one SUBSCRIBE that are followed; more get 481. A peer could invent them.
constexpr int kMaxDialogs = 64;
constexpr size_t kMaxTagOctets = 256;

RefreshAnswered ToAnswer(const Response& response) {
  return {response.status, FailureOf(response), response.expires, response.min_expires,
          response.retry_after};
}

// A state that no RFC names; it counts as active (SUB-32).
std::string OddSubstate(std::string_view substate) {
  constexpr size_t kMaxShown = 64;
  for (const std::string_view known : {"", "active", "pending", "terminated"}) {
    if (EqualsIgnoreCase(substate, known)) return "";
  }
  return std::string(substate.substr(0, kMaxShown));
}

// Whether the condition of a SUBSCRIBE may have led to this answer (CEN-09).
bool BlamesCondition(int status) { return status >= 300 && status != 423 && status != 491; }

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
  attempt_->exchange.Send(Seconds(attempt_->state.requested), RequestPriority::kSubscribe);
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
    // Some notifiers and what lies before them do not take the condition well (CEN-09).
    if (exchange.is_conditional() && BlamesCondition(response.status)) {
      may_ask_conditionally_ = false;
    }
    Apply(*dialog, Next(dialog->state, ToAnswer(response), context_.Step()));
  }
}

void Subscription::OnAttemptAnswer(const Response& response) {
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
    attempt_->exchange.Send(*step.send_expires, RequestPriority::kSubscribe);
  }
  if (step.state.phase != AttemptPhase::kClosed) return;
  attempt_.reset();
  if (step.ending.has_value()) Resubscribe(*step.ending);
}

// Decides what follows when nothing is left of an attempt.
void Subscription::Resubscribe(const Ending& ending) {
  if (observer_ == nullptr || over_ || dialogs_.live() > 0) return;
  const absl::Time now = context_.clock.Now();
  const std::optional<absl::Duration> delay =
      PlanRetry(history_, ending, now, context_.retry_base, context_.random);
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
  retry_due_ = now + *delay;
  if (*delay <= absl::ZeroDuration()) {
    BeginAttempt();
  } else {
    retry_at_ = retry_due_;
  }
}

// ---- NOTIFY

NotifyAnswer Subscription::Judge(const IncomingNotify& notify) {
  if (!EventMatches(subscribe_, notify)) return {481, {}};
  DialogUsage* dialog = dialogs_.Find(notify);
  if (dialog != nullptr) {
    // A retransmission is answered as before, and counts as nothing new.
    if (notify.cseq == dialog->remote_cseq) return dialog->last_answer;
    if (dialog->ended()) return {481, {}};
  } else if (!MayMakeDialog(notify)) {
    return {481, {}};
  }
  // Before anything is changed by it: a forged one must not even raise the CSeq.
  if (auto challenge = ChallengeNotify(context_, subscribe_, notify)) return *challenge;
  if (dialog != nullptr) {
    if (notify.cseq < dialog->remote_cseq) return {500, {}};  // SUB-44
  }
  if (std::optional<NotifyAnswer> refusal = RefuseNotify(context_, subscribe_, notify)) {
    if (dialog != nullptr) {
      dialog->remote_cseq = notify.cseq;
      dialog->last_answer = *refusal;
    }
    return *refusal;
  }
  const Turn turn(*this);
  NoteDeviations(notify);
  if (dialog == nullptr) dialog = &MakeDialog(notify);
  dialog->remote_cseq = notify.cseq;
  dialog->last_answer = {200, {}};
  Accept(*dialog, notify);
  return {200, {}};
}

// SUB-15, SUB-25, SUB-26: until Timer N, and more than one only where the package allows it.
bool Subscription::MayMakeDialog(const IncomingNotify& notify) const {
  if (attempt_ == nullptr || attempt_->state.phase == AttemptPhase::kClosed) return false;
  if (notify.from_tag.empty() || notify.from_tag.size() > kMaxTagOctets) return false;
  if (attempt_->exchange.leg().call_id != notify.call_id) return false;
  if (attempt_->dialog_was_made && (!package_.allows_forks || intake_.ExcludesFork(notify))) {
    return false;
  }
  return dialogs_.size() < kMaxDialogs;
}

DialogUsage& Subscription::MakeDialog(const IncomingNotify& notify) {
  attempt_->dialog_was_made = true;
  OnAttemptNotified(attempt_->state);
  history_.established = std::min(history_.established, context_.clock.Now());
  auto dialog = std::make_unique<DialogUsage>(context_, subscribe_, AsOwner());
  dialog->index = ++last_index_;
  dialog->id = attempt_->id;
  dialog->made = context_.clock.Now();
  dialog->name = absl::StrCat(AbslView(notify.call_id), ";", AbslView(notify.from_tag));
  // A longer interval that a 423 taught us holds for the refreshes too.
  dialog->state =
      NewDialogState(attempt_->state.grant_until,
                     std::max(subscribe_.expires(), attempt_->state.requested), history_.pace);
  SubscribeExchange::Leg& leg = dialog->exchange.leg();
  const SubscribeExchange::Leg& first = attempt_->exchange.leg();
  leg.call_id = first.call_id;
  leg.local_tag = first.local_tag;
  leg.remote_tag = std::string(notify.from_tag);
  leg.cseq = first.cseq;
  leg.redirected = first.redirected;
  TakeRoute(leg, notify);
  return dialogs_.Add(std::move(dialog));
}

void Subscription::Accept(DialogUsage& dialog, const IncomingNotify& notify) {
  dialog.exchange.Retarget(notify.contact_uri);  // SUB-20
  stale_since_ = absl::InfinitePast();
  dialog.last_notify = notify.receive_time;
  dialog.odd_substate = OddSubstate(notify.substate);
  DialogStep step = Next(dialog.state,
                         Notified{notify.has_subscription_state ? notify.substate : "active",
                                  notify.reason, notify.expires, notify.retry_after},
                         context_.Step());
  StateIntake::Taken taken;
  if (observer_ != nullptr) {
    taken = Deliver(dialog, notify);
    dialog.exchange.leg().entity_tag =
        taken.usable ? std::string(notify.entity_tag) : std::string();
  }
  Apply(dialog, std::move(step));
  if (observer_ == nullptr && !dialog.ended()) {
    Apply(dialog, Next(dialog.state, UnsubscribeWanted{}, context_.Step()));  // SUB-61
  } else if (taken.resync && !dialog.ended()) {
    Apply(dialog, Next(dialog.state, ResyncWanted{}, context_.Step()));
  }
}

StateIntake::Taken Subscription::Deliver(DialogUsage& dialog, const IncomingNotify& notify) {
  dialog.body_unusable = false;
  const StateIntake::Taken taken = intake_.Take(
      notify, dialog.index, dialog.name,
      [&](const Notification& news) {
        if (!news.decode_error.empty()) {
          dialog.body_unusable = true;
          journal_.NoteBadBody(news.decode_error, notify.receive_time);
        }
        observer_->OnNotification(news);
      },
      [&](const StateIntake::MemberGone& gone) {
        observer_->OnMemberGone(dialog.name, gone.member_uri, gone.member_instance, gone.reason);
      });
  if (!dialog.body_unusable) dialog.last_state = notify.receive_time;
  if (taken.quiet) observer_->OnQuietNotify(notify.receive_time);
  return taken;
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
    const bool conditionally = refreshes && may_ask_conditionally_ && !step.full_state_wanted;
    dialog.exchange.Send(*step.send_expires,
                         refreshes ? RequestPriority::kRefresh : RequestPriority::kUnsubscribe,
                         conditionally);
  }
  if (step.ending.has_value()) EndDialog(dialog, *step.ending);
}

void Subscription::EndDialog(DialogUsage& dialog, const Ending& ending) {
  if (dialog.exchange.is_conditional() && ending.reason == "no-notify") {
    may_ask_conditionally_ = false;  // CEN-09: it left the NOTIFY out and did not say so
  }
  dialog.exchange.Cancel();
  history_.pace.Join(dialog.state.pace);
  // Its last NOTIFY may be repeated for so long (Timer J).
  dialog.forget_at = context_.clock.Now() + 64 * context_.t1;
  if (observer_ == nullptr) return;
  const MergeResult rest = intake_.DropDialog(dialog.index);
  observer_->OnDialogEnded(dialog.name, ending.reason, ending.state_remains);
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

void Subscription::Unsubscribe() {
  if (observer_ == nullptr) return;
  const Turn turn(*this);
  over_ = true;
  last_ending_ = {.reason = "unsubscribed"};
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
