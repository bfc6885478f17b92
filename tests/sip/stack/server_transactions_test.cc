#include "sip/stack/server_transactions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "sip/stack/message_server.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_random.h"

// SUBSCRIBE and PUBLISH that come again, by another way, or are cancelled (RFC 3261 sections 17.2,
// 8.2.2.2 and 9.2), as octets.

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Answers with what the test says, and counts.
class CountingHandler : public MessageHandler {
 public:
  std::optional<RequestAnswer> OnRequest(const sip_t& /*sip*/, std::string_view /*text*/,
                                         const NextHop& /*source*/) override {
    ++served;
    return RequestAnswer{status, {{"X-Served", absl::StrCat(served)}}, "", "ourtag"};
  }
  int status = 200;
  int served = 0;
};

class ServerTransactionsTest : public testing::Test {
 protected:
  ServerTransactionsTest() { clock_.Attach(&timers_); }

  static std::string Request(const std::string& method = "SUBSCRIBE",
                             const std::string& branch = "1", const std::string& cseq = "1",
                             const std::string& to_tag = "") {
    return absl::StrCat(method, " sip:alice@example.com SIP/2.0\r\n",
                        "Via: SIP/2.0/UDP 192.0.2.9:5070;rport;branch=z9hG4bK", branch,
                        "\r\nFrom: <sip:bob@example.com>;tag=f\r\nTo: <sip:alice@example.com>",
                        to_tag.empty() ? "" : ";tag=", to_tag, "\r\nCall-ID: c\r\nCSeq: ", cseq,
                        " ", method, "\r\nContact: <sip:bob@192.0.2.9>\r\nEvent: presence\r\n",
                        "Content-Length: 0\r\n\r\n");
  }
  std::string Take(const std::string& message) {
    return server_
        .Take(message, {Transport::kUdp, {"192.0.2.9", 5070}, "192.0.2.9"},
              [](std::string_view, std::string_view, const Response&) {})
        .text;
  }

  FakeClock clock_;
  TimerQueue timers_;
  FakeRandom random_;
  CountingHandler handler_;
  ServerTransactions transactions_{clock_, timers_, absl::Seconds(32), random_, nullptr};
  MessageServer server_{handler_, random_, nullptr, &transactions_};
};

TEST_F(ServerTransactionsTest, RepeatedRequestIsServedOnceAndAnsweredAsBefore) {
  const std::string first = Take(Request());
  EXPECT_THAT(first, StartsWith("SIP/2.0 200 "));
  EXPECT_THAT(first, HasSubstr("tag=ourtag"));
  for (int i = 0; i < 5; ++i) {
    clock_.Advance(absl::Seconds(4));
    EXPECT_EQ(Take(Request()), first);
  }
  EXPECT_EQ(handler_.served, 1);
}

TEST_F(ServerTransactionsTest, RefusalIsRepeatedToo) {
  handler_.status = 489;
  const std::string first = Take(Request());
  EXPECT_EQ(Take(Request()), first);
  EXPECT_EQ(handler_.served, 1);
}

// NOT-45.
TEST_F(ServerTransactionsTest, SameRequestByAnotherWayIsMerged) {
  Take(Request("SUBSCRIBE", "1"));
  const std::string merged = Take(Request("SUBSCRIBE", "2"));
  EXPECT_THAT(merged, StartsWith("SIP/2.0 482 "));
  EXPECT_EQ(Take(Request("SUBSCRIBE", "2")), merged);
  EXPECT_EQ(handler_.served, 1);
}

TEST_F(ServerTransactionsTest, WhatIsAnotherRequestIsServed) {
  Take(Request());
  const std::string answers[] = {
      Take(Request("SUBSCRIBE", "2", "2")),                                        // CSeq
      Take(Request("PUBLISH", "3", "1")),                                          // method
      Take(absl::StrReplaceAll(Request("SUBSCRIBE", "4"), {{"tag=f", "tag=g"}})),  // From
      Take(absl::StrReplaceAll(Request("SUBSCRIBE", "5"), {{"Call-ID: c", "Call-ID: d"}})),
      Take(Request("SUBSCRIBE", "6", "1", "ourtag"))};  // in a dialog: its CSeq says what is old
  for (const std::string& answer : answers) EXPECT_THAT(answer, StartsWith("SIP/2.0 200 "));
  EXPECT_EQ(handler_.served, 6);
}

