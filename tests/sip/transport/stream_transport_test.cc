#include "sip/transport/stream_transport.h"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/sip/transport/raw_stream.h"
#include "tests/sip/transport/stream_fixture.h"

namespace sipevents::sip {
namespace {

using ::sipevents::testing::RawListener;
using ::sipevents::testing::RawStream;
using ::sipevents::testing::StatusIs;
using ::testing::HasSubstr;

class StreamTransportTest : public StreamFixture {};

TEST_F(StreamTransportTest, MessageOfAPeerIsHandedOverAndAnsweredOnItsConnection) {
  // Given
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  const auto peer = RawStream::Connect(port);
  // When
  ASSERT_TRUE(peer->Write(Request("1", 100)));
  ASSERT_OK_AND_ASSIGN(const Heard heard, heard_.Take());
  Reply(heard.connection, "SIP/2.0 200 OK\r\n\r\n");
  // Then
  EXPECT_EQ(heard.octets, Request("1", 100));
  EXPECT_EQ(heard.peer.Key(), absl::StrCat("tcp:127.0.0.1:", peer->port()));
  EXPECT_EQ(peer->ReadUntil("\r\n\r\n"), "SIP/2.0 200 OK\r\n\r\n");
  EXPECT_EQ(counts_["tcp accepted"], 1);
}

// TOR-11, TOR-12
TEST_F(StreamTransportTest, MessagesArriveHoweverTheStreamIsCut) {
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  const auto peer = RawStream::Connect(port);
  for (const char octet : Request("1")) ASSERT_TRUE(peer->Write(std::string(1, octet)));
  ASSERT_TRUE(peer->Write("\r\n" + Request("2", 500'000) + Request("3")));
  for (const std::string& expected : {Request("1"), Request("2", 500'000), Request("3")}) {
    ASSERT_OK_AND_ASSIGN(const Heard heard, heard_.Take());
    EXPECT_EQ(heard.octets, expected);
  }
}

// RFC 5626 section 4.4.1 (OUT-02)
TEST_F(StreamTransportTest, PingIsAnswered) {
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  const auto peer = RawStream::Connect(port);
  ASSERT_TRUE(peer->Write(Request("1") + "\r\n\r\n"));
  EXPECT_EQ(peer->ReadUntil("\r\n"), "\r\n");
}

// TLS-07. The peer still writes when the answer leaves; a reset would take that away from it.
TEST_F(StreamTransportTest, MessageWithoutLengthIsAnsweredAndEndsTheConnection) {
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  const auto peer = RawStream::Connect(port);
  const std::string head = "NOTIFY sip:a@b SIP/2.0\r\nCall-ID: 1\r\n\r\n";
  ASSERT_TRUE(peer->Write(head + std::string(300'000, 'x') + Request("2")));
  ASSERT_OK_AND_ASSIGN(const Heard heard, heard_.Take());

  EXPECT_EQ(heard.bad_status, 400);
  EXPECT_EQ(heard.octets, head);
  EXPECT_EQ(peer->ReadUntil("\r\n\r\n"), "SIP/2.0 400 Bad\r\n\r\n");
  EXPECT_TRUE(peer->EndsInPeace());
  EXPECT_EQ(heard_.size(), 0u) << "something behind the bad message was taken for a message";
  ExpectCount("bad 400", 1);
}

TEST_F(StreamTransportTest, MessageThatEndsWithTheConnectionIsHandedOver) {
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  RawStream::Connect(port)->Write(Request("1"));  // and close
  ASSERT_OK_AND_ASSIGN(const Heard heard, heard_.Take());
  EXPECT_EQ(heard.octets, Request("1"));
  ExpectCount("tcp accepted", 0);
}

std::atomic<int> pipe_signals{0};

// The first answer makes the peer's system reset the connection, the next one meets that, in the
// midst of the messages.
TEST_F(StreamTransportTest, PeerThatLeavesBeforeItsAnswersHarmsNobodyAndRaisesNoSignal) {
  struct sigaction counting = {};
  counting.sa_handler = [](int) { ++pipe_signals; };
  struct sigaction before = {};
  sigaction(SIGPIPE, &counting, &before);
  on_message_ = [this](const Heard& heard) {
    transport_->Reply(heard.connection, "SIP/2.0 200 OK\r\n\r\n");
  };
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  for (int i = 0; i < 20; ++i) {
    auto peer = RawStream::Connect(port);
    ExpectCount("tcp accepted", 1);
    loop_->Run([&] {  // which stands still meanwhile
      for (int j = 0; j < 20; ++j) peer->Write(Request(absl::StrCat(j)));
      peer.reset();
    });
    ExpectCount("tcp accepted", 0);
  }
  EXPECT_GE(counts_["dropped"], 1);
  EXPECT_GE(heard_.size(), 20u);
  Stop();
  sigaction(SIGPIPE, &before, nullptr);
  EXPECT_EQ(pipe_signals, 0);
}

TEST_F(StreamTransportTest, ConnectionIsUsedAgain) {
  // Given
  ASSERT_OK(Start());
  RawListener server;
  // When
  Send(Hop(server.port()), Request("1"));
  const auto first = server.Accept();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->ReadUntil("\r\n\r\n"), Request("1"));
  Send(Hop(server.port()), Request("2"));
  // Then
  EXPECT_EQ(first->ReadUntil("\r\n\r\n"), Request("2"));
  ASSERT_TRUE(first->Write("SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
  ASSERT_OK_AND_ASSIGN(const Heard answer, heard_.Take());
  EXPECT_EQ(answer.peer, Hop(server.port()));
  EXPECT_EQ(counts_["tcp opened"], 1);
  EXPECT_EQ(failures_.size(), 0u);
}

TEST_F(StreamTransportTest, ConnectionThatAPeerOpenedIsUsedForSending) {
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  const auto peer = RawStream::Connect(port);
  ASSERT_TRUE(peer->Write(Request("1")));
  ASSERT_OK_AND_ASSIGN(const Heard heard, heard_.Take());
  Send(heard.peer, Request("2"));
  EXPECT_EQ(peer->ReadUntil("\r\n\r\n"), Request("2"));
  EXPECT_EQ(counts_["tcp opened"], 0);
}

TEST_F(StreamTransportTest, RefusedConnectionFailsOutsideOfTheCall) {
  ASSERT_OK(Start());
  const int nobody = RawListener().port();
  bool sending = false;  // both are the loop's
  bool within_call = false;
  loop_->Run([&] {
    sending = true;
    transport_->Send(Hop(nobody), Request("1"), [&](const absl::Status& status) {
      within_call = sending;
      Fail(status);
    });
    sending = false;
  });
  EXPECT_THAT(failures_.Take().value(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("refused")));
  EXPECT_FALSE(within_call);
  EXPECT_EQ(counts_["refused connect"], 1);
}

TEST_F(StreamTransportTest, AddressThatIsNoneFails) {
  ASSERT_OK(Start());
  Send({Transport::kTcp, {"example.com", 5060}, "example.com"}, Request("1"));
  EXPECT_THAT(failures_.Take().value(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("example.com")));
}

TEST_F(StreamTransportTest, EndOfAConnectionFailsWhoWaitsAndTheNextOneConnectsAgain) {
  // Given two requests under way and one that was answered
  ASSERT_OK(Start());
  RawListener server;
  Send(Hop(server.port()), Request("1"));
  const StreamTransport::WatchId answered = Send(Hop(server.port()), Request("2"));
  Send(Hop(server.port()), Request("3"));
  const auto first = server.Accept();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->ReadUntil(Request("3")), Request("1") + Request("2") + Request("3"));
  loop_->Run([&] { transport_->StopWatching(answered); });
  // When
  first->Reset();
  // Then
  EXPECT_THAT(failures_.Take().value(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("tcp:127.0.0.1")));
  EXPECT_OK(failures_.Take());
  Send(Hop(server.port()), Request("4"));
  const auto second = server.Accept();
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->ReadUntil("\r\n\r\n"), Request("4"));
  EXPECT_EQ(failures_.size(), 0u);
}

TEST_F(StreamTransportTest, WatchThatWasStoppedIsSilentEvenWhereTheFailureIsOnItsWay) {
  ASSERT_OK(Start());
  loop_->Run([&] {
    const auto id = transport_->Send({Transport::kTcp, {"none", 1}, "none"}, Request("1"),
                                     [this](const absl::Status& s) { Fail(s); });
    transport_->StopWatching(id);
  });
  loop_->Run([] {});
  EXPECT_EQ(failures_.size(), 0u);
}

// Handlers and failures may do as they like, within the call too.
TEST_F(StreamTransportTest, CallbacksMaySendStopAndClose) {
  // Given a handler that answers, sends elsewhere and closes, all from within
  RawListener server;
  on_message_ = [&](const Heard& heard) {
    transport_->Reply(heard.connection, "SIP/2.0 200 OK\r\n\r\n");
    transport_->Send(Hop(server.port()), heard.octets, [](const absl::Status&) {});
    transport_->Close(heard.connection);
    transport_->Reply(heard.connection, "too late");
    transport_->Close(heard.connection);
    transport_->Close(heard.connection + 100);
  };
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  // When two messages come at once
  const auto peer = RawStream::Connect(port);
  ASSERT_TRUE(peer->Write(Request("1") + Request("2")));
  // Then the first is dealt with, and nothing behind it
  EXPECT_EQ(peer->ReadUntil("\r\n\r\n"), "SIP/2.0 200 OK\r\n\r\n");
  EXPECT_TRUE(peer->Closes());
  const auto forwarded = server.Accept();
  ASSERT_NE(forwarded, nullptr);
  EXPECT_EQ(forwarded->ReadUntil("\r\n\r\n"), Request("1"));
  EXPECT_EQ(heard_.size(), 1u);
  EXPECT_EQ(counts_["dropped"], 1);
}

TEST_F(StreamTransportTest, FailureMayStopTheOtherAndSendAgain) {
  ASSERT_OK(Start());
  RawListener server;
  loop_->Run([&] {
    const NextHop nowhere{Transport::kTcp, {"none", 1}, "none"};
    auto second = std::make_shared<StreamTransport::WatchId>();
    transport_->Send(nowhere, Request("1"), [this, second, &server](const absl::Status& s) {
      Fail(s);
      transport_->StopWatching(*second);
      transport_->Send(Hop(server.port()), Request("3"), [](const absl::Status&) {});
    });
    *second = transport_->Send(nowhere, Request("2"), [this](const absl::Status& s) { Fail(s); });
  });
  const auto peer = server.Accept();
  ASSERT_NE(peer, nullptr);
  EXPECT_EQ(peer->ReadUntil("\r\n\r\n"), Request("3"));
  EXPECT_EQ(failures_.size(), 1u);
}

TEST_F(StreamTransportTest, ListensOverIpv6WithoutTakingIpv4) {
  ASSERT_OK(Start());
  absl::StatusOr<int> port = 0;
  // The same port is free for IPv4, unless another program has just that one.
  absl::Status for_ipv4 = absl::UnknownError("not tried");
  for (int attempt = 0; attempt < 20 && !for_ipv4.ok(); ++attempt) {
    loop_->Run([&] {
      port = transport_->Listen({Transport::kTcp, {"::", 0}});
      const auto same = static_cast<uint16_t>(port.value_or(0));
      for_ipv4 = transport_->Listen({Transport::kTcp, {"0.0.0.0", same}}).status();
    });
  }
  ASSERT_OK(port.status());
  ASSERT_OK(for_ipv4);
  const auto peer = RawStream::Connect(*port, "::1");
  ASSERT_TRUE(peer->Write(Request("1")));
  ASSERT_OK_AND_ASSIGN(const Heard heard, heard_.Take());
  EXPECT_EQ(heard.peer.Key(), absl::StrCat("tcp:[::1]:", peer->port()));

  Send({Transport::kTcp, {"::1", static_cast<uint16_t>(*port)}, "::1"}, Request("2"));
  ASSERT_OK_AND_ASSIGN(const Heard own, heard_.Take());
  EXPECT_EQ(own.octets, Request("2"));
}

TEST_F(StreamTransportTest, AddressInUseIsNamed) {
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  loop_->Run([&, taken = static_cast<uint16_t>(port)] {
    EXPECT_THAT(transport_->Listen({Transport::kTcp, {"127.0.0.1", taken}}),
                StatusIs(absl::StatusCode::kUnavailable,
                         HasSubstr(absl::StrCat("cannot listen on 127.0.0.1:", port))));
    EXPECT_THAT(transport_->Listen({Transport::kTls, {"127.0.0.1", 0}}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("certificate")));
  });
}

int OpenDescriptors() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

TEST_F(StreamTransportTest, EndClosesWhateverIsOpenAndCallsNobody) {
  const int before = OpenDescriptors();
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const int port, Listen());
  RawListener server;
  Send(Hop(server.port()), Request("1"));
  Send({Transport::kTcp, {"127.0.0.1", static_cast<uint16_t>(port)}, "127.0.0.1"}, Request("2"));
  ASSERT_OK(heard_.Take());
  ExpectCount("tcp accepted", 1);
  // When
  loop_->Run([this] { transport_.reset(); });
  // Then
  EXPECT_EQ(counts_["tcp accepted"], 0);
  EXPECT_EQ(counts_["tcp opened"], 0);
  EXPECT_EQ(failures_.size(), 0u);
  EXPECT_EQ(OpenDescriptors(), before + 1) << "only the test's own listener";
}

}  // namespace
}  // namespace sipevents::sip
