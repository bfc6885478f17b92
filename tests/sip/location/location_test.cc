#include "sip/location/location.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/fakes/fake_random.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr SendingMeans kAll = {true, true, true, true, true};
constexpr SendingMeans kUsual = {true, true, false, true, false};

std::string TransportsOf(const std::vector<Transport>& transports) {
  return absl::StrJoin(transports, " ", [](std::string* out, Transport transport) {
    absl::StrAppend(out, std::string(TransportName(transport)));
  });
}

// A plan in one line: what is asked, and what follows where that brings nothing.
std::string Text(const absl::StatusOr<LocationPlan>& plan) {
  if (!plan.ok()) return absl::StatusCodeToString(plan.status().code());
  std::string text = plan->ask_naptr ? "NAPTR " : "";
  for (const SipService& service : plan->services) absl::StrAppend(&text, service.name, " ");
  absl::StrAppend(&text, plan->numeric ? "=" : "", plan->name, " ", plan->port, " ",
                  TransportsOf(plan->transports));
  return text;
}

struct PlanCase {
  std::string uri;
  SendingMeans means;
  bool large;
  std::string plan;
};

// LOC-01, and the table of RFC 3263 section 4.
TEST(LocationTest, UriAndMeansMakeThePlan) {
  const std::vector<PlanCase> cases = {
      // A numeric host is the server.
      {"sip:a@192.0.2.1", kUsual, false, "=192.0.2.1 0 udp"},
      {"sip:192.0.2.1", kUsual, true, "=192.0.2.1 0 tcp udp"},
      {"sip:a@192.0.2.1:5070", kUsual, false, "=192.0.2.1 5070 udp"},
      {"sip:a@192.0.2.1;transport=TCP", kUsual, false, "=192.0.2.1 0 tcp"},
      {"sip:a@192.0.2.1;transport=udp", kUsual, true, "=192.0.2.1 0 udp"},
      {"sips:a@192.0.2.1", kAll, false, "=192.0.2.1 0 tls"},
      {"sips:a@192.0.2.1;transport=tcp", kAll, false, "=192.0.2.1 0 tls"},
      {"sip:a@192.0.2.1;transport=tls", kAll, false, "=192.0.2.1 0 tls"},
      {"sips:a@192.0.2.1;transport=tls", kAll, true, "=192.0.2.1 0 tls"},
      {"sip:a@[2001:DB8::0:1]", kAll, false, "=2001:db8::1 0 udp"},
      {"sip:a@[::ffff:192.0.2.1]", kUsual, false, "=192.0.2.1 0 udp"},
      // A port leaves SRV out.
      {"sip:a@example.com:5060", kUsual, false, "example.com 5060 udp"},
      {"sip:a@example.com:5060", kUsual, true, "example.com 5060 tcp udp"},
      {"sip:a@example.com:5070;transport=tcp", kUsual, false, "example.com 5070 tcp"},
      {"sips:a@example.com:5070", kAll, false, "example.com 5070 tls"},
      // A transport leaves NAPTR out.
      {"sip:a@example.com;transport=udp", kUsual, false, "_sip._udp.example.com example.com 0 udp"},
      {"sip:a@example.com;transport=tcp", kUsual, false, "_sip._tcp.example.com example.com 0 tcp"},
      {"sip:a@example.com;transport=tls", kAll, false, "_sips._tcp.example.com example.com 0 tls"},
      {"sips:a@example.com;transport=tcp", kAll, false, "_sips._tcp.example.com example.com 0 tls"},
      // A name alone.
      {"sip:a@Example.COM", kUsual, false,
       "NAPTR _sip._udp.example.com _sip._tcp.example.com example.com 0 udp"},
      {"sip:a@example.com.", kUsual, true,
       "NAPTR _sip._tcp.example.com _sip._udp.example.com example.com 0 tcp udp"},
      {"sip:a@example.com", kAll, true,
       "NAPTR _sip._tcp.example.com _sips._tcp.example.com _sip._udp.example.com example.com 0 "
       "tcp udp"},
      {"sips:a@example.com", kAll, false, "NAPTR _sips._tcp.example.com example.com 0 tls"},
      {"sip:a@example.com",
       {true, false, false},
       true,
       "NAPTR _sip._udp.example.com example.com 0 udp"},
      {"sip:a@example.com",
       {false, true, false},
       false,
       "NAPTR _sip._tcp.example.com example.com 0 tcp"},
      {"sip:a@localhost", kUsual, false, "localhost 0 udp"},
      {"sip:a@alice.localhost", kUsual, false, "alice.localhost 0 udp"},
      // maddr is where it goes.
      {"sip:a@example.com;maddr=192.0.2.9", kUsual, false, "=192.0.2.9 0 udp"},
      {"sip:a@192.0.2.1;maddr=[2001:db8::9]", kAll, false, "=2001:db8::9 0 udp"},
      {"sip:a@192.0.2.1:5070;maddr=proxy.example.com", kUsual, false, "proxy.example.com 5070 udp"},
      // What cannot be sent.
      {"sips:a@example.com", kUsual, false, "NOT_FOUND"},
      {"sips:a@example.com;transport=udp", kAll, false, "NOT_FOUND"},
      {"sip:a@example.com;transport=sctp", kAll, false, "NOT_FOUND"},
      {"sip:a@example.com;transport=tls", kUsual, false, "NOT_FOUND"},
      {"sip:a@[2001:db8::1]", kUsual, false, "NOT_FOUND"},
      {"sip:a@192.0.2.1", {true, true, false, false, true}, false, "NOT_FOUND"},
      {"sip:a@example.com;maddr=2130706433", kUsual, false, "NOT_FOUND"},
      {"sip:a@example.com;maddr=0x7f.1", kUsual, false, "NOT_FOUND"},
      {"pres:a@example.com", kUsual, false, "INVALID_ARGUMENT"},
      {"tel:+1201555", kUsual, false, "INVALID_ARGUMENT"},
      {"sip:a@", kUsual, false, "INVALID_ARGUMENT"},
      {"", kUsual, false, "INVALID_ARGUMENT"},
  };
  for (const PlanCase& c : cases) {
    EXPECT_EQ(Text(PlanLocation(c.uri, c.means, c.large)), c.plan) << c.uri << " " << c.large;
  }
}

