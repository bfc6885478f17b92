#include "gateway/config/command_line.h"

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/config/settings_table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/base/ascii.h"
#include "tests/base/status_asserts.h"

namespace sipevents::gateway {
namespace {

using sipevents::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

absl::StatusOr<CommandLine> Parse(const std::vector<std::string_view>& arguments) {
  return ParseCommandLine(arguments);
}

// A file with this content that lasts as long as the test program.
std::string WriteFile(const std::string& name, const std::string& content) {
  std::string path = ::testing::TempDir() + "/" + name;
  std::ofstream(path) << content;
  return path;
}

TEST(SettingsTableTest, DefaultTextsAreTheDefaults) {
  // Given settings in which every field is overwritten by its default's text
  Settings settings;
  for (const SettingRow& row : SettingsTable()) {
    ASSERT_OK(row.read(row.default_text, settings)) << row.name;
  }
  // Then they are the defaults.
  EXPECT_EQ(settings, Settings());
}

TEST(SettingsTableTest, HelpListsEveryFlag) {
  const std::string help = HelpText();
  for (const SettingRow& row : SettingsTable()) {
    EXPECT_THAT(help, HasSubstr("--" + std::string(row.name)));
  }
}

TEST(CommandLineTest, NoArgumentsGiveTheDefaults) {
  ASSERT_OK_AND_ASSIGN(const CommandLine read, Parse({}));
  EXPECT_EQ(read.settings, Settings());
  EXPECT_FALSE(read.help);
}

TEST(CommandLineTest, AllFormsOfAbseilFlagsAreTaken) {
  ASSERT_OK_AND_ASSIGN(const CommandLine read,
                       Parse({"--sip_t1=50ms", "--linger", "30s", "-log_format=json",
                              "--insecure_no_auth", "--grpc_listen=0.0.0.0:0,[::1]:0"}));
  EXPECT_EQ(read.settings.sip_t1, absl::Milliseconds(50));
  EXPECT_EQ(read.settings.linger, absl::Seconds(30));
  EXPECT_EQ(read.settings.log_format, LogFormat::kJson);
  EXPECT_TRUE(read.settings.insecure_no_auth);
  EXPECT_THAT(read.settings.grpc_listen, ElementsAre(HostPort{"0.0.0.0", 0}, HostPort{"::1", 0}));
}

TEST(CommandLineTest, LastOfAFlagGivenTwiceCounts) {
  ASSERT_OK_AND_ASSIGN(const CommandLine read, Parse({"--insecure_no_auth", "--noinsecure_no_auth",
                                                      "--sip_shards=2", "--sip_shards=3"}));
  EXPECT_FALSE(read.settings.insecure_no_auth);
  EXPECT_EQ(read.settings.sip_shards, 3);
}

TEST(CommandLineTest, HelpWinsOverEverythingElse) {
  ASSERT_OK_AND_ASSIGN(const CommandLine read, Parse({"--sip_t1=-1s", "--help"}));
  EXPECT_TRUE(read.help);
}

struct BadCase {
  std::vector<std::string_view> arguments;
  std::vector<std::string> said;  // all of it in the message
};

TEST(CommandLineTest, WhatCannotBeUsedIsNamedInOneLine) {
  const std::vector<BadCase> cases = {
      {{"--no_such_flag=1"}, {"no_such_flag", "--help"}},
      {{"stray"}, {"stray", "expected a flag"}},
      {{"--"}, {"expected a flag"}},
      {{"--nosip_t1"}, {"nosip_t1"}},
      {{"--sip_t1"}, {"--sip_t1", "--sip_t1=VALUE"}},
      {{"--sip_t1=-1s"}, {"--sip_t1=\"-1s\"", "10ms"}},
      {{"--sip_t1=1h"}, {"--sip_t1", "10s"}},
      {{"--linger=-5m"}, {"--linger", "\"-5m\"", "duration"}},
      {{"--linger=inf"}, {"--linger", "duration"}},
      {{"--sip_expires=0s"}, {"--sip_expires", "1s"}},
      {{"--sip_shards=0"}, {"--sip_shards", "from 1 to 64"}},
      {{"--sip_shards=2", "--sip_shard_ports=5070,5071"}, {"--sip_shard_ports", "expected 1"}},
      {{"--grpc_listen="}, {"--grpc_listen", "expected host:port"}},
      {{"--grpc_listen=127.0.0.1"}, {"--grpc_listen", "expected host:port"}},
      {{"--grpc_listen=127.0.0.1:70000"}, {"--grpc_listen", "65535"}},
      {{"--grpc_listen=::1:5"}, {"--grpc_listen", "brackets"}},
      {{"--http_listen=9464"}, {"--http_listen", "host:port"}},
      {{"--sip_listen=127.0.0.1:5060"}, {"--sip_listen", "udp:"}},
      {{"--sip_listen=udp:127.0.0.1:5060,tls:127.0.0.1:5061"},
       {"--sip_listen=\"tls:127.0.0.1:5061\"", "--sip_tls_cert", "--sip_tls_key"}},
      {{"--sip_tls_cert=/etc/hostname"}, {"--sip_tls_cert", "--sip_tls_key as well"}},
      {{"--sip_tls_key=/etc/hostname"}, {"--sip_tls_key", "--sip_tls_cert as well"}},
      {{"--sip_tls_cert=/does/not/exist", "--sip_tls_key=/etc/hostname"},
       {"--sip_tls_cert=\"/does/not/exist\"", "readable file"}},
      {{"--sip_tls_ca=/does/not/exist"}, {"--sip_tls_ca", "readable file"}},
      {{"--sip_tls_client_auth=yes"}, {"--sip_tls_client_auth", "none or require"}},
      {{"--sip_tls_verify=maybe"}, {"--sip_tls_verify", "true or false"}},
      {{"--sip_tls_min_version=1.1"}, {"--sip_tls_min_version", "1.2 or 1.3"}},
      {{"--sip_resolv_conf=/does/not/exist"}, {"--sip_resolv_conf", "readable file"}},
      {{"--sip_destination_rate=-1"}, {"--sip_destination_rate", "from 0 to"}},
      {{"--sip_destination_in_flight=0"}, {"--sip_destination_in_flight", "from 1 to"}},
      {{"--sip_max_in_flight=0"}, {"--sip_max_in_flight", "from 1 to"}},
      {{"--sip_listen=udp:sip.example.com:5060"}, {"--sip_listen", "IP addresses"}},
      {{"--sip_listen=udp:0.0.0.0:5060"}, {"--sip_listen", "--sip_advertise"}},
      {{"--sip_listen=udp:[::]:5060"}, {"--sip_listen", "--sip_advertise"}},
      {{"--sip_advertise=a,b,c"}, {"--sip_advertise", "expected one for all"}},
      {{"--sip_advertise=0.0.0.0"}, {"--sip_advertise", "reach"}},
      {{"--sip_identity=bob"}, {"--sip_identity", "sip:"}},
      {{"--sip_outbound_proxy=127.0.0.1"}, {"--sip_outbound_proxy", "sip:"}},
      {{"--sip_profile=loose"}, {"--sip_profile", "lenient or strict"}},
      {{"--sip_notify_auth=basic"}, {"--sip_notify_auth", "none or digest"}},
      {{"--log_format=xml"}, {"--log_format", "text or json"}},
      {{"--log_level=loud"}, {"--log_level", "debug or info or warning or error"}},
      {{"--data_dir=/var/lib/x"}, {"--data_dir", "memory"}},
      {{"--on_shutdown=keep"}, {"--on_shutdown", "unsubscribe", "store"}},
      {{"--event_log_memory=1"}, {"--event_log_memory", "1MiB"}},
      {{"--max_watches=-1"}, {"--max_watches", "whole number"}},
      {{"--tel_domain=a b"}, {"--tel_domain", "domain"}},
      {{"--insecure_no_auth=perhaps"}, {"--insecure_no_auth", "true or false"}},
      {{"--config=/does/not/exist"}, {"--config", "/does/not/exist", "readable file"}},
      {{"--config"}, {"--config"}},
      {{"--config=/"}, {"--config", "directory"}},
      {{"--grpc_tokens_file=/does/not/exist"}, {"--grpc_tokens_file", "readable file"}},
      {{"--sip_credentials_file=/does/not/exist"}, {"--sip_credentials_file", "readable file"}},
      {{"--sip_registrations_file=/does/not/exist"}, {"--sip_registrations_file", "readable file"}},
      {{"--sip_users_service=users.example.com"}, {"--sip_users_service", "host:port"}},
      {{"--sip_users_service=users.example.com:0"}, {"--sip_users_service", "HOST:PORT"}},
      {{"--sip_users_service=0.0.0.0:50052"}, {"--sip_users_service", "HOST:PORT"}},
      {{"--sip_users_service_ca=/etc/hostname"},
       {"--sip_users_service_ca", "--sip_users_service as well"}},
      {{"--sip_users_service_token_file=/etc/hostname"},
       {"--sip_users_service_token_file", "--sip_users_service as well"}},
      {{"--sip_users_service=u:1", "--sip_users_service_ca=/does/not/exist"},
       {"--sip_users_service_ca", "readable file"}},
      {{"--grpc_tls_cert=/etc/hostname"}, {"--grpc_tls_cert", "--grpc_tls_key"}},
      {{"--grpc_tls_key=/etc/hostname"}, {"--grpc_tls_key", "--grpc_tls_cert"}},
      {{"--grpc_client_ca=/etc/hostname"}, {"--grpc_client_ca", "--grpc_tls_cert"}},
      {{"--linger=1\n2"}, {"--linger=\"1\\x0a2\""}},
  };
  for (const BadCase& bad : cases) {
    const auto read = Parse(bad.arguments);
    for (const std::string& part : bad.said) {
      EXPECT_THAT(read, StatusIs(kInvalid, HasSubstr(part))) << bad.arguments[0];
    }
    EXPECT_THAT(std::string(read.status().message()), Not(HasSubstr("\n"))) << bad.arguments[0];
  }
}

TEST(CommandLineTest, ListeningBeyondLoopbackNeedsAuthenticationOrTheSwitch) {
  for (const char* listen :
       {"0.0.0.0:1", "[::]:1", "192.0.2.1:1", "gateway.example.com:1", "127.0.0.1:1,0.0.0.0:2"}) {
    const std::string flag = absl::StrCat("--grpc_listen=", listen);
    EXPECT_THAT(Parse({flag}), StatusIs(kInvalid, AllOf(HasSubstr("--grpc_listen"),
                                                        HasSubstr("--insecure_no_auth"))))
        << listen;
    EXPECT_OK(Parse({flag, "--insecure_no_auth"})) << listen;
  }
}

TEST(CommandLineTest, ServerCertificateAloneIsNoAuthentication) {
  const std::string file = WriteFile("any.pem", "x");
  const std::string cert = "--grpc_tls_cert=" + file;
  const std::string key = "--grpc_tls_key=" + file;
  const std::string tokens = "--grpc_tokens_file=" + file;
  const std::string ca = "--grpc_client_ca=" + file;
  EXPECT_THAT(Parse({"--grpc_listen=0.0.0.0:1", cert, key}), StatusIs(kInvalid));
  EXPECT_OK(Parse({"--grpc_listen=0.0.0.0:1", cert, key, ca}));
  EXPECT_OK(Parse({"--grpc_listen=0.0.0.0:1", tokens}));
}

// TLS-01, TLS-05: what a TLS listener is given.
TEST(CommandLineTest, TlsListenerTakesItsCertificateAndTerms) {
  const std::string file = WriteFile("sip.pem", "x");
  const std::string cert = "--sip_tls_cert=" + file;
  const std::string key = "--sip_tls_key=" + file;
  const std::string authorities = "--sip_tls_ca=" + file;
  ASSERT_OK_AND_ASSIGN(
      const CommandLine read,
      Parse({"--sip_listen=tls:127.0.0.1:5061", cert, key, authorities,
             "--sip_tls_client_auth=require", "--nosip_tls_verify", "--sip_tls_min_version=1.3"}));
  EXPECT_THAT(read.settings.sip_listen,
              ElementsAre(SipListenAddress{Transport::kTls, {"127.0.0.1", 5061}}));
  EXPECT_EQ(read.settings.sip_tls_cert, file);
  EXPECT_EQ(read.settings.sip_tls_key, file);
  EXPECT_EQ(read.settings.sip_tls_ca, file);
  EXPECT_TRUE(read.settings.sip_tls_require_client_cert);
  EXPECT_FALSE(read.settings.sip_tls_verify);
  EXPECT_EQ(read.settings.sip_tls_min_version, "1.3");
}

TEST(CommandLineTest, SipClientCertificateNeedsNoTlsListener) {
  const std::string file = WriteFile("sip_client.pem", "x");
  EXPECT_OK(Parse({"--sip_tls_cert=" + file, "--sip_tls_key=" + file}));
}

TEST(CommandLineTest, WhereAndHowFastRequestsGoIsTaken) {
  const std::string file = WriteFile("resolv.conf", "nameserver 127.0.0.1\n");
  ASSERT_OK_AND_ASSIGN(const CommandLine read,
                       Parse({"--sip_allowed_destinations=10.0.0.0/8,example.com",
                              "--sip_resolv_conf=" + file, "--sip_destination_rate=0",
                              "--sip_destination_in_flight=7", "--sip_max_in_flight=8"}));
  EXPECT_EQ(read.settings.sip_allowed_destinations, "10.0.0.0/8,example.com");
  EXPECT_EQ(read.settings.sip_resolv_conf, file);
  EXPECT_EQ(read.settings.sip_destination_rate, 0);
  EXPECT_EQ(read.settings.sip_destination_in_flight, 7);
  EXPECT_EQ(read.settings.sip_max_in_flight, 8);
}

TEST(CommandLineTest, LoopbackNeedsNoAuthentication) {
  EXPECT_OK(Parse({"--grpc_listen=127.0.0.2:1,[::1]:1,localhost:1"}));
}

TEST(CommandLineTest, WildcardWithAdvertisedAddressIsTaken) {
  ASSERT_OK_AND_ASSIGN(const CommandLine read,
                       Parse({"--sip_listen=udp:0.0.0.0:5060", "--sip_advertise=192.0.2.1"}));
  EXPECT_THAT(read.settings.sip_advertise, ElementsAre("192.0.2.1"));
}

TEST(ConfigFileTest, FileOverridesDefaultsAndFlagsOverrideTheFile) {
  // Given
  const std::string path = WriteFile("gateway.conf",
                                     "# a comment\n"
                                     "\n"
                                     "linger = 7s\r\n"
                                     "  sip_t1=20ms  \n"
                                     "sip_outbound_proxy = sip:127.0.0.1:5090;lr\n"
                                     "insecure_no_auth = true\n");
  // When a flag stands before --config
  ASSERT_OK_AND_ASSIGN(const CommandLine read,
                       Parse({"--linger=9s", absl::StrCat("--config=", path)}));
  // Then it wins all the same.
  EXPECT_EQ(read.settings.linger, absl::Seconds(9));
  EXPECT_EQ(read.settings.sip_t1, absl::Milliseconds(20));
  EXPECT_EQ(read.settings.sip_outbound_proxy, "sip:127.0.0.1:5090;lr");
  EXPECT_TRUE(read.settings.insecure_no_auth);
}

TEST(ConfigFileTest, ErrorsNameFileLineAndSetting) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\nlinger = -1s", "line 2: --linger=\"-1s\""},
      {"linger", "line 1: \"linger\": expected `name = value`"},
      {"config = /etc/x", "\"config\": there is no such setting"},
      {"\n\nno_such = 1", "line 3: \"no_such\""},
      {"insecure_no_auth =", "true or false"},
  };
  for (const auto& [text, said] : cases) {
    Settings settings;
    EXPECT_THAT(ParseConfig(text, "/etc/gateway.conf", settings),
                StatusIs(kInvalid, AllOf(HasSubstr("/etc/gateway.conf"), HasSubstr(said))))
        << text;
  }
}

}  // namespace
}  // namespace sipevents::gateway
