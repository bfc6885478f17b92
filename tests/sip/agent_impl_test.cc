#include "sip/agent_impl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "tests/fakes/fake_user_directory.h"

namespace sipevents::sip {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

AgentOptions Loopback() {
  AgentOptions options;
  options.listen = {"udp:127.0.0.1:0", "tcp:127.0.0.1:0"};
  return options;
}

TEST(AgentImplTest, TellsThePortsItListensOn) {
  const auto agent = StartAgent(Loopback());

  ASSERT_TRUE(agent.ok()) << agent.status();
  ASSERT_EQ((*agent)->listening().size(), 2u);
  EXPECT_THAT((*agent)->listening()[0], StartsWith("udp:127.0.0.1:"));
  EXPECT_THAT((*agent)->listening()[1], StartsWith("tcp:127.0.0.1:"));
  EXPECT_NE((*agent)->listening()[0], "udp:127.0.0.1:0");
}

TEST(AgentImplTest, ListensOnIpv6AndAdvertisesAnother) {
  AgentOptions options;
  options.listen = {"udp:[::1]:0", "udp:0.0.0.0:0"};
  options.advertise = {"[::1]", "192.0.2.7"};
  const auto agent = StartAgent(options);
  ASSERT_TRUE(agent.ok()) << agent.status();
}

TEST(AgentImplTest, FurtherShardsHavePortsOfTheirOwn) {
  AgentOptions options = Loopback();
  options.shards = 3;
  const auto agent = StartAgent(options);
  EXPECT_TRUE(agent.ok()) << agent.status();
}

TEST(AgentImplTest, DrainWithNothingToEndIsDoneAtOnce) {
  const auto agent = StartAgent(Loopback());
  ASSERT_TRUE(agent.ok());
  std::promise<void> done;
  (*agent)->Drain(absl::Now() + absl::Minutes(1), [&done] { done.set_value(); });
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

TEST(AgentImplTest, RegistrationsOfAllThreadsAreTold) {
  AgentOptions options = Loopback();
  options.shards = 3;
  options.outbound_proxy = "sip:127.0.0.1:9;lr";  // nobody is there
  options.registrations_file = testing::TempDir() + "/registrations";
  std::ofstream(options.registrations_file)
      << "sip:c@example.com\nsip:a@example.com\nsip:b@example.com\nsip:d@example.com\n";
  const auto agent = StartAgent(options);
  ASSERT_TRUE(agent.ok()) << agent.status();

  std::promise<std::vector<std::string>> told;
  (*agent)->DescribeRegistrations([&told](std::vector<RegistrationStatus> all) {
    std::vector<std::string> identities;
    for (const RegistrationStatus& status : all) identities.push_back(status.identity);
    told.set_value(identities);
  });

  auto answer = told.get_future();
  ASSERT_EQ(answer.wait_for(std::chrono::seconds(30)), std::future_status::ready);
  EXPECT_EQ(answer.get(), (std::vector<std::string>{"sip:a@example.com", "sip:b@example.com",
                                                    "sip:c@example.com", "sip:d@example.com"}));
}

TEST(AgentImplTest, DirectoryOfUsersIsEnoughToAuthenticateWatchers) {
  FakeUserDirectory directory;
  AgentOptions options = Loopback();
  options.domains = {"example.com"};
  options.user_directory = &directory;
  const auto agent = StartAgent(options);
  EXPECT_TRUE(agent.ok()) << agent.status();
}

struct BadOptionCase {
  const char* name;
  void (*change)(AgentOptions&);
  const char* flag;
};

class BadOptionTest : public testing::TestWithParam<BadOptionCase> {};

TEST_P(BadOptionTest, NamesTheFlag) {
  AgentOptions options = Loopback();
  GetParam().change(options);

  const auto agent = StartAgent(options);

  ASSERT_FALSE(agent.ok());
  EXPECT_THAT(std::string(agent.status().message()), HasSubstr(GetParam().flag));
}

INSTANTIATE_TEST_SUITE_P(
    Options, BadOptionTest,
    testing::Values(
        BadOptionCase{"Wildcard", [](AgentOptions& o) { o.listen = {"udp:0.0.0.0:0"}; },
                      "--sip_advertise"},
        BadOptionCase{"AdvertisedWildcard", [](AgentOptions& o) { o.advertise = {"0.0.0.0"}; },
                      "--sip_advertise"},
        BadOptionCase{"AdvertiseCount",
                      [](AgentOptions& o) {
                        o.advertise = {"192.0.2.1", "192.0.2.2", "192.0.2.3"};
                      },
                      "--sip_advertise"},
        BadOptionCase{"NoListener", [](AgentOptions& o) { o.listen = {}; }, "--sip_listen"},
        BadOptionCase{"Transport", [](AgentOptions& o) { o.listen = {"sctp:127.0.0.1:0"}; },
                      "--sip_listen"},
        BadOptionCase{"TlsWithoutCertificate",
                      [](AgentOptions& o) { o.listen = {"tls:127.0.0.1:0"}; },
                      "--sip_listen: \"tls:127.0.0.1:0\": expected --sip_tls_cert"},
        BadOptionCase{"Destinations",
                      [](AgentOptions& o) { o.allowed_destinations = "10.0.0.0/33"; },
                      "--sip_allowed_destinations"},
        BadOptionCase{"HostName", [](AgentOptions& o) { o.listen = {"udp:localhost:0"}; },
                      "--sip_listen"},
        BadOptionCase{"Proxy", [](AgentOptions& o) { o.outbound_proxy = "http://x"; },
                      "--sip_outbound_proxy"},
        BadOptionCase{"ProxyTransport",
                      [](AgentOptions& o) { o.outbound_proxy = "sip:192.0.2.1;transport=tls"; },
                      "--sip_outbound_proxy"},
        BadOptionCase{"SecureProxy", [](AgentOptions& o) { o.outbound_proxy = "sips:192.0.2.1"; },
                      "--sip_outbound_proxy"},
        BadOptionCase{"Credentials", [](AgentOptions& o) { o.credentials_file = "/nonexistent"; },
                      "--sip_credentials_file"},
        BadOptionCase{"Registrations",
                      [](AgentOptions& o) { o.registrations_file = "/nonexistent"; },
                      "--sip_registrations_file"},
        BadOptionCase{"NoUsers", [](AgentOptions& o) { o.domains = {"example.com"}; },
                      "--sip_users_file: \"\": expected a file, or --sip_users_service"},
        BadOptionCase{"Shards", [](AgentOptions& o) { o.shards = 0; }, "--sip_shards"},
        BadOptionCase{"ShardPorts", [](AgentOptions& o) { o.shard_ports = {5070}; },
                      "--sip_shard_ports"},
        BadOptionCase{"NotOurAddress", [](AgentOptions& o) { o.listen = {"udp:192.0.2.1:5060"}; },
                      "192.0.2.1"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace sipevents::sip
