// SIP over TLS, against OpenSSL spoken by the test.

#include <fcntl.h>

#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/transport/stream_transport.h"
#include "tests/base/status_asserts.h"
#include "tests/peer/test_certificates.h"
#include "tests/peer/tls_stream.h"
#include "tests/peer/wire.h"
#include "tests/sip/transport/raw_stream.h"
#include "tests/sip/transport/stream_fixture.h"

namespace sipevents::sip {
namespace {

using ::sipevents::testing::CertificateFiles;
using ::sipevents::testing::CertificateRequest;
using ::sipevents::testing::Flow;
using ::sipevents::testing::RawListener;
using ::sipevents::testing::RawStream;
using ::sipevents::testing::StatusIs;
using ::sipevents::testing::TestAuthority;
using ::sipevents::testing::TlsFiles;
using ::sipevents::testing::TlsSettings;
using ::sipevents::testing::TlsStream;
using ::sipevents::testing::Wire;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kName[] = "notifier.example.com";

// What a client reads until it has `end`, or until the connection ends.
std::string ReadUntil(TlsStream& client, const std::string& end) {
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  std::string read;
  while ((end.empty() || !read.ends_with(end)) && client.Read(&read) && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  return read;
}

struct Arrived {
  std::string octets;
  Flow flow;
};

class StreamTlsTest : public StreamFixture {
 protected:
  ~StreamTlsTest() override { Stop(); }

  // What we show and trust.
  StreamTransportOptions Options() {
    const CertificateFiles own =
        authority_.Issue({.common_name = "gateway", .names = {"IP:127.0.0.1"}});
    StreamTransportOptions options;
    options.tls = {.certificate_file = own.chain,
                   .key_file = own.key,
                   .authorities_file = authority_.root_file()};
    return options;
  }

  TlsSettings Settings(const CertificateRequest& request) {
    const CertificateFiles files = authority_.Issue(request);
    return {files.chain, files.key, authority_.root_file(), false};
  }

  // A server with this certificate.
  absl::Status Serve(const TlsSettings& settings) {
    auto files = TlsFiles::Read(settings);
    if (!files.ok()) return files.status();
    auto wire = Wire::Open(
        0,
        [this](const std::string& octets, const Flow& flow) {
          arrived_.Put({octets, flow});
        },
        *files);
    if (!wire.ok()) return wire.status();
    server_ = *std::move(wire);
    return absl::OkStatus();
  }

  NextHop Server(const std::string& name = kName) const {
    return Hop(server_->tls_port(), Transport::kTls, name);
  }

  // A client's connection to us; null if the handshake fails.
  std::unique_ptr<TlsStream> Connect(const TlsSettings& settings, RawStream& stream,
                                     int newest_version = TLS1_3_VERSION) {
    const auto files = TlsFiles::Read(settings);
    if (!files.ok()) return nullptr;
    SSL_CTX_set_max_proto_version((*files)->client(), newest_version);
    fcntl(stream.descriptor(), F_SETFL, O_NONBLOCK);
    auto tls = TlsStream::Connect(**files, stream.descriptor(), "");
    return tls->Handshake().ok() ? std::move(tls) : nullptr;
  }

  TestAuthority authority_;
  std::unique_ptr<Wire> server_;
  Mailbox<Arrived> arrived_;
};

TEST_F(StreamTlsTest, ServerIsAskedForByNameAndAnswers) {
  // Given a server that shows its certificate with the intermediate one
  ASSERT_OK(Serve(Settings({.names = {absl::StrCat("DNS:", kName)}})));
  ASSERT_OK(Start(Options()));
  // When
  Send(Server(), Request("1"));
  ASSERT_OK_AND_ASSIGN(const Arrived request, arrived_.Take());
  ASSERT_OK(server_->Send("SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", request.flow));
  ASSERT_OK_AND_ASSIGN(const Heard answer, heard_.Take());
  Send(Server(), Request("2"));
  ASSERT_OK_AND_ASSIGN(const Arrived second, arrived_.Take());
  // Then
  EXPECT_EQ(request.octets, Request("1"));
  EXPECT_EQ(request.flow.tls->server_name(), kName);
  EXPECT_EQ(answer.peer, Server());
  EXPECT_EQ(second.flow.connection, request.flow.connection);
  EXPECT_EQ(counts_["tls opened"], 1);
}

// TLS-02. Nothing is sent before the server has proven who it is.
TEST_F(StreamTlsTest, ServerOfAnotherNameIsRefused) {
  ASSERT_OK(Serve(Settings({.common_name = kName, .names = {"DNS:other.example.com"}})));
  ASSERT_OK(Start(Options()));
  Send(Server(), Request("1"));
  EXPECT_THAT(failures_.Take().value(),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("\"other.example.com\""), HasSubstr(kName))));
  EXPECT_EQ(arrived_.size(), 0u);
  EXPECT_EQ(counts_["refused handshake"], 1);
}

TEST_F(StreamTlsTest, TwoNamesAtOneAddressAreTwoConnections) {
  ASSERT_OK(Serve(Settings({.names = {"DNS:a.example", "DNS:b.example"}})));
  ASSERT_OK(Start(Options()));
  Send(Server("a.example"), Request("1"));
  Send(Server("b.example"), Request("2"));
  ASSERT_OK_AND_ASSIGN(const Arrived one, arrived_.Take());
  ASSERT_OK_AND_ASSIGN(const Arrived two, arrived_.Take());
  EXPECT_NE(one.flow.tls->server_name(), two.flow.tls->server_name());
}

TEST_F(StreamTlsTest, ServerOfAnUnknownAuthorityIsRefused) {
  TestAuthority other("other");
  const CertificateFiles files = other.Issue({.names = {absl::StrCat("DNS:", kName)}});
  ASSERT_OK(Serve({files.chain, files.key, "", false}));
  ASSERT_OK(Start(Options()));
  Send(Server(), Request("1"));
  EXPECT_THAT(failures_.Take().value(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("certificate")));
  EXPECT_EQ(arrived_.size(), 0u);
}

TEST_F(StreamTlsTest, ExpiredServerIsRefused) {
  ASSERT_OK(Serve(Settings({.names = {absl::StrCat("DNS:", kName)}, .expired = true})));
  ASSERT_OK(Start(Options()));
  Send(Server(), Request("1"));
  EXPECT_THAT(failures_.Take().value(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("expired")));
}

TEST_F(StreamTlsTest, UnverifiedServerIsTakenWhereThatIsWanted) {
  ASSERT_OK(Serve(Settings({.expired = true})));
  StreamTransportOptions options = Options();
  options.tls.verify_server = false;
  ASSERT_OK(Start(options));
  Send(Server(), Request("1"));
  EXPECT_OK(arrived_.Take());
}

TEST_F(StreamTlsTest, NumericServerProvesItsAddressAndGetsNoName) {
  ASSERT_OK(Serve(Settings({.names = {"IP:127.0.0.1"}})));
  ASSERT_OK(Start(Options()));
  Send(Server("127.0.0.1"), Request("1"));
  ASSERT_OK_AND_ASSIGN(const Arrived request, arrived_.Take());
  EXPECT_EQ(request.flow.tls->server_name(), "");
}

// TLS-05
TEST_F(StreamTlsTest, ServerThatAsksIsShownOurCertificateWithItsChain) {
  TlsSettings settings = Settings({.names = {absl::StrCat("DNS:", kName)}});
  settings.require_client_certificate = true;
  ASSERT_OK(Serve(settings));
  ASSERT_OK(Start(Options()));
  Send(Server(), Request("1"));
  ASSERT_OK_AND_ASSIGN(const Arrived request, arrived_.Take());
  EXPECT_EQ(request.flow.tls->peer_name(), "gateway");
  EXPECT_EQ(request.flow.tls->peer_certificates(), 2);
}

TEST_F(StreamTlsTest, LargeMessagesGoBothWays) {
  ASSERT_OK(Serve(Settings({.names = {absl::StrCat("DNS:", kName)}})));
  ASSERT_OK(Start(Options()));
  Send(Server(), Request("1", 1'000'000));
  ASSERT_OK_AND_ASSIGN(const Arrived request, arrived_.Take());
  EXPECT_EQ(request.octets, Request("1", 1'000'000));
  ASSERT_OK(server_->Send(Request("2", 1'000'000) + Request("3", 1'000'000), request.flow));
  EXPECT_EQ(heard_.Take()->octets, Request("2", 1'000'000));
  EXPECT_EQ(heard_.Take()->octets, Request("3", 1'000'000));
}

// A client that knows the root only can verify us.
TEST_F(StreamTlsTest, ClientSeesOurChainAndIsAnswered) {
  ASSERT_OK(Start(Options()));
  ASSERT_OK_AND_ASSIGN(const int port, Listen(Transport::kTls));
  const auto stream = RawStream::Connect(port);
  const auto client = Connect({.authorities = authority_.root_file()}, *stream);
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(client->peer_name(), "gateway");
  EXPECT_EQ(client->peer_certificates(), 2);

  ASSERT_OK(client->Write(Request("1")));
  ASSERT_OK_AND_ASSIGN(const Heard heard, heard_.Take());
  Reply(heard.connection, "SIP/2.0 200 OK\r\n\r\n");
  EXPECT_EQ(ReadUntil(*client, "\r\n\r\n"), "SIP/2.0 200 OK\r\n\r\n");
  EXPECT_EQ(counts_["tls accepted"], 1);
}

// TLS-07 holds over TLS too, and the answer gets through.
TEST_F(StreamTlsTest, BadMessageOverTlsIsAnsweredAndEndsTheConnection) {
  ASSERT_OK(Start(Options()));
  ASSERT_OK_AND_ASSIGN(const int port, Listen(Transport::kTls));
  const auto stream = RawStream::Connect(port);
  const auto client = Connect({.authorities = authority_.root_file()}, *stream);
  ASSERT_NE(client, nullptr);
  ASSERT_OK(client->Write("OPTIONS sip:a@b SIP/2.0\r\n\r\n"));
  EXPECT_EQ(ReadUntil(*client, /*end=*/""), "SIP/2.0 400 Bad\r\n\r\n");
}

// TLS-05
TEST_F(StreamTlsTest, ClientWithoutCertificateIsRefusedWhereOneIsRequired) {
  StreamTransportOptions options = Options();
  options.tls.require_client_certificate = true;
  ASSERT_OK(Start(options));
  ASSERT_OK_AND_ASSIGN(const int port, Listen(Transport::kTls));
  TestAuthority other("other");
  const CertificateFiles foreign = other.Issue({});
  for (const TlsSettings& settings :
       {TlsSettings{}, TlsSettings{.certificate = foreign.chain, .key = foreign.key}}) {
    const auto stream = RawStream::Connect(port);
    // With TLS 1.3 the client learns only after its own handshake is done.
    if (const auto client = Connect(settings, *stream)) {
      client->Write(Request("1")).IgnoreError();
      EXPECT_EQ(ReadUntil(*client, /*end=*/""), "");
    }
  }
  ExpectCount("refused handshake", 2);
  EXPECT_EQ(heard_.size(), 0u);
  // And with one of ours it is let in.
  const auto stream = RawStream::Connect(port);
  const auto client = Connect(Settings({.common_name = "phone"}), *stream);
  ASSERT_NE(client, nullptr);
  ASSERT_OK(client->Write(Request("2")));
  EXPECT_OK(heard_.Take());
}

// TLS-01
TEST_F(StreamTlsTest, VersionsBelowTheMinimumAreRefused) {
  StreamTransportOptions options = Options();
  options.tls.minimum_version = "1.3";
  ASSERT_OK(Start(options));
  ASSERT_OK_AND_ASSIGN(const int port, Listen(Transport::kTls));
  const auto old_stream = RawStream::Connect(port);
  EXPECT_EQ(Connect({}, *old_stream, TLS1_2_VERSION), nullptr);
  const auto new_stream = RawStream::Connect(port);
  EXPECT_NE(Connect({}, *new_stream, TLS1_3_VERSION), nullptr);
}

TEST_F(StreamTlsTest, Tls12IsTakenAndTls11IsNot) {
  ASSERT_OK(Start(Options()));
  ASSERT_OK_AND_ASSIGN(const int port, Listen(Transport::kTls));
  const auto old_stream = RawStream::Connect(port);
  EXPECT_EQ(Connect({}, *old_stream, TLS1_1_VERSION), nullptr);
  const auto new_stream = RawStream::Connect(port);
  EXPECT_NE(Connect({}, *new_stream, TLS1_2_VERSION), nullptr);
}

TEST_F(StreamTlsTest, HandshakeThatNeverComesIsGivenUp) {
  StreamTransportOptions options = Options();
  options.connect_timeout = absl::Milliseconds(200);
  ASSERT_OK(Start(options));
  ASSERT_OK_AND_ASSIGN(const int port, Listen(Transport::kTls));
  // As server
  EXPECT_TRUE(RawStream::Connect(port)->Closes());
  // As client
  RawListener silent;
  Send(Hop(silent.port(), Transport::kTls, kName), Request("1"));
  EXPECT_THAT(failures_.Take().value(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("handshake takes too long")));
}

TEST_F(StreamTlsTest, PlainTextOnTheTlsPortIsRefused) {
  ASSERT_OK(Start(Options()));
  ASSERT_OK_AND_ASSIGN(const int port, Listen(Transport::kTls));
  const auto peer = RawStream::Connect(port);
  ASSERT_TRUE(peer->Write(Request("1")));
  EXPECT_TRUE(peer->Closes());
  EXPECT_EQ(heard_.size(), 0u);
}

TEST_F(StreamTlsTest, PlainServerOnTheTlsPortIsRefused) {
  ASSERT_OK(Start(Options()));
  RawListener server;
  Send(Hop(server.port(), Transport::kTls, kName), Request("1"));
  const auto peer = server.Accept();
  ASSERT_NE(peer, nullptr);
  ASSERT_TRUE(peer->Write("SIP/2.0 200 OK\r\n\r\n"));
  EXPECT_THAT(failures_.Take().value(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("the TLS handshake failed")));
}

TEST_F(StreamTlsTest, FilesThatAreNoGoodAreNamed) {
  const StreamTransportOptions good = Options();
  const std::string garbage = authority_.directory() + "/garbage.pem";
  std::ofstream(garbage) << "garbage";
  const CertificateFiles other = authority_.Issue({});
  const auto problem_of = [&](TlsOptions tls) {
    StreamTransportOptions options;
    options.tls = std::move(tls);
    const absl::Status status = Start(options);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  TlsOptions tls = good.tls;
  tls.certificate_file = "/nowhere.pem";
  EXPECT_THAT(problem_of(tls), AllOf(HasSubstr("/nowhere.pem"), HasSubstr("No such file")));
  tls.certificate_file = garbage;
  EXPECT_THAT(problem_of(tls), HasSubstr(garbage));
  tls = good.tls;
  tls.key_file = garbage;
  EXPECT_THAT(problem_of(tls), HasSubstr(garbage));
  tls.key_file = other.key;  // of another certificate
  EXPECT_THAT(problem_of(tls), AllOf(HasSubstr(other.key), HasSubstr("mismatch")));
  tls.key_file = "";
  EXPECT_THAT(problem_of(tls), HasSubstr("missing"));
  tls = good.tls;
  tls.authorities_file = garbage;
  EXPECT_THAT(problem_of(tls), HasSubstr(garbage));
  tls = good.tls;
  tls.minimum_version = "1.1";
  EXPECT_THAT(problem_of(tls), AllOf(HasSubstr("1.1"), HasSubstr("1.2 or 1.3")));
}

}  // namespace
}  // namespace sipevents::sip
