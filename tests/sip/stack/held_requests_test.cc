#include "sip/stack/held_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "sip/stack/message_server.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_random.h"

// Requests that wait for something, on their own and as MessageServer deals with them.

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class CountingMetrics : public SipMetrics {
 public:
  void OnRequestAnswered(std::string_view method, int status) override {
    answered.push_back(absl::StrCat(std::string(method), " ", status));
  }
  void OnResponse(std::string_view, int) override {}
  void OnInFlight(int) override {}
  void OnDecodeError(std::string_view) override {}
  void OnDeviation(std::string_view) override {}
  void OnRequestsHeld(int change) override { held += change; }
  void OnBoundReached(std::string_view bound) override { bounds.emplace_back(bound); }
  std::vector<std::string> answered;
  std::vector<std::string> bounds;
  int held = 0;
};

class HeldRequestsTest : public testing::Test {
 protected:
  HeldRequestsTest() { clock_.Attach(&timers_); }

  void Hold(uint64_t waits_for, const std::string& text) {
    held_->Hold(waits_for, text, [this](std::string_view again) { back_.emplace_back(again); });
  }
  // What the loop does next.
  void Work() { clock_.Advance(absl::ZeroDuration()); }

  FakeClock clock_;
  TimerQueue timers_;
  CountingMetrics metrics_;
  std::unique_ptr<HeldRequests> held_ = std::make_unique<HeldRequests>(clock_, timers_, &metrics_);
  std::vector<std::string> back_;
};

TEST_F(HeldRequestsTest, WhatWaitedComesBackInOrderAndNotFromWithinTheCall) {
  Hold(1, "a");
  Hold(2, "other");
  Hold(1, "b");
  EXPECT_EQ(metrics_.held, 3);

  held_->Resume(1);

  EXPECT_THAT(back_, IsEmpty());
  Work();
  EXPECT_THAT(back_, ElementsAre("a", "b"));
  EXPECT_EQ(metrics_.held, 1);
  held_->Resume(1);
  held_->Resume(7);
  Work();
  EXPECT_THAT(back_, ElementsAre("a", "b"));
}

TEST_F(HeldRequestsTest, ManyComeBackInPieces) {
  for (int i = 0; i < 3 * HeldRequests::kBatch; ++i) Hold(1, "x");
  held_->Resume(1);
  size_t back_when_others_ran = 0;
  timers_.At(clock_.Now(), [&] { back_when_others_ran = back_.size(); });
  Work();
  EXPECT_EQ(back_when_others_ran, size_t{HeldRequests::kBatch});
  EXPECT_EQ(back_.size(), 3u * HeldRequests::kBatch);
}

TEST_F(HeldRequestsTest, RoomIsBoundedByRequestsAndByOctets) {
  const std::string half(HeldRequests::kMostOctets / 2, 'x');
  Hold(1, half);
  Hold(1, half);
  EXPECT_FALSE(held_->HasRoom(1));
  held_->Resume(1);
  Work();
  for (size_t i = 0; i < HeldRequests::kMostRequests; ++i) {
    ASSERT_TRUE(held_->HasRoom(1));
    Hold(2, "x");
  }
  EXPECT_FALSE(held_->HasRoom(1));
  EXPECT_THAT(metrics_.bounds, ElementsAre("sip_held_requests", "sip_held_requests"));
}

TEST_F(HeldRequestsTest, WhatIsHeldAtTheEndIsDropped) {
  Hold(1, "a");
  Hold(2, "b");
  held_->Resume(1);
  held_.reset();
  Work();
  EXPECT_THAT(back_, IsEmpty());
  EXPECT_EQ(metrics_.held, 0);
  EXPECT_EQ(timers_.size(), 0u);
}

// Puts off what it is told to.
class PuttingOffHandler : public MessageHandler {
 public:
  std::optional<RequestAnswer> OnRequest(const sip_t& /*sip*/, std::string_view /*text*/,
                                         const NextHop& /*source*/) override {
    ++asked;
    RequestAnswer answer{status, {}};
    answer.waits_for = waits_for;
    return answer;
  }
  uint64_t waits_for = 7;
  int status = 200;
  int asked = 0;
};

