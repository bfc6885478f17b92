#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/peer/sip_text.h"
#include "tests/scenarios/scenario.h"
#include "tests/scenarios/torture.h"
#include "tests/sip/transport/raw_stream.h"

// RFC 4475 and the TOR rows that need no subscription, each with what should become of it, over
// UDP and over TCP. Under --config=asan and ubsan this is the test of the parsers.

namespace sipevents::testing {
namespace {

std::string Probe(const std::string& branch, const char* transport, int port) {
  return absl::StrCat("OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/", transport,
                      " 127.0.0.1:", port, ";branch=", branch,
                      ";rport\r\nMax-Forwards: 70\r\nFrom: <sip:p@example.com>;tag=1\r\n",
                      "To: <sip:g@example.com>\r\nCall-ID: ", branch,
                      "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
}

class TortureScenarioTest : public Scenario {
 protected:
  // `answer` is null where none came.
  void ExpectRight(const Torture& torture, const SipText* answer) {
    const int status = answer == nullptr ? 0 : answer->status();
    if (!torture.statuses.empty()) {
      EXPECT_GT(std::count(torture.statuses.begin(), torture.statuses.end(), status), 0)
          << torture.name << ": " << status << ", not one of ["
          << absl::StrJoin(torture.statuses, ", ") << "]";
    }
    // What goes with the status (RFC 3261 section 21.4, RFC 6665 section 8.3.2).
    for (const auto& [with, header] :
         {std::pair(405, "Allow"), std::pair(420, "Unsupported"), std::pair(489, "Allow-Events")}) {
      if (status != with) continue;
      EXPECT_NE(answer->Header(header), "") << torture.name << ": " << header;
    }
    if (status == 415) {
      EXPECT_NE(answer->Header("Accept") + answer->Header("Accept-Encoding"), "") << torture.name;
    }
  }

  void ExpectAlive() {
    EXPECT_OK(StillServes());
    EXPECT_THAT(gateway_->process().WaitForExit(absl::ZeroDuration()),
                StatusIs(absl::StatusCode::kDeadlineExceeded));
  }

  // Sends a case over a connection of its own, and after it what tells that all is answered.
  void TortureOverTcp(const Torture& torture) {
    const std::unique_ptr<RawStream> stream = RawStream::Connect(gateway_->sip_tcp_port());
    const std::string probe = absl::StrCat("z9hG4bKprobe", ++probes_);
    std::string sent = torture.bytes;
    if (torture.after == TortureAfter::kServes) sent += Probe(probe, "TCP", stream->port());
    // A gateway that closes early may not take all of it.
    const bool taken = stream->Write(sent);
    EXPECT_TRUE(taken || torture.after == TortureAfter::kCloses) << torture.name;
    std::map<std::string, SipText> answers;  // by branch
    while (torture.after != TortureAfter::kWaits && !answers.contains(probe)) {
      std::string read = stream->ReadUntil("\r\n\r\n");
      if (read.empty()) break;
      for (size_t length = FrameLength(read); length > 0; length = FrameLength(read)) {
        const absl::StatusOr<SipText> parsed = SipText::Parse(read.substr(0, length));
        if (parsed.ok()) answers[ParameterOf(parsed->Header("Via"), "branch")] = *parsed;
        read.erase(0, length);
      }
    }
    const auto answer = answers.find(torture.branch);
    ExpectRight(torture, answer == answers.end() ? nullptr : &answer->second);
    if (torture.after == TortureAfter::kServes) {
      EXPECT_EQ(answers[probe].status(), 200) << torture.name << ": what follows is not served";
    }
    if (torture.after == TortureAfter::kCloses) {
      EXPECT_TRUE(stream->Closes()) << torture.name << ": the connection stays open";
    }
  }

 private:
  int probes_ = 0;
};

TEST_F(TortureScenarioTest, MessagesOverUdpAreAnsweredOrDropped) {
  ASSERT_OK(StartGateway());
  const int port = gateway_->sip_udp_port();
  const std::vector<Torture> all = TortureMessages(Transport::kUdp, port, peer_->port());
  for (const Torture& torture : all) peer_->SendRaw(port, torture.bytes);

  // Once the last one is answered, so are all that will be.
  peer_->SendRaw(port, Probe("z9hG4bKlast", "UDP", peer_->port()));
  ASSERT_THAT(peer_->StatusOf(Sent{"z9hG4bKlast", "OPTIONS"}), IsOkAndHolds(200));

  for (const Torture& torture : all) {
    const absl::StatusOr<Received> answer =
        peer_->WaitForResponse(Sent{torture.branch, torture.name}, absl::Milliseconds(1));
    ExpectRight(torture, answer.ok() ? &answer->sip : nullptr);
  }
  ExpectAlive();
}

TEST_F(TortureScenarioTest, MessagesOverTcpAreAnsweredOrDroppedOrEndTheirConnection) {
  ASSERT_OK(StartGateway());

  for (const Torture& torture :
       TortureMessages(Transport::kTcp, gateway_->sip_tcp_port(), peer_->port())) {
    TortureOverTcp(torture);
  }

  ExpectAlive();
}

}  // namespace
}  // namespace sipevents::testing
