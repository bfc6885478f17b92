#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/interop/kamailio_scenario.h"
#include "tests/peer/dns_server.h"
#include "tests/scenarios/bodies.h"
#include "tests/scenarios/cli_process.h"
#include "tests/scenarios/scenario.h"

// What TLS between the gateway and a real presence server refuses, and how names are proven.

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kUnknownAuthority[] = "the TLS handshake failed: unable to get local issuer";

class KamailioTlsTest : public KamailioScenario {
 protected:
  // Starts both, the gateway with Kamailio as proxy over TLS, and watches alice.
  void WatchOverTls(const KamailioTls& tls, std::vector<std::string> flags) {
    ASSERT_OK(StartKamailio(tls));
    flags.push_back(ProxyFlag(Transport::kTls));
    ASSERT_OK(StartGateway(flags));
    ASSERT_OK_AND_ASSIGN(cli_, CliProcess::Watch(*gateway_, kAlice, "presence"));
  }

  // The subscription is not there and will be tried again, for this reason.
  void ExpectLogged(const std::string& text) {
    EXPECT_THAT(gateway_->process().StderrWith(text, kPatience), HasSubstr(text));
  }
  void ExpectRetrying(const std::string& reason) {
    ASSERT_NE(cli_, nullptr);
    ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                         cli_->WaitForState(v1::Subscription::RETRYING));
    EXPECT_EQ(status.reason(), reason);
    EXPECT_TRUE(status.has_retry_time());
  }

  std::unique_ptr<CliProcess> cli_;
};

TEST_F(KamailioTlsTest, CertificateOfAnotherAuthorityIsRefused) {
  const std::vector<std::string> flags = MutualTlsFlags();
  TestAuthority other("other");
  KamailioTls tls = MutualTls();
  tls.certificate = other.Issue({.names = {"IP:127.0.0.1"}});

  WatchOverTls(tls, flags);

  ExpectRetrying("transport");
  ExpectLogged(kUnknownAuthority);
  EXPECT_THAT(gateway_->Metric("sipevents_sip_connections_refused_total", "cause=\"handshake\""),
              IsOkAndHolds(::testing::Ge(1)));
}

// TLS-02: the authority is right, the name is not.
TEST_F(KamailioTlsTest, CertificateForAnotherHostIsRefused) {
  KamailioTls tls = MutualTls();
  tls.certificate = authority_.Issue({.common_name = "127.0.0.1", .names = {"DNS:example.org"}});

  WatchOverTls(tls, MutualTlsFlags());

  ExpectRetrying("transport");
  ExpectLogged(R"(the certificate is for \"example.org\"; expected \"127.0.0.1\")");
}

// What --sip_tls_verify=false is for, and that the two tests above fail for no other reason.
TEST_F(KamailioTlsTest, CertificateForAnotherHostIsTakenWithoutVerification) {
  KamailioTls tls = MutualTls();
  tls.certificate = authority_.Issue({.names = {"DNS:example.org"}});
  std::vector<std::string> flags = MutualTlsFlags();
  flags.push_back("--sip_tls_verify=false");

  WatchOverTls(tls, flags);

  EXPECT_OK(cli_->WaitForState(v1::Subscription::ACTIVE));
}

TEST_F(KamailioTlsTest, OldVersionIsRefused) {
  KamailioTls tls = MutualTls();
  tls.method = "TLSv1.2";
  std::vector<std::string> flags = MutualTlsFlags();
  flags.push_back("--sip_tls_min_version=1.3");

  WatchOverTls(tls, flags);

  ExpectRetrying("transport");
  ExpectLogged("protocol version");
}

// With TLS 1.3 the client's part is over before the server has looked at its certificate: the
// request is sent, and the end of the connection is its answer.
TEST_F(KamailioTlsTest, GatewayThatKamailioDoesNotTrustIsToldSo) {
  KamailioTls tls = MutualTls();
  TestAuthority other("other");
  tls.authorities = other.root_file();

  WatchOverTls(tls, MutualTlsFlags());

  ExpectRetrying("transport");
  ExpectLogged("unknown ca");
}

// Kamailio accepts the SUBSCRIBE, but may not send NOTIFYs: its own certificate as a client comes
// from nobody that the gateway trusts.
TEST_F(KamailioTlsTest, NotifierWithoutATrustedCertificateIsNotHeard) {
  std::vector<std::string> flags = MutualTlsFlags();
  flags.push_back("--sip_tls_verify=false");
  TestAuthority other("other");
  KamailioTls tls = MutualTls();
  tls.certificate = other.Issue({.names = {"IP:127.0.0.1"}});

  WatchOverTls(tls, flags);

  ExpectRetrying("no-notify");
  ExpectLogged(kUnknownAuthority);
}

// TLS-03: `sips:` takes TLS for granted, in the target and in our Contact.
TEST_F(KamailioTlsTest, SipsTargetIsWatched) {
  ASSERT_OK(StartKamailio(MutualTls()));
  ASSERT_OK(StartGateway(MutualTlsFlags()));
  const std::string target =
      absl::StrCat("sips:alice@127.0.0.1:", kamailio_->port(Transport::kTls));

  ASSERT_OK_AND_ASSIGN(const auto cli, CliProcess::Watch(*gateway_, target, "presence"));
  ASSERT_OK(cli->WaitForState(v1::Subscription::ACTIVE));
  ASSERT_THAT(kamailio_->Publish("sip:alice@127.0.0.1", "presence", "application/pidf+xml",
                                 Pidf("open", "secure")),
              IsOkAndHolds(200));

  EXPECT_OK(cli->WaitForItem(
      "presence", [](const v1::WatchItem& item) { return NoteOf(item.event()) == "secure"; }));
  EXPECT_THAT(Connections(Transport::kTls, "gateway"), IsOkAndHolds(1));
  EXPECT_THAT(Connections(Transport::kTls, "peer"), IsOkAndHolds(1));
}

// RFC 3263 finds the server, but the certificate is for the domain that was asked for, not for the
// name that SRV gave (RFC 5922 section 4); and Kamailio has that certificate only for those who say
// whom they want (RFC 6066).
TEST_F(KamailioTlsTest, DomainIsFoundByDnsAskedForAndProven) {
  KamailioTls tls = MutualTls();
  tls.certificate = authority_.Issue({.names = {"DNS:sip.example.com", "IP:127.0.0.1"}});
  tls.server_name = "example.com";
  tls.certificate_of_name = authority_.Issue({.names = {"DNS:example.com"}});
  ASSERT_OK(StartKamailio(tls));
  ASSERT_OK_AND_ASSIGN(const auto dns, DnsServer::Start());
  const auto tls_port = static_cast<uint16_t>(kamailio_->port(Transport::kTls));
  dns->AddSrv("_sips._tcp.example.com", {1, 1, tls_port, "sip.example.com"});
  dns->AddA("sip.example.com", "127.0.0.1");
  std::vector<std::string> flags = MutualTlsFlags();
  flags.push_back("--sip_resolv_conf=" + WriteFile("resolv.conf", dns->ResolvConf()));
  ASSERT_OK(StartGateway(flags));

  ASSERT_OK_AND_ASSIGN(const auto cli,
                       CliProcess::Watch(*gateway_, "sips:alice@example.com", "presence"));

  EXPECT_OK(cli->WaitForState(v1::Subscription::ACTIVE));
}

}  // namespace
}  // namespace sipevents::testing
