#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/scenario.h"

// Peers that are broken or mean. Whatever they send, the process lives and serves.

namespace sipevents::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

class HostileInputScenarioTest : public Scenario {
 protected:
  // Expects that the process neither ended nor stopped serving.
  void ExpectAlive() {
    EXPECT_OK(StillServes());
    EXPECT_THAT(gateway_->process().WaitForExit(absl::ZeroDuration()),
                StatusIs(absl::StatusCode::kDeadlineExceeded));
  }
};

// TOR-14: nothing unfolds; the event says why there is no document, and the last one stays.
TEST_F(HostileInputScenarioTest, XmlBombGivesDecodeErrorAndKeepsTheLastDocument) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", kXmlBomb)), IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::Event bomb, cli->WaitForEvent());
  EXPECT_THAT(bomb.decode_error(), Not(IsEmpty()));
  EXPECT_EQ(bomb.body().data(), kXmlBomb);
  EXPECT_EQ(NoteOf(bomb), "first");
  peer_->Notify(subscribe, "active", Pidf("open", "after the bomb"));
  ASSERT_OK_AND_ASSIGN(const v1::Event good, cli->WaitForEvent());
  EXPECT_THAT(good.decode_error(), IsEmpty());
  EXPECT_EQ(NoteOf(good), "after the bomb");
  ExpectAlive();
}

// TOR-13, TOR-14: documents that are none.
TEST_F(HostileInputScenarioTest, BodiesThatAreNoDocumentsGiveDecodeErrors) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli, "presence", {"--deliver=every"}));
  const std::vector<std::string> bodies = {
      "<presence",
      "not XML at all",
      "<?xml version=\"1.0\"?><!DOCTYPE p SYSTEM \"file:///etc/passwd\"><p/>",
      std::string("\xff\xfe<\0p\0/\0>\0", 10),
      Pidf("open") + std::string(1, '\0') + "tail",
      absl::StrCat("<presence xmlns=\"urn:ietf:params:xml:ns:pidf\">",
                   [] {
                     std::string deep;
                     for (int i = 0; i < 5000; ++i) absl::StrAppend(&deep, "<a>");
                     return deep;
                   }()),
      "<other xmlns=\"urn:example:other\"/>",
  };

  for (const std::string& body : bodies) {
    EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", body)), IsOkAndHolds(200));
    ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
    EXPECT_THAT(event.decode_error(), Not(IsEmpty())) << body.substr(0, 80);
    EXPECT_EQ(NoteOf(event), "first");
  }
  ExpectAlive();
}

// TOR-06 … TOR-08, TOR-22: odd parameters are left out of account, the NOTIFY counts.
TEST_F(HostileInputScenarioTest, OddSubscriptionStatesLeaveTheSubscriptionAlive) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  for (const std::string state :
       {"active;expires=", "active;expires=4294967296", "active;expires=-1", "active;expires=soon",
        "flourishing;expires=60", "active;;;=;", "active;expires=60;expires=70"}) {
    const absl::StatusOr<int> status =
        peer_->StatusOf(peer_->Notify(subscribe, state, Pidf("open", "odd")));
    EXPECT_THAT(status, IsOkAndHolds(::testing::AnyOf(200, 400))) << state;
  }

  peer_->Notify(subscribe, "active;expires=600", Pidf("open", "even"));
  EXPECT_OK(cli->WaitForItem(
      "the good state", [](const v1::WatchItem& item) { return NoteOf(item.event()) == "even"; }));
  ExpectAlive();
}

// TOR-21: the number is at its end; what comes lower is refused.
TEST_F(HostileInputScenarioTest, CSeqAtItsEndDoesNotWrap) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));
  NotifyOptions numbered;

  numbered.cseq = 2147483647;
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", Pidf("open", "max"), numbered)),
              IsOkAndHolds(200));
  numbered.cseq = 1;
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(subscribe, "active", Pidf("open", "one"), numbered)),
              IsOkAndHolds(::testing::AnyOf(400, 500)));
  ExpectAlive();
}

