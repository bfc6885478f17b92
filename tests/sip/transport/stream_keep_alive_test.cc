#include <functional>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/transport/stream_transport.h"
#include "tests/base/status_asserts.h"
#include "tests/sip/transport/raw_stream.h"
#include "tests/sip/transport/stream_fixture.h"

// Connections that are kept open by pings of ours (RFC 5626 section 4.4.1, OUT-02).

namespace sipevents::sip {
namespace {

using ::sipevents::testing::RawListener;
using ::sipevents::testing::RawStream;
using ::sipevents::testing::StatusIs;
using ::testing::HasSubstr;

constexpr char kPing[] = "\r\n\r\n";
constexpr char kPong[] = "\r\n";

class StreamKeepAliveTest : public StreamFixture {
 protected:
  // Opens a connection, and sends a request over it.
  std::unique_ptr<RawStream> Open(StreamTransportOptions options = {}) {
    EXPECT_OK(Start(std::move(options)));
    watch_ = Send(Hop(server_.port()), Request("1"));
    std::unique_ptr<RawStream> peer = server_.Accept();
    EXPECT_EQ(peer->ReadUntil(kPing), Request("1"));
    loop_->Run([this] { transport_->StopWatching(watch_); });
    return peer;
  }

  StreamTransport::WatchId Keep(absl::Duration pause = absl::Milliseconds(20),
                                bool expects_pongs = true) {
    StreamTransport::WatchId id = 0;
    loop_->Run([&] {
      id = transport_->Keep(Hop(server_.port()).Key(), {[pause] { return pause; }, expects_pongs},
                            [this](const absl::Status& status) { Fail(status); });
    });
    return id;
  }
  void Release(StreamTransport::WatchId id) {
    loop_->Run([this, id] { transport_->StopWatching(id); });
  }

  RawListener server_;
  StreamTransport::WatchId watch_ = 0;
};

// Two answers in a row are no ping: nothing but pings comes.
TEST_F(StreamKeepAliveTest, PingsGoOnWhileTheyAreAnswered) {
  const auto peer = Open();
  Keep();
  for (int ping = 0; ping < 5; ++ping) {
    EXPECT_EQ(peer->ReadUntil(kPing), kPing) << ping;
    ASSERT_TRUE(peer->Write(kPong));
  }
  EXPECT_EQ(failures_.size(), 0u);
  EXPECT_EQ(counts_["no pong"], 0);
}

TEST_F(StreamKeepAliveTest, PingWithoutAnswerEndsTheConnection) {
  const auto peer = Open({.pong_timeout = absl::Milliseconds(200)});
  const absl::Time begin = absl::Now();
  Keep();
  EXPECT_EQ(peer->ReadUntil(kPing), kPing);
  // One ping at a time: nothing more comes.
  EXPECT_TRUE(peer->Closes());
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(200));
  EXPECT_THAT(failures_.Take().value(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("keep-alive")));
  ExpectCount("no pong", 1);
}

// Servers without RFC 5626 take pings in silence.
TEST_F(StreamKeepAliveTest, ServerThatPromisedNoAnswersKeepsItsConnection) {
  const auto peer = Open({.pong_timeout = absl::Milliseconds(10)});
  Keep(absl::Milliseconds(50), /*expects_pongs=*/false);
  for (int ping = 0; ping < 5; ++ping) EXPECT_EQ(peer->ReadUntil(kPing), kPing) << ping;
  EXPECT_EQ(counts_["no pong"], 0);
}

// There is no further ping until one was answered.
TEST_F(StreamKeepAliveTest, MessageIsAnAnswerToo) {
  const auto peer = Open();
  Keep();
  for (int ping = 0; ping < 3; ++ping) {
    EXPECT_EQ(peer->ReadUntil(kPing), kPing);
    ASSERT_TRUE(peer->Write(Request("2")));
    ASSERT_OK_AND_ASSIGN(const Heard heard, heard_.Take());
    EXPECT_EQ(heard.octets, Request("2"));
  }
  EXPECT_EQ(counts_["no pong"], 0);
}

// A message that follows the answer in the same piece arrives whole.
TEST_F(StreamKeepAliveTest, AnswerMayComeWithAMessage) {
  const auto peer = Open();
  Keep();
  EXPECT_EQ(peer->ReadUntil(kPing), kPing);
  ASSERT_TRUE(peer->Write(kPong + Request("2") + kPong));
  ASSERT_OK_AND_ASSIGN(const Heard heard, heard_.Take());
  EXPECT_EQ(heard.octets, Request("2"));
}

// A peer may ping us while we ping it: its ping is answered once its answer to ours has come.
TEST_F(StreamKeepAliveTest, PingThatCrossesOursIsAnswered) {
  const auto peer = Open();
  const StreamTransport::WatchId id = Keep();
  EXPECT_EQ(peer->ReadUntil(kPing), kPing);
  Release(id);
  ASSERT_TRUE(peer->Write(std::string(kPing) + kPong));
  EXPECT_EQ(peer->ReadUntil(kPong), kPong);
}

TEST_F(StreamKeepAliveTest, LastOneWhoLeavesEndsThePings) {
  // Given
  const auto peer = Open();
  const StreamTransport::WatchId first = Keep();
  const StreamTransport::WatchId second = Keep();
  EXPECT_EQ(peer->ReadUntil(kPing), kPing);
  // When one leaves
  Release(first);
  ASSERT_TRUE(peer->Write(kPong));
  // Then
  EXPECT_EQ(peer->ReadUntil(kPing), kPing);
  // When both have left
  Release(second);
  ASSERT_TRUE(peer->Write(kPong));
  // Then no ping comes in the time of several
  absl::SleepFor(absl::Milliseconds(150));
  Send(Hop(server_.port()), Request("2"));
  EXPECT_EQ(peer->ReadUntil(kPing), Request("2"));
}

TEST_F(StreamKeepAliveTest, EndOfTheConnectionIsToldToAllWhoKeepIt) {
  auto peer = Open();
  Keep(absl::Hours(1));
  Keep(absl::Hours(1));
  peer.reset();
  EXPECT_THAT(failures_.Take().value(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("closed")));
  EXPECT_THAT(failures_.Take().value(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("closed")));
}

TEST_F(StreamKeepAliveTest, ConnectionThatIsNotThereHasFailed) {
  ASSERT_OK(Start());
  Keep();
  EXPECT_THAT(failures_.Take().value(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("no connection")));
}

// It would be made again at once.
TEST_F(StreamKeepAliveTest, KeptConnectionDoesNotMakeRoom) {
  const auto peer = Open({.max_opened = 1});
  Keep(absl::Hours(1));
  RawListener other;
  Send(Hop(other.port()), Request("2"));
  EXPECT_THAT(failures_.Take().value(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("too many connections")));
}

}  // namespace
}  // namespace sipevents::sip
