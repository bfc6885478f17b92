// Where requests go (RFC 3263, LOC-01 to LOC-05), and where they must not (SEC-09): the gateway
// with a DNS server of the test's own.

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/peer/dns_server.h"
#include "tests/peer/udp_listener.h"
#include "tests/scenarios/scenario.h"

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A URI too long for a datagram (TLS-06).
const std::string& LongUser() {
  static const std::string user(1400, 'a');
  return user;
}

// What a bare UDP peer answers a request with.
std::string ResponseTo(const SipText& request, const std::string& status) {
  return absl::StrCat("SIP/2.0 ", status, "\r\nVia: ", request.Header("Via"),
                      "\r\nFrom: ", request.Header("From"), "\r\nTo: ", request.Header("To"),
                      ";tag=t\r\nCall-ID: ", request.Header("Call-ID"),
                      "\r\nCSeq: ", request.Header("CSeq"), "\r\nContent-Length: 0\r\n\r\n");
}

class LocationScenarioTest : public Scenario {
 protected:
  void SetUp() override {
    Scenario::SetUp();
    ASSERT_OK_AND_ASSIGN(dns_, DnsServer::Start());
    ASSERT_OK_AND_ASSIGN(backup_, SipPeer::Start());
  }

  // Starts the gateway with DNS instead of an outbound proxy.
  absl::Status StartWithDns(const std::vector<std::string>& more = {}) {
    std::vector<std::string> flags = {
        "--sip_outbound_proxy=", "--linger=0s",
        absl::StrCat("--sip_resolv_conf=", WriteFile("resolv.conf", dns_->ResolvConf()))};
    flags.insert(flags.end(), more.begin(), more.end());
    return StartGateway(flags);
  }

  // A server of the domain example.com, for `_sip._udp` or `_sip._tcp`.
  void AddServer(const std::string& service, uint16_t priority, int port,
                 const std::string& address = "127.0.0.1") {
    const std::string host = absl::StrCat("h", priority, ".example.com");
    dns_->AddSrv(absl::StrCat(service, ".example.com"),
                 {priority, 0, static_cast<uint16_t>(port), host});
    dns_->AddA(host, address);
  }

  // A port where nobody is, for UDP and TCP.
  static int ClosedPort() {
    const absl::StatusOr<std::unique_ptr<SipPeer>> gone = SipPeer::Start();
    return gone.ok() ? (*gone)->port() : 0;
  }

  // Accepts what came and sees the state arrive.
  static void ExpectServed(SipPeer& peer, const Received& subscribe, CliProcess& cli) {
    const Sent notify = peer.Accept(subscribe, Pidf("open", "here"));
    EXPECT_THAT(peer.StatusOf(notify), IsOkAndHolds(200));
    const absl::StatusOr<v1::Event> event = cli.WaitForEvent();
    ASSERT_OK(event);
    EXPECT_EQ(NoteOf(*event), "here");
  }

  std::unique_ptr<DnsServer> dns_;
  std::unique_ptr<SipPeer> backup_;
};

TEST_F(LocationScenarioTest, NaptrChoosesTheTransport) {
  dns_->AddNaptr("example.com", {10, 0, "SIP+D2T", "_sip._tcp.example.com"});
  dns_->AddNaptr("example.com", {20, 0, "SIP+D2U", "_sip._udp.example.com"});
  AddServer("_sip._tcp", 1, peer_->port());
  AddServer("_sip._udp", 2, backup_->port());
  ASSERT_OK(StartWithDns());

  ASSERT_OK_AND_ASSIGN(auto cli, Watch(kAlice, "presence"));

  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_TRUE(subscribe.flow.is_tcp());
  EXPECT_EQ(subscribe.sip.request_uri(), kAlice);  // location changes where to, not what for
  EXPECT_THAT(subscribe.Header("Via"), HasSubstr("SIP/2.0/TCP"));
  ExpectServed(*peer_, subscribe, *cli);
}

