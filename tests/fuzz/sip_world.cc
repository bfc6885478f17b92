#include "tests/fuzz/sip_world.h"

#include <sofia-sip/msg.h>
#include <sofia-sip/sip_header.h>

#include <utility>

#include "absl/strings/match.h"
#include "sip/stack/request_checks.h"
#include "sip/stack/request_message.h"
#include "sip/stack/sofia_text.h"
#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

constexpr char kAccept[] = "application/pidf+xml";
constexpr char kAllowEvents[] = "presence, dialog, message-summary";

// More than a subscription could have to say at one moment: all its forks, and once again.
constexpr size_t kMaxSentAtOnce = 2000;

// That a text may stand in a header line.
void CheckLine(std::string_view text) {
  FUZZ_EXPECT(text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
}

// That a peer's URI is fit to be a Request-URI or a Route.
void CheckUri(std::string_view text) {
  for (const char c : text) FUZZ_EXPECT(c >= ' ' && c <= '~');
}

// That a text is the head of one message and no more, in lines.
void CheckHead(std::string_view head) {
  FUZZ_EXPECT(head.find("\r\n\r\n") == head.size() - 4);
  for (size_t at = 0; at < head.size(); ++at) {
    FUZZ_EXPECT(head[at] != '\0');
    FUZZ_EXPECT(head[at] != '\n' || (at > 0 && head[at - 1] == '\r'));
  }
}

void CheckRequest(const sip::OutgoingRequest& request) {
  for (const std::string* text :
       {&request.method, &request.request_uri, &request.from_uri, &request.from_tag,
        &request.to_uri, &request.to_tag, &request.call_id, &request.event, &request.accept,
        &request.content_type}) {
    CheckLine(*text);
  }
  CheckUri(request.request_uri);
  for (const std::string& route : request.route_set) CheckUri(route);
  for (const auto& [name, value] : request.authorization) CheckLine(value);
  const std::string wire =
      sip::RequestText(request, {.contact = "<sip:gateway@192.0.2.1>",
                                 .allow_events = kAllowEvents,
                                 .via = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa"});
  // A value of a peer that would break a line is a request that fails.
  if (wire.empty()) return;
  FUZZ_EXPECT(request.body.empty());
  CheckHead(wire);
  const sip::MessagePtr parsed(msg_make(sip_default_mclass(), MSG_DO_EXTRACT_COPY, wire.data(),
                                        static_cast<ssize_t>(wire.size())));
  FUZZ_EXPECT(parsed != nullptr);
  const sip_t* const sip = sip_object(parsed.get());
  FUZZ_EXPECT(sip != nullptr && sip->sip_request != nullptr);
  FUZZ_EXPECT(sip->sip_call_id != nullptr && request.call_id == sip->sip_call_id->i_id);
  FUZZ_EXPECT(sip->sip_cseq != nullptr && request.cseq == sip->sip_cseq->cs_seq);
}

void CheckAnswer(std::string_view wire) {
  if (wire.empty()) return;
  FUZZ_EXPECT(wire.starts_with("SIP/2.0 "));
  FUZZ_EXPECT(wire[8] >= '2' && wire[8] <= '6');
  CheckHead(wire);
}

}  // namespace

// Reads all that it is told, and minds the order.
class SipWorld::Observer : public sip::SubscriptionObserver {
 public:
  void OnStatus(const sip::SubscriptionStatus& status) override {
    FUZZ_EXPECT(!ended_);
    FUZZ_EXPECT(state_ != sip::SubscriptionState::kTerminated);
    state_ = status.state;
    Touch(status.reason);  // the peer's words
  }
  void OnNotification(const sip::Notification& notification) override {
    FUZZ_EXPECT(!ended_);
    FUZZ_EXPECT(!notification.dialog.empty());
    for (const std::string_view text : {notification.dialog, notification.content_type,
                                        notification.body, notification.decode_error}) {
      Touch(text);
    }
  }
  void OnQuietNotify(absl::Time /*receive_time*/) override { FUZZ_EXPECT(!ended_); }
  void OnDialogEnded(std::string_view dialog, std::string_view reason,
                     bool /*state_remains*/) override {
    FUZZ_EXPECT(!ended_);
    Touch(dialog);
    Touch(reason);
  }
  void OnEnded() override {
    FUZZ_EXPECT(!ended_);
    FUZZ_EXPECT(state_ == sip::SubscriptionState::kTerminated);
    ended_ = true;
  }

 private:
  sip::SubscriptionState state_ = sip::SubscriptionState::kSubscribing;
  bool ended_ = false;
};

SipWorld::SipWorld(bool strict) {
  clock_.Attach(&timers_);
  // The password of a realm that a challenge can name.
  auto credentials = sip::CredentialTable::Parse("example.com user password\n", "fuzz");
  FUZZ_EXPECT(credentials.ok());
  credentials_ = *std::move(credentials);
  subscriber_ = std::make_unique<sip::Subscriber>(
      sip::SubscriberContext{.sender = sender_,
                             .clock = clock_,
                             .timers = timers_,
                             .random = random_,
                             .dialogs = dialogs_,
                             .credentials = credentials_,
                             .scratch = scratch_,
                             .t1 = absl::Milliseconds(500),
                             .identity = "sip:gateway@example.com",
                             .expires = absl::Seconds(600),
                             .strict = strict,
                             .unsolicited = &door_});
  for (const char* event_package : {"presence", "dialog", "message-summary", "x-unknown"}) {
    Subscribe(event_package);
  }
  checked_ = sender_.sent.size();  // the same in every run
}

SipWorld::~SipWorld() {
  subscriber_.reset();
  clock_.Attach(nullptr);
}

void SipWorld::Subscribe(const std::string& event_package) {
  sip::SubscribeRequest request;
  request.target_uri = "sip:alice@example.com";
  request.event_package = event_package;
  subscriber_->Subscribe(++last_id_, request, std::make_shared<Observer>());
}

std::string SipWorld::Fill(std::string_view text) const {
  std::string filled;
  for (size_t at = 0; at < text.size(); ++at) {
    const bool names =
        text[at] == '$' && at + 2 < text.size() && (text[at + 1] == 'c' || text[at + 1] == 't');
    size_t index = names ? static_cast<size_t>(text[at + 2] - '0') : sender_.sent.size();
    if (names && text[at + 2] == 'x') index = sender_.sent.size() - 1;
    if (index >= sender_.sent.size()) {
      filled += text[at];
      continue;
    }
    const sip::OutgoingRequest& request = sender_.sent[index].request;
    filled += text[at + 1] == 'c' ? request.call_id : request.from_tag;
    at += 2;
  }
  return filled;
}

void SipWorld::Receive(std::string_view text) {
  const sip::WireAnswer answer = server_.Take(
      Fill(text), {Transport::kUdp, {"192.0.2.9", 5060}, "192.0.2.9"},
      [this](std::string_view branch, std::string_view method, const sip::Response& response) {
        Touch(branch);
        Touch(method);
        OnResponse(response);
      });
  CheckAnswer(answer.text);
  CheckSent();
}

// As Endpoint does.
std::optional<sip::NotifyAnswer> SipWorld::OnRequest(const sip_t& sip, std::string_view text,
                                                     const sip::NextHop& source) {
  if (auto repeated = sip::RefuseRepeated(sip); repeated.has_value()) return repeated;
  if (sip.sip_request->rq_method != sip_method_notify) {
    return sip::AnswerOther(sip, kAccept, kAllowEvents, /*serves=*/false);
  }
  if (auto bad = sip::RefuseBadNotify(sip); bad.has_value()) return bad;
  sip::IncomingNotify notify = sip::ToNotify(sip, text, clock_.Now());
  notify.source_host = source.address.host;
  if (!absl::StartsWithIgnoreCase(notify.contact_uri, "sip")) return sip::NotifyAnswer{400, {}};
  const sip::NotifyAnswer answer = subscriber_->OnNotify(notify);
  FUZZ_EXPECT(answer.status >= 200 && answer.status <= 699);
  for (const auto& [name, value] : answer.headers) CheckLine(value);
  return answer;
}

void SipWorld::OnResponse(const sip::Response& response) {
  if (response.status < 200) return;
  for (size_t i = sender_.sent.size(); i-- > 0;) {
    if (sender_.sent[i].client == nullptr) continue;
    sender_.Answer(i, response);
    return;
  }
}

void SipWorld::Advance(absl::Duration step) {
  clock_.Advance(step);
  CheckSent();
}

void SipWorld::CheckSent() {
  FUZZ_EXPECT(sender_.sent.size() - checked_ <= kMaxSentAtOnce);
  for (; checked_ < sender_.sent.size(); ++checked_) CheckRequest(sender_.sent[checked_].request);
}

}  // namespace sipevents::fuzz