// A refused request may come again with the same CSeq, from peers that do not count up.
TEST_F(ServerTransactionsTest, RetryOfARefusedRequestIsNotMerged) {
  handler_.status = 401;
  Take(Request("SUBSCRIBE", "1"));
  handler_.status = 200;
  EXPECT_THAT(Take(Request("SUBSCRIBE", "2")), StartsWith("SIP/2.0 200 "));
}

// Timer J: 64*T1.
TEST_F(ServerTransactionsTest, AnswerIsKeptForTimerJ) {
  Take(Request());
  clock_.Advance(absl::Seconds(31.9));
  Take(Request());
  EXPECT_EQ(handler_.served, 1);
  clock_.Advance(absl::Seconds(0.2));
  Take(Request());
  EXPECT_EQ(handler_.served, 2);
}

TEST_F(ServerTransactionsTest, NothingIsKeptOfWhatIsOld) {
  for (int i = 0; i < 100; ++i) Take(Request("PUBLISH", absl::StrCat(i), absl::StrCat(i + 1)));
  clock_.Advance(absl::Seconds(10));
  for (int i = 0; i < 100; ++i) Take(Request("PUBLISH", absl::StrCat("a", i), absl::StrCat(i)));
  EXPECT_EQ(transactions_.size(), 200u);
  clock_.Advance(absl::Seconds(22.6));
  EXPECT_EQ(transactions_.size(), 100u);
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(transactions_.size(), 0u);
  EXPECT_EQ(timers_.size(), 0u);
}

// NOT-43: answered, and no more.
TEST_F(ServerTransactionsTest, CancelIsAnsweredAndChangesNothing) {
  const std::string first = Take(Request());
  EXPECT_THAT(Take(Request("CANCEL")), StartsWith("SIP/2.0 200 "));
  EXPECT_EQ(Take(Request()), first);
  EXPECT_THAT(Take(Request("CANCEL", "other")), StartsWith("SIP/2.0 481 "));
  clock_.Advance(absl::Seconds(40));
  EXPECT_THAT(Take(Request("CANCEL")), StartsWith("SIP/2.0 481 "));
  EXPECT_EQ(handler_.served, 1);
}

// A peer whose branches are not unique (RFC 2543): its other hosts and ports are others.
TEST_F(ServerTransactionsTest, BranchOfAnotherHostIsAnotherTransaction) {
  Take(Request("SUBSCRIBE", "1", "1", "ourtag"));
  Take(absl::StrReplaceAll(Request("SUBSCRIBE", "1", "1", "ourtag"),
                           {{"192.0.2.9:5070", "192.0.2.10:5070"}}));
  Take(absl::StrReplaceAll(Request("SUBSCRIBE", "1", "1", "ourtag"),
                           {{"192.0.2.9:5070", "192.0.2.9:5071"}}));
  EXPECT_EQ(handler_.served, 3);
}

// Octets of answers are bounded: the oldest goes first.
TEST_F(ServerTransactionsTest, TooManyForgetTheOldest) {
  const size_t big = ServerTransactions::kMaxOctets / 4;
  const std::string call_id(60000, 'x');
  const auto request = [&](int i) {
    return absl::StrReplaceAll(Request("PUBLISH", absl::StrCat(i), absl::StrCat(i + 1)),
                               {{"Call-ID: c", absl::StrCat("Call-ID: ", call_id)}});
  };
  const int count = static_cast<int>(4 * big / call_id.size()) + 10;
  for (int i = 0; i < count; ++i) Take(request(i));
  EXPECT_LT(transactions_.size(), static_cast<size_t>(count));
  Take(request(count - 1));
  EXPECT_EQ(handler_.served, count);
  Take(request(0));
  EXPECT_EQ(handler_.served, count + 1);
}

}  // namespace
}  // namespace sipevents::sip
