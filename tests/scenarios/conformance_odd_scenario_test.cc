#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/raw_notify.h"
#include "tests/scenarios/scenario.h"

// Odd NOTIFYs within a dialog, where a mistake would do harm: the TOR rows of
// docs/conformance.md. Outside of dialogs see torture.cc.

namespace sipevents::testing {
namespace {

using ::testing::AnyOf;

class ConformanceOddScenarioTest : public Scenario {
 protected:
  void SetUp() override {
    Scenario::SetUp();
    ASSERT_OK_AND_ASSIGN(subscribe_, Establish(cli_, "presence", {"--deliver=every"}));
  }

  // A NOTIFY of the dialog with this note, newer than all before.
  RawNotify Raw(const std::string& note) {
    ++count_;
    return RawNotify(*peer_, subscribe_, absl::StrCat("z9hG4bK-odd-", count_), 100 + count_)
        .SetBody("application/pidf+xml", Pidf("open", note));
  }

  absl::StatusOr<int> StatusOfRaw(const RawNotify& notify) {
    peer_->SendRaw(gateway_->sip_udp_port(), notify.Text());
    return peer_->StatusOf(notify.sent());
  }

  // Expects that the next thing told is this note: what was refused was not told.
  void ExpectTold(const std::string& note) {
    ASSERT_OK_AND_ASSIGN(const v1::Event event, cli_->WaitForEvent());
    EXPECT_EQ(NoteOf(event), note);
  }

  std::unique_ptr<CliProcess> cli_;
  Received subscribe_;
  int count_ = 0;
};

// TOR-03, TOR-04, TOR-05.
TEST_F(ConformanceOddScenarioTest, OddEventHeadersAreRefused) {
  EXPECT_THAT(StatusOfRaw(Raw("quoted id").Set("Event", "presence;id=\"q\"")),
              IsOkAndHolds(AnyOf(400, 481)));
  EXPECT_THAT(StatusOfRaw(Raw("two events").Add("Event", "dialog")), IsOkAndHolds(400));
  EXPECT_THAT(StatusOfRaw(Raw("the same twice").Add("Event", "presence")), IsOkAndHolds(400));
  EXPECT_THAT(StatusOfRaw(Raw("empty").Set("Event", "")), IsOkAndHolds(AnyOf(400, 489)));

  EXPECT_THAT(StatusOfRaw(Raw("good")), IsOkAndHolds(200));
  ExpectTold("good");
}

// TOR-09: neither of the two is believed.
TEST_F(ConformanceOddScenarioTest, TwoSubscriptionStatesAreRefused) {
  EXPECT_THAT(StatusOfRaw(Raw("two").Add("Subscription-State", "terminated;reason=rejected")),
              IsOkAndHolds(400));

  EXPECT_THAT(StatusOfRaw(Raw("good")), IsOkAndHolds(200));
  ExpectTold("good");
}

// TOR-20: the number and the method in CSeq belong together.
TEST_F(ConformanceOddScenarioTest, CSeqOfAnotherMethodIsRefused) {
  EXPECT_THAT(StatusOfRaw(Raw("other method").Set("CSeq", "900 SUBSCRIBE")), IsOkAndHolds(400));

  // Its number did not count either.
  EXPECT_THAT(StatusOfRaw(Raw("good")), IsOkAndHolds(200));
  ExpectTold("good");
}

// TOR-15: a datagram ends the message where Content-Length says.
TEST_F(ConformanceOddScenarioTest, BodyIsCutWhereContentLengthEndsIt) {
  std::string text = Raw("first").Text();
  text += "NOTIFY sip:x SIP/2.0\r\n\r\n<presence/>";

  peer_->SendRaw(gateway_->sip_udp_port(), text);

  EXPECT_THAT(peer_->StatusOf(Sent{"z9hG4bK-odd-1", "NOTIFY"}), IsOkAndHolds(200));
  ExpectTold("first");
  EXPECT_THAT(StatusOfRaw(Raw("second")), IsOkAndHolds(200));
  ExpectTold("second");
}

// TOR-19: the dialog is what counts, not where its NOTIFYs come from.
TEST_F(ConformanceOddScenarioTest, NotifyFromElsewhereBelongsToItsDialog) {
  ASSERT_OK_AND_ASSIGN(const auto other, SipPeer::Start());
  const RawNotify moved = Raw("from another port")
                              .Set("Via", absl::StrCat("SIP/2.0/UDP 127.0.0.1:", other->port(),
                                                       ";branch=z9hG4bK-odd-1;rport"));
  other->SendRaw(gateway_->sip_udp_port(), moved.Text());
  EXPECT_THAT(other->StatusOf(moved.sent()), IsOkAndHolds(200));
  ExpectTold("from another port");

  const RawNotify over_tcp = Raw("over TCP")
                                 .Set("Via", absl::StrCat("SIP/2.0/TCP 127.0.0.1:", peer_->port(),
                                                          ";branch=z9hG4bK-odd-2"));
  ASSERT_OK_AND_ASSIGN(const Flow flow, peer_->ConnectTcp(gateway_->sip_tcp_port()));
  peer_->SendRaw(flow, over_tcp.Text());
  EXPECT_THAT(peer_->StatusOf(over_tcp.sent()), IsOkAndHolds(200));
  ExpectTold("over TCP");
}

}  // namespace
}  // namespace sipevents::testing
