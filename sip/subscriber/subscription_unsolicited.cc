// What a Subscription makes of state that came outside of its dialogs (DEV-09).

#include <string_view>
#include <utility>

#include "sip/subscriber/subscription.h"
#include "sip/subscriber/unsolicited.h"

namespace sipevents::sip {
namespace {

// Dialogs count from 1.
constexpr uint32_t kUnsolicitedIndex = 0;

}  // namespace

// What a dialog of its own tells is better: it is asked for, authenticated and refreshed.
void Subscription::TakeUnsolicited(const UnsolicitedState& state) {
  if (observer_ == nullptr || over_ || dialogs_.live() > 0) return;
  const Turn turn(*this);
  DropLostState();  // this is newer
  IncomingNotify notify;
  notify.receive_time = state.receive_time;
  notify.event_type = subscribe_.request().event_package;
  notify.content_type = state.content_type;
  notify.body = state.body;
  notify.via_host = state.via_host;
  notify.via_port = state.via_port;
  notify.substate = state.substate;
  notify.cseq = state.cseq;
  journal_.NoteUnsolicited(notify);
  shows_unsolicited_ = true;
  stale_since_ = absl::InfinitePast();
  const StateIntake::Taken taken = intake_.Take(
      notify, kUnsolicitedIndex, kUnsolicitedDialog,
      [this](const Notification& news) {
        if (!news.decode_error.empty()) journal_.NoteBadBody(news.decode_error, news.receive_time);
        observer_->OnNotification(news);
      },
      [](const StateIntake::MemberGone& /*gone*/) {});
  if (taken.quiet) observer_->OnQuietNotify(state.receive_time);
}

void Subscription::DropUnsolicited() {
  if (!std::exchange(shows_unsolicited_, false)) return;
  intake_.DropDialog(kUnsolicitedIndex);
  if (observer_ != nullptr) {
    observer_->OnDialogEnded(kUnsolicitedDialog, "subscribed", /*state_remains=*/false);
  }
}

}  // namespace sipevents::sip
