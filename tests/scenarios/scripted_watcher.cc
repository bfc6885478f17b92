#include "tests/scenarios/scripted_watcher.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "sip/base/status_macros.h"

namespace sipevents::testing {

absl::StatusOr<std::unique_ptr<ScriptedWatcher>> ScriptedWatcher::Start(int server_port) {
  SIPEVENTS_ASSIGN_OR_RETURN(std::unique_ptr<SipPeer> peer, SipPeer::Start());
  return std::unique_ptr<ScriptedWatcher>(new ScriptedWatcher(std::move(peer), server_port));
}

RawRequest ScriptedWatcher::NewSubscribe(const WatchSpec& spec) const {
  RawRequest subscribe("SUBSCRIBE", spec.resource, peer_->port());
  subscribe.Set("From", absl::StrCat("<", spec.from, ">;tag=", RawRequest::NewToken("w")))
      .Set("Contact", absl::StrCat("<sip:watcher@127.0.0.1:", peer_->port(), ">"))
      .Set("Event", spec.event);
  if (spec.expires.has_value()) subscribe.Set("Expires", *spec.expires);
  if (!spec.accept.empty()) subscribe.Set("Accept", spec.accept);
  subscribe.AddLines(spec.headers);
  if (!spec.body.empty()) subscribe.SetBody(spec.content_type, spec.body);
  return subscribe;
}

RawRequest ScriptedWatcher::NextSubscribe(const std::string& expires,
                                          const std::vector<std::string>& headers) {
  RawRequest subscribe("SUBSCRIBE", "sip:nobody@example.com", peer_->port());
  subscribe.Set("From", dialog_.local)
      .Set("To", dialog_.remote)
      .Set("Call-ID", dialog_.call_id)
      .SetCSeq(++dialog_.local_cseq)
      .SetRequestUri(remote_target_)
      .Set("Contact", absl::StrCat("<", dialog_.contact, ">"))
      .Set("Event", dialog_.event)
      .Set("Expires", expires)
      .AddLines(headers);
  return subscribe;
}

absl::StatusOr<Received> ScriptedWatcher::Ask(const RawRequest& request) {
  peer_->SendRaw(server_port_, request.Text());
  return peer_->WaitForResponse(request.sent(), kServerPatience);
}

absl::StatusOr<Received> ScriptedWatcher::Subscribe(const RawRequest& subscribe) {
  // What a NOTIFY is judged by that overtakes the response.
  if (dialog_.call_id != subscribe.Get("Call-ID")) dialog_ = WatcherDialog();
  dialog_.call_id = subscribe.Get("Call-ID");
  dialog_.local = subscribe.Get("From");
  dialog_.event = subscribe.Get("Event");
  dialog_.contact = UriOf(subscribe.Get("Contact"));
  SIPEVENTS_ASSIGN_OR_RETURN(Received response, Ask(subscribe));
  if (response.sip.status() / 100 != 2) return response;
  dialog_.remote = response.Header("To");
  if (!response.Header("Contact").empty()) remote_target_ = UriOf(response.Header("Contact"));
  dialog_.granted_until = absl::Now() + absl::Seconds(response.expires());
  return response;
}

absl::StatusOr<Received> ScriptedWatcher::Begin(const WatchSpec& spec) {
  SIPEVENTS_ASSIGN_OR_RETURN(const Received response, Subscribe(spec));
  SIPEVENTS_RETURN_IF_ERROR(CheckAccepted(response));
  return NextNotify();
}

absl::StatusOr<Received> ScriptedWatcher::TakeNotify(absl::Duration patience) {
  SIPEVENTS_ASSIGN_OR_RETURN(Received notify, peer_->WaitFor("NOTIFY", patience));
  SIPEVENTS_RETURN_IF_ERROR(CheckNotify(notify, dialog_));
  dialog_.remote_cseq = notify.sip.cseq();
  if (const int expires = StateExpires(notify); expires >= 0) {
    dialog_.granted_until = absl::Now() + absl::Seconds(expires);
  }
  return notify;
}

absl::StatusOr<Received> ScriptedWatcher::NextNotify(absl::Duration patience) {
  SIPEVENTS_ASSIGN_OR_RETURN(Received notify, TakeNotify(patience));
  peer_->Respond(notify, 200);
  return notify;
}

absl::StatusOr<Received> ScriptedWatcher::NotifyWith(const std::string& text,
                                                     absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  while (true) {
    SIPEVENTS_ASSIGN_OR_RETURN(Received notify, NextNotify(deadline - absl::Now()));
    if (absl::StrContains(notify.sip.body(), text)) return notify;
  }
}

absl::Status ScriptedWatcher::ExpectNoNotify(absl::Duration span) {
  return peer_->ExpectNone("NOTIFY", span);
}

absl::Status ScriptedWatcher::ExpectGone() {
  SIPEVENTS_ASSIGN_OR_RETURN(const Received response, Ask(NextSubscribe("600")));
  if (response.sip.status() == 481) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("SUBSCRIBE got ", response.sip.status(), ", expected 481; ", peer_->Log()));
}

absl::Status ScriptedWatcher::ExpectAlive() {
  SIPEVENTS_ASSIGN_OR_RETURN(const Received response, Refresh());
  if (response.sip.status() != 200) {
    return absl::FailedPreconditionError(
        absl::StrCat("SUBSCRIBE got ", response.sip.status(), ", expected 200; ", peer_->Log()));
  }
  return NextNotify().status();
}

}  // namespace sipevents::testing