std::string Names(const std::vector<SipService>& services) {
  return absl::StrJoin(services, " ", [](std::string* out, const SipService& service) {
    absl::StrAppend(out, std::string(TransportName(service.transport)), "=", service.name);
  });
}

TEST(LocationTest, ServicesComeByOrderAndPreference) {
  const std::vector<NaptrRecord> records = {
      {20, 1, "s", "SIP+D2U", "", "u.example.com."},
      {10, 2, "S", "sip+d2t", "", "t.example.com."},
      {10, 1, "s", "SIPS+D2T", "", "tls.example.com."},
      {5, 0, "s", "SIP+D2W", "", "ws.example.com."},    // a transport we have not
      {5, 0, "u", "SIP+D2U", "", "uri.example.com."},   // not a pointer to SRV
      {5, 0, "s", "SIP+D2U", "!^.*$!sip:x!", "."},      // rewrites
      {5, 0, "s", "E2U+sip", "", "enum.example.com."},  // ENUM
      {5, 0, "s", "SIP+D2U", "", "not a name"},
      {30, 0, "s", "SIP+D2U", "", "u.example.com"},  // again
  };
  LocationPlan plan;

  EXPECT_EQ(Names(ChooseServices(records, plan, kAll)),
            "tls=tls.example.com tcp=t.example.com udp=u.example.com");
  EXPECT_EQ(Names(ChooseServices(records, plan, kUsual)), "tcp=t.example.com udp=u.example.com");
  plan.secure = true;
  EXPECT_EQ(Names(ChooseServices(records, plan, kAll)), "tls=tls.example.com");
  EXPECT_THAT(ChooseServices(records, plan, kUsual), IsEmpty());
}

TEST(LocationTest, LargeRequestTakesServicesOverStreamsFirst) {
  LocationPlan plan;
  plan.large = true;

  EXPECT_EQ(Names(ChooseServices({{10, 1, "s", "SIP+D2U", "", "u.example.com"},
                                  {20, 1, "s", "SIP+D2T", "", "t.example.com"}},
                                 plan, kUsual)),
            "tcp=t.example.com udp=u.example.com");
}

TEST(LocationTest, ServicesOfOneNameAreBounded) {
  std::vector<NaptrRecord> records;
  for (uint16_t i = 0; i < 30; ++i) {
    records.push_back({i, 0, "s", "SIP+D2U", "", absl::StrCat("s", i, ".example.com")});
  }

  EXPECT_EQ(ChooseServices(records, {}, kUsual).size(), kMaxServices);
}

std::vector<std::string> Order(const std::vector<SrvRecord>& records, RandomSource& random) {
  std::vector<std::string> hosts;
  for (const SrvRecord& record : OrderServers(records, random)) hosts.push_back(record.target);
  return hosts;
}

// LOC-02
TEST(LocationTest, ServersComeByPriority) {
  FakeRandom random;

  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(Order({{30, 100, 1, "c.x."}, {10, 1, 1, "A.x"}, {20, 0, 1, "b.x"}}, random),
                ElementsAre("a.x", "b.x", "c.x"));
  }
}

