// What bounds a peer that means no good, or is broken: in number, in size and in time.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/transport/stream_transport.h"
#include "tests/base/status_asserts.h"
#include "tests/sip/transport/raw_stream.h"
#include "tests/sip/transport/stream_fixture.h"

namespace sipevents::sip {
namespace {

using ::sipevents::testing::RawListener;
using ::sipevents::testing::RawStream;
using ::sipevents::testing::StatusIs;
using ::testing::HasSubstr;

class StreamBoundsTest : public StreamFixture {
 protected:
  // CPU time of this process.
  static absl::Duration CpuTime() {
    timespec spent = {};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return absl::DurationFromTimespec(spent);
  }
};

TEST_F(StreamBoundsTest, ConnectionsBeyondTheBoundAreClosedAndRoomIsUsedAgain) {
  // Given room for two
  ASSERT_OK(Start({.max_accepted = 2}));
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  auto first = RawStream::Connect(port);
  const auto second = RawStream::Connect(port);
  ExpectCount("tcp accepted", 2);
  // When
  const auto third = RawStream::Connect(port);
  // Then
  EXPECT_TRUE(third->Closes());
  EXPECT_EQ(counts_["refused accepted"], 1);
  // When one leaves
  first.reset();
  ExpectCount("tcp accepted", 1);
  const auto fourth = RawStream::Connect(port);
  ASSERT_TRUE(fourth->Write(Request("1")));
  // Then
  EXPECT_OK(heard_.Take());
}

TEST_F(StreamBoundsTest, OneAddressCannotTakeAllRoom) {
  ASSERT_OK(Start({.max_accepted_per_address = 1}));
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  auto first = RawStream::Connect(port, "127.0.0.1", "127.0.0.2");
  ExpectCount("tcp accepted", 1);
  EXPECT_TRUE(RawStream::Connect(port, "127.0.0.1", "127.0.0.2")->Closes());
  EXPECT_EQ(counts_["refused address"], 1);
  const auto other = RawStream::Connect(port, "127.0.0.1", "127.0.0.3");
  ASSERT_TRUE(other->Write(Request("1")));
  EXPECT_OK(heard_.Take());
  // The address is free again once its connection is gone.
  first.reset();
  ExpectCount("tcp accepted", 1);
  const auto again = RawStream::Connect(port, "127.0.0.1", "127.0.0.2");
  ASSERT_TRUE(again->Write(Request("2")));
  EXPECT_OK(heard_.Take());
}

// Where descriptors run out, the listener neither spins nor gives up.
TEST_F(StreamBoundsTest, ShortageOfDescriptorsIsWaitedOut) {
  // Given a connection that waits to be accepted, and no descriptor for it
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  rlimit before = {};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit tight = before;
  tight.rlim_cur = 200;
  setrlimit(RLIMIT_NOFILE, &tight);
  std::vector<int> taken;
  for (int fd = 0; fd >= 0; fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) taken.push_back(fd);
  close(taken.back());
  taken.pop_back();
  const auto peer = RawStream::Connect(port);
  ASSERT_TRUE(peer->Write(Request("1")));
  // When
  const absl::Time begin = absl::Now();
  const absl::Duration cpu = CpuTime();
  while (counts_["refused descriptors"] < 4 && absl::Now() - begin < absl::Seconds(20)) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  const absl::Duration spent = CpuTime() - cpu;
  const absl::Duration took = absl::Now() - begin;
  // Then it asks a few times a second
  EXPECT_GE(took, absl::Milliseconds(250));
  EXPECT_LT(spent, took / 4);
  EXPECT_EQ(heard_.size(), 0u);
  // And when there are descriptors again, the connection is served.
  for (size_t i = 1; i < taken.size(); ++i) close(taken[i]);
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_OK(heard_.Take());
}

// RFC 4475 section 3.1.2.2 (clerr): a body shorter than Content-Length says.
TEST_F(StreamBoundsTest, MessageThatNeverEndsClosesTheConnection) {
  ASSERT_OK(Start({.message_timeout = absl::Milliseconds(200)}));
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  const auto slow = RawStream::Connect(port);
  const auto idle = RawStream::Connect(port);
  ASSERT_TRUE(idle->Write(Request("1")));
  ASSERT_OK(heard_.Take());
  // When one octet comes now and then
  const absl::Time begin = absl::Now();
  ASSERT_TRUE(slow->Write("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 9999\r\n\r\n"));
  while (slow->Write("x") && absl::Now() - begin < absl::Seconds(20)) {
    absl::SleepFor(absl::Milliseconds(20));
  }
  // Then
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(200));
  EXPECT_TRUE(slow->Closes());
  // Who has no message half sent is left alone.
  ASSERT_TRUE(idle->Write("\r\n\r\n"));
  EXPECT_EQ(idle->ReadUntil("\r\n"), "\r\n");
}

TEST_F(StreamBoundsTest, IdleConnectionsAreClosedAndUsedOnesAreNot) {
  ASSERT_OK(Start({.idle_timeout = absl::Seconds(1)}));
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  RawListener server;
  const absl::Time begin = absl::Now();
  const auto idle = RawStream::Connect(port);
  const auto used = RawStream::Connect(port);
  Send(Hop(server.port()), Request("1"));
  ExpectCount("tcp accepted", 2);
  // When
  while (counts_["tcp accepted"] == 2 && absl::Now() - begin < absl::Seconds(20)) {
    ASSERT_TRUE(used->Write("\r\n\r\n"));
    absl::SleepFor(absl::Milliseconds(20));
  }
  // Then
  EXPECT_TRUE(idle->Closes());
  EXPECT_GE(absl::Now() - begin, absl::Seconds(1));
  EXPECT_THAT(failures_.Take().value(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("idle")));
}

TEST_F(StreamBoundsTest, ServerThatDoesNotTakeTheConnectionFails) {
  // Given a server whose queue is full, so that the system's SYN gets no answer
  ASSERT_OK(Start({.connect_timeout = absl::Milliseconds(200)}));
  RawListener server(0);
  const auto waits = RawStream::Connect(server.port());
  // When
  const absl::Time begin = absl::Now();
  Send(Hop(server.port()), Request("1"));
  // Then
  EXPECT_THAT(failures_.Take().value(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("connecting takes too long")));
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(200));
}

