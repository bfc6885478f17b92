#include "sip/packages/call_info.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/base/ascii.h"
#include "sip/packages/package_table.h"
#include "sipevents/v1/packages/call_appearances.pb.h"
#include "sipevents/v1/packages/line_seize.pb.h"
#include "tests/sip/packages/merging.h"
#include "tests/sip/packages/typed.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = MergeResult::Kind;

std::string Value(std::string_view index, std::string_view state, std::string_view more = "") {
  return absl::StrCat("<sip:gw.example.net>;appearance-index=", AbslView(index),
                      ";appearance-state=", AbslView(state), AbslView(more));
}

// As "index STATE uri", and the state of all others at the end if it is told.
std::vector<std::string> Appearances(const MergeResult& result) {
  std::vector<std::string> shown;
  const auto state = StateOf<v1::CallAppearances>(result);
  for (const auto& appearance : state.appearances()) {
    shown.push_back(absl::StrCat(appearance.index(), " ",
                                 v1::CallAppearance::State_Name(appearance.state()),
                                 appearance.uri().empty() ? "" : " ", appearance.uri()));
  }
  if (state.others() != v1::CallAppearance::STATE_UNSPECIFIED) {
    shown.push_back(absl::StrCat("* ", v1::CallAppearance::State_Name(state.others())));
  }
  return shown;
}

TEST(CallInfoTest, HeadersAreTheState) {
  Merging merging(FindPackage("call-info"), "");

  const MergeResult result = merging.FeedHeaders(
      "",
      absl::StrCat(Value("2", "held-private"), ", ",
                   Value("1", "active", R"(;appearance-uri="\"Ann, B.\" <sip:ann@example.org>")"),
                   ", ", Value("*", "idle")));

  EXPECT_THAT(Appearances(result),
              ElementsAre("1 ACTIVE sip:ann@example.org", "2 HELD_PRIVATE", "* IDLE"));
  EXPECT_EQ(StateOf<v1::CallAppearances>(result).appearances(0).display_name(), "Ann, B.");
}

TEST(CallInfoTest, EveryStateHasItsValue) {
  for (const auto& [word, state] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"idle", "IDLE"},
           {"seized", "SEIZED"},
           {"Progressing", "PROGRESSING"},
           {"alerting", "ALERTING"},
           {"active", "ACTIVE"},
           {"held", "HELD"},
           {"held-private", "HELD_PRIVATE"},
           {"bridge-active", "BRIDGE_ACTIVE"},
           {"bridge-held", "BRIDGE_HELD"},
           {"asleep", "STATE_UNSPECIFIED"}}) {
    Merging merging(FindPackage("call-info"), "");
    EXPECT_THAT(Appearances(merging.FeedHeaders("", Value("3", word))),
                ElementsAre(absl::StrCat("3 ", AbslView(state))));
  }
}

TEST(CallInfoTest, AppearancesThatAreNotToldStay) {
  Merging merging(FindPackage("call-info"), "");
  merging.FeedHeaders("", absl::StrCat(Value("1", "active", ";appearance-uri=\"<sip:a@b>\""), ",",
                                       Value("2", "alerting")));

  EXPECT_THAT(Appearances(merging.FeedHeaders("", Value("2", "held"))),
              ElementsAre("1 ACTIVE sip:a@b", "2 HELD"));
  EXPECT_EQ(merging.FeedHeaders("", "").kind, Kind::kUnchanged);
  EXPECT_THAT(Appearances(merging.FeedHeaders("", Value("1", "idle"))),
              ElementsAre("1 IDLE", "2 HELD"));
}

TEST(CallInfoTest, StarMeansAllThatAreNotNamed) {
  Merging merging(FindPackage("call-info"), "");
  merging.FeedHeaders("", absl::StrCat(Value("1", "active", ";appearance-uri=\"<sip:a@b>\""), ",",
                                       Value("2", "alerting")));

  EXPECT_THAT(Appearances(merging.FeedHeaders(
                  "", absl::StrCat(Value("2", "active"), ",", Value("*", "idle")))),
              ElementsAre("1 IDLE", "2 ACTIVE", "* IDLE"));
  EXPECT_THAT(Appearances(merging.FeedHeaders("", Value("*", "idle"))),
              ElementsAre("1 IDLE", "2 IDLE", "* IDLE"));
}

