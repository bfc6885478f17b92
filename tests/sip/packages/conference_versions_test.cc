#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/base/ascii.h"
#include "sip/packages/package_table.h"
#include "sipevents/v1/packages/conference.pb.h"
#include "tests/sip/packages/merging.h"
#include "tests/sip/packages/typed.h"

// Versions of conference-info documents (ALG-B, RFC 4575 section 4.4), and bad ones.

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = MergeResult::Kind;

constexpr char kType[] = "application/conference-info+xml";

std::string Info(std::string_view attributes, std::string_view content) {
  return absl::StrCat(
      "<conference-info xmlns='urn:ietf:params:xml:ns:conference-info' "
      "entity='sip:room7@example.com' ",
      AbslView(attributes), ">", AbslView(content), "</conference-info>");
}

// A document with one user more.
std::string Document(int version, std::string_view state, std::string_view user) {
  return Info(absl::StrCat("version='", version, "' state='", AbslView(state), "'"),
              absl::StrCat("<users state='", AbslView(state), "'><user entity='", AbslView(user),
                           "'/></users>"));
}

std::vector<std::string> Users(const MergeResult& result) {
  std::vector<std::string> users;
  const auto conference = StateOf<v1::Conference>(result);
  for (const auto& user : conference.users()) users.push_back(user.entity());
  return users;
}

TEST(ConferenceVersionsTest, NextPartialDocumentIsApplied) {
  Merging merging(FindPackage("conference"), kType);
  merging.Feed(Document(3, "full", "a"));

  const MergeResult result = merging.Feed(Document(4, "partial", "b"));

  EXPECT_TRUE(result.body_is_partial);
  EXPECT_FALSE(result.resync);
  EXPECT_THAT(Users(result), ElementsAre("a", "b"));
  EXPECT_EQ(StateOf<v1::Conference>(result).version(), 4U);
}

TEST(ConferenceVersionsTest, GapIsNotAppliedAndAskedAboutOnceUntilAFullDocumentComes) {
  // given
  Merging merging(FindPackage("conference"), kType);
  merging.Feed(Document(3, "full", "a"));

  // when
  const MergeResult gap = merging.Feed(Document(5, "partial", "b"));
  const MergeResult after = merging.Feed(Document(6, "partial", "c"));

  // then
  EXPECT_EQ(gap.kind, Kind::kError);
  EXPECT_EQ(gap.error, "version 5 tells changes only, and the one before it was 3");
  EXPECT_TRUE(gap.body_is_partial);
  EXPECT_TRUE(gap.resync);
  EXPECT_EQ(after.kind, Kind::kError);
  EXPECT_FALSE(after.resync);
  EXPECT_THAT(Users(merging.Feed(Document(4, "partial", "d"))), ElementsAre("a", "d"));
  EXPECT_THAT(Users(merging.Feed(Document(6, "full", "e"))), ElementsAre("e"));
  EXPECT_THAT(Users(merging.Feed(Document(7, "partial", "f"))), ElementsAre("e", "f"));
  EXPECT_TRUE(merging.Feed(Document(9, "partial", "g")).resync);
}

TEST(ConferenceVersionsTest, FirstDocumentThatIsPartialIsNotApplied) {
  Merging merging(FindPackage("conference"), kType);

  const MergeResult first = merging.Feed(Document(3, "partial", "a"));

  EXPECT_EQ(first.kind, Kind::kError);
  EXPECT_EQ(first.error, "version 3 tells changes only, and is the first");
  EXPECT_TRUE(first.resync);
  EXPECT_THAT(Users(merging.Feed(Document(3, "full", "b"))), ElementsAre("b"));
}

TEST(ConferenceVersionsTest, FullDocumentMakesGoodForWhatWasMissed) {
  Merging merging(FindPackage("conference"), kType);
  merging.Feed(Document(3, "full", "a"));
  const MergeResult result = merging.Feed(Document(17, "full", "b"));
  EXPECT_FALSE(result.resync);
  EXPECT_THAT(Users(result), ElementsAre("b"));
}

TEST(ConferenceVersionsTest, OlderAndEqualVersionsAreDiscarded) {
  for (const bool lenient : {true, false}) {
    Merging merging(FindPackage("conference"), kType, lenient);
    merging.Feed(Document(3, "full", "a"));
    for (const std::string_view state : {"full", "partial", "deleted"}) {
      for (const int version : {0, 2, 3}) {
        const MergeResult result = merging.Feed(Document(version, state, "b"));
        EXPECT_EQ(result.kind, Kind::kUnchanged) << version << state;
        EXPECT_FALSE(result.resync);
      }
    }
    EXPECT_THAT(Users(merging.Feed(Document(4, "partial", "c"))), ElementsAre("a", "c"));
  }
}

TEST(ConferenceVersionsTest, WithoutVersionTheOrderOfFullDocumentsCountsWhereThatIsTolerated) {
  for (const bool lenient : {true, false}) {
    Merging merging(FindPackage("conference"), kType, lenient);
    merging.Feed(Document(3, "full", "a"));
    const MergeResult result = merging.Feed(Info("", "<users><user entity='b'/></users>"));
    if (lenient) {
      EXPECT_THAT(Users(result), ElementsAre("b"));
    } else {
      EXPECT_EQ(result.kind, Kind::kUnchanged);
    }
    EXPECT_EQ(merging.Feed(Info("state='partial'", "")).kind, Kind::kError);
  }
}

