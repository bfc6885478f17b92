#include "sip/transport/tls_identity.h"

#include <openssl/pem.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/peer/test_certificates.h"

namespace sipevents::sip {
namespace {

using ::sipevents::testing::CertificateFiles;
using ::sipevents::testing::StatusIs;
using ::sipevents::testing::TestAuthority;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Whom a certificate with these names, and this common name, speaks for.
TlsIdentity Identity(const std::vector<std::string>& names, const std::string& common_name = "x") {
  static TestAuthority& authority = *new TestAuthority();
  const CertificateFiles files = authority.Issue({.common_name = common_name, .names = names});
  const std::unique_ptr<FILE, decltype(&fclose)> file(fopen(files.certificate.c_str(), "r"),
                                                      fclose);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_X509(file.get(), nullptr, nullptr, nullptr), X509_free);
  return IdentityOf(*certificate);
}

TEST(TlsIdentityTest, TakesNamesFromTheCertificate) {
  const TlsIdentity identity =
      Identity({"URI:sip:example.com", "URI:SIP:Example.org:5061;transport=tls", "DNS:a.example",
                "IP:192.0.2.1", "IP:2001:db8::1"});
  EXPECT_THAT(identity.sip_domains, ElementsAre("example.com", "Example.org"));
  EXPECT_THAT(identity.dns_names, ElementsAre("a.example"));
  ASSERT_EQ(identity.addresses.size(), 2u);
  EXPECT_EQ(identity.addresses[0], "\xC0" + std::string("\0\2\1", 3));
  EXPECT_EQ(identity.addresses[1].size(), 16u);
}

// RFC 5922 section 7.1: a user's URI and other schemes name no domain.
TEST(TlsIdentityTest, UrisOfUsersAndOfOtherSchemesAreNoDomain) {
  const TlsIdentity identity = Identity({"URI:sip:alice@example.com", "URI:sips:example.com",
                                         "URI:https://example.com", "URI:example.com"});
  EXPECT_THAT(identity.sip_domains, IsEmpty());
}

struct MatchCase {
  const char* name;
  std::vector<std::string> names;
  std::string host;
  bool matches;
};

class MatchTest : public ::testing::TestWithParam<MatchCase> {};

// TLS-02
TEST_P(MatchTest, CertificateSpeaksForTheHostOrNot) {
  // The common name never counts.
  const TlsIdentity identity = Identity(GetParam().names, GetParam().host);
  EXPECT_EQ(CheckIdentity(identity, GetParam().host).ok(), GetParam().matches);
}

INSTANTIATE_TEST_SUITE_P(
    Certificates, MatchTest,
    ::testing::ValuesIn(std::vector<MatchCase>{
        {"Dns", {"DNS:example.com"}, "example.com", true},
        {"DnsOfManyNames", {"DNS:a.example", "DNS:example.com"}, "example.com", true},
        {"OtherCase", {"DNS:EXAMPLE.com"}, "example.COM", true},
        {"RootDot", {"DNS:example.com"}, "example.com.", true},
        {"SipUri", {"URI:sip:example.com"}, "example.com", true},
        {"SipUriBesideDns", {"DNS:host.example.com", "URI:sip:example.com"}, "example.com", true},
        // Section 7.1: with a SIP URI, DNS names do not count.
        {"DnsBesideSipUri",
         {"DNS:host.example.com", "URI:sip:example.com"},
         "host.example.com",
         false},
        {"CommonNameOnly", {}, "example.com", false},
        // Section 7.2: names compare whole.
        {"Wildcard", {"DNS:*.example.com"}, "a.example.com", false},
        {"WildcardAsIs", {"DNS:*.example.com"}, "*.example.com", true},
        {"Subdomain", {"DNS:example.com"}, "a.example.com", false},
        {"ParentDomain", {"DNS:a.example.com"}, "example.com", false},
        {"NulInTheName", {std::string("DNS:example.com\0.evil.example", 29)}, "example.com", false},
        {"OnlyADot", {"DNS:."}, ".", false},
        {"NoName", {"DNS:"}, "", false},
        {"Ipv4", {"IP:192.0.2.1"}, "192.0.2.1", true},
        {"OtherIpv4", {"IP:192.0.2.1"}, "192.0.2.2", false},
        {"Ipv6", {"IP:2001:db8::1"}, "2001:db8:0::1", true},
        {"Ipv6InBrackets", {"IP:2001:db8::1"}, "[2001:db8::1]", true},
        {"Ipv4AsDnsName", {"DNS:192.0.2.1"}, "192.0.2.1", false},
        {"Ipv4AsSipUri", {"URI:sip:192.0.2.1"}, "192.0.2.1", false},
        {"UserUri", {"URI:sip:alice@example.com"}, "example.com", false},
        {"UserUriBesideDns", {"URI:sip:alice@example.com", "DNS:example.com"}, "example.com", true},
        {"SipsUri", {"URI:sips:example.com"}, "example.com", false},
    }),
    [](const auto& instance) { return instance.param.name; });

TEST(TlsIdentityTest, FailureSaysWhoWasThereAndWhoWasExpected) {
  EXPECT_THAT(CheckIdentity(Identity({"DNS:a.example", "URI:sip:b.example"}), "c.example"),
              StatusIs(absl::StatusCode::kUnauthenticated,
                       "the certificate is for \"sip:b.example\", \"a.example\"; expected "
                       "\"c.example\""));
  EXPECT_THAT(CheckIdentity(Identity({}), "c.example"),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("nobody")));
}

}  // namespace
}  // namespace sipevents::sip
