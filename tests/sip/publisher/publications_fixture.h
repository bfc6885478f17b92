#ifndef TESTS_SIP_PUBLISHER_PUBLICATIONS_FIXTURE_H_
#define TESTS_SIP_PUBLISHER_PUBLICATIONS_FIXTURE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "sip/publisher/publications.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_random.h"
#include "tests/fakes/fake_request_sender.h"

namespace sipevents::sip {

// Keeps what is counted.
class CountedMetrics : public SipMetrics {
 public:
  void OnRequestAnswered(std::string_view, int) override {}
  void OnResponse(std::string_view, int) override {}
  void OnInFlight(int) override {}
  void OnDecodeError(std::string_view) override {}
  void OnDeviation(std::string_view row) override { deviations.emplace_back(row); }
  void OnPublishing(std::string_view state, int change) override {
    counts[std::string(state)] += change;
  }
  void OnBoundReached(std::string_view bound) override { bounds.emplace_back(bound); }

  std::map<std::string, int> counts;
  std::vector<std::string> deviations;
  std::vector<std::string> bounds;
};

// Keeps what is told.
class Heard : public PublicationObserver {
 public:
  void OnStatus(const PublicationStatus& status) override {
    EXPECT_FALSE(ended);
    told.push_back(status);
  }
  void OnEnded() override { ended = true; }

  const PublicationStatus& last() const { return told.back(); }

  std::vector<PublicationStatus> told;
  bool ended = false;
};

// The publications of one thread, which publish nowhere.
class PublicationsFixture : public ::testing::Test {
 protected:
  static constexpr char kAlice[] = "sip:alice@example.com";

  PublicationsFixture() { clock_.Attach(&timers_); }

  Publications& Publisher() {
    if (publications_ != nullptr) return *publications_;
    auto table = CredentialTable::Parse(
        "example.com general one\nexample.com bob two identity=sip:bob@example.com", "test");
    EXPECT_TRUE(table.ok());
    credentials_ = *table;
    publications_ = std::make_unique<Publications>(
        PublisherParts{.sender = sender_,
                       .clock = clock_,
                       .timers = timers_,
                       .random = random_,
                       .credentials = credentials_,
                       .metrics = &metrics_,
                       .outbound_route = route_,
                       .identity = "sip:gateway@example.com",
                       .expires = expires_,
                       .is_event = [](std::string_view package) { return package == "vq-rtcpxr"; },
                       .most_publications = 5,
                       .most_octets = 100});
    return *publications_;
  }

  static PublishRequest Presence(const std::string& target = kAlice) {
    return {.target_uri = target,
            .event_package = "presence",
            .identity = "",
            .content_type = "application/pidf+xml",
            .body = "<open/>"};
  }
  // Publishes as the `id`th.
  std::shared_ptr<Heard> Publish(PublicationId id, PublishRequest request = Presence()) {
    auto heard = std::make_shared<Heard>();
    Publisher().Publish(id, std::move(request), heard);
    return heard;
  }

  static Response Reply(int status) {
    Response response;
    response.status = status;
    return response;
  }
  static Response Accepted(std::string_view tag, uint32_t expires = 600) {
    Response response = Reply(200);
    response.entity_tag = tag;
    response.expires = expires;
    return response;
  }
  static Response Challenged(const std::string& nonce, const char* realm = "example.com") {
    Response response = Reply(401);
    response.challenges = {
        {false, absl::StrCat("Digest realm=\"", realm, "\", qop=\"auth\", nonce=\"", nonce,
                             "\", stale=true")}};
    return response;
  }
  // Answers the request that left last.
  void Answer(const Response& response) { sender_.Answer(sender_.sent.size() - 1, response); }

  FakeClock clock_;
  TimerQueue timers_;
  FakeRandom random_;
  FakeRequestSender sender_;
  CredentialTable credentials_;
  CountedMetrics metrics_;
  std::string route_;
  absl::Duration expires_ = absl::Seconds(600);
  std::unique_ptr<Publications> publications_;
};

}  // namespace sipevents::sip

#endif  // TESTS_SIP_PUBLISHER_PUBLICATIONS_FIXTURE_H_