// LOC-02: within a priority by chance, in proportion to the weights.
TEST(LocationTest, ServersShareTheLoadByWeight) {
  constexpr int kDraws = 20'000;
  const std::vector<SrvRecord> records = {
      {1, 60, 1, "sixty.x"}, {1, 0, 1, "zero.x"}, {1, 30, 1, "thirty.x"}, {1, 10, 1, "ten.x"}};
  FakeRandom random;
  std::map<std::string, int> first;
  std::map<std::string, int> second_after_sixty;

  for (int i = 0; i < kDraws; ++i) {
    const std::vector<std::string> order = Order(records, random);
    ASSERT_EQ(order.size(), 4U);
    ++first[order[0]];
    if (order[0] == "sixty.x") ++second_after_sixty[order[1]];
  }

  EXPECT_NEAR(first["sixty.x"], kDraws * 0.60, kDraws * 0.02);
  EXPECT_NEAR(first["thirty.x"], kDraws * 0.30, kDraws * 0.02);
  EXPECT_NEAR(first["ten.x"], kDraws * 0.10, kDraws * 0.02);
  EXPECT_GT(first["zero.x"], 0);  // a very small chance (RFC 2782)
  EXPECT_LT(first["zero.x"], kDraws * 0.03);
  // Those that are left share by their own weights.
  EXPECT_NEAR(second_after_sixty["thirty.x"] * 1.0 / first["sixty.x"], 0.75, 0.03);
}

TEST(LocationTest, ServersWithoutWeightsAreAlike) {
  FakeRandom random;
  std::map<std::string, int> first;

  for (int i = 0; i < 3000; ++i) {
    ++first[Order({{1, 0, 1, "a.x"}, {1, 0, 1, "b.x"}, {1, 0, 1, "c.x"}}, random)[0]];
  }

  for (const auto& [host, times] : first) EXPECT_NEAR(times, 1000, 120) << host;
}

TEST(LocationTest, LargestWeightsDoNotOverflow) {
  FakeRandom random;
  std::vector<SrvRecord> records;
  for (int i = 0; i < 32; ++i) records.push_back({1, 65535, 1, absl::StrCat("h", i, ".x")});

  random.PushUniform(0.999999999);
  EXPECT_EQ(Order(records, random).size(), 32U);
}

TEST(LocationTest, ServersThatCannotBeReachedAreLeftOut) {
  FakeRandom random;

  EXPECT_THAT(Order({{1, 1, 0, "no-port.x"},
                     {1, 1, 1, "."},
                     {1, 1, 1, ""},
                     {1, 1, 1, "192.0.2.1"},
                     {1, 1, 1, "a b.x"},
                     {1, 1, 1, "ok.x"}},
                    random),
              ElementsAre("ok.x"));
  EXPECT_THAT(Order({}, random), IsEmpty());
}

TEST(LocationTest, OnlyALoneRootDeniesTheService) {
  EXPECT_TRUE(DeniesService({{0, 0, 0, "."}}));
  EXPECT_TRUE(DeniesService({{0, 0, 0, ""}}));
  EXPECT_FALSE(DeniesService({}));
  EXPECT_FALSE(DeniesService({{0, 0, 1, "a.x"}}));
  EXPECT_FALSE(DeniesService({{0, 0, 0, "."}, {0, 0, 1, "a.x"}}));
}

// LOC-05: RFC 6724 section 2.1.
TEST(LocationTest, AddressesComeByPrecedence) {
  std::vector<std::string> addresses = {"fd00::1",   "2001:0:1::1", "192.0.2.1",
                                        "2002:1::1", "2001:db8::1", "192.0.2.2",
                                        "::1",       "2001:db8::2", "fec0::1"};

  OrderAddresses(addresses);

  EXPECT_THAT(addresses, ElementsAre("::1", "2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2",
                                     "2002:1::1", "2001:0:1::1", "fd00::1", "fec0::1"));
}

TEST(LocationTest, NamesAreCheckedBeforeDnsIsAsked) {
  EXPECT_EQ(HostName("Example.COM."), "example.com");
  EXPECT_EQ(HostName("a_b-c.x1"), "a_b-c.x1");
  EXPECT_EQ(HostName(absl::StrCat(std::string(63, 'a'), ".x")),
            absl::StrCat(std::string(63, 'a'), ".x"));
  for (const std::string bad : {"", ".", "a..b", ".a", "a b", "a\r\nb", "127.1", "2130706433",
                                "0x7f.1", "a.1b", "[::1]", "*.example.com", "a/b", "a:1"}) {
    EXPECT_EQ(HostName(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(HostName(absl::StrCat(std::string(64, 'a'), ".x")), std::nullopt);
  EXPECT_EQ(HostName(std::string("a\0.x", 4)), std::nullopt);
  std::string long_name = "x";
  while (long_name.size() < 254) long_name += ".x";
  EXPECT_EQ(HostName(long_name), std::nullopt);
}

TEST(LocationTest, AddressesHaveOneForm) {
  EXPECT_EQ(NumericAddress("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(NumericAddress("[2001:DB8:0::1]"), "2001:db8::1");
  EXPECT_EQ(NumericAddress("::FFFF:192.0.2.1"), "192.0.2.1");
  for (const std::string bad : {"", "192.0.2", "[192.0.2.1]", "010.0.0.1", "fe80::1%eth0", "[]"}) {
    EXPECT_EQ(NumericAddress(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace sipevents::sip
