#include "sip/base/header_grammar.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents {
namespace {

using ::sipevents::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

// GEN-10.
TEST(EventTypeTest, GrammarDecides) {
  for (const char* legal :
       {"presence", "presence.winfo.winfo", "dialog", "X-a_b!c%d*e+f`g'h~i", "a.b"}) {
    EXPECT_TRUE(IsEventType(legal)) << legal;
  }
  for (const char* illegal :
       {"", ".", "a..b", ".a", "a.", "a b", "a\"b", "a/b", "a;b", "\xc3\xa9"}) {
    EXPECT_FALSE(IsEventType(illegal)) << illegal;
  }
  EXPECT_TRUE(IsEventType(std::string(128, 'a')));
  EXPECT_FALSE(IsEventType(std::string(129, 'a')));
}

TEST(TokenTest, GrammarDecides) {
  EXPECT_TRUE(IsToken("a-.!%*_+`'~9"));
  for (const char* illegal : {"", " ", "a b", "a=b", "a\"", "a,b", "[a]", "a@b"}) {
    EXPECT_FALSE(IsToken(illegal)) << illegal;
  }
}

TEST(MediaTypeTest, GrammarDecides) {
  for (const char* legal : {"application/pidf+xml", "text/plain;charset=utf-8",
                            "Text/Plain ; charset=\"a;b\"", "multipart/related;a=b;c=d"}) {
    EXPECT_TRUE(IsMediaType(legal)) << legal;
    EXPECT_TRUE(IsMediaRange(legal)) << legal;
  }
  for (const char* range : {"*/*", "text/*", "*/*;q=0.1"}) {
    EXPECT_FALSE(IsMediaType(range)) << range;
    EXPECT_TRUE(IsMediaRange(range)) << range;
  }
  for (const char* illegal :
       {"", "text", "text/", "/plain", "text/plain/x", "text/plain;", "text/plain;charset",
        "text/plain;a=b c", "text plain", "text/plain\r\nX: y", "*/plain", "text/plain;a=\"b"}) {
    EXPECT_FALSE(IsMediaType(illegal)) << illegal;
    EXPECT_FALSE(IsMediaRange(illegal)) << illegal;
  }
  EXPECT_FALSE(IsMediaType("a/" + std::string(255, 'b')));
}

TEST(SplitParametersTest, NamesValuesAndQuotesAreToldApart) {
  ASSERT_OK_AND_ASSIGN(const std::vector<HeaderParameter> parameters,
                       SplitParameters(" ; A = 1;b;c=\"x;\\\"y\\\\\" ;d=[::1]:5060"));

  EXPECT_THAT(parameters, ElementsAre(HeaderParameter{"a", "1", false},
                                      HeaderParameter{"b", std::nullopt, false},
                                      HeaderParameter{"c", "x;\"y\\", true},
                                      HeaderParameter{"d", "[::1]:5060", false}));
  EXPECT_THAT(SplitParameters(""), testing::IsOkAndHolds(IsEmpty()));
}

TEST(SplitParametersTest, BadOnesAreErrors) {
  for (const char* bad : {"a=b", ";", ";;a", ";=b", ";a=", ";a=\"b", ";a=\"b\"c", ";a=b\"", ";a b",
                          ";a=b c", ";a=\"b\\\""}) {
    EXPECT_THAT(SplitParameters(bad), Not(IsOk())) << bad;
  }
}

TEST(SplitParametersTest, TooManyAreRefused) {
  std::string text;
  for (size_t i = 0; i < kMaxHeaderParameters; ++i) text += ";a";

  EXPECT_OK(SplitParameters(text));
  EXPECT_THAT(SplitParameters(text + ";a"), Not(IsOk()));
}

// TOR-10.
TEST(SplitCommaListTest, EmptyElementsAreLeftOut) {
  EXPECT_THAT(SplitCommaList(" ,a,,b, c=\"d,e\" ,"), ElementsAre("a", "b", "c=\"d,e\""));
  EXPECT_THAT(SplitCommaList(""), IsEmpty());
}

TEST(QuoteStringTest, UnquoteUndoesQuote) {
  for (const char* text : {"", "plain", "a\"b", "a\\", "\\\"\\", "a, b;c"}) {
    EXPECT_EQ(UnquoteString(QuoteString(text)), text);
  }
  for (const char* bad : {"", "a", "\"", "\"a", "a\"", "\"a\"b", "\"a\\\""}) {
    EXPECT_EQ(UnquoteString(bad), std::nullopt) << bad;
  }
}

TEST(DeltaSecondsTest, LargeIsClampedAndJunkIsNothing) {
  EXPECT_EQ(ParseDeltaSeconds("0"), 0u);
  EXPECT_EQ(ParseDeltaSeconds(" 3600 "), 3600u);
  EXPECT_EQ(ParseDeltaSeconds("0000000000000000010"), 10u);
  EXPECT_EQ(ParseDeltaSeconds("4294967295"), UINT32_MAX);
  EXPECT_EQ(ParseDeltaSeconds("4294967296"), UINT32_MAX);  // TOR-07
  EXPECT_EQ(ParseDeltaSeconds(std::string(1000, '9')), UINT32_MAX);
  for (const char* junk : {"", "-1", "+1", "1.5", "1s", "0x10", "a", "1 2"}) {
    EXPECT_EQ(ParseDeltaSeconds(junk), std::nullopt) << junk;
  }
}

// TOR-24.
TEST(ExpiresTest, DateAndJunkAreNothing) {
  EXPECT_EQ(ParseExpires("7200"), 7200u);
  EXPECT_EQ(ParseExpires("7200;x=1"), 7200u);
  EXPECT_EQ(ParseExpires("Thu, 01 Dec 1994 16:00:00 GMT"), std::nullopt);
  EXPECT_EQ(ParseExpires(""), std::nullopt);
  EXPECT_EQ(ParseExpires("-1"), std::nullopt);
}

TEST(RetryAfterTest, CommentAndDurationAreUnderstood) {
  EXPECT_EQ(ParseRetryAfter("120"), (RetryAfter{120, std::nullopt}));
  EXPECT_EQ(ParseRetryAfter("18000;duration=3600"), (RetryAfter{18000, 3600}));
  EXPECT_EQ(ParseRetryAfter("120 (I'm in a (long \\) ) meeting) ;Duration = 60"),
            (RetryAfter{120, 60}));
  EXPECT_EQ(ParseRetryAfter("120(x)"), (RetryAfter{120, std::nullopt}));
}

TEST(RetryAfterTest, SecondsCountWhateverFollows) {
  for (const char* text : {"5 (open", "5 (a))", "5;duration=x", "5;", "5 x", "5;=", "5 (\\"}) {
    EXPECT_EQ(ParseRetryAfter(text), (RetryAfter{5, std::nullopt})) << text;
  }
  for (const char* junk : {"", "soon", "-5", "(5)", "5x", ";duration=3"}) {
    EXPECT_EQ(ParseRetryAfter(junk), std::nullopt) << junk;
  }
}

TEST(EventHeaderTest, TypeIdAndParametersAreFound) {
  ASSERT_OK_AND_ASSIGN(const EventHeader event,
                       ParseEventHeader("\r\n dialog ; Call-Id=\"a b\" ;id = 5;sla"));

  EXPECT_EQ(event.type, "dialog");  // TOR-01, TOR-02
  EXPECT_EQ(event.id, "5");
  EXPECT_THAT(event.parameters, ElementsAre(HeaderParameter{"call-id", "a b", true},
                                            HeaderParameter{"sla", std::nullopt, false}));
}

TEST(EventHeaderTest, BadOnesAreErrors) {
  for (const char* bad :
       {"", " ", ";id=1", "a..b", "presence,dialog", "presence;id=\"q\"", "presence;id",
        "presence;id=", "presence;id=a@b", "presence;id=1;ID=2", "presence dialog", "presence;;"}) {
    EXPECT_THAT(ParseEventHeader(bad), Not(IsOk())) << bad;  // TOR-03, TOR-05
  }
}

// GEN-08.
TEST(EventMatchesTest, TypeAndIdDecideByteByByte) {
  const auto matches = [](const char* a, const char* b) {
    return EventMatches(*ParseEventHeader(a), *ParseEventHeader(b));
  };
  EXPECT_TRUE(matches("foo;id=1", "foo;p=x;id=1"));
  EXPECT_TRUE(matches("foo", "foo;p=x"));
  EXPECT_FALSE(matches("foo;id=1", "foo"));
  EXPECT_FALSE(matches("foo;id=1", "Foo;id=1"));
  EXPECT_FALSE(matches("foo;id=a", "foo;id=A"));
  EXPECT_FALSE(matches("foo", "foo.winfo"));
}

TEST(FormatEventHeaderTest, WhatIsWrittenReadsBack) {
  const std::string text =
      FormatEventHeader("dialog", {{"call-id", "a\"b@c"}, {"id", "7"}, {"sla", ""}});

  EXPECT_EQ(text, "dialog;call-id=\"a\\\"b@c\";id=7;sla");
  ASSERT_OK_AND_ASSIGN(const EventHeader event, ParseEventHeader(text));
  EXPECT_EQ(event.id, "7");
  EXPECT_THAT(event.parameters, ElementsAre(HeaderParameter{"call-id", "a\"b@c", true},
                                            HeaderParameter{"sla", std::nullopt, false}));
}

// GEN-12.
TEST(SubscriptionStateTest, LiteralsHaveNoCase) {
  ASSERT_OK_AND_ASSIGN(const auto active, ParseSubscriptionState("Active ; Expires = 10"));
  ASSERT_OK_AND_ASSIGN(const auto ended,
                       ParseSubscriptionState("TERMINATED;Reason=NoResource;RETRY-after=7"));
  ASSERT_OK_AND_ASSIGN(const auto pending, ParseSubscriptionState("pending"));

  EXPECT_EQ(active.substate, Substate::kActive);
  EXPECT_EQ(active.raw, "Active");
  EXPECT_EQ(active.expires, 10u);
  EXPECT_EQ(ended.substate, Substate::kTerminated);
  EXPECT_EQ(ended.reason, "noresource");
  EXPECT_EQ(ended.retry_after, 7u);
  EXPECT_EQ(pending.substate, Substate::kPending);
  EXPECT_EQ(pending.expires, std::nullopt);
}

// TOR-06, TOR-07, TOR-08.
TEST(SubscriptionStateTest, BadParametersAreIgnored) {
  const std::vector<std::pair<std::string, std::optional<uint32_t>>> cases = {
      {"active;expires=", std::nullopt},
      {"active;expires", std::nullopt},
      {"active;expires=-1", std::nullopt},
      {"active;expires=x;expires=9", 9},
      {"active;expires=5;expires=9", 5},
      {"active;expires=4294967296", UINT32_MAX},
      {"active;;expires=5;", 5},
      {"active;a b;expires=5;c=\"d;expires=6", 5},
      {"active;x=\"a,b;expires=3\";expires=5", 5},
  };
  for (const auto& [text, expires] : cases) {
    ASSERT_OK_AND_ASSIGN(const auto state, ParseSubscriptionState(text));
    EXPECT_EQ(state.substate, Substate::kActive) << text;
    EXPECT_EQ(state.expires, expires) << text;
  }
}

// TOR-22, SUB-32.
TEST(SubscriptionStateTest, UnknownStateKeepsItsToken) {
  ASSERT_OK_AND_ASSIGN(const auto state, ParseSubscriptionState("Waiting;expires=60"));

  EXPECT_EQ(state.substate, Substate::kOther);
  EXPECT_EQ(state.raw, "Waiting");
  EXPECT_EQ(state.expires, 60u);
}

TEST(SubscriptionStateTest, NoStateOrTwoAreErrors) {
  for (const char* bad : {"", " ", ";expires=5", "active pending", "active,pending",
                          "active;expires=5, pending", "\"active\""}) {
    EXPECT_THAT(ParseSubscriptionState(bad), Not(IsOk())) << bad;  // TOR-09
  }
}

}  // namespace
}  // namespace sipevents
