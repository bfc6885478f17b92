#ifndef TESTS_GATEWAY_PUBLICATIONS_REGISTRY_FIXTURE_H_
#define TESTS_GATEWAY_PUBLICATIONS_REGISTRY_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/publications/publication_registry.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_event_server.h"
#include "tests/fakes/fake_publisher.h"
#include "tests/fakes/fake_random.h"

namespace sipevents::gateway {

// A registry of Publications over fakes, whose time passes when told.
class PublicationFixture : public ::testing::Test {
 protected:
  using Answer = absl::StatusOr<PublicationRegistry::Publication>;

  void Build(PublicationRegistry::Options options) {
    registry_ = std::make_shared<PublicationRegistry>(
        options,
        PublicationRegistry::Parts{publisher_, server_, clock_, random_, executor_, metrics_});
  }

  void SetUp() override { Build({}); }

  // Lets the time pass, timers included.
  void Pass(absl::Duration time) {
    clock_.Advance(time);
    executor_.Advance(time);
  }

  static ResourceAsker Alice() { return {.tenant = "acme", .caller = "alice", .admin = false}; }
  static ResourceAsker Bob() { return {.tenant = "acme", .caller = "bob", .admin = false}; }
  static ResourceAsker Admin() { return {.tenant = "acme", .caller = "root", .admin = true}; }

  static PublishedContent Content(std::string body) {
    PublishedContent content;
    content.content_type = "application/pidf+xml";
    content.body = std::move(body);
    return content;
  }

  PublicationOrder Order(std::string body, bool local = false) {
    PublicationOrder order;
    order.target_uri = "sip:desk@example.com";
    order.event_package = "presence";
    order.local = local;
    order.content = Content(std::move(body));
    order.expire_time = clock_.Now() + absl::Hours(1);
    return order;
  }

  // What it answers, once what SIP said has been dealt with.
  Answer Create(PublicationOrder order, const ResourceAsker& asker = Alice()) {
    Answer answer = absl::UnknownError("no answer yet");
    registry_->Create(asker, std::move(order), [&](Answer made) { answer = std::move(made); });
    executor_.RunReady();
    return answer;
  }

  Answer Update(const std::string& name, PublicationChange change,
                const ResourceAsker& asker = Alice()) {
    Answer answer = absl::UnknownError("no answer yet");
    registry_->Update(asker, name, std::move(change),
                      [&](Answer made) { answer = std::move(made); });
    executor_.RunReady();
    return answer;
  }

  absl::Status Delete(const std::string& name, const std::string& etag = "",
                      const ResourceAsker& asker = Alice()) {
    absl::Status status = absl::UnknownError("no answer yet");
    registry_->Delete(asker, name, etag, [&](const Answer& gone) { status = gone.status(); });
    executor_.RunReady();
    return status;
  }

  FakeClock clock_;
  FakeRandom random_;
  FanoutExecutor executor_{0};
  Metrics metrics_{[](std::string_view) { return true; }};
  sip::FakePublisher publisher_;
  sip::FakeEventServer server_;
  std::shared_ptr<PublicationRegistry> registry_;
};

}  // namespace sipevents::gateway

#endif  // TESTS_GATEWAY_PUBLICATIONS_REGISTRY_FIXTURE_H_