class PutOffRequestTest : public HeldRequestsTest {
 protected:
  static std::string Request(const std::string& branch = "1",
                             const std::string& method = "SUBSCRIBE") {
    return absl::StrCat(method, " sip:alice@example.com SIP/2.0\r\n",
                        "Via: SIP/2.0/UDP 192.0.2.9:5070;rport;branch=z9hG4bK", branch,
                        "\r\nFrom: <sip:bob@example.com>;tag=f\r\nTo: <sip:alice@example.com>"
                        "\r\nCall-ID: c\r\nCSeq: 1 ",
                        method, "\r\nContact: <sip:bob@192.0.2.9>\r\nEvent: presence\r\n",
                        "Content-Length: 0\r\n\r\n");
  }
  // As the messages of a transport do; the answer goes to answers_.
  void Take(const std::string& message) {
    const NextHop source{Transport::kUdp, {"192.0.2.9", 5070}, "192.0.2.9"};
    const WireAnswer answer =
        server_.Take(message, source, [](std::string_view, std::string_view, const Response&) {});
    if (answer.waits_for != 0) {
      server_.Hold(answer.waits_for, message, [this, source](std::string_view text) {
        answers_.push_back(server_.TakeAgain(text, source).text);
      });
    } else {
      answers_.push_back(answer.text);
    }
  }
  // What is waited for is there.
  void Decide() {
    handler_.waits_for = 0;
    held_->Resume(7);
    Work();
  }

  FakeRandom random_;
  PuttingOffHandler handler_;
  ServerTransactions transactions_{clock_, timers_, absl::Seconds(32), random_, nullptr};
  MessageServer server_{handler_, random_, &metrics_, &transactions_, held_.get()};
  std::vector<std::string> answers_;
};

TEST_F(PutOffRequestTest, IsJudgedOnceWhatItWaitsForIsThere) {
  Take(Request());
  EXPECT_THAT(answers_, IsEmpty());
  EXPECT_EQ(held_->size(), 1u);

  Decide();

  EXPECT_THAT(answers_, ElementsAre(AllOf(StartsWith("SIP/2.0 200 "), HasSubstr("rport=5070"),
                                          HasSubstr("branch=z9hG4bK1"))));
  EXPECT_EQ(handler_.asked, 2);
}

// Timer E of the peer goes on meanwhile.
TEST_F(PutOffRequestTest, ThatComesAgainIsHeldOnceAndAnsweredOnce) {
  Take(Request());
  Take(Request());
  Take(Request());
  EXPECT_THAT(answers_, ElementsAre("", ""));
  EXPECT_EQ(held_->size(), 1u);
  answers_.clear();

  Decide();
  ASSERT_THAT(answers_, ElementsAre(StartsWith("SIP/2.0 200 ")));

  // And afterwards it is repeated as any other.
  Take(Request());
  EXPECT_EQ(answers_[1], answers_[0]);
  EXPECT_EQ(handler_.asked, 2);
}

// NOT-45: the second of two ways.
TEST_F(PutOffRequestTest, ThatCameByTwoWaysIsServedOnce) {
  Take(Request("1"));
  Take(Request("2"));
  Decide();
  EXPECT_THAT(answers_, ElementsAre(StartsWith("SIP/2.0 200 "), StartsWith("SIP/2.0 482 ")));
}

// NOT-43.
TEST_F(PutOffRequestTest, IsFoundByItsCancel) {
  Take(Request());
  Take(Request("1", "CANCEL"));
  Take(Request("2", "CANCEL"));
  EXPECT_THAT(answers_, ElementsAre(StartsWith("SIP/2.0 200 "), StartsWith("SIP/2.0 481 ")));
}

TEST_F(PutOffRequestTest, DoesNotWaitTwice) {
  Take(Request());
  held_->Resume(7);
  Work();
  EXPECT_THAT(answers_,
              ElementsAre(AllOf(StartsWith("SIP/2.0 503 "), HasSubstr("Retry-After: 5\r\n"))));
  EXPECT_THAT(metrics_.answered, ElementsAre("SUBSCRIBE 503"));
  EXPECT_EQ(held_->size(), 0u);
}

TEST_F(PutOffRequestTest, IsRefusedWhereThereIsNoRoom) {
  Hold(1, std::string(HeldRequests::kMostOctets, 'x'));
  Take(Request());
  EXPECT_THAT(answers_,
              ElementsAre(AllOf(StartsWith("SIP/2.0 503 "), HasSubstr("Retry-After: 5\r\n"))));
  EXPECT_THAT(metrics_.bounds, ElementsAre("sip_held_requests"));
  // What comes again is answered as before, though there is room now.
  held_->Resume(1);
  Work();
  Take(Request());
  EXPECT_EQ(answers_[1], answers_[0]);
}

}  // namespace
}  // namespace sipevents::sip