// The largest datagram that there is.
TEST_F(HostileInputScenarioTest, LargestDatagramIsTakenOrRefused) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));

  const Sent large = peer_->Notify(subscribe, "active", Pidf("open", std::string(64000, 'n')));

  EXPECT_THAT(peer_->StatusOf(large, absl::Seconds(2)).value_or(0),
              ::testing::AnyOf(0, 200, 413, 513));
  peer_->Notify(subscribe, "active", Pidf("open", "small"));
  EXPECT_OK(cli->WaitForItem("the small state", [](const v1::WatchItem& item) {
    return NoteOf(item.event()) == "small";
  }));
  ExpectAlive();
}

// TOR-12: two requests in one segment, keep-alives between them.
TEST_F(HostileInputScenarioTest, RequestsInOneSegmentAreAnsweredEach) {
  ASSERT_OK(StartGateway());
  ASSERT_OK_AND_ASSIGN(const Flow flow, peer_->ConnectTcp(gateway_->sip_tcp_port()));
  const auto options = [this](const std::string& branch) {
    return absl::StrCat(
        "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:", peer_->port(),
        ";branch=", branch, "\r\nMax-Forwards: 70\r\nFrom: <sip:p@example.com>;tag=1\r\n",
        "To: <sip:g@example.com>\r\nCall-ID: ", branch,
        "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
  };

  peer_->SendRaw(flow, absl::StrCat("\r\n\r\n", options("z9hG4bKone"), "\r\n\r\n\r\n\r\n",
                                    options("z9hG4bKtwo")));

  EXPECT_THAT(peer_->StatusOf(Sent{"z9hG4bKone", "OPTIONS"}), IsOkAndHolds(200));
  EXPECT_THAT(peer_->StatusOf(Sent{"z9hG4bKtwo", "OPTIONS"}), IsOkAndHolds(200));
  ExpectAlive();
}

// TOR-11: a long NOTIFY that trickles in.
TEST_F(HostileInputScenarioTest, LargeNotifyInPiecesOverTcpIsTakenWhole) {
  ASSERT_OK(StartGateway({"--sip_outbound_proxy=" + peer_->uri(/*over_tcp=*/true) + ";lr"}));
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received subscribe, Establish(cli));
  const std::string body = Pidf("open", std::string(200000, 'n'));
  const std::string notify = absl::StrCat(
      "NOTIFY ", UriOf(subscribe.Header("Contact")),
      " SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:", peer_->port(),
      ";branch=z9hG4bKlarge\r\nMax-Forwards: 70\r\nFrom: <", kAlice,
      ">;tag=a\r\nTo: ", subscribe.Header("From"), "\r\nCall-ID: ", subscribe.call_id(),
      "\r\nCSeq: 77 NOTIFY\r\nContact: <", peer_->uri(true),
      ">\r\nEvent: presence\r\nSubscription-State: active\r\n",
      "Content-Type: application/pidf+xml\r\nContent-Length: ", body.size(), "\r\n\r\n", body);

  for (size_t at = 0; at < notify.size();) {
    const size_t piece = at < 1500 ? 1 : 997;  // the head octet by octet
    peer_->SendRaw(subscribe.flow, notify.substr(at, piece));
    at += piece;
  }

  EXPECT_THAT(peer_->StatusOf(Sent{"z9hG4bKlarge", "NOTIFY"}), IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(event.body().data().size(), body.size());
  EXPECT_EQ(NoteOf(event).size(), 200000U);
}

// Streams that never become messages.
TEST_F(HostileInputScenarioTest, EndlessHeadsAndLyingLengthsOverTcpHarmNobody) {
  ASSERT_OK(StartGateway());
  ASSERT_OK_AND_ASSIGN(const Flow endless, peer_->ConnectTcp(gateway_->sip_tcp_port()));
  ASSERT_OK_AND_ASSIGN(const Flow lying, peer_->ConnectTcp(gateway_->sip_tcp_port()));
  ASSERT_OK_AND_ASSIGN(const Flow garbage, peer_->ConnectTcp(gateway_->sip_tcp_port()));

  peer_->SendRaw(endless, "NOTIFY sip:gw SIP/2.0\r\n");
  for (int i = 0; i < 200; ++i) {
    peer_->SendRaw(endless, absl::StrCat("X-", i, ": ", std::string(10000, 'x'), "\r\n"));
  }
  peer_->SendRaw(lying, "NOTIFY sip:gw SIP/2.0\r\nContent-Length: 2000000000\r\n\r\nabc");
  peer_->SendRaw(garbage, std::string(100000, '\xff'));

  ExpectAlive();
}

}  // namespace
}  // namespace sipevents::testing