TEST(CallInfoTest, OtherCallInfoIsPassedOver) {
  Merging merging(FindPackage("call-info"), "");
  EXPECT_EQ(merging.FeedHeaders("", "<http://a.example/icon.png>;purpose=icon").kind,
            Kind::kUnchanged);
  EXPECT_THAT(Appearances(merging.FeedHeaders(
                  "", absl::StrCat("<http://a.example/i;appearance-index=x>;purpose=icon, ",
                                   "sip:gw.example.net;appearance-index=7;appearance-state=idle"))),
              ElementsAre("7 IDLE"));
}

TEST(CallInfoTest, BadHeadersLeaveTheStateAndAreAskedAboutOnce) {
  std::string many = Value("1", "idle");
  for (int i = 2; i <= 1001; ++i) absl::StrAppend(&many, ",", Value(absl::StrCat(i), "idle"));
  const std::vector<std::pair<std::string, std::string_view>> rows = {
      {Value("x", "idle"), "appearance-index is \"x\""},
      {Value("0", "idle"), "appearance-index is \"0\""},
      {Value("-1", "idle"), "appearance-index is \"-1\""},
      {Value("1000001", "idle"), "appearance-index is \"1000001\""},
      {Value("9", "idle", ";a=\"open"), "quoted string"},
      {many, "more than 1000 appearances"},
  };
  for (const auto& [value, said] : rows) {
    Merging merging(FindPackage("call-info"), "");
    merging.FeedHeaders("", Value("1", "active"));

    const MergeResult bad = merging.FeedHeaders("", absl::StrCat(Value("1", "idle"), ",", value));

    EXPECT_EQ(bad.kind, Kind::kError) << said;
    EXPECT_THAT(bad.error, HasSubstr(std::string(said)));
    EXPECT_TRUE(bad.resync);
    EXPECT_FALSE(merging.FeedHeaders("", value).resync);
    EXPECT_THAT(Appearances(merging.FeedHeaders("", Value("2", "held"))),
                ElementsAre("1 ACTIVE", "2 HELD"));
  }
}

TEST(CallInfoTest, AppearancesOfManyNotifiesAreBoundedToo) {
  Merging merging(FindPackage("call-info"), "");
  for (int i = 1; i <= 1000; ++i) {
    EXPECT_EQ(merging.FeedHeaders("", Value(absl::StrCat(i), "idle")).kind, Kind::kDocument);
  }
  EXPECT_EQ(merging.FeedHeaders("", Value("1001", "idle")).kind, Kind::kError);
  EXPECT_EQ(merging.FeedHeaders("", Value("1000", "held")).kind, Kind::kDocument);
}

TEST(CallInfoTest, NewDialogBeginsAnew) {
  Merging merging(FindPackage("call-info"), "");
  merging.FeedHeaders("", Value("1", "active"), "", 1);
  merging.Drop(1);
  EXPECT_THAT(Appearances(merging.FeedHeaders("", Value("2", "idle"), "", 2)),
              ElementsAre("2 IDLE"));
}

TEST(LineSeizeTest, GrantedAppearanceIsTold) {
  Merging merging(FindPackage("line-seize"), "");
  const auto grant =
      StateOf<v1::LineSeize>(merging.FeedHeaders("", "<sip:gw.example.net>;appearance-index=3"));
  EXPECT_EQ(grant.appearance_index(), 3);
}

TEST(LineSeizeTest, NothingGrantedIsQuietAndNonsenseAnError) {
  Merging merging(FindPackage("line-seize"), "");
  EXPECT_EQ(merging.FeedHeaders("", "").kind, Kind::kUnchanged);
  EXPECT_EQ(merging.FeedHeaders("", Value("*", "idle")).kind, Kind::kUnchanged);
  const MergeResult bad = merging.FeedHeaders("", Value("first", "seized"));
  EXPECT_EQ(bad.kind, Kind::kError);
  EXPECT_THAT(bad.error, HasSubstr("appearance-index is \"first\""));
}

}  // namespace
}  // namespace sipevents::sip
