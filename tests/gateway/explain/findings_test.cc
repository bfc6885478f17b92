#include "gateway/explain/findings.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/explain/phrases.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace sipevents::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

// All times count from 02:00:00 UTC; the explanation is of 02:15:00.
constexpr int kMidnight = 1'700'006'400;
std::string At(int minute, int second = 0) {
  return absl::StrCat("{ seconds: ", kMidnight + 2 * 3600 + minute * 60 + second, " }");
}

v1::Explanation Explained(const std::string& text) {
  v1::Explanation explanation;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      absl::StrCat("explain_time ", At(15), " ", text), &explanation))
      << text;
  if (text.find("has_state") == std::string::npos) explanation.set_has_state(true);
  return explanation;
}

std::vector<std::string> Said(const std::string& text) {
  std::vector<std::string> said;
  for (const v1::Finding& finding : FindFindings(Explained(text))) {
    said.push_back(absl::StrCat(v1::Finding::Severity_Name(finding.severity()), " ", finding.code(),
                                ": ", finding.text()));
  }
  return said;
}

// An active subscription with one fork and one watch.
std::string Active(const std::string& more_of_dialog, const std::string& more = "") {
  return absl::StrCat("subscription { state: ACTIVE last_notify_time ", At(11),
                      " } sip_side_known: true watchers { watch_count: 1 } "
                      "dialogs { state: ACTIVE remote_contact: \"sip:a@192.0.2.7\" "
                      "server: \"udp:192.0.2.1:5060\" last_state_time ",
                      At(11), " create_time ", At(0), " ", more_of_dialog, " } ", more);
}

struct Case {
  const char* name;
  std::string explanation;
  std::vector<std::string> said;
};