// A peer that does not read its answers is not read from; when it does, it misses none.
TEST_F(StreamBoundsTest, PeerThatReadsLateGetsEveryAnswer) {
  constexpr int kRequests = 400;
  const std::string answer(100'000, 'a');
  on_message_ = [&](const Heard& heard) { transport_->Reply(heard.connection, answer); };
  ASSERT_OK(Start({.max_unsent_octets = 4 << 20}));
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  const auto peer = RawStream::Connect(port);
  // When it asks for 40 MB of answers, and reads none until its requests are not read either
  std::thread asking([&] {
    for (int i = 0; i < kRequests; ++i) peer->Write(Request(absl::StrCat(i), 8'000));
  });
  size_t heard = 0;
  do {
    heard = heard_.size();
    absl::SleepFor(absl::Milliseconds(200));
  } while (heard == 0 || heard < heard_.size());
  EXPECT_LT(heard, static_cast<size_t>(kRequests));
  size_t read = 0;
  std::vector<char> buffer(1 << 20);
  while (read < kRequests * answer.size()) {
    const ssize_t length = recv(peer->descriptor(), buffer.data(), buffer.size(), 0);
    if (length <= 0) break;
    read += static_cast<size_t>(length);
  }
  asking.join();
  // Then
  EXPECT_EQ(read, kRequests * answer.size());
  EXPECT_EQ(counts_["dropped"], 0);
}

TEST_F(StreamBoundsTest, PeerThatNeverReadsIsClosed) {
  const std::string answer(100'000, 'a');
  on_message_ = [&](const Heard& heard) { transport_->Reply(heard.connection, answer); };
  ASSERT_OK(Start({.max_unsent_octets = 1 << 20, .message_timeout = absl::Milliseconds(300)}));
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  const auto peer = RawStream::Connect(port);
  // When it asks and asks
  const timeval patience = {0, 100'000};
  setsockopt(peer->descriptor(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  const absl::Time begin = absl::Now();
  while (peer->Write(Request("1", 8'000)) && absl::Now() - begin < absl::Seconds(20)) {
  }
  // Then
  ExpectCount("tcp accepted", 0);
}

TEST_F(StreamBoundsTest, SendingFailsWhereTooMuchWaits) {
  ASSERT_OK(Start({.max_unsent_octets = 20'000}));
  RawListener server;
  // Before the connection is there, all waits.
  loop_->Run([&] {
    for (const char* id : {"1", "2", "3"}) {
      transport_->Send(Hop(server.port()), Request(id, 9'000),
                       [this](const absl::Status& status) { Fail(status); });
    }
  });
  EXPECT_THAT(failures_.Take().value(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("too much waits")));
  const auto peer = server.Accept();
  ASSERT_NE(peer, nullptr);
  EXPECT_EQ(peer->ReadUntil(Request("2", 9'000)), Request("1", 9'000) + Request("2", 9'000));
  EXPECT_EQ(failures_.size(), 0u);
  EXPECT_EQ(counts_["dropped"], 1);
}

TEST_F(StreamBoundsTest, OldestConnectionThatNobodyWaitsForMakesRoom) {
  // Given two connections, the older of which still waits for an answer
  ASSERT_OK(Start({.max_opened = 2}));
  RawListener a;
  RawListener b;
  RawListener c;
  Send(Hop(a.port()), Request("1"));
  const auto to_b = Send(Hop(b.port()), Request("2"));
  const auto first = a.Accept();
  const auto second = b.Accept();
  ASSERT_NE(first, nullptr);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->ReadUntil("\r\n\r\n"), Request("2"));
  loop_->Run([&] { transport_->StopWatching(to_b); });
  // When
  Send(Hop(c.port()), Request("3"));
  // Then
  const auto third = c.Accept();
  ASSERT_NE(third, nullptr);
  EXPECT_EQ(third->ReadUntil("\r\n\r\n"), Request("3"));
  EXPECT_TRUE(second->Closes());
  EXPECT_EQ(failures_.size(), 0u);
  // And where all wait for answers, there is no room.
  Send(Hop(b.port()), Request("4"));
  EXPECT_THAT(failures_.Take().value(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("too many connections")));
  EXPECT_EQ(counts_["refused opened"], 1);
}

// TOR-23
TEST_F(StreamBoundsTest, TenThousandHeaderLinesAreRefused) {
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  const auto peer = RawStream::Connect(port);
  std::string message = "OPTIONS sip:a@b SIP/2.0\r\n";
  for (int i = 0; i < 10'000; ++i) message += "X: y\r\n";
  ASSERT_TRUE(peer->Write(message + "Content-Length: 0\r\n\r\n"));
  EXPECT_EQ(peer->ReadUntil("\r\n\r\n"), "SIP/2.0 513 Bad\r\n\r\n");
  EXPECT_TRUE(peer->Closes());
}

TEST_F(StreamBoundsTest, BodyThatIsTooLargeIsRefusedBeforeItComes) {
  ASSERT_OK(Start({.max_message_octets = 10'000}));
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  const auto peer = RawStream::Connect(port);
  ASSERT_TRUE(peer->Write("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 10000\r\n\r\n"));
  EXPECT_EQ(peer->ReadUntil("\r\n\r\n"), "SIP/2.0 413 Bad\r\n\r\n");
}

}  // namespace
}  // namespace sipevents::sip