// LOC-03: each attempt is a transaction of its own, with its own branch, for the same dialog.
TEST_F(LocationScenarioTest, RefusedConnectionMovesToTheNextServer) {
  AddServer("_sip._tcp", 1, ClosedPort());
  AddServer("_sip._tcp", 2, peer_->port());
  ASSERT_OK(StartWithDns());

  ASSERT_OK_AND_ASSIGN(auto cli, Watch(absl::StrCat(kAlice, ";transport=tcp"), "presence"));

  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_TRUE(subscribe.flow.is_tcp());
  ExpectServed(*peer_, subscribe, *cli);
}

// LOC-03, OVL-01
TEST_F(LocationScenarioTest, UnavailableServerMovesToTheNext) {
  AddServer("_sip._udp", 1, peer_->port());
  AddServer("_sip._udp", 2, backup_->port());
  ASSERT_OK(StartWithDns());
  ASSERT_OK_AND_ASSIGN(auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received first, peer_->WaitFor("SUBSCRIBE"));

  peer_->Respond(first, 503);

  ASSERT_OK_AND_ASSIGN(const Received second, backup_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(second.call_id(), first.call_id());
  EXPECT_NE(ParameterOf(second.Header("Via"), "branch"),
            ParameterOf(first.Header("Via"), "branch"));
  ExpectServed(*backup_, second, *cli);
}

// LOC-03: Timer F at the first, 64 times T1.
TEST_F(LocationScenarioTest, SilentServerMovesToTheNext) {
  AddServer("_sip._udp", 1, peer_->port());
  AddServer("_sip._udp", 2, backup_->port());
  ASSERT_OK(StartWithDns({"--sip_t1=10ms", "--sip_retry_base=600ms"}));
  ASSERT_OK_AND_ASSIGN(auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received first, peer_->WaitFor("SUBSCRIBE"));

  ASSERT_OK_AND_ASSIGN(const Received second, backup_->WaitFor("SUBSCRIBE"));

  EXPECT_GE(second.time - first.time, absl::Milliseconds(64 * 10 * 9 / 10));
  EXPECT_EQ(second.call_id(), first.call_id());
  // Timer N runs anew: the NOTIFY may come as late as if this had been the first attempt.
  ExpectServed(*backup_, second, *cli);
}

TEST_F(LocationScenarioTest, AllServersFailingIsRetrying) {
  AddServer("_sip._tcp", 1, ClosedPort());
  AddServer("_sip._tcp", 2, ClosedPort());
  ASSERT_OK(StartWithDns());

  ASSERT_OK_AND_ASSIGN(auto cli, Watch(absl::StrCat(kAlice, ";transport=tcp"), "presence"));

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::RETRYING));
  EXPECT_EQ(status.reason(), "transport");
}

TEST_F(LocationScenarioTest, UnknownDomainIsRetryingWithItsReason) {
  ASSERT_OK(StartWithDns());

  ASSERT_OK_AND_ASSIGN(auto cli, Watch("sip:alice@nowhere.example.com", "presence"));

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::RETRYING));
  EXPECT_EQ(status.reason(), "no-address");
  EXPECT_THAT(gateway_->process().StderrWith("nowhere.example.com", kItemPatience),
              HasSubstr("nowhere.example.com"));
}

// TLS-06
TEST_F(LocationScenarioTest, LargeRequestMovesToTcp) {
  dns_->AddA("example.com", "127.0.0.1");
  ASSERT_OK(StartWithDns());
  const std::string target = absl::StrCat("sip:", LongUser(), "@example.com:", peer_->port());

  ASSERT_OK_AND_ASSIGN(auto cli, Watch(target, "presence"));

  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_TRUE(subscribe.flow.is_tcp());
  ExpectServed(*peer_, subscribe, *cli);
}

