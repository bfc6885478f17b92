#ifndef TESTS_SIP_SUBSCRIBER_SUBSCRIBER_FIXTURE_H_
#define TESTS_SIP_SUBSCRIBER_SUBSCRIBER_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sip/subscriber/subscriber.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_random.h"
#include "tests/fakes/fake_request_sender.h"

namespace sipevents::sip {

inline constexpr char kOpen[] =
    "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:alice@example.com\">"
    "<tuple id=\"t1\"><status><basic>open</basic></status></tuple></presence>";

// Writes down what it hears.
class RecordingObserver : public SubscriptionObserver {
 public:
  void OnStatus(const SubscriptionStatus& status) override { statuses.push_back(status); }
  void OnNotification(const Notification& notification) override {
    dialogs.emplace_back(notification.dialog);
    bodies.emplace_back(notification.body);
    errors.emplace_back(notification.decode_error);
  }
  void OnQuietNotify(absl::Time /*receive_time*/) override { ++quiet; }
  void OnDialogEnded(std::string_view dialog, std::string_view reason,
                     bool state_remains) override {
    ended_dialogs.emplace_back(dialog, reason);
    remains = state_remains;
  }
  void OnEnded() override { ended = true; }

  SubscriptionState state() const { return statuses.back().state; }

  std::vector<SubscriptionStatus> statuses;
  std::vector<std::string> dialogs;
  std::vector<std::string> bodies;
  std::vector<std::string> errors;
  std::vector<std::pair<std::string, std::string>> ended_dialogs;
  bool remains = false;
  int quiet = 0;
  bool ended = false;
};

// Writes down what peers did that the RFCs forbid.
class RecordingMetrics : public SipMetrics {
 public:
  void OnRequestAnswered(std::string_view /*method*/, int /*status*/) override {}
  void OnResponse(std::string_view /*method*/, int /*status*/) override {}
  void OnInFlight(int /*change*/) override {}
  void OnDecodeError(std::string_view /*event_package*/) override {}
  void OnDeviation(std::string_view row) override { deviations.emplace_back(row); }

  std::vector<std::string> deviations;
};

// A Subscriber with its network, clock and chance replaced.
class SubscriberFixture : public testing::Test {
 protected:
  SubscriberFixture() { clock_.Attach(&timers_); }

  // Makes the subscriber with what the test put into the options below.
  Subscriber& subscriber() {
    if (subscriber_ == nullptr) {
      subscriber_ =
          std::make_unique<Subscriber>(SubscriberContext{.sender = sender_,
                                                         .clock = clock_,
                                                         .timers = timers_,
                                                         .random = random_,
                                                         .dialogs = dialogs_,
                                                         .credentials = credentials_,
                                                         .scratch = scratch_,
                                                         .metrics = &metrics_,
                                                         .notify_auth = notify_auth_,
                                                         .t1 = absl::Milliseconds(500),
                                                         .outbound_route = route_,
                                                         .identity = "sip:gateway@example.com",
                                                         .expires = expires_,
                                                         .strict = strict_,
                                                         .contact_of = contact_of_,
                                                         .unsolicited = unsolicited_});
    }
    return *subscriber_;
  }

  std::shared_ptr<RecordingObserver> Subscribe(const std::string& event_package) {
    auto observer = std::make_shared<RecordingObserver>();
    SubscribeRequest request;
    request.target_uri = "sip:alice@example.com";
    request.event_package = event_package;
    subscriber().Subscribe(++last_id_, request, observer);
    return observer;
  }

  // A NOTIFY in answer to the newest SUBSCRIBE.
  struct NotifySpec {
    std::string tag = "a";
    uint32_t cseq = 1;
    std::string substate = "active";
    std::string reason = "";
    std::optional<uint32_t> expires = 600;
    std::optional<uint32_t> retry_after = {};
    std::string body = "";
    std::string content_type = "";
    std::string event = "";
    std::optional<std::string_view> event_id = {};
    std::string contact = "sip:notifier@192.0.2.1";
    std::vector<std::string> record_route = {};
    std::vector<std::string> authorization = {};
    bool with_state = true;
    std::string entity_tag = "";
    std::string event_parameters = "";
    std::string call_info = "";
  };
  int Notify(const NotifySpec& spec) { return NotifyTo(sender_.sent.size() - 1, spec).status; }

