#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/log.h"
#include "sip/subscriber/notify_checks.h"
#include "sip/subscriber/subscription.h"

// What NOTIFYs do to a subscription.

namespace sipevents::sip {
namespace {

// Forks of one SUBSCRIBE that are followed; more get 481. A peer could invent them.
constexpr int kMaxDialogs = 64;
constexpr size_t kMaxTagOctets = 256;

// A state that no RFC names; it counts as active (SUB-32).
std::string OddSubstate(std::string_view substate) {
  constexpr size_t kMaxShown = 64;
  for (const std::string_view known : {"", "active", "pending", "terminated"}) {
    if (EqualsIgnoreCase(substate, known)) return "";
  }
  return std::string(substate.substr(0, kMaxShown));
}

}  // namespace

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
  DropUnsolicited();
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
  TakeUpLostState(*dialog, notify);
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

// CEN-04: a NOTIFY without body, with the tag that we named, says that the state is as it was. It
// goes on under the name of the dialog that told it.
void Subscription::TakeUpLostState(DialogUsage& dialog, const IncomingNotify& notify) {
  const bool suppressed = attempt_->exchange.is_conditional() && TrimBlanks(notify.body).empty() &&
                          notify.entity_tag == attempt_->exchange.leg().entity_tag;
  if (suppressed && lost_ != nullptr) {
    dialog.name = std::exchange(lost_, nullptr)->dialog;
    intake_.Resume(dialog.index);
  } else {
    // Another fork has told another state meanwhile.
    dialog.state_withheld = suppressed;
    DropLostState();
  }
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
    // The last words of a dialog need not repeat the tag of the state that it leaves behind.
    const bool leaves_tag = step.ending.has_value() && notify.entity_tag.empty() && taken.quiet;
    if (!leaves_tag) {
      const bool is_ours = taken.usable && !dialog.state_withheld;
      dialog.exchange.leg().entity_tag = is_ours ? std::string(notify.entity_tag) : std::string();
    }
  }
  if (taken.over && step.ending.has_value()) step.ending->followup = Followup::kNever;
  Apply(dialog, std::move(step));
  if (dialog.ended()) return;
  if (observer_ == nullptr) {
    Apply(dialog, Next(dialog.state, UnsubscribeWanted{}, context_.Step()));  // SUB-61
  } else if (taken.over) {
    GiveUp({.reason = "noresource"});
  } else if (WantsFullState(dialog, taken)) {
    Apply(dialog, Next(dialog.state, ResyncWanted{}, context_.Step()));
  }
}

bool Subscription::WantsFullState(DialogUsage& dialog, const StateIntake::Taken& taken) {
  const bool withheld = std::exchange(dialog.state_withheld, false);
  // ALG-C: from one whose changes fail again and again, whole documents only.
  const bool gives_up = taken.changes_fail && subscribe_.DropChanges();
  if (gives_up) {
    CountDeviation("ALG-C");
    Log(LogSeverity::kWarning, "subscription", "changes given up",
        {{"target", subscribe_.request().target_uri},
         {"event", subscribe_.request().event_package}});
  }
  return taken.resync || withheld || gives_up;
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

}  // namespace sipevents::sip
