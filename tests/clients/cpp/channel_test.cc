#include "clients/cpp/channel.h"

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "clients/cpp/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/clients/certificates.h"
#include "tests/clients/fake_gateway.h"
#include "tests/clients/temp_file.h"

namespace sipevents::client {
namespace {

using ::sipevents::testing::StatusIs;
using testing::CertificateAuthority;
using ::testing::ElementsAre;
using testing::FakeGateway;
using ::testing::HasSubstr;
using testing::Identity;
using testing::TempFile;
using testing::WriteFile;

// Makes one call.
absl::Status Ask(Channel& channel) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
  if (absl::Status authorized = channel.Authorize(context); !authorized.ok()) return authorized;
  v1::Subscription response;
  return ToAbslStatus(channel.subscriptions().GetSubscription(&context, {}, &response));
}

void AnswerGet(FakeGateway& gateway) {
  gateway.on_get = [](const auto&, auto&) { return grpc::Status::OK; };
}

// While a program is busy gRPC sees the answer to a ping up to 5 s late, and on a busy machine
// later still: what is short of a few such looks loses good connections.
TEST(ChannelTest, BusyProgramHasTimeToSeeTheAnswerToAPing) {
  EXPECT_GE(ClientOptions().keepalive_timeout, 4 * absl::Seconds(5));
}

TEST(ChannelTest, TokenFileIsReadAnewForEachCall) {
  FakeGateway gateway;
  AnswerGet(gateway);
  const std::string file = TempFile("token", " first\n");
  ASSERT_OK_AND_ASSIGN(auto channel,
                       Channel::Open({.gateway = gateway.address(), .token_file = file}));

  EXPECT_OK(Ask(*channel));
  WriteFile(file, "second");
  EXPECT_OK(Ask(*channel));

  EXPECT_THAT(gateway.authorizations(), ElementsAre("Bearer first", "Bearer second"));
}

TEST(ChannelTest, WithoutATokenNothingIsShown) {
  FakeGateway gateway;
  AnswerGet(gateway);
  ASSERT_OK_AND_ASSIGN(auto channel, Channel::Open({.gateway = gateway.address()}));

  EXPECT_OK(Ask(*channel));

  EXPECT_THAT(gateway.authorizations(), ElementsAre(""));
}

TEST(ChannelTest, TokenFileThatIsNoneIsRefused) {
  for (const char* content : {"", "  \n", "two words", "line\nline", "caf\xc3\xa9"}) {
    SCOPED_TRACE(content);
    const std::string file = TempFile("token", content);

    EXPECT_THAT(Channel::Open({.token_file = file}),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(file)));
  }
  EXPECT_THAT(Channel::Open({.token_file = "/nonexistent/token"}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("/nonexistent/token")));
}

TEST(ChannelTest, TokenFileThatVanishesIsUnavailableSinceItMayComeBack) {
  const std::string file = TempFile("token", "secret");
  ASSERT_OK_AND_ASSIGN(auto channel, Channel::Open({.token_file = file}));
  ASSERT_EQ(unlink(file.c_str()), 0);

  EXPECT_THAT(Ask(*channel), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(ChannelTest, OptionsThatDoNotGoTogetherAreRefused) {
  EXPECT_THAT(Channel::Open({.gateway = ""}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Channel::Open({.tls_ca_file = "ca", .tls_cert_file = "cert"}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Channel::Open({.tls_cert_file = "cert", .tls_key_file = "key"}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Channel::Open({.tls_ca_file = TempFile("ca", "no certificate")}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("PEM")));
}

class TlsTest : public ::testing::Test {
 protected:
  std::unique_ptr<FakeGateway> Serve(bool ask_for_client) {
    const Identity identity = authority_.Issue("gateway");
    grpc::SslServerCredentialsOptions options(
        ask_for_client ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                       : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    options.pem_key_cert_pairs.push_back({identity.key, identity.certificate});
    if (ask_for_client) options.pem_root_certs = authority_.certificate();
    auto gateway = std::make_unique<FakeGateway>(grpc::SslServerCredentials(options));
    AnswerGet(*gateway);
    return gateway;
  }

  const CertificateAuthority authority_{"the authority"};
  const std::string ca_file_ = TempFile("ca.pem", authority_.certificate());
};

TEST_F(TlsTest, GatewayOfATrustedAuthorityIsReached) {
  const auto gateway = Serve(/*ask_for_client=*/false);
  ASSERT_OK_AND_ASSIGN(
      auto channel,
      Channel::Open({.gateway = gateway->address(), .token = "secret", .tls_ca_file = ca_file_}));

  EXPECT_OK(Ask(*channel));

  EXPECT_THAT(gateway->authorizations(), ElementsAre("Bearer secret"));
}

TEST_F(TlsTest, GatewayOfAnotherAuthorityIsNotTalkedTo) {
  const auto gateway = Serve(/*ask_for_client=*/false);
  const CertificateAuthority other("another authority");
  ASSERT_OK_AND_ASSIGN(auto channel,
                       Channel::Open({.gateway = gateway->address(),
                                      .token = "secret",
                                      .tls_ca_file = TempFile("ca.pem", other.certificate())}));

  EXPECT_TRUE(IsUnreachable(Ask(*channel)));

  EXPECT_TRUE(gateway->authorizations().empty());
}

TEST_F(TlsTest, GatewayThatAsksForOurCertificateGetsIt) {
  const auto gateway = Serve(/*ask_for_client=*/true);
  const Identity ours = authority_.Issue("backend");
  ASSERT_OK_AND_ASSIGN(auto channel,
                       Channel::Open({.gateway = gateway->address(),
                                      .tls_ca_file = ca_file_,
                                      .tls_cert_file = TempFile("cert.pem", ours.certificate),
                                      .tls_key_file = TempFile("key.pem", ours.key)}));

  EXPECT_OK(Ask(*channel));
}

TEST_F(TlsTest, GatewayThatAsksForOurCertificateRefusesUsWithoutOne) {
  const auto gateway = Serve(/*ask_for_client=*/true);
  ASSERT_OK_AND_ASSIGN(auto channel,
                       Channel::Open({.gateway = gateway->address(), .tls_ca_file = ca_file_}));

  EXPECT_TRUE(IsUnreachable(Ask(*channel)));
}

}  // namespace
}  // namespace sipevents::client
