#ifndef TESTS_SIP_NOTIFIER_NOTIFIER_FIXTURE_H_
#define TESTS_SIP_NOTIFIER_NOTIFIER_FIXTURE_H_

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "sip/compositor/recent_reports.h"
#include "sip/notifier/notifier.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_random.h"
#include "tests/fakes/fake_request_sender.h"

namespace sipevents::sip {

inline constexpr char kAlice[] = "sip:alice@example.com";
inline constexpr char kBob[] = "sip:bob@example.com";
inline constexpr char kCarol[] = "sip:carol@example.com";

// A presence document with one tuple and a note.
inline std::string PresenceBody(const std::string& basic, const std::string& note = "") {
  return absl::StrCat(
      "<?xml version=\"1.0\"?>\r\n<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
      "entity=\"sip:alice@example.com\"><tuple id=\"t1\"><status><basic>",
      basic, "</basic></status></tuple><note>", note, "</note></presence>");
}

// States that the test sets. Threads: one.
class FakeStates : public StateSource {
 public:
  ComposedStatePtr Current(std::string_view resource, std::string_view event_package) override {
    const auto it = states_.find({std::string(resource), std::string(event_package)});
    return it == states_.end() ? Neutral(resource, event_package) : it->second;
  }
  ComposedStatePtr Neutral(std::string_view /*resource*/,
                           std::string_view /*event_package*/) override {
    return Made({"application/pidf+xml", "<presence neutral=\"1\"/>"}, "neutral");
  }
  bool KeepsState(std::string_view event_package) const override {
    return event_package != "vq-rtcpxr";
  }
  uint64_t LastReport() const override { return reports_.last(); }
  NumberedReport NextReport(std::string_view resource, std::string_view event_package,
                            uint64_t after) const override {
    return reports_.Next(resource, event_package, after, absl::UnixEpoch());
  }
  ComposedStatePtr Report(const std::string& resource, std::string body) {
    const ComposedStatePtr report =
        Made({"application/vq-rtcpxr", std::move(body)}, absl::StrCat("report", ++last_tag_));
    reports_.Put(resource, "vq-rtcpxr", report, absl::UnixEpoch());
    return report;
  }
  ComposedStatePtr Set(const std::string& resource, const std::string& event_package,
                       ComposedBody body) {
    return states_[{resource, event_package}] =
               Made(std::move(body), absl::StrCat("tag", ++last_tag_));
  }

 private:
  static ComposedStatePtr Made(ComposedBody body, std::string tag) {
    return std::make_shared<const ComposedState>(ComposedState{std::move(body), std::move(tag)});
  }

  std::map<std::pair<std::string, std::string>, ComposedStatePtr> states_;
  RecentReports reports_;
  int last_tag_ = 0;
};

// Remembers what was counted. Threads: one.
class CountedWatchers : public SipMetrics {
 public:
  void OnRequestAnswered(std::string_view, int) override {}
  void OnResponse(std::string_view, int) override {}
  void OnInFlight(int) override {}
  void OnDecodeError(std::string_view) override {}
  void OnDeviation(std::string_view) override {}
  void OnWatchers(std::string_view event_package, int change) override {
    watchers[std::string(event_package)] += change;
  }
  void OnBoundReached(std::string_view bound) override { ++bounds[std::string(bound)]; }

  std::map<std::string, int> watchers;
  std::map<std::string, int> bounds;
};

// Remembers what it was told. Threads: one.
class HeardWatchers : public WatcherObserver {
 public:
  void OnWatcher(const WatcherRecord& watcher) override { heard.push_back(watcher); }
  void OnInitialComplete() override { initial = heard.size(); }

  std::vector<WatcherRecord> heard;
  size_t initial = SIZE_MAX;  // so many before OnInitialComplete()
};

inline NotifierOptions TestOptions() {
  NotifierOptions options;
  options.domains = DomainSet({"example.com"});
  options.limits.packages = {"presence", "dialog", "presence.winfo", "vq-rtcpxr"};
  options.limits.allow_events = "presence, dialog";
  options.notify_interval = absl::ZeroDuration();
  return options;
}

// A notifier for example.com, and phones that subscribe.
class NotifierTest : public ::testing::Test {
 protected:
  // A subscription as the phone sees it.
  struct Dialog {
    IncomingRequest request;  // the last SUBSCRIBE
    RequestAnswer answer;     // to it
  };

