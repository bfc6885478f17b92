#ifndef TESTS_SIP_PUBLISHER_PUBLICATION_STATE_FIXTURE_H_
#define TESTS_SIP_PUBLISHER_PUBLICATION_STATE_FIXTURE_H_

#include <cstdint>
#include <string>

#include "gtest/gtest.h"
#include "sip/publisher/publication_state.h"
#include "tests/fakes/fake_random.h"

namespace sipevents::sip {

// A publication for 600 s that began at kStart.
class PublicationStateFixture : public ::testing::Test {
 protected:
  const absl::Time kStart = absl::FromUnixSeconds(1'000'000);
  static constexpr absl::Duration kRefreshing = absl::Seconds(570);

  EpaContext At(absl::Duration since_start) {
    return {kStart + since_start, absl::Milliseconds(500), absl::Seconds(30), random_};
  }

  static PublishAnswered Status(int status) {
    PublishAnswered answer;
    answer.status = status;
    return answer;
  }
  static PublishAnswered Granted(const std::string& tag, uint32_t seconds) {
    PublishAnswered answer = Status(200);
    answer.tag = tag;
    answer.granted = seconds;
    return answer;
  }
  static PublishAnswered NoAnswer() {
    PublishAnswered answer = Status(408);
    answer.failure = SendFailure::kTimeout;
    return answer;
  }
  static PublishAnswered Hinted(int status, uint32_t seconds) {
    PublishAnswered answer = Status(status);
    answer.retry_after = seconds;
    return answer;
  }

  // Where the time makes no difference.
  PublishContent FillPublish(EpaState& state) { return sip::FillPublish(state, kStart); }

  // A PUBLISH of the first state has left.
  EpaState Sent() {
    EpaState state =
        BeginPublication(absl::Seconds(600), absl::InfiniteFuture(), /*is_event=*/false, At({}))
            .state;
    FillPublish(state);
    return state;
  }
  // It was accepted at once.
  EpaState Active(uint32_t seconds = 600) {
    return OnPublishAnswered(Sent(), Granted("t1", seconds), At({})).state;
  }
  // A new state is under way.
  EpaState Modifying() {
    EpaState state = OnModified(Active(), At(absl::Seconds(1))).state;
    FillPublish(state);
    return state;
  }
  // The refresh is under way, 570 s after the start.
  EpaState Refreshing() {
    EpaState state = OnEpaTick(Active(), At(kRefreshing)).state;
    FillPublish(state);
    return state;
  }

  FakeRandom random_;
};

}  // namespace sipevents::sip

#endif  // TESTS_SIP_PUBLISHER_PUBLICATION_STATE_FIXTURE_H_
