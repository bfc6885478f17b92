#include "clients/cli/explanation_text.h"

#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace sipevents::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// 2023-11-15 02:15:00 UTC.
constexpr char kExplanation[] = R"txt(
  explain_time { seconds: 1700014500 }
  findings { severity: ERROR code: "REFRESH_UNANSWERED"
             text: "The notifier has not answered the refresh" }
  findings { severity: WARNING text: "Forks disagree" }
  findings { severity: NOTICE text: "Nobody watches" }
  subscription { name: "subscriptions/1abc" state: ACTIVE create_time { seconds: 1700010900 }
                 spec { target_uri: "sip:alice@example.com" event_package: "dialog" } }
  sip_side_known: true
  dialogs { state: ACTIVE substate: "active" shows: "idle" remote_contact: "sip:a@192.0.2.7"
            route: "<sip:p.example.com;lr>" create_time { seconds: 1700010900 }
            last_notify_time { seconds: 1700014260 } request_outstanding: true
            request_time { seconds: 1700014387 } notify_deadline { seconds: 1700014520 }
            expire_time { seconds: 1700014560 } local_cseq: 2 remote_cseq: 17
            document_version: 16 }
  dialogs { state: ENDED substate: "terminated" remote_contact: "sip:b@192.0.2.8" }
  attempt { accepted: true request_time { seconds: 1700014499 }
            notify_deadline { seconds: 1700014531 } }
  retry { failures: 2 last_reason: "response" last_sip_status: 503
          next_attempt_time { seconds: 1700014512 } }
  exchanges { time { seconds: 1700014260 } direction: RECEIVED peer: "192.0.2.7:5060"
              head: "NOTIFY" head: "CSeq: 17 NOTIFY" head: "Content-Length: 9" status: 200 }
  exchanges { time { seconds: 1700014387 } direction: SENT peer: "udp:192.0.2.1:5060"
              head: "SUBSCRIBE sip:a@192.0.2.7 SIP/2.0" head: "CSeq: 2 SUBSCRIBE"
              head: "Authorization: (redacted)" }
  exchanges { time { seconds: 1700014388 } direction: SENT head: "SUBSCRIBE x SIP/2.0"
              status: 423 answer: "Min-Expires: 60" answer_delay { nanos: 12345678 } }
  servers { server: "udp:192.0.2.1:5060" down: true next_probe_time { seconds: 1700014512 }
            failures: 5 cause: "timeout" in_flight_count: 1 waiting_count: 40 }
  watchers { hold_count: 2 holds { caller: "lamps" expire_time { seconds: 1700018100 } }
             holds { expire_time { seconds: 1700018101 } } }
  log { entry_count: 3 octets: 1204 head_sequence: 18 oldest_time { seconds: 1700014440 } }
  counts { notifies_received: 17 events_delivered: 20 events_superseded: 3 decode_errors: 1
           last_decode_error: "no XML" last_decode_error_time { seconds: 1700014200 } }
  deviations: "DEV-02" deviations: "SUB-29"
)txt";

std::string TextOf(const std::string& explanation, bool color) {
  v1::Explanation message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(explanation, &message));
  return ExplanationText(message, absl::UTCTimeZone(), color);
}

TEST(ExplanationTextTest, VerdictComesFirstThenWhatItRestsOn) {
  EXPECT_EQ(TextOf(kExplanation, /*color=*/false),
            R"txt(WRONG        The notifier has not answered the refresh
WARNING      Forks disagree
note         Nobody watches

subscription sip:alice@example.com  dialog  active  subscriptions/1abc
as of        02:15:00 UTC, began 1h ago
fork         active, shows idle  sip:a@192.0.2.7 via <sip:p.example.com;lr>
             NOTIFY 4m ago, refresh sent 1m53s ago, no answer, NOTIFY due in 20s, expires in 1m
             CSeq 2 sent, 17 received, document version 16, made 1h ago
fork         ended  sip:b@192.0.2.8
attempt      sent 1s ago, accepted, no NOTIFY yet, given up in 31s
retry        2 failures, the last: response 503, next attempt in 12s
received     02:11:00 NOTIFY from 192.0.2.7:5060
             CSeq: 17 NOTIFY; Content-Length: 9
             -> 200
sent         02:13:07 SUBSCRIBE sip:a@192.0.2.7 SIP/2.0 to udp:192.0.2.1:5060
             CSeq: 2 SUBSCRIBE; Authorization: (redacted)
             -> no answer yet
sent         02:13:08 SUBSCRIBE x SIP/2.0
             -> 423 Min-Expires: 60 after 12ms
server       udp:192.0.2.1:5060  held to be down, next probe in 12s, 5 failures (timeout), 1 in flight, 40 waiting
watchers     0 watches, 2 holds; lamps until 03:15:00; another until 03:15:01
counts       17 NOTIFYs, 20 delivered, 3 superseded, 0 dropped, 1 decode error
             at 02:10:00: no XML
log          3 entries, 1204 octets, up to 18, the oldest 1m ago
deviations   DEV-02, SUB-29)txt");
}

TEST(ExplanationTextTest, VerdictIsPaintedOnATerminal) {
  const std::string text = TextOf(kExplanation, /*color=*/true);

  EXPECT_THAT(text, HasSubstr("\x1b[31mWRONG"));
  EXPECT_THAT(text, HasSubstr("\x1b[33mWARNING"));
}

TEST(ExplanationTextTest, WhatTheSipSideHasLetGoOfIsSaid) {
  const std::string text = TextOf(R"(findings { severity: OK text: "fine" })", /*color=*/false);

  EXPECT_THAT(text, HasSubstr("OK           fine\n"));
  EXPECT_THAT(text, HasSubstr("the SIP side has let go of it"));
}

TEST(ExplanationTextTest, ForeignTextCannotReachTheTerminal) {
  const std::string text = TextOf(
      R"(findings { severity: ERROR text: "a\x1b[2Jb" }
         dialogs { state: ACTIVE substate: "\x1b]0;x\x07" remote_contact: "sip:\x1b@h" }
         exchanges { head: "NOTIFY" head: "X: \x1b[1m" peer: "\x1b" status: 200 answer: "\x1b" }
         counts { last_decode_error: "\x1b" } servers { server: "\x1b" cause: "\x1b" failures: 1 })",
      /*color=*/false);

  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\x07")));
}

}  // namespace
}  // namespace sipevents::client
