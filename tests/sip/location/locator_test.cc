#include "sip/location/locator.h"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/sip/location/locator_fixture.h"

namespace sipevents::sip {
namespace {

using ::sipevents::testing::DnsFault;
using ::sipevents::testing::DnsType;
using ::sipevents::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class LocatorTest : public LocatorFixture {};

TEST_F(LocatorTest, NumericHostIsFoundWithinTheCall) {
  std::future<Hops> found = Begin("sip:alice@127.0.0.1:5070;transport=tcp");

  ASSERT_EQ(found.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  const Hops hops = found.get();
  EXPECT_THAT(Texts(hops), ElementsAre("tcp:127.0.0.1:5070"));
  EXPECT_EQ(hops->front().name, "127.0.0.1");
  EXPECT_EQ(dns_->Count(), 0);
}

// LOC-01: maddr leads, and the policy hears of it.
TEST_F(LocatorTest, MaddrTakesThePlaceOfTheHost) {
  const Hops hops = Locate("sip:alice@example.com;maddr=127.0.0.9");

  EXPECT_THAT(Texts(hops), ElementsAre("udp:127.0.0.9:5060"));
  EXPECT_EQ(hops->front().name, "127.0.0.9");
}

TEST_F(LocatorTest, LocalhostIsKnownWithoutDns) {
  options_.ipv6 = true;

  const Hops hops = Locate("sip:alice@LocalHost");

  EXPECT_THAT(Texts(hops), ElementsAre("udp:127.0.0.1:5060", "udp:[::1]:5060"));
  EXPECT_EQ(hops->front().name, "localhost");
  EXPECT_EQ(dns_->Count(), 0);
}

// The whole way: NAPTR chooses the transport, SRV host and port, A the address.
TEST_F(LocatorTest, NaptrLeadsToSrvLeadsToAddress) {
  dns_->AddNaptr("example.com", {20, 10, "SIP+D2U", "_sip._udp.example.com"});
  dns_->AddNaptr("example.com", {10, 10, "SIP+D2T", "_sip._tcp.example.com"});
  dns_->AddSrv("_sip._tcp.example.com", {0, 0, 5071, "tcp.example.com"});
  dns_->AddSrv("_sip._udp.example.com", {0, 0, 5072, "udp.example.com"});
  dns_->AddA("tcp.example.com", "127.0.0.2");
  dns_->AddA("udp.example.com", "127.0.0.3");

  const Hops hops = Locate("sip:alice@Example.COM");

  EXPECT_THAT(Texts(hops), ElementsAre("tcp:127.0.0.2:5071", "udp:127.0.0.3:5072"));
  EXPECT_EQ(hops->front().name, "example.com");
}

TEST_F(LocatorTest, WithoutNaptrSrvOfEachTransportIsAsked) {
  dns_->AddSrv("_sip._tcp.example.com", {20, 0, 5071, "backup.example.com"});
  dns_->AddSrv("_sip._tcp.example.com", {10, 0, 5070, "main.example.com"});
  dns_->AddA("main.example.com", "127.0.0.2");
  dns_->AddA("backup.example.com", "127.0.0.3");

  EXPECT_THAT(Texts(Locate("sip:alice@example.com")),
              ElementsAre("tcp:127.0.0.2:5070", "tcp:127.0.0.3:5071"));
  EXPECT_EQ(dns_->Count("_sip._udp.example.com", DnsType::kSrv), 1);
  EXPECT_EQ(dns_->Count("_sips._tcp.example.com", DnsType::kSrv), 0);
}

TEST_F(LocatorTest, WithoutSrvTheHostItselfIsUsed) {
  dns_->AddA("example.com", "127.0.0.2");
  dns_->AddA("example.com", "127.0.0.3");

  EXPECT_THAT(Texts(Locate("sip:alice@example.com")),
              ElementsAre("udp:127.0.0.2:5060", "udp:127.0.0.3:5060"));
  EXPECT_THAT(Texts(Locate("sip:alice@example.com", /*large=*/true)),
              ElementsAre("tcp:127.0.0.2:5060", "tcp:127.0.0.3:5060", "udp:127.0.0.2:5060",
                          "udp:127.0.0.3:5060"));
}

TEST_F(LocatorTest, PortInTheUriLeavesSrvOut) {
  dns_->AddA("example.com", "127.0.0.2");
  dns_->AddSrv("_sip._udp.example.com", {0, 0, 5071, "example.com"});

  EXPECT_THAT(Texts(Locate("sip:alice@example.com:5070")), ElementsAre("udp:127.0.0.2:5070"));
  EXPECT_EQ(dns_->Count(), dns_->Count("example.com", DnsType::kA));
}

TEST_F(LocatorTest, TransportInTheUriAsksForItsServiceOnly) {
  dns_->AddSrv("_sip._tcp.example.com", {0, 0, 5071, "one.example.com"});
  dns_->AddA("one.example.com", "127.0.0.2");

  EXPECT_THAT(Texts(Locate("sip:alice@example.com;transport=tcp")),
              ElementsAre("tcp:127.0.0.2:5071"));
  EXPECT_EQ(dns_->Count("example.com", DnsType::kNaptr), 0);
  EXPECT_EQ(dns_->Count("_sip._udp.example.com", DnsType::kSrv), 0);
}

// TLS-03: nothing but TLS, whatever DNS offers.
TEST_F(LocatorTest, SipsGoesOverTlsOnly) {
  options_.tls = true;
  dns_->AddNaptr("example.com", {10, 10, "SIP+D2T", "_sip._tcp.example.com"});
  dns_->AddNaptr("example.com", {20, 10, "SIPS+D2T", "_sips._tcp.example.com"});
  dns_->AddSrv("_sip._tcp.example.com", {0, 0, 5060, "one.example.com"});
  dns_->AddSrv("_sips._tcp.example.com", {0, 0, 5061, "one.example.com"});
  dns_->AddA("one.example.com", "127.0.0.2");

  const Hops hops = Locate("sips:alice@example.com");

  EXPECT_THAT(Texts(hops), ElementsAre("tls:127.0.0.2:5061"));
  EXPECT_EQ(hops->front().Key(), "tls:127.0.0.2:5061/example.com");
}

// LOC-05
TEST_F(LocatorTest, Ipv6GoesFirstWhereBothAreThere) {
  options_.ipv6 = true;
  dns_->AddA("example.com", "192.0.2.1");
  dns_->AddAaaa("example.com", "2001:db8::1");

  EXPECT_THAT(Texts(Locate("sip:alice@example.com:5060")),
              ElementsAre("udp:[2001:db8::1]:5060", "udp:192.0.2.1:5060"));
}

TEST_F(LocatorTest, FamilyThatIsNotEnabledIsNotAskedFor) {
  dns_->AddAaaa("example.com", "2001:db8::1");

  EXPECT_THAT(Locate("sip:alice@example.com:5060"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(dns_->Count("example.com", DnsType::kAaaa), 0);
}

TEST_F(LocatorTest, AliasIsFollowedWhereverItIsResolved) {
  dns_->AddCname("alias.example.com", "one.example.com");
  dns_->AddA("one.example.com", "127.0.0.2");

  EXPECT_THAT(Texts(Locate("sip:alias.example.com:5060")), ElementsAre("udp:127.0.0.2:5060"));

  dns_->FollowAliases(false);
  dns_->AddCname("other.example.com", "two.example.com");
  dns_->AddA("two.example.com", "127.0.0.3");
  EXPECT_THAT(Texts(Locate("sip:other.example.com:5060")), ElementsAre("udp:127.0.0.3:5060"));
}

TEST_F(LocatorTest, AliasesInACircleEnd) {
  dns_->FollowAliases(false);
  dns_->AddCname("a.example.com", "b.example.com");
  dns_->AddCname("b.example.com", "a.example.com");
  dns_->AddCname("self.example.com", "self.example.com");

  EXPECT_FALSE(Locate("sip:a.example.com:5060").ok());
  EXPECT_FALSE(Locate("sip:self.example.com:5060").ok());
  EXPECT_FALSE(Locate("sip:b.example.com:5060").ok());
  EXPECT_LT(dns_->Count(), 20);
}

TEST_F(LocatorTest, UnknownNameIsNotFound) {
  const Hops hops = Locate("sip:alice@nowhere.example.com");

  EXPECT_THAT(hops, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(hops.status().ToString(), HasSubstr("\"nowhere.example.com\""));
}

TEST_F(LocatorTest, FailingServerIsUnavailableAndNamed) {
  dns_->FailAll(DnsFault::kServerFailure);

  const Hops hops = Locate("sip:alice@example.com");

  EXPECT_THAT(hops, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(hops.status().ToString(), HasSubstr("\"_sip._udp.example.com\" (SRV)"));
  EXPECT_THAT(hops.status().ToString(), HasSubstr(absl::StrCat("127.0.0.1:", dns_->port())));
}

TEST_F(LocatorTest, SilentServerIsUnavailableInTime) {
  options_.question_timeout = absl::Milliseconds(300);
  dns_->FailAll(DnsFault::kSilence);
  const absl::Time begin = absl::Now();

  const Hops hops = Locate("sip:alice@example.com:5060");

  EXPECT_THAT(hops, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(hops.status().ToString(), HasSubstr("no answer"));
  EXPECT_LT(absl::Now() - begin, absl::Seconds(10));  // sofia-sip alone: 64 s
}

// RFC 3263 section 4.1 does not hang on NAPTR: old servers fail on it.
TEST_F(LocatorTest, FailureOfNaptrIsNoReasonToStop) {
  dns_->Fail("example.com", DnsType::kNaptr, DnsFault::kRefused);
  dns_->AddA("example.com", "127.0.0.2");

  EXPECT_THAT(Texts(Locate("sip:alice@example.com")), ElementsAre("udp:127.0.0.2:5060"));
}

// Where it is not known whether there are SIP servers, the host of that name is not taken for one.
TEST_F(LocatorTest, FailureOfSrvDoesNotMakeTheHostTheServer) {
  dns_->Fail("_sip._udp.example.com", DnsType::kSrv, DnsFault::kServerFailure);
  dns_->AddA("example.com", "127.0.0.2");

  EXPECT_THAT(Locate("sip:alice@example.com"), StatusIs(absl::StatusCode::kUnavailable));
}

// RFC 2782: "." says that the service is decidedly not there.
TEST_F(LocatorTest, ServiceThatIsDeniedIsNotLookedForElsewhere) {
  dns_->AddSrv("_sip._udp.example.com", {0, 0, 0, "."});
  dns_->AddA("example.com", "127.0.0.2");

  EXPECT_THAT(Locate("sip:alice@example.com"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Texts(Locate("sip:alice@example.com", /*large=*/true)),
              ElementsAre("tcp:127.0.0.2:5060"));
}

// LOC-04
TEST_F(LocatorTest, AnswerIsRememberedForItsTtl) {
  dns_->AddA("long.example.com", "127.0.0.2", /*ttl=*/300);
  dns_->AddA("short.example.com", "127.0.0.3", /*ttl=*/1);
  ASSERT_OK(Locate("sip:long.example.com:5060"));
  ASSERT_OK(Locate("sip:short.example.com:5060"));

  std::future<Hops> again = Begin("sip:long.example.com:5060");

  EXPECT_EQ(again.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  const absl::Time patience = absl::Now() + absl::Seconds(20);
  while (dns_->Count("short.example.com", DnsType::kA) < 2 && absl::Now() < patience) {
    ASSERT_OK(Locate("sip:short.example.com:5060"));
    absl::SleepFor(absl::Milliseconds(50));
  }
  EXPECT_EQ(dns_->Count("short.example.com", DnsType::kA), 2);
  EXPECT_EQ(dns_->Count("long.example.com", DnsType::kA), 1);
}

// A restart of many subscriptions must not become a storm of DNS queries.
TEST_F(LocatorTest, ManyLookupsAskOnce) {
  dns_->AddA("example.com", "127.0.0.2");
  dns_->Delay(absl::Milliseconds(100));
  std::vector<std::future<Hops>> found;

  for (int i = 0; i < 1000; ++i) found.push_back(Begin("sip:example.com:5060"));

  for (std::future<Hops>& one : found) {
    EXPECT_THAT(Texts(End(one)), ElementsAre("udp:127.0.0.2:5060"));
  }
  EXPECT_EQ(dns_->Count(), 1);
}

// More names at once than questions may be under way.
TEST_F(LocatorTest, ManyNamesAreAllFound) {
  constexpr int kNames = 1500;
  options_.question_timeout = absl::Seconds(25);
  std::vector<std::future<Hops>> found;
  for (int i = 0; i < kNames; ++i) dns_->AddA(absl::StrCat("h", i, ".example.com"), "127.0.0.2");

  for (int i = 0; i < kNames; ++i) {
    found.push_back(Begin(absl::StrCat("sip:h", i, ".example.com:5060")));
  }

  for (std::future<Hops>& one : found) {
    EXPECT_THAT(Texts(End(one)), ElementsAre("udp:127.0.0.2:5060"));
  }
}

// A stranger's zone may be as large as it likes.
TEST_F(LocatorTest, ServersOfOneUriAreBounded) {
  for (int i = 0; i < 24; ++i) {
    const std::string host = absl::StrCat("h", i, ".ex");
    dns_->AddSrv("_sip._udp.example.com", {0, 1, 5060, host});
    for (int j = 0; j < 12; ++j) dns_->AddA(host, absl::StrCat("127.0.", i, ".", j + 1));
  }

  const Hops hops = Locate("sip:alice@example.com;transport=udp");

  ASSERT_OK(hops);
  EXPECT_THAT(*hops, SizeIs(16));
}

TEST_F(LocatorTest, LookupsUnderWayAreBounded) {
  options_.max_lookups = 2;
  dns_->FailAll(DnsFault::kSilence);
  std::future<Hops> first = Begin("sip:one.example.com:5060");
  std::future<Hops> second = Begin("sip:two.example.com:5060");

  EXPECT_THAT(Locate("sip:three.example.com:5060"), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(Texts(Locate("sip:127.0.0.1")), ElementsAre("udp:127.0.0.1:5060"));
}

TEST_F(LocatorTest, SecondServerIsAskedWhereTheFirstIsNotThere) {
  WriteResolvConf(absl::StrCat("nameserver 127.0.0.77\n", dns_->ResolvConf()));
  dns_->AddA("example.com", "127.0.0.2");

  EXPECT_THAT(Texts(Locate("sip:example.com:5060")), ElementsAre("udp:127.0.0.2:5060"));
}

TEST_F(LocatorTest, MissingConfigurationIsNamed) {
  options_.resolv_conf = "/nowhere/resolv.conf";

  const Hops hops = Locate("sip:example.com:5060");

  EXPECT_THAT(hops, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(hops.status().ToString(), HasSubstr("\"example.com\" (A)"));
  EXPECT_THAT(hops.status().ToString(), HasSubstr("127.0.0.1:53"));
  EXPECT_THAT(hops.status().ToString(), HasSubstr("/nowhere/resolv.conf: No such file"));
}

// With fewer servers than before and a question under way, sofia-sip's own way of noticing the
// change fails an assertion.
TEST_F(LocatorTest, ChangedConfigurationIsUsedWhileQuestionsAreUnderWay) {
  options_.look_interval = absl::ZeroDuration();
  WriteResolvConf(absl::StrCat("nameserver 127.0.0.1\n", dns_->ResolvConf()));
  dns_->FailAll(DnsFault::kSilence);
  std::future<Hops> old = Begin("sip:old.example.com:5060");
  ASSERT_OK(dns_->WaitForQuery("old.example.com", DnsType::kA, /*times=*/2));
  ASSERT_OK_AND_ASSIGN(const auto other, testing::DnsServer::Start());
  other->AddA("new.example.com", "127.0.0.2");

  WriteResolvConf(other->ResolvConf());

  EXPECT_THAT(Texts(Locate("sip:new.example.com:5060")), ElementsAre("udp:127.0.0.2:5060"));
  dns_->AddA("old.example.com", "127.0.0.3");
  dns_->FailAll(DnsFault::kNone);
  EXPECT_THAT(Texts(End(old)), ElementsAre("udp:127.0.0.3:5060"));
}

TEST_F(LocatorTest, NothingIsCalledAfterDestruction) {
  dns_->AddA("example.com", "127.0.0.2");
  dns_->AddA("other.example.com", "127.0.0.2");
  dns_->Delay(absl::Milliseconds(50));
  Open();
  std::atomic<bool> called = false;
  loop_->Run([&] {
    locator_->Locate("sip:example.com:5060", false, [&called](const Hops&) { called = true; });
  });
  ASSERT_OK(dns_->WaitForQuery("example.com", DnsType::kA));

  loop_->Run([this] { locator_ = std::make_unique<Locator>(*loop_, options_); });

  // The answer to the later question comes after the one to the earlier.
  EXPECT_THAT(Texts(Locate("sip:other.example.com:5060")), ElementsAre("udp:127.0.0.2:5060"));
  EXPECT_FALSE(called);
}

TEST_F(LocatorTest, LookupThatDestroysTheLocatorEndsTheOthers) {
  dns_->AddA("example.com", "127.0.0.2");
  Open();
  auto calls = std::make_shared<std::atomic<int>>(0);
  std::promise<void> destroyed;

  loop_->Run([&] {
    for (int i = 0; i < 3; ++i) {
      locator_->Locate("sip:example.com:5060", false, [&, calls](const Hops&) {
        if (++*calls == 1) {
          locator_.reset();
          destroyed.set_value();
        }
      });
    }
  });

  ASSERT_EQ(destroyed.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  loop_->Run([] {});
  EXPECT_EQ(*calls, 1);
}

TEST_F(LocatorTest, WhatIsNoSipUriIsRefused) {
  EXPECT_THAT(Locate("tel:+12015550123"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Locate("sip:"), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sipevents::sip
