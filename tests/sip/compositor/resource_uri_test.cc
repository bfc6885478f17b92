#include "sip/compositor/resource_uri.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"

namespace sipevents::sip {
namespace {

struct UriCase {
  std::string name;
  std::string uri;
  std::optional<std::string> resource;
};

class ResourceOfTest : public ::testing::TestWithParam<UriCase> {};

TEST_P(ResourceOfTest, NamesTheResource) {
  const DomainSet domains({"example.com", "Example.ORG.", "[2001:db8::1]", "192.0.2.1"});
  EXPECT_EQ(ResourceOf(GetParam().uri, domains), GetParam().resource);
}

const std::string kAlice = "sip:alice@example.com";

INSTANTIATE_TEST_SUITE_P(
    Uris, ResourceOfTest,
    ::testing::Values(
        UriCase{"Plain", "sip:alice@example.com", kAlice},
        UriCase{"HostInCapitals", "sip:alice@EXAMPLE.Com", kAlice},
        UriCase{"SchemeInCapitals", "SIP:alice@example.com", kAlice},
        UriCase{"DotAfterTheDomain", "sip:alice@example.com.", kAlice},
        UriCase{"DomainConfiguredInCapitals", "sip:alice@example.org", "sip:alice@example.org"},
        UriCase{"Secure", "sips:alice@example.com", kAlice},
        UriCase{"Presentity", "pres:alice@example.com", kAlice},
        UriCase{"Port", "sip:alice@example.com:5062", kAlice},
        UriCase{"Parameters", "sip:alice@example.com;transport=tcp;user=phone", kAlice},
        UriCase{"Password", "sip:alice:secret@example.com", kAlice},
        UriCase{"EscapedLetter", "sip:%61lice@example.com", kAlice},
        UriCase{"EscapeThatStays", "sip:a%40b@example.com", "sip:a%40b@example.com"},
        UriCase{"UserKeepsItsCase", "sip:Alice@example.com", "sip:Alice@example.com"},
        UriCase{"Number", "sip:+49-30.1@example.com;user=phone", "sip:+49-30.1@example.com"},
        UriCase{"NumberWithParameters", "sip:+4930;ext=1@example.com",
                "sip:+4930;ext=1@example.com"},
        UriCase{"AddressAsDomain", "sip:a@192.0.2.1", "sip:a@192.0.2.1"},
        UriCase{"AddressOfIpv6", "sip:a@[2001:DB8::1]:5060", "sip:a@[2001:db8::1]"},
        UriCase{"OtherDomain", "sip:alice@example.net", std::nullopt},
        UriCase{"DomainBelow", "sip:alice@sub.example.com", std::nullopt},
        UriCase{"NoUser", "sip:example.com", std::nullopt},
        UriCase{"EmptyUser", "sip:@example.com", std::nullopt},
        UriCase{"Telephone", "tel:+4930", std::nullopt},
        UriCase{"NoUri", "alice@example.com", std::nullopt},
        UriCase{"Headers", "sip:alice@example.com?a=b", std::nullopt},
        UriCase{"TwoUsers", "sip:a@b@example.com", std::nullopt},
        UriCase{"Nothing", "", std::nullopt},
        UriCase{"TooLong", "sip:" + std::string(2048, 'a') + "@example.com", std::nullopt}),
    [](const auto& param) { return param.param.name; });

TEST(DomainSetTest, WithoutDomainsNothingIsServed) {
  const DomainSet none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(ResourceOf(kAlice, none), std::nullopt);
  EXPECT_FALSE(DomainSet({"example.com"}).empty());
}

}  // namespace
}  // namespace sipevents::sip