TEST(FindingsTest, EachThingIsSaidInPlainWords) {
  const std::vector<Case> cases = {
      {"all is well",
       Active(absl::StrCat("next_refresh_time ", At(19))),
       {"OK ALL_IS_WELL: All is well: last NOTIFY 4 min ago, next refresh in 4 min"}},
      {"refresh unanswered",
       Active(absl::StrCat("request_outstanding: true request_time ", At(13, 7))),
       {"ERROR REFRESH_UNANSWERED: The notifier has not answered the refresh since 02:13:07 UTC "
        "(1 min 53 s); the state shown is 4 min old"}},
      {"refresh just sent is no news",
       Active(absl::StrCat("request_outstanding: true request_time ", At(14, 59))),
       {"OK ALL_IS_WELL: All is well: last NOTIFY 4 min ago"}},
      {"refresh accepted, no NOTIFY",
       Active(absl::StrCat("request_time ", At(14, 50), " notify_deadline ", At(15, 22))),
       {"ERROR NO_NOTIFY_AFTER_REFRESH: The notifier has accepted the refresh of 02:14:50 UTC, but "
        "sent no NOTIFY; without one it is given up in 22 s; the state shown is 4 min old"}},
      {"refresh refused",
       Active(absl::StrCat("refresh_failure: \"response\" refresh_sip_status: 500 "
                           "next_refresh_time ",
                           At(15, 30), " expire_time ", At(17), " stale_since ", At(14))),
       {"ERROR REFRESH_FAILED: The last refresh failed: the server answered 500; tried again in "
        "30 s; it ends in 2 min; the state shown is 4 min old"}},
      {"stale",
       Active(absl::StrCat("stale_since ", At(14))),
       {"ERROR STALE: The notifier does not answer as it should since 02:14:00 UTC (1 min); the "
        "state shown is 4 min old"}},
      {"refresh waits, and time runs out",
       Active(absl::StrCat("request_outstanding: true waiting_since ", At(14), " expire_time ",
                           At(15, 20)),
              "servers { server: \"udp:192.0.2.1:5060\" waiting_count: 40 in_flight_count: 1 }"),
       {"ERROR REFRESH_WAITS: The refresh has waited for its turn since 02:14:00 UTC (1 min) at "
        "udp:192.0.2.1:5060, where 40 requests wait and 1 is not answered yet; the state shown is "
        "4 min old"}},
      {"bad body",
       Active("body_unusable: true",
              "counts { decode_errors: 2 last_decode_error: \"not well-formed at octet 7\" }"),
       {"ERROR BODY_UNUSABLE: The last body could not be used: not well-formed at octet 7; the "
        "lamp shows the state of 02:11:00 UTC"}},
      {"server down",
       Active("", absl::StrCat("servers { server: \"udp:192.0.2.1:5060\" down: true cause: "
                               "\"timeout\" failures: 5 next_probe_time ",
                               At(15, 12), " }")),
       {"ERROR SERVER_DOWN: The server udp:192.0.2.1:5060 is held to be down after 5 time-outs; "
        "next probe in 12 s"}},
      {"server is probed",
       Active("",
              "servers { server: \"tcp:192.0.2.1:5060\" down: true probing: true "
              "cause: \"overloaded\" failures: 1 }"),
       {"ERROR SERVER_DOWN: The server tcp:192.0.2.1:5060 is held to be down after 1 answer 503; a "
        "probe is under way"}},
      {"terminated",
       "subscription { state: TERMINATED reason: \"rejected\" } watchers { watch_count: 1 }",
       {"ERROR TERMINATED: It has ended: the notifier does not permit it; what is shown does not "
        "change any more"}},
      {"retrying, then the cause at the server",
       absl::StrCat("subscription { state: RETRYING reason: \"response\" sip_status: 503 "
                    "retry_time ",
                    At(16),
                    " } retry { failures: 3 } watchers { watch_count: 1 } servers { server: "
                    "\"udp:192.0.2.1:5060\" down: true cause: \"unreachable\" failures: 7 "
                    "next_probe_time ",
                    At(14), " }"),
       {"ERROR RETRYING: There is no subscription now: the server answered 503; the next attempt "
        "is in 1 min, after 3 failures in a row",
        "ERROR SERVER_DOWN: The server udp:192.0.2.1:5060 is held to be down after 7 failed "
        "connections; the next request probes it"}},
      {"expired for want of an answer",
       absl::StrCat("subscription { state: RETRYING reason: \"expired\" last_notify_time ", At(11),
                    " } watchers { watch_count: 1 } exchanges { direction: SENT time ", At(14),
                    " } exchanges { direction: RECEIVED status: 200 time ", At(14, 1), " }"),
       {"ERROR RETRYING: There is no subscription now: it could not be refreshed in time (the "
        "SUBSCRIBE of 02:14:00 UTC had no answer); the next attempt is due; the last NOTIFY came 4 "
        "min ago"}},
      {"a word that nobody knows",
       "subscription { state: TERMINATED reason: \"lunch\" sip_status: 499 } "
       "watchers { watch_count: 1 }",
       {"ERROR TERMINATED: It has ended: \"lunch\" (499); what is shown does not change any more"}},
      {"no NOTIFY at first",
       absl::StrCat("subscription { state: SUBSCRIBING } watchers { watch_count: 1 } attempt { "
                    "accepted: true request_time ",
                    At(14, 48), " notify_deadline ", At(15, 20), " }"),
       {"ERROR NO_NOTIFY: The SUBSCRIBE was accepted, but no NOTIFY has come for 12 s: can the "
        "notifier reach the gateway's Contact? (--sip_advertise); given up in 20 s"}},
      {"no answer at first",
       absl::StrCat("subscription { state: SUBSCRIBING } watchers { watch_count: 1 } attempt { "
                    "request_time ",
                    At(14, 48), " notify_deadline ", At(15, 20), " }"),
       {"ERROR SUBSCRIBE_UNANSWERED: The SUBSCRIBE has had no answer since 02:14:48 UTC (12 s); "
        "given up in 20 s"}},
      {"first SUBSCRIBE waits",
       absl::StrCat("subscription { state: SUBSCRIBING } watchers { watch_count: 1 } attempt { "
                    "server: \"s\" waiting_since ",
                    At(14), " } servers { server: \"s\" waiting_count: 1 in_flight_count: 500 }"),
       {"ERROR SUBSCRIBE_WAITS: The SUBSCRIBE has not been sent yet: it waits since 02:14:00 UTC "
        "(1 min) at s, where 1 request waits and 500 are not answered yet"}},
      {"before anything is known",
       "subscription { state: SUBSCRIBING } watchers { watch_count: 1 }",
       {"NOTICE SUBSCRIBING: The SUBSCRIBE is on its way"}},
      {"nobody watches",
       absl::StrCat("subscription { state: ACTIVE } watchers { linger_end_time ", At(17), " }"),
       {"OK ALL_IS_WELL: All is well", "NOTICE NOBODY_WATCHES: Nobody watches; it ends in 2 min"}},
      {"only held",
       "subscription { state: ACTIVE } watchers { hold_count: 2 }",
       {"OK ALL_IS_WELL: All is well",
        "NOTICE NOBODY_WATCHES: Nobody watches; 2 holds keep it alive"}},
      {"events lost, peer odd",
       Active("", "counts { events_dropped: 9 } deviations: \"SUB-29\" deviations: \"DEV-02\""),
       {"WARNING EVENTS_DROPPED: 9 events were gone before a slow watch could be served; it was "
        "told of a gap",
        "NOTICE DEVIATIONS: The peer does what the RFCs forbid, and is tolerated: SUB-29, DEV-02"}},
      {"no state yet",
       Active("", "has_state: false"),
       {"WARNING NO_STATE: The notifier has told no state yet: its NOTIFYs came without a body"}},
      {"pending",
       absl::StrCat("subscription { state: PENDING } watchers { watch_count: 1 } dialogs { state: "
                    "PENDING create_time ",
                    At(3), " }"),
       {"WARNING PENDING: The notifier waits for somebody's permission since 02:03:00 UTC; until "
        "then it tells little"}},
      {"pending at this gateway",
       absl::StrCat("subscription { state: PENDING spec { target_uri: \"sip:desk@example.com\" } } "
                    "watchers { watch_count: 1 } dialogs { state: PENDING server: \"this gateway\" "
                    "create_time ",
                    At(3), " }"),
       {"WARNING PENDING: This gateway waits for somebody's permission since 02:03:00 UTC; until "
        "then it tells little. Who waits: sipevents watchers list sip:desk@example.com; to decide: "
        "sipevents watchers authorize NAME --decision=allow"}},
      {"forks disagree",
       Active("shows: \"open\"",
              "dialogs { state: ACTIVE remote_contact: \"sip:b@192.0.2.8\" shows: \"closed\" } "
              "dialogs { state: ENDED remote_contact: \"sip:c@192.0.2.9\" shows: \"busy\" }"),
       {"WARNING FORKS_DISAGREE: Forks disagree: sip:a@192.0.2.7 shows open, sip:b@192.0.2.8 shows "
        "closed"}},
      {"members of a list are not there",
       Active("",
              "missing_members { member_uri: \"sip:a@x\" reason: \"noresource\" } "
              "missing_members { member_uri: \"sip:b@x\" reason: \"rejected\" } "),
       {"WARNING MEMBERS_MISSING: The list tells nothing of sip:a@x (no such resource), sip:b@x "
        "(it "
        "may not be seen)"}},
      {"told unasked, subscriptions refused",
       absl::StrCat(
           "subscription { state: RETRYING reason: \"response\" sip_status: 404 retry_time ",
           At(55), " } watchers { watch_count: 1 } unsolicited_time ", At(11)),
       {"WARNING TOLD_UNASKED: The server tells this mailbox without being asked, last at 02:11:00 "
        "UTC (4 min ago); no subscription confirms that it is still so (the server answered 404; "
        "the next attempt is in 40 min)"}},
      {"told unasked, while the next SUBSCRIBE is not answered yet",
       absl::StrCat("subscription { state: SUBSCRIBING } watchers { watch_count: 1 } "
                    "attempt { request_time ",
                    At(14, 48), " } unsolicited_time ", At(11)),
       {"WARNING TOLD_UNASKED: The server tells this mailbox without being asked, last at 02:11:00 "
        "UTC (4 min ago); no subscription confirms that it is still so"}},
      {"told unasked by a server that went silent",
       absl::StrCat("subscription { state: RETRYING reason: \"timeout\" sip_status: 408 } "
                    "watchers { watch_count: 1 } unsolicited_time ",
                    At(11)),
       {"ERROR RETRYING: There is no subscription now: the server does not answer; the next "
        "attempt is due",
        "WARNING TOLD_UNASKED: The server tells this mailbox without being asked, last at 02:11:00 "
        "UTC (4 min ago); no subscription confirms that it is still so (the server does not "
        "answer; "
        "the next attempt is due)"}},
      {"told unasked what is no summary",
       absl::StrCat("subscription { state: RETRYING reason: \"response\" sip_status: 404 } "
                    "watchers { watch_count: 1 } counts { last_decode_error: \"e\" "
                    "last_decode_error_time ",
                    At(11), " } unsolicited_time ", At(11)),
       {"ERROR BODY_UNUSABLE: The last body could not be used: e; what is shown is older",
        "WARNING TOLD_UNASKED: The server tells this mailbox without being asked, last at 02:11:00 "
        "UTC (4 min ago); no subscription confirms that it is still so (the server answered 404; "
        "the next attempt is due)"}},
      {"told unasked before, and now in a dialog",
       Active("", absl::StrCat("unsolicited_time ", At(3))),
       {"OK ALL_IS_WELL: All is well: last NOTIFY 4 min ago"}},
      {"forks agree",
       Active("shows: \"open\"",
              "dialogs { state: ACTIVE remote_contact: \"sip:b@192.0.2.8\" shows: \"open\" }"),
       {"OK ALL_IS_WELL: All is well: last NOTIFY 4 min ago"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Said(c.explanation), c.said);
  }
}

TEST(FindingsTest, ForkIsNamedWhereThereAreSeveral) {
  const std::vector<std::string> said = Said(Active("body_unusable: true",
                                                    "dialogs { state: ACTIVE } "
                                                    "counts { last_decode_error: \"e\" }"));

  EXPECT_THAT(said, ElementsAre("ERROR BODY_UNUSABLE: The last body of the fork at "
                                "sip:a@192.0.2.7 could not be used: e; the lamp shows the state of "
                                "02:11:00 UTC"));
}

TEST(FindingsTest, WorstComesFirst) {
  const std::vector<std::string> said = Said(Active(
      absl::StrCat("stale_since ", At(14)), "counts { events_dropped: 1 } deviations: \"DEV-02\""));

  ASSERT_EQ(said.size(), 3u);
  EXPECT_EQ(said[0].substr(0, 5), "ERROR");
  EXPECT_EQ(said[1].substr(0, 7), "WARNING");
  EXPECT_EQ(said[2].substr(0, 6), "NOTICE");
}

TEST(FindingsTest, SomethingIsAlwaysSaid) { EXPECT_THAT(Said(""), Not(IsEmpty())); }

TEST(PhrasesTest, DurationsAreSaidInTwoUnitsAtMost) {
  EXPECT_EQ(InWords(absl::ZeroDuration()), "0 s");
  EXPECT_EQ(InWords(-absl::Seconds(5)), "0 s");
  EXPECT_EQ(InWords(absl::Milliseconds(59'900)), "59 s");
  EXPECT_EQ(InWords(absl::Seconds(60)), "1 min");
  EXPECT_EQ(InWords(absl::Seconds(252)), "4 min 12 s");
  EXPECT_EQ(InWords(absl::Seconds(3'600)), "1 h");
  EXPECT_EQ(InWords(absl::Seconds(7'512)), "2 h 5 min");
  EXPECT_EQ(InWords(absl::Hours(76)), "3 d 4 h");
  EXPECT_EQ(InWords(absl::InfiniteDuration()).empty(), false);
}

}  // namespace
}  // namespace sipevents::gateway