TEST(ConferenceVersionsTest, DeletedConferenceIsOver) {
  Merging merging(FindPackage("conference"), kType);
  merging.Feed(Document(3, "full", "a"));

  const MergeResult result = merging.Feed(Info("version='4' state='deleted'", "<users/>"));

  const auto conference = StateOf<v1::Conference>(result);
  EXPECT_TRUE(conference.ended());
  EXPECT_EQ(conference.entity(), "sip:room7@example.com");
  EXPECT_EQ(conference.version(), 4U);
  EXPECT_THAT(Users(result), IsEmpty());
  EXPECT_FALSE(result.body_is_partial);
  // It may begin anew.
  const MergeResult again = merging.Feed(Document(5, "full", "b"));
  EXPECT_FALSE(StateOf<v1::Conference>(again).ended());
  EXPECT_THAT(Users(again), ElementsAre("b"));
}

TEST(ConferenceVersionsTest, BadDocumentsLeaveTheStateAndAreAskedAboutOnce) {
  struct Row {
    std::string body;
    std::string_view said;
    std::string_view type = kType;
  };
  const std::vector<Row> rows = {
      {"<conference-info", "XML"},
      {"<conference-info version='4'/>", "root element"},
      {"<conference-info xmlns='urn:ietf:params:xml:ns:dialog-info' version='4'/>",
       "<conference-info>"},
      {"<users xmlns='urn:ietf:params:xml:ns:conference-info' version='4'/>", "<conference-info>"},
      {"<!DOCTYPE a>" + Document(4, "full", "b"), "DOCTYPE"},
      {Info("state='partial'", ""), "without version"},
      {Document(4, "full", "b"), "content type", "text/plain"},
  };
  for (const Row& row : rows) {
    Merging merging(FindPackage("conference"), kType);
    merging.Feed(Document(3, "full", "a"));

    const MergeResult bad = merging.FeedTyped(row.type, row.body);

    EXPECT_EQ(bad.kind, Kind::kError) << row.body;
    EXPECT_THAT(bad.error, HasSubstr(std::string(row.said)));
    EXPECT_TRUE(bad.resync);
    EXPECT_FALSE(merging.FeedTyped(row.type, row.body).resync);
    EXPECT_THAT(Users(merging.Feed(Document(4, "partial", "c"))), ElementsAre("a", "c"));
  }
}

// Many small changes may make up more than one document may hold.
TEST(ConferenceVersionsTest, TooManyUsersAreRefusedAndTheStateStays) {
  Merging merging(FindPackage("conference"), kType);
  merging.Feed(Document(0, "full", "a"));
  const auto many = [](int version, int from) {
    std::string users;
    for (int i = from; i < from + 15'000; ++i) {
      absl::StrAppend(&users, "<user entity='", i, "'/>");
    }
    return Info(absl::StrCat("state='partial' version='", version, "'"),
                absl::StrCat("<users state='partial'>", users, "</users>"));
  };
  EXPECT_EQ(Users(merging.Feed(many(1, 0))).size(), 15'001U);

  const MergeResult refused = merging.Feed(many(2, 15'000));

  EXPECT_EQ(refused.kind, Kind::kError);
  EXPECT_EQ(refused.error, "more than 20000 elements of state");
  EXPECT_TRUE(refused.resync);
  EXPECT_EQ(Users(merging.Feed(Document(2, "partial", "b"))).size(), 15'002U);
}

TEST(ConferenceVersionsTest, TooMuchTextIsRefusedAndTheStateStays) {
  Merging merging(FindPackage("conference"), kType);
  merging.Feed(Document(0, "full", "a"));
  const auto user = [](int i) {
    return Info(absl::StrCat("state='partial' version='", i, "'"),
                absl::StrCat("<users state='partial'><user entity='", i, "'><display-text>",
                             std::string(1'000'000, 'x'), "</display-text></user></users>"));
  };
  for (int i = 1; i <= 4; ++i) ASSERT_EQ(merging.Feed(user(i)).kind, Kind::kDocument);

  const MergeResult refused = merging.Feed(user(5));

  EXPECT_EQ(refused.kind, Kind::kError);
  EXPECT_EQ(refused.error, "more than 4194304 octets of state");
  EXPECT_THAT(Users(merging.Feed(Document(5, "partial", "b"))),
              ElementsAre("a", "1", "2", "3", "4", "b"));
}

TEST(ConferenceVersionsTest, EachForkHasItsOwnState) {
  Merging merging(FindPackage("conference"), kType);
  merging.Feed(Document(3, "full", "a"), 1);
  EXPECT_THAT(Users(merging.Feed(Document(1, "full", "b"), 2)), ElementsAre("b"));
  EXPECT_EQ(merging.Drop(1).kind, Kind::kUnchanged);
  EXPECT_EQ(merging.Feed(Document(4, "partial", "c"), 1).kind, Kind::kError);
  EXPECT_THAT(Users(merging.Feed(Document(2, "partial", "c"), 2)), ElementsAre("b", "c"));
}

TEST(ConferenceVersionsTest, EmptyBodyKeepsTheState) {
  Merging merging(FindPackage("conference"), kType);
  EXPECT_EQ(merging.Feed("").kind, Kind::kUnchanged);
  EXPECT_THAT(Users(merging.Feed(Document(0, "full", "a"))), ElementsAre("a"));
}

}  // namespace
}  // namespace sipevents::sip