  explicit NotifierTest(NotifierOptions options = TestOptions(),
                        WatcherDecision usual = WatcherDecision::kAllow)
      : policy_(usual),
        notifier_(std::move(options),
                  {.means = {.sender = sender_,
                             .clock = clock_,
                             .timers = timers_,
                             .random = random_,
                             .credentials = credentials_,
                             .t1 = absl::Milliseconds(500)},
                   .states = states_,
                   .policy = policy_,
                   .contact_for = [](const RequestSource&,
                                     bool secure) { return secure ? "sips:gw" : "sip:gw"; },
                   .metrics = &metrics_}) {
    clock_.Attach(&timers_);
  }

  // A SUBSCRIBE that makes a dialog.
  IncomingRequest Initial(const std::string& from = kBob, std::string_view package = "presence") {
    IncomingRequest request;
    request.receive_time = clock_.Now();
    request.source = {{"192.0.2.7", 5060}, Transport::kUdp, "192.0.2.7", 5060};
    request.method = "SUBSCRIBE";
    request.request_uri = kAlice;
    request.from_uri = from;
    request.from_tag = Keep(absl::StrCat("f", ++phones_));
    request.to_uri = kAlice;
    request.call_id = Keep(absl::StrCat("c", phones_));
    request.cseq = 1;
    request.event_count = 1;
    request.event_type = package;
    request.event_type_ok = true;
    request.expires = 600;
    request.contact_uri = "sip:phone@192.0.2.7";
    request.user_agent = "phone";
    return request;
  }

  Dialog Send(const IncomingRequest& request) {
    Dialog dialog{request, notifier_.OnSubscribe(request, "")};
    if (dialog.request.to_tag.empty()) dialog.request.to_tag = Keep(dialog.answer.to_tag);
    Settle();
    return dialog;
  }
  // Subscribes, up to the answer of the first NOTIFY.
  Dialog Subscribe(const std::string& from = kBob, std::string_view package = "presence") {
    Dialog dialog = Send(Initial(from, package));
    AnswerAll();
    return dialog;
  }
  // The next SUBSCRIBE in a dialog.
  IncomingRequest Next(const Dialog& dialog) {
    IncomingRequest request = dialog.request;
    ++request.cseq;
    request.suppress_if_match.clear();
    return request;
  }

  void SetState(ComposedBody body, const std::string& resource = kAlice,
                const std::string& event_package = "presence") {
    const ComposedStatePtr state = states_.Set(resource, event_package, std::move(body));
    notifier_.OnStateChanged(resource, event_package, state);
    Settle();
  }
  void SetPresence(const std::string& note) {
    SetState({"application/pidf+xml", PresenceBody("open", note)});
  }

  // What is due now is done.
  void Settle() { clock_.Advance(absl::ZeroDuration()); }
  // Answers each NOTIFY that waits for it.
  void AnswerAll(int status = 200) {
    for (size_t i = 0; i < sender_.sent.size(); ++i) Answer(i, status);
  }
  void Answer(size_t index, int status) {
    Response response;
    response.status = status;
    sender_.Answer(index, response);
    Settle();
  }
  void AnswerLast(const Response& response) {
    sender_.Answer(sender_.sent.size() - 1, response);
    Settle();
  }
  void Rule(const std::string& watcher, WatcherDecision decision,
            const std::string& resource = kAlice) {
    ASSERT_TRUE(policy_.Set({resource, "presence", watcher, decision}).ok());
    notifier_.OnRule(resource, "presence", watcher);
    Settle();
  }

  size_t sent() const { return sender_.sent.size(); }
  const OutgoingRequest& last() const { return sender_.sent.back().request; }
  std::string_view Keep(std::string text) { return kept_.emplace_back(std::move(text)); }

  FakeClock clock_;
  TimerQueue timers_;
  FakeRandom random_;
  FakeRequestSender sender_;
  CredentialTable credentials_;
  FakeStates states_;
  CountedWatchers metrics_;
  WatcherPolicy policy_;
  Notifier notifier_;

 private:
  std::deque<std::string> kept_;  // requests have views of it
  int phones_ = 0;
};

// The value of a header; "(none)": it is not there.
inline std::string HeaderOf(const RequestAnswer& answer, std::string_view name) {
  for (const auto& [its_name, value] : answer.headers) {
    if (its_name == name) return value;
  }
  return "(none)";
}

}  // namespace sipevents::sip

#endif  // TESTS_SIP_NOTIFIER_NOTIFIER_FIXTURE_H_
