#ifndef TESTS_SIP_COMPOSITOR_COMPOSITOR_FIXTURE_H_
#define TESTS_SIP_COMPOSITOR_COMPOSITOR_FIXTURE_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "sip/compositor/compositor.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_random.h"

namespace sipevents::sip {

inline constexpr char kAlice[] = "sip:alice@example.com";
inline constexpr char kBob[] = "sip:bob@example.com";
inline constexpr char kPidf[] = "application/pidf+xml";
inline constexpr char kReportType[] = "application/vq-rtcpxr";

// A presence document with one tuple.
inline std::string PresenceBody(const std::string& tuple, const std::string& basic) {
  return absl::StrCat(
      "<?xml version=\"1.0\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
      "entity=\"sip:alice@example.com\"><tuple id=\"",
      tuple, "\"><status><basic>", basic, "</basic></status></tuple></presence>");
}

inline PublishRules TestRules() {
  PublishRules rules;
  rules.domains = DomainSet({"example.com"});
  rules.packages = {
      {"presence"}, {"dialog"}, {"message-summary"}, {.name = "vq-rtcpxr", .keeps_state = false}};
  rules.min_expires = absl::Seconds(60);
  rules.default_expires = absl::Seconds(1800);
  rules.max_expires = absl::Seconds(3600);
  return rules;
}

// A PUBLISH of presence for alice, without body and tag.
inline IncomingRequest Publish(absl::Time now) {
  IncomingRequest request;
  request.receive_time = now;
  request.method = "PUBLISH";
  request.request_uri = kAlice;
  request.from_uri = kAlice;
  request.to_uri = kAlice;
  request.event_count = 1;
  request.event_type = "presence";
  request.event_type_ok = true;
  request.source.via_host = "192.0.2.1";
  request.user_agent = "phone";
  return request;
}

// The value of a header; "(none)": it is not there.
inline std::string HeaderOf(const RequestAnswer& answer, std::string_view name) {
  for (const auto& [its_name, value] : answer.headers) {
    if (its_name == name) return value;
  }
  return "(none)";
}
inline std::string TagOf(const RequestAnswer& answer) { return HeaderOf(answer, "SIP-ETag"); }

// Remembers what was told. Threads: one.
class HeardChanges : public StateListener {
 public:
  struct Change {
    std::string resource;
    std::string package;
    ComposedStatePtr state;
  };

  void OnStateChanged(std::string_view resource, std::string_view event_package,
                      const ComposedStatePtr& state) override {
    changes.push_back({std::string(resource), std::string(event_package), state});
  }

  std::vector<Change> changes;
};

// Remembers what was counted. Threads: one.
class CountedPublications : public SipMetrics {
 public:
  void OnRequestAnswered(std::string_view, int) override {}
  void OnResponse(std::string_view, int) override {}
  void OnInFlight(int) override {}
  void OnDecodeError(std::string_view) override {}
  void OnDeviation(std::string_view) override {}
  void OnServedPublications(std::string_view event_package, int change) override {
    publications[std::string(event_package)] += change;
  }
  void OnBoundReached(std::string_view bound) override { ++bounds[std::string(bound)]; }

  std::map<std::string, int> publications;
  std::map<std::string, int> bounds;
};

// A compositor for example.com, and phones that publish.
class CompositorTest : public ::testing::Test {
 protected:
  explicit CompositorTest(PublicationLimits limits = {})
      : compositor_({clock_, timers_, random_, &metrics_}, TestRules(), limits) {
    clock_.Attach(&timers_);
    compositor_.SetListener(&heard_);
  }

  RequestAnswer Send(const IncomingRequest& request) { return compositor_.OnPublish(request, ""); }

  IncomingRequest Initial(std::string body) {
    IncomingRequest request = Publish(clock_.Now());
    request.content_type = kPidf;
    request.body = Keep(std::move(body));
    return request;
  }
  IncomingRequest Refresh(const std::string& tag) {
    IncomingRequest request = Publish(clock_.Now());
    request.if_match = {tag};
    return request;
  }
  IncomingRequest Modify(const std::string& tag, std::string body) {
    IncomingRequest request = Initial(std::move(body));
    request.if_match = {tag};
    return request;
  }
  IncomingRequest Removal(const std::string& tag) {
    IncomingRequest request = Refresh(tag);
    request.expires = 0;
    return request;
  }

  // State of ours, of alice's presence.
  LocalPublication Local(uint64_t id, std::string body) {
    LocalPublication publication;
    publication.id = id;
    publication.resource_uri = kAlice;
    publication.event_package = "presence";
    publication.content_type = kPidf;
    publication.body = std::move(body);
    return publication;
  }

  std::string Shown(std::string_view resource = kAlice, std::string_view package = "presence") {
    return compositor_.Current(resource, package)->full.body;
  }
  std::string Neutral() { return compositor_.Neutral(kAlice, "presence")->full.body; }

  FakeClock clock_;
  TimerQueue timers_;
  FakeRandom random_;
  CountedPublications metrics_;
  HeardChanges heard_;
  Compositor compositor_;

 private:
  // Requests have views of their bodies.
  std::string_view Keep(std::string body) {
    return *bodies_.emplace_back(std::make_unique<std::string>(std::move(body)));
  }

  std::vector<std::unique_ptr<std::string>> bodies_;
};

}  // namespace sipevents::sip

#endif  // TESTS_SIP_COMPOSITOR_COMPOSITOR_FIXTURE_H_
