#include <algorithm>
#include <string>
#include <utility>

#include "sip/base/ascii.h"
#include "sip/base/redact.h"
#include "sip/body/media_type.h"
#include "sip/subscriber/subscription.h"

// What a subscription writes down, and tells people who look for a fault.

namespace sipevents::sip {
namespace {

ExplainedDialog::State StateOf(DialogPhase phase) {
  switch (phase) {
    case DialogPhase::kPending:
      return ExplainedDialog::State::kPending;
    case DialogPhase::kActive:
      return ExplainedDialog::State::kActive;
    case DialogPhase::kUnsubscribing:
      return ExplainedDialog::State::kUnsubscribing;
    case DialogPhase::kTerminated:
      break;
  }
  return ExplainedDialog::State::kEnded;
}

// A deadline that does not run is InfinitePast for people.
absl::Time RunningOrPast(absl::Time deadline) {
  return deadline == absl::InfiniteFuture() ? absl::InfinitePast() : deadline;
}

// Timer N runs from the sending of the request.
absl::Time SentAt(absl::Time timer_n, absl::Duration t1) {
  return timer_n == absl::InfiniteFuture() ? absl::InfinitePast() : timer_n - TimerN(t1);
}

}  // namespace

uint32_t Subscription::IndexOf(const SubscribeExchange& exchange) const {
  const DialogUsage* dialog = dialogs_.Find(exchange);
  return dialog == nullptr ? 0 : dialog->index;
}

void Subscription::OnRequestMade(SubscribeExchange& exchange, const OutgoingRequest& request) {
  journal_.NoteRequest(IndexOf(exchange), request, context_.clock.Now());
}

void Subscription::OnResponseCame(SubscribeExchange& exchange, const Response& response) {
  journal_.NoteResponse(IndexOf(exchange), exchange.leg().cseq, response, context_.clock.Now());
}

NotifyAnswer Subscription::OnNotify(const IncomingNotify& notify) {
  NotifyAnswer answer = Judge(notify);
  const DialogUsage* dialog = dialogs_.Find(notify);
  journal_.NoteNotify(dialog == nullptr ? 0 : dialog->index, notify, answer.status);
  return answer;
}

void Subscription::CountDeviation(std::string_view row) {
  if (row.empty()) return;
  journal_.NoteDeviation(row);
  if (context_.metrics != nullptr) context_.metrics->OnDeviation(row);
}

// Those that are found out of sight, where a NOTIFY is checked, and only counted there.
void Subscription::NoteDeviations(const IncomingNotify& notify) {
  if (!notify.has_subscription_state) journal_.NoteDeviation("SUB-29");
  const std::string_view tolerated = package_.tolerated_type;
  if (!tolerated.empty() && MatchesMediaType(notify.content_type, tolerated)) {
    journal_.NoteDeviation("DEV-10");
  }
}

ExplainedDialog Subscription::ExplainDialog(const DialogUsage& dialog) const {
  const DialogState& state = dialog.state;
  const SubscribeExchange::Leg& leg = dialog.exchange.leg();
  ExplainedDialog shown;
  shown.id = dialog.name;
  shown.state = StateOf(state.phase);
  shown.substate =
      dialog.odd_substate.empty() ? std::string(DialogPhaseName(state.phase)) : dialog.odd_substate;
  shown.remote_contact = RedactUri(leg.remote_target);
  for (const std::string& route : leg.route_set) shown.route.push_back(RedactUri(route));
  shown.server = dialog.exchange.server();
  shown.made = dialog.made;
  shown.last_notify = dialog.last_notify;
  shown.last_state = dialog.last_state;
  shown.body_unusable = dialog.body_unusable;
  shown.local_cseq = leg.cseq;
  shown.remote_cseq = dialog.remote_cseq;
  shown.refresh_at = RunningOrPast(state.refresh_at);
  shown.expires_at = state.expires_at;
  shown.request_outstanding = state.refresh_outstanding;
  shown.waiting_since = dialog.exchange.waiting_since();
  shown.request_sent = SentAt(state.timer_n, context_.t1);
  shown.notify_deadline = RunningOrPast(state.timer_n);
  if (state.failed_status != 0) {
    shown.refresh_failure = std::string(FailureReason(state.failure));
    shown.refresh_status = state.failed_status;
  }
  shown.stale_since = state.stale_since;
  return shown;
}

ExplainedAttempt Subscription::ExplainAttempt() const {
  const AttemptState& state = attempt_->state;
  ExplainedAttempt shown;
  shown.sent = SentAt(state.timer_n, context_.t1);
  shown.waiting_since = attempt_->exchange.waiting_since();
  shown.notify_deadline = RunningOrPast(state.timer_n);
  shown.accepted = state.accepted;
  shown.notified = state.phase == AttemptPhase::kCollecting;
  shown.expires = state.requested;
  shown.server = attempt_->exchange.server();
  return shown;
}

SubscriptionExplanation Subscription::Explain() const {
  SubscriptionExplanation shown;
  shown.known = true;
  const auto add_server = [&](const std::string& server) {
    const auto is_it = [&](const ServerState& known) { return known.server == server; };
    if (server.empty() || std::any_of(shown.servers.begin(), shown.servers.end(), is_it)) return;
    shown.servers.push_back(context_.sender.StateOf(server));
  };
  for (const auto& dialog : dialogs_.all()) {
    shown.dialogs.push_back(ExplainDialog(*dialog));
    if (!dialog->ended()) add_server(dialog->exchange.server());
  }
  if (attempt_ != nullptr) {
    shown.attempt = ExplainAttempt();
    add_server(attempt_->exchange.server());
  }
  shown.failures = history_.failures;
  shown.next_attempt = RunningOrPast(retry_at_);
  shown.last_reason = last_ending_.reason;
  shown.last_status = last_ending_.sip_status;
  const auto name_of = [this](uint32_t index) -> std::string {
    for (const auto& dialog : dialogs_.all()) {
      if (dialog->index == index) return dialog->name;
    }
    return "";
  };
  journal_.Explain(subscribe_.request().event_package, name_of, shown);
  if (!shows_unsolicited_) shown.unsolicited_time = absl::InfinitePast();
  return shown;
}

}  // namespace sipevents::sip
