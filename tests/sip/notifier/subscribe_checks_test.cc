#include "sip/notifier/subscribe_checks.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "sip/notifier/packed_texts.h"
#include "sip/notifier/watcher_policy.h"

// What a SUBSCRIBE is judged by; and the small parts that a notifier is made of.

namespace sipevents::sip {
namespace {

const std::vector<std::string> kPresence = {"application/pidf+xml", "application/pidf-diff+xml",
                                            "application/cpim-pidf+xml"};

SubscribeLimits Limits(absl::Duration least) {
  SubscribeLimits limits;
  limits.min_expires = least;
  limits.packages = {"presence"};
  limits.allow_events = "presence";
  return limits;
}

// NOT-09: of an hour and more never; NOT-11, NOT-12.
TEST(SubscribeChecksTest, TimeThatIsGranted) {
  struct Row {
    std::optional<uint32_t> asked;
    int least;  // seconds
    int status;
    int granted;
  };
  for (const Row& row : std::vector<Row>{{0, 60, 0, 0},
                                         {1, 60, 423, 0},
                                         {59, 60, 423, 0},
                                         {60, 60, 0, 60},
                                         {{}, 60, 0, 1800},
                                         {{}, 2000, 0, 1800},
                                         {4000, 60, 0, 3600},
                                         {3599, 7200, 423, 0},
                                         {3600, 7200, 0, 3600},
                                         {UINT32_MAX, 7200, 0, 3600}}) {
    IncomingRequest request;
    request.expires = row.asked;
    const GrantedTime time =
        GrantTime(request, absl::Seconds(1800), Limits(absl::Seconds(row.least)));
    EXPECT_EQ(time.refusal.has_value() ? time.refusal->status : 0, row.status)
        << row.asked.value_or(7);
    if (row.status != 0) continue;
    EXPECT_EQ(time.duration, absl::Seconds(row.granted));
  }
}

// NOT-02, NOT-03, NOT-04.
TEST(SubscribeChecksTest, EventThatIsServed) {
  struct Row {
    int count;
    const char* type;
    bool ok;
    int status;
  };
  for (const Row& row : std::vector<Row>{{1, "presence", true, 0},
                                         {1, "Presence", true, 489},
                                         {1, "presence.winfo", true, 489},
                                         {1, "presenc", true, 489},
                                         {0, "", false, 489},
                                         {1, "a..b", false, 400},
                                         {2, "presence", true, 400}}) {
    IncomingRequest request;
    request.event_count = row.count;
    request.event_type = row.type;
    request.event_type_ok = row.ok;
    const auto refusal = RefuseEvent(request, Limits(absl::Seconds(60)));
    EXPECT_EQ(refusal.has_value() ? refusal->status : 0, row.status) << row.type;
  }
}

// NOT-13, NOT-34, DEV-10, RFC 5263 section 4.1.
TEST(SubscribeChecksTest, FormatFollowsAccept) {
  using Format = std::optional<WatcherFormat>;
  constexpr auto kDiff = "application/pidf-diff+xml";
  constexpr auto kPidf = "application/pidf+xml";
  constexpr auto kOld = "application/cpim-pidf+xml";
  struct Row {
    std::vector<AcceptedType> accept;
    Format lenient;
    Format strict;
  };
  const Format full = WatcherFormat::kFull;
  const Format changes = WatcherFormat::kChanges;
  const Format old = WatcherFormat::kOldName;
  const Format none;
  for (const Row& row : std::vector<Row>{{{}, none, none},
                                         {{{kPidf}}, full, full},
                                         {{{"APPLICATION/PIDF+XML", 1}}, full, full},
                                         {{{"*/*"}}, full, full},
                                         {{{"application/*"}}, full, full},
                                         {{{"*/*"}, {kPidf, 0}}, none, none},
                                         {{{"text/*"}}, none, none},
                                         {{{"application/pidf"}}, none, none},
                                         {{{kDiff}}, changes, changes},
                                         {{{kDiff}, {kPidf}}, changes, changes},
                                         {{{kDiff, 500}, {kPidf}}, full, full},
                                         {{{kDiff, 0}, {kPidf}}, full, full},
                                         {{{kOld}}, old, none},
                                         {{{kOld}, {kPidf, 1}}, full, full},
                                         {{{kOld}, {"text/plain"}}, old, none}}) {
    IncomingRequest request;
    request.has_accept = true;
    request.accept = row.accept;
    EXPECT_EQ(ChooseFormat(request, kPresence, false), row.lenient);
    EXPECT_EQ(ChooseFormat(request, kPresence, true), row.strict);
  }
  EXPECT_EQ(ChooseFormat({}, kPresence, true), full);  // no Accept
  IncomingRequest any;
  any.has_accept = true;
  EXPECT_EQ(ChooseFormat(any, {}, true), full);  // a package of any types
}

TEST(SubscribeChecksTest, MostSpecificRangeCounts) {
  IncomingRequest request;
  request.accept = {{"*/*", 100}, {"application/*", 200}, {"application/pidf+xml", 300}};
  EXPECT_EQ(WantedQ(request, "application/pidf+xml"), 300);
  EXPECT_EQ(WantedQ(request, "application/xml"), 200);
  EXPECT_EQ(WantedQ(request, "text/plain"), 100);
}

// CEN-02.
TEST(SubscribeChecksTest, OneConditionIsTaken) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> rows = {
      {{}, ""},      {{"abc.1"}, "abc.1"}, {{"*"}, "*"},      {{"a", "b"}, "400"},
      {{""}, "400"}, {{"a b"}, "400"},     {{"\"a\""}, "400"}};
  for (const auto& [values, tag] : rows) {
    IncomingRequest request;
    request.suppress_if_match = values;
    const Condition condition = ReadCondition(request);
    EXPECT_EQ(condition.refusal.has_value() ? "400" : condition.tag, tag);
  }
}

TEST(SubscribeChecksTest, OptionTagsAreComparedWithoutCase) {
  EXPECT_TRUE(HasTag({"a", "EventList"}, "eventlist"));
  EXPECT_FALSE(HasTag({"eventlists"}, "eventlist"));
}

// NOT-05, RFC 3857 section 4.6.
TEST(WatcherPolicyTest, RuleThenOwnerThenDefault) {
  for (const WatcherDecision usual : {WatcherDecision::kAllow, WatcherDecision::kPending}) {
    WatcherPolicy policy(usual);
    EXPECT_EQ(policy.Decide("sip:a@x", "presence", "sip:b@x"), usual);
    EXPECT_EQ(policy.Decide("sip:a@x", "presence", "sip:a@x"), WatcherDecision::kAllow);
    EXPECT_EQ(policy.Decide("sip:a@x", "presence.winfo", "sip:a@x"), WatcherDecision::kAllow);
    EXPECT_EQ(policy.Decide("sip:a@x", "presence.winfo", "sip:b@x"), WatcherDecision::kDeny);
    ASSERT_TRUE(policy.Set({"sip:a@x", "presence", "sip:a@x", WatcherDecision::kDeny}).ok());
    EXPECT_EQ(policy.Decide("sip:a@x", "presence", "sip:a@x"), WatcherDecision::kDeny);
    EXPECT_EQ(policy.Decide("sip:a@x", "dialog", "sip:a@x"), WatcherDecision::kAllow);
  }
}

TEST(WatcherPolicyTest, RulesAreReplacedListedAndRemoved) {
  WatcherPolicy policy(WatcherDecision::kAllow);
  WatcherRule rule{"sip:a@x", "presence", "sip:b@x", WatcherDecision::kDeny};
  ASSERT_TRUE(policy.Set(rule).ok());
  rule.decision = WatcherDecision::kPoliteBlock;
  ASSERT_TRUE(policy.Set(rule).ok());
  EXPECT_EQ(policy.List(), std::vector<WatcherRule>{rule});
  EXPECT_EQ(policy.Remove("sip:a@x", "dialog", "sip:b@x").code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(policy.Remove("sip:a@x", "presence", "sip:b@x").ok());
  EXPECT_TRUE(policy.List().empty());
}

TEST(PackedTextsTest, TextsAreKeptAndReplaced) {
  PackedTexts<3> texts;
  EXPECT_EQ(texts[2], "");
  ASSERT_TRUE(texts.Set({"a", "", "ccc"}));
  ASSERT_TRUE(texts.Replace(1, "bb"));
  ASSERT_TRUE(texts.Replace(0, texts[2]));  // a view of itself
  EXPECT_EQ(texts[0], "ccc");
  EXPECT_EQ(texts[1], "bb");
  EXPECT_EQ(texts[2], "ccc");
}

TEST(PackedTextsTest, TooMuchChangesNothing) {
  PackedTexts<2> texts;
  const std::string most(PackedTexts<2>::kMaxOctets, 'x');
  EXPECT_TRUE(texts.Set({most, ""}));
  EXPECT_FALSE(texts.Replace(1, "y"));
  EXPECT_EQ(texts[0], most);
  EXPECT_EQ(texts[1], "");
}

}  // namespace
}  // namespace sipevents::sip