// TLS-06: the limit was a guess, so that UDP is better than nothing.
TEST_F(LocationScenarioTest, LargeRequestFallsBackToUdpWhereTcpIsRefused) {
  ASSERT_OK_AND_ASSIGN(const auto udp_only, UdpListener::Open("127.0.0.1"));
  ASSERT_OK(StartWithDns());
  const std::string target = absl::StrCat("sip:", LongUser(), "@127.0.0.1:", udp_only->port());

  ASSERT_OK_AND_ASSIGN(auto cli, Watch(target, "presence"));

  ASSERT_OK_AND_ASSIGN(const std::string datagram, udp_only->Receive());
  ASSERT_OK_AND_ASSIGN(const SipText subscribe, SipText::Parse(datagram));
  EXPECT_EQ(subscribe.request_uri(), target);
  EXPECT_THAT(subscribe.Header("Via"), StartsWith("SIP/2.0/UDP"));
  udp_only->Reply(ResponseTo(subscribe, "404 Not Found"));
  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::TERMINATED));
  EXPECT_EQ(status.sip_status(), 404);
}

// The URI says UDP: so it is.
TEST_F(LocationScenarioTest, LargeRequestStaysWhereTheUriSaysUdp) {
  ASSERT_OK(StartWithDns());
  const std::string target =
      absl::StrCat("sip:", LongUser(), "@127.0.0.1:", peer_->port(), ";transport=udp");

  ASSERT_OK_AND_ASSIGN(auto cli, Watch(target, "presence"));

  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_FALSE(subscribe.flow.is_tcp());
  ExpectServed(*peer_, subscribe, *cli);
}

// IP6-01: brackets in URIs and Via.
TEST_F(LocationScenarioTest, Ipv6TargetIsReachedOverIpv6) {
  ASSERT_OK_AND_ASSIGN(const auto v6, UdpListener::Open("::1"));
  ASSERT_OK(StartWithDns({"--sip_listen=udp:127.0.0.1:0,udp:[::1]:0"}));
  dns_->AddAaaa("six.example.com", "::1");

  ASSERT_OK_AND_ASSIGN(auto cli,
                       Watch(absl::StrCat("sip:alice@six.example.com:", v6->port()), "presence"));

  ASSERT_OK_AND_ASSIGN(const std::string datagram, v6->Receive());
  ASSERT_OK_AND_ASSIGN(const SipText subscribe, SipText::Parse(datagram));
  EXPECT_THAT(subscribe.Header("Via"), StartsWith("SIP/2.0/UDP [::1]:"));
  EXPECT_THAT(subscribe.Header("Contact"), HasSubstr("@[::1]:"));
  v6->Reply(ResponseTo(subscribe, "404 Not Found"));
  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::TERMINATED));
  EXPECT_EQ(status.sip_status(), 404);
}

// Where requests must not go.
class DestinationScenarioTest : public LocationScenarioTest {
 protected:
  void SetUp() override {
    LocationScenarioTest::SetUp();
    ASSERT_OK_AND_ASSIGN(forbidden_, UdpListener::Open("127.0.0.2"));
  }

  absl::Status StartRestricted() {
    return StartWithDns({"--sip_allowed_destinations=127.0.0.1/32"});
  }

  std::string ForbiddenUri() const {
    return absl::StrCat("sip:evil@127.0.0.2:", forbidden_->port());
  }
  std::string AllowedTarget() const { return absl::StrCat("sip:alice@127.0.0.1:", peer_->port()); }

  // Sets up a subscription whose dialog is due for a refresh in seconds, and waits until that was
  // tried, and went nowhere.
  void ExpectRefreshIsHeldBack(const NotifyOptions& dialog) {
    ASSERT_OK(StartRestricted());
    ASSERT_OK_AND_ASSIGN(auto cli, Watch(AllowedTarget(), "presence"));
    ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
    ResponseOptions grant;
    grant.expires = "2";
    peer_->Respond(subscribe, 200, grant);
    const Sent notify = peer_->Notify(subscribe, "active;expires=2", Pidf("open", "here"), dialog);
    ASSERT_THAT(peer_->StatusOf(notify), IsOkAndHolds(200));

    ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                         cli->WaitForState(v1::Subscription::RETRYING));

    EXPECT_EQ(status.reason(), "destination-not-allowed");
    EXPECT_OK(forbidden_->ExpectNothing(absl::Milliseconds(200)));
    EXPECT_EQ(peer_->Count("SUBSCRIBE"), 1);
  }

  std::unique_ptr<UdpListener> forbidden_;
};

