#include "clients/cli/arguments.h"

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "clients/cli/command_table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents::client {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Words = std::vector<std::string>;

absl::StatusOr<Arguments> Parse(const Words& args) {
  return Arguments::Parse(SipeventsGrammar(), args);
}

TEST(ArgumentsTest, FlagsMayStandAnywhereAndInBothForms) {
  const Words lines[] = {
      {"--gateway=h:1", "watch", "sip:a", "--event=presence"},
      {"--gateway", "h:1", "--event", "presence", "watch", "sip:a"},
      {"watch", "--event", "presence", "sip:a", "--gateway", "h:1"},
  };
  for (const Words& line : lines) {
    SCOPED_TRACE(absl::StrJoin(line, " "));
    ASSERT_OK_AND_ASSIGN(const Arguments arguments, Parse(line));

    EXPECT_EQ(arguments.command()->name, "watch");
    EXPECT_THAT(arguments.positional(), ElementsAre("sip:a"));
    EXPECT_EQ(arguments.Text("gateway"), "h:1");
    EXPECT_EQ(arguments.Text("event"), "presence");
  }
}

TEST(ArgumentsTest, ValuesAreReadByTheirKind) {
  ASSERT_OK_AND_ASSIGN(const Arguments arguments,
                       Parse({"watch", "sip:a", "--linger=1m30s", "--count", "7", "--fail_on_gap",
                              "--accept=a/b", "--accept=c/d"}));

  EXPECT_EQ(arguments.Duration("linger"), absl::Seconds(90));
  EXPECT_EQ(arguments.Number("count"), 7);
  EXPECT_TRUE(arguments.Switch("fail_on_gap"));
  EXPECT_THAT(arguments.Texts("accept"), ElementsAre("a/b", "c/d"));
  EXPECT_EQ(arguments.Duration("expires"), std::nullopt);
  EXPECT_EQ(arguments.Text("format", "text"), "text");
}

TEST(ArgumentsTest, SwitchTakesNoSeparateValue) {
  ASSERT_OK_AND_ASSIGN(const Arguments arguments,
                       Parse({"subscriptions", "delete", "--force", "subscriptions/1"}));
  ASSERT_OK_AND_ASSIGN(const Arguments off,
                       Parse({"subscriptions", "delete", "n", "--force=false"}));

  EXPECT_TRUE(arguments.Switch("force"));
  EXPECT_THAT(arguments.positional(), ElementsAre("subscriptions/1"));
  EXPECT_FALSE(off.Switch("force"));
}

TEST(ArgumentsTest, LastOfSeveralValuesCountsAndHyphensAreUnderscores) {
  ASSERT_OK_AND_ASSIGN(const Arguments arguments,
                       Parse({"watch", "sip:a", "--state-file=x", "--state_file=y=z"}));

  EXPECT_EQ(arguments.Text("state_file"), "y=z");
}

TEST(ArgumentsTest, TwoHyphensEndTheFlags) {
  ASSERT_OK_AND_ASSIGN(const Arguments arguments, Parse({"watch", "--", "--odd", "--"}));

  EXPECT_THAT(arguments.positional(), ElementsAre("--odd", "--"));
}

TEST(ArgumentsTest, EmptyValueIsAValue) {
  ASSERT_OK_AND_ASSIGN(const Arguments arguments, Parse({"watch", "", "--event="}));

  EXPECT_TRUE(arguments.Has("event"));
  EXPECT_THAT(arguments.positional(), ElementsAre(""));
}

TEST(ArgumentsTest, HelpNeedsNothingElse) {
  ASSERT_OK_AND_ASSIGN(const Arguments general, Parse({"--help"}));
  ASSERT_OK_AND_ASSIGN(const Arguments watch, Parse({"watch", "--help"}));

  EXPECT_TRUE(general.help());
  EXPECT_EQ(general.command(), nullptr);
  EXPECT_TRUE(watch.help());
  EXPECT_EQ(watch.command()->name, "watch");
}

TEST(ArgumentsTest, WhatCannotBeUsedIsNamed) {
  struct Case {
    Words line;
    std::string named;
  };
  const Case cases[] = {
      {{}, "no command"},
      {{"dance"}, "dance"},
      {{"publish"}, "TARGET"},
      {{"publications", "dance"}, "dance"},
      {{"watchers"}, "list, watch, authorize"},
      {{"watchers", "authorize", "n", "--decision=maybe"}, "allow or deny"},
      {{"subscriptions"}, "list, get, explain, create, delete"},
      {{"subscriptions", "dance", "x"}, "dance"},
      {{"subscriptions", "explain"}, "NAME|TARGET"},
      {{"watch"}, "TARGET"},
      {{"fetch", "sip:a", "sip:b"}, "sip:b"},
      {{"subscriptions", "list", "x"}, "'x'"},
      {{"watch", "sip:a", "--nonsense=1"}, "--nonsense"},
      {{"watch", "sip:a", "-e", "presence"}, "-e"},
      {{"watch", "sip:a", "--event"}, "--event"},
      {{"fetch", "sip:a", "--resume=x"}, "--resume"},
      {{"watch", "sip:a", "--linger=soon"}, "--linger=soon"},
      {{"watch", "sip:a", "--linger=inf"}, "--linger=inf"},
      {{"watch", "sip:a", "--count=many"}, "--count=many"},
      {{"watch", "sip:a", "--count=99999999999"}, "--count"},
      {{"watch", "sip:a", "--deliver=some"}, "latest or every"},
      {{"--format=xml", "watch", "sip:a"}, "--format=xml"},
      {{"subscriptions", "delete", "n", "--force=maybe"}, "--force=maybe"},
      {{"watch", "sip:\xff"}, "UTF-8"},
      {{"watch", "sip:a", "--event", "\xff"}, "--event"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(absl::StrJoin(c.line, " "));
    EXPECT_THAT(Parse(c.line), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.named)));
  }
}

TEST(UsageTextTest, NamesEachFlagOfACommandAndOnlyThose) {
  const Grammar& grammar = SipeventsGrammar();
  for (const CommandSpec& command : grammar.commands) {
    const std::string usage = UsageText(grammar, &command);
    for (const absl::string_view flag : command.flags) {
      ASSERT_NE(grammar.FindFlag(flag), nullptr) << flag;
      EXPECT_THAT(usage, HasSubstr(absl::StrCat("--", flag)));
    }
    EXPECT_THAT(usage, HasSubstr("--gateway"));
    EXPECT_THAT(UsageText(grammar, nullptr), HasSubstr(std::string(command.name)));
  }
}

}  // namespace
}  // namespace sipevents::client