  NotifyAnswer NotifyTo(size_t request, const NotifySpec& spec) {
    const OutgoingRequest subscribe = sender_.sent.at(request).request;
    IncomingNotify notify;
    notify.receive_time = clock_.Now();
    notify.call_id = subscribe.call_id;
    notify.from_tag = spec.tag;
    notify.to_tag = subscribe.from_tag;
    notify.cseq = spec.cseq;
    notify.event_id = spec.event_id;
    notify.event_type = spec.event.empty() ? std::string_view(subscribe.event) : spec.event;
    notify.has_subscription_state = spec.with_state;
    notify.substate = spec.substate;
    notify.reason = spec.reason;
    notify.expires = spec.expires;
    notify.retry_after = spec.retry_after;
    notify.entity_tag = spec.entity_tag;
    notify.event_parameters = spec.event_parameters;
    notify.call_info = spec.call_info;
    notify.content_type = spec.content_type;
    notify.body = spec.body;
    notify.contact_uri = spec.contact;
    notify.authorization = [&spec] { return spec.authorization; };
    notify.record_route = [&spec] { return spec.record_route; };
    return subscriber().OnNotify(notify);
  }

  // Lets time pass until `count` requests were sent, a minute beyond the grant at the most.
  void PassUntilSent(size_t count) {
    for (int i = 0; i < 660 && sender_.sent.size() < count; ++i) clock_.Advance(absl::Seconds(1));
  }

  // Answers the newest request.
  void Answer(int status) { Answer(Reply(status)); }
  void Answer(const Response& response) { sender_.Answer(sender_.sent.size() - 1, response); }

  static Response Reply(int status) {
    Response response;
    response.status = status;
    return response;
  }
  static Response Failure(int status, SendFailure failure) {
    Response response = Reply(status);
    response.made_here = true;
    response.failure = failure;
    return response;
  }
  static Response RedirectTo(std::vector<std::string> contacts) {
    Response response = Reply(302);
    response.redirect_to = std::move(contacts);
    return response;
  }

  // A 401 with a nonce of its own; there are credentials for it after HaveCredentials().
  static Response DigestChallenge(const std::string& nonce, bool stale = false) {
    Response response = Reply(401);
    response.challenges = {{false, "Digest realm=\"example.com\", qop=\"auth\", nonce=\"" + nonce +
                                       "\"" + (stale ? ", stale=true" : "")}};
    return response;
  }
  void HaveCredentials() {
    auto parsed = CredentialTable::Parse("example.com gateway s3cret", "test");
    ASSERT_TRUE(parsed.ok());
    credentials_ = *parsed;
  }

  // An active subscription whose refresh was just sent and is not answered.
  std::shared_ptr<RecordingObserver> SubscribeUntilRefresh(const std::string& event_package) {
    auto observer = Subscribe(event_package);
    Answer(200);
    Notify({});
    PassUntilSent(2);
    return observer;
  }

  // Lets time pass in small steps; `peer` hears of each new request by its index, at once.
  void Play(absl::Duration span, const std::function<void(size_t)>& peer) {
    const absl::Time end = clock_.Now() + span;
    for (size_t heard = 0; clock_.Now() < end; clock_.Advance(absl::Milliseconds(50))) {
      while (heard < sender_.sent.size()) peer(heard++);
    }
  }

  FakeClock clock_;
  TimerQueue timers_;
  FakeRandom random_;
  FakeRequestSender sender_;
  DialogTable dialogs_{random_};
  CredentialTable credentials_;
  DecodeScratch scratch_;
  RecordingMetrics metrics_;
  DigestServer* notify_auth_ = nullptr;
  UnsolicitedDoor* unsolicited_ = nullptr;
  std::string route_;
  absl::Duration expires_ = absl::Seconds(600);
  bool strict_ = false;
  std::function<std::string(std::string_view)> contact_of_;
  uint64_t last_id_ = 0;
  std::unique_ptr<Subscriber> subscriber_;
};

}  // namespace sipevents::sip

#endif  // TESTS_SIP_SUBSCRIBER_SUBSCRIBER_FIXTURE_H_
