#include "tests/scenarios/scripted_publisher.h"

#include <utility>

#include "sip/base/status_macros.h"
#include "tests/scenarios/scripted_watcher.h"

namespace sipevents::testing {

std::string PublishedType(const std::string& event) {
  if (event == "dialog") return "application/dialog-info+xml";
  if (event == "vq-rtcpxr") return "application/vq-rtcpxr";
  if (event == "message-summary") return "application/simple-message-summary";
  return "application/pidf+xml";
}

absl::StatusOr<std::unique_ptr<ScriptedPublisher>> ScriptedPublisher::Start(
    int server_port, const std::string& resource, const std::string& event) {
  SIPEVENTS_ASSIGN_OR_RETURN(std::unique_ptr<SipPeer> peer, SipPeer::Start());
  return std::unique_ptr<ScriptedPublisher>(
      new ScriptedPublisher(std::move(peer), server_port, resource, event));
}

RawRequest ScriptedPublisher::NewPublish(const std::string& body) const {
  RawRequest publish("PUBLISH", resource_, peer_->port());
  publish.Set("From", "<sip:alice@example.com>;tag=" + RawRequest::NewToken("p"))
      .Set("Event", event_)
      .Set("Expires", "600");
  if (!body.empty()) publish.SetBody(PublishedType(event_), body);
  return publish;
}

RawRequest ScriptedPublisher::NextPublish(const std::string& expires, const std::string& body) {
  return NewPublish(body).Set("Expires", expires).Set("SIP-If-Match", tag_);
}

absl::StatusOr<Received> ScriptedPublisher::Ask(const RawRequest& request) {
  peer_->SendRaw(server_port_, request.Text());
  return peer_->WaitForResponse(request.sent(), kServerPatience);
}

absl::StatusOr<Received> ScriptedPublisher::Publish(const RawRequest& publish) {
  SIPEVENTS_ASSIGN_OR_RETURN(Received response, Ask(publish));
  if (response.sip.status() / 100 == 2) tag_ = response.Header("SIP-ETag");
  return response;
}

absl::StatusOr<Received> ScriptedPublisher::Publish(const std::string& body) {
  return Publish(tag_.empty() ? NewPublish(body) : NextPublish("600", body));
}

absl::StatusOr<Received> ScriptedPublisher::Remove() {
  SIPEVENTS_ASSIGN_OR_RETURN(Received response, Publish(NextPublish("0")));
  tag_.clear();
  return response;
}

}  // namespace sipevents::testing