TEST_F(DestinationScenarioTest, TargetIsJudgedAfterDns) {
  AddServer("_sip._udp", 1, forbidden_->port(), "127.0.0.2");
  ASSERT_OK(StartRestricted());

  ASSERT_OK_AND_ASSIGN(auto cli, Watch(kAlice, "presence"));

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::TERMINATED));
  EXPECT_EQ(status.reason(), "destination-not-allowed");
  EXPECT_OK(forbidden_->ExpectNothing(absl::Milliseconds(200)));
}

TEST_F(DestinationScenarioTest, AllowedServersOfADomainAreUsed) {
  AddServer("_sip._udp", 1, forbidden_->port(), "127.0.0.2");
  AddServer("_sip._udp", 2, peer_->port(), "127.0.0.1");
  ASSERT_OK(StartRestricted());

  ASSERT_OK_AND_ASSIGN(auto cli, Watch(kAlice, "presence"));

  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  ExpectServed(*peer_, subscribe, *cli);
  EXPECT_OK(forbidden_->ExpectNothing(absl::ZeroDuration()));
}

// The default: a name that leads to the secrets of a cloud machine.
TEST_F(DestinationScenarioTest, LinkLocalIsRefusedByDefault) {
  dns_->AddA("metadata.example.com", "169.254.169.254");
  ASSERT_OK(StartWithDns());

  ASSERT_OK_AND_ASSIGN(auto named, Watch("sip:a@metadata.example.com:80", "presence"));
  ASSERT_OK_AND_ASSIGN(auto numeric, Watch("sip:a@169.254.169.254:80", "presence"));
  ASSERT_OK_AND_ASSIGN(auto mapped, Watch("sip:a@[::ffff:169.254.169.254]:80", "presence"));
  ASSERT_OK_AND_ASSIGN(auto maddr, Watch("sip:a@127.0.0.1:80;maddr=169.254.169.254", "presence"));

  for (const auto& cli : {named.get(), numeric.get(), mapped.get(), maddr.get()}) {
    ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                         cli->WaitForState(v1::Subscription::TERMINATED));
    EXPECT_EQ(status.reason(), "destination-not-allowed");
  }
}

TEST_F(DestinationScenarioTest, ContactOfThePeerIsJudged) {
  NotifyOptions dialog;
  dialog.contact = ForbiddenUri();
  ExpectRefreshIsHeldBack(dialog);
}

TEST_F(DestinationScenarioTest, RecordRouteOfThePeerIsJudged) {
  NotifyOptions dialog;
  dialog.headers = {absl::StrCat("Record-Route: <", ForbiddenUri(), ";lr>")};
  ExpectRefreshIsHeldBack(dialog);
}

TEST_F(DestinationScenarioTest, RedirectionIsJudged) {
  ASSERT_OK(StartRestricted());
  ASSERT_OK_AND_ASSIGN(auto cli, Watch(AllowedTarget(), "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  ResponseOptions redirection;
  redirection.headers = {absl::StrCat("Contact: <", ForbiddenUri(), ">")};

  peer_->Respond(subscribe, 302, redirection);

  ASSERT_OK_AND_ASSIGN(const v1::WatchItem item,
                       cli->WaitForItem("the end of it", [](const v1::WatchItem& i) {
                         return i.status().state() == v1::Subscription::TERMINATED ||
                                i.status().state() == v1::Subscription::RETRYING;
                       }));
  EXPECT_EQ(item.status().reason(), "destination-not-allowed");
  EXPECT_OK(forbidden_->ExpectNothing(absl::Milliseconds(200)));
  EXPECT_EQ(peer_->Count("SUBSCRIBE"), 1);
}

TEST_F(DestinationScenarioTest, BadListIsAStartUpError) {
  const absl::Status started = StartWithDns({"--sip_allowed_destinations=127.0.0.1/33"});

  EXPECT_FALSE(started.ok());
  EXPECT_THAT(started.ToString(), HasSubstr("127.0.0.1/33"));
}

}  // namespace
}  // namespace sipevents::testing
