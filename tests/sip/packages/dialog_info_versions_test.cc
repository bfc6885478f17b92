#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/packages/dialog_info.h"
#include "sip/packages/package_table.h"
#include "tests/sip/packages/merging.h"

// Versions of dialog-info documents: algorithm ALG-A of the catalogue (RFC 4235 section 4.3).

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = MergeResult::Kind;

constexpr std::string_view kType = "application/dialog-info+xml";

std::string Info(std::string_view attributes, std::string_view id,
                 std::string_view state = "early") {
  return "<dialog-info xmlns='urn:ietf:params:xml:ns:dialog-info' entity='sip:a@b' " +
         std::string(attributes) + "><dialog id='" + std::string(id) + "'><state>" +
         std::string(state) + "</state></dialog></dialog-info>";
}

std::vector<std::string> IdsOf(const MergeResult& result) {
  std::vector<std::string> ids;
  for (const Call& call : DocumentOf<DialogInfo>(result).calls) ids.emplace_back(call.id);
  return ids;
}

TEST(DialogVersionsTest, GapBeforeAPartialDocumentIsAppliedAndResynced) {
  // given
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info("version='5' state='full'", "a"));

  // when
  const MergeResult result = merging.Feed(Info("version='8' state='partial'", "b"));

  // then
  EXPECT_EQ(result.kind, Kind::kDocument);
  EXPECT_TRUE(result.resync);
  EXPECT_THAT(IdsOf(result), ElementsAre("a", "b"));
  EXPECT_EQ(DocumentOf<DialogInfo>(result).version, 8U);
  const MergeResult next = merging.Feed(Info("version='9' state='partial'", "c"));
  EXPECT_EQ(next.kind, Kind::kDocument);
  EXPECT_FALSE(next.resync);
}

TEST(DialogVersionsTest, GapBeforeAFullDocumentNeedsNoResync) {
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info("version='5' state='full'", "a"));
  const MergeResult result = merging.Feed(Info("version='8' state='full'", "b"));
  EXPECT_EQ(result.kind, Kind::kDocument);
  EXPECT_FALSE(result.resync);
  EXPECT_THAT(IdsOf(result), ElementsAre("b"));
}

TEST(DialogVersionsTest, ResyncIsAskedForOnceUntilAFullDocumentComes) {
  // given
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info("version='0' state='full'", "a"));
  EXPECT_TRUE(merging.Feed(Info("version='5' state='partial'", "b")).resync);

  // when
  const MergeResult again = merging.Feed(Info("version='9' state='partial'", "c"));
  const MergeResult broken = merging.Feed("<broken");
  merging.Feed(Info("version='10' state='full'", "d"));
  const MergeResult later = merging.Feed(Info("version='12' state='partial'", "e"));

  // then
  EXPECT_EQ(again.kind, Kind::kDocument);
  EXPECT_FALSE(again.resync);
  EXPECT_FALSE(broken.resync);
  EXPECT_TRUE(later.resync);
}

TEST(DialogVersionsTest, FirstDocumentMayHaveAnyVersion) {
  Merging merging(FindPackage("dialog"), kType);
  const MergeResult result = merging.Feed(Info("version='4294967295' state='full'", "a"));
  EXPECT_EQ(result.kind, Kind::kDocument);
  EXPECT_FALSE(result.resync);
  EXPECT_EQ(DocumentOf<DialogInfo>(result).version, 4294967295U);
}

TEST(DialogVersionsTest, FirstDocumentThatIsPartialIsAppliedAndResynced) {
  Merging merging(FindPackage("dialog"), kType);
  const MergeResult result = merging.Feed(Info("version='3' state='partial'", "a"));
  EXPECT_EQ(result.kind, Kind::kDocument);
  EXPECT_TRUE(result.body_is_partial);
  EXPECT_TRUE(result.resync);
  EXPECT_THAT(IdsOf(result), ElementsAre("a"));
}

TEST(DialogVersionsTest, OldAndRepeatedPartialDocumentsChangeNothing) {
  // given
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info("version='5' state='full'", "a"));
  for (const std::string_view version : {"5", "4", "0"}) {
    // when
    const MergeResult result =
        merging.Feed(Info("state='partial' version='" + std::string(version) + "'", "b"));

    // then
    EXPECT_EQ(result.kind, Kind::kUnchanged) << version;
    EXPECT_FALSE(result.resync) << version;
    EXPECT_EQ(result.document, nullptr) << version;
  }
  EXPECT_THAT(IdsOf(merging.Feed(Info("version='6' state='partial'", "c"))), ElementsAre("a", "c"));
}

TEST(DialogVersionsTest, StrictTakesNoOldFullDocument) {
  Merging merging(FindPackage("dialog"), kType, /*lenient=*/false);
  merging.Feed(Info("version='5' state='full'", "a"));
  EXPECT_EQ(merging.Feed(Info("version='5' state='full'", "b")).kind, Kind::kUnchanged);
  EXPECT_EQ(merging.Feed(Info("version='1' state='full'", "b")).kind, Kind::kUnchanged);
  EXPECT_THAT(IdsOf(merging.Feed(Info("version='6' state='partial'", "c"))), ElementsAre("a", "c"));
}

TEST(DialogVersionsTest, LenientTakesFullDocumentsOfAnyVersionInTheOrderOfTheNotifies) {
  // given: DEV-08, PBXs whose version stands still, starts over, or is missing
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info("version='5' state='full'", "a"));
  for (const std::string_view version :
       {"version='5'", "version='0'", "", "version='x'", "version='99999999999'"}) {
    // when
    const MergeResult result =
        merging.Feed(Info(std::string(version) + " state='full'", version.empty() ? "n" : "b"));

    // then
    EXPECT_EQ(result.kind, Kind::kDocument) << version;
    EXPECT_FALSE(result.resync) << version;
  }
}

TEST(DialogVersionsTest, LenientGoesOnFromAVersionThatStartedOver) {
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info("version='50' state='full'", "a"));
  merging.Feed(Info("version='0' state='full'", "b"));
  const MergeResult result = merging.Feed(Info("version='1' state='partial'", "c"));
  EXPECT_THAT(IdsOf(result), ElementsAre("b", "c"));
  EXPECT_FALSE(result.resync);
}

TEST(DialogVersionsTest, LenientTakesNoOldFullDocumentOfAnOldNotify) {
  // given
  Merging merging(FindPackage("dialog"), kType);
  merging.FeedWithCseq(10, kType, Info("version='5' state='full'", "a"));

  // when, then
  EXPECT_EQ(merging.FeedWithCseq(10, kType, Info("version='5' state='full'", "b")).kind,
            Kind::kUnchanged);
  EXPECT_EQ(merging.FeedWithCseq(9, kType, Info("version='4' state='full'", "b")).kind,
            Kind::kUnchanged);
  EXPECT_EQ(merging.FeedWithCseq(9, kType, Info("state='full'", "b")).kind, Kind::kUnchanged);
  EXPECT_EQ(merging.FeedWithCseq(11, kType, Info("version='4' state='full'", "b")).kind,
            Kind::kDocument);
}

TEST(DialogVersionsTest, PartialDocumentWithoutVersionIsAnErrorThatResyncs) {
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info("version='5' state='full'", "a"));
  const MergeResult result = merging.Feed(Info("state='partial'", "b"));
  EXPECT_EQ(result.kind, Kind::kError);
  EXPECT_TRUE(result.resync);
  EXPECT_THAT(result.error, HasSubstr("version"));
}

TEST(DialogVersionsTest, MissingStateMeansFullForTheLenient) {
  // given
  const std::string body = Info("version='1'", "b");
  Merging lenient(FindPackage("dialog"), kType);
  lenient.Feed(Info("version='0' state='full'", "a"));
  Merging strict(FindPackage("dialog"), kType, /*lenient=*/false);

  // when, then
  EXPECT_THAT(IdsOf(lenient.Feed(body)), ElementsAre("b"));
  EXPECT_EQ(strict.Feed(body).kind, Kind::kError);
  EXPECT_EQ(strict.Feed(Info("state='full'", "a")).kind, Kind::kError);
}

TEST(DialogVersionsTest, MalformedBodyLeavesTheTableAndResyncs) {
  // given
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info("version='5' state='full'", "a"));

  // when
  const MergeResult result = merging.Feed("<dialog-info><dialog");

  // then
  EXPECT_EQ(result.kind, Kind::kError);
  EXPECT_TRUE(result.resync);
  EXPECT_EQ(result.document, nullptr);
  EXPECT_THAT(IdsOf(merging.Feed(Info("version='6' state='partial'", "b"))), ElementsAre("a", "b"));
}

TEST(DialogVersionsTest, EmptyBodyKeepsTheTable) {
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info("version='5' state='full'", "a"));
  EXPECT_EQ(merging.FeedTyped("", "").kind, Kind::kUnchanged);
  EXPECT_THAT(IdsOf(merging.Feed(Info("version='6' state='partial'", "b"))), ElementsAre("a", "b"));
}

TEST(DialogVersionsTest, EachForkHasATableAndAVersionOfItsOwn) {
  // given
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info("version='5' state='full'", "a"), 1);
  merging.Feed(Info("version='0' state='full'", "b"), 2);

  // when
  const MergeResult first = merging.Feed(Info("version='6' state='partial'", "c"), 1);
  const std::vector<std::string> first_ids = IdsOf(first);
  const MergeResult second = merging.Feed(Info("version='1' state='partial'", "d"), 2);

  // then
  EXPECT_THAT(first_ids, ElementsAre("a", "c"));
  EXPECT_THAT(IdsOf(second), ElementsAre("b", "d"));
  EXPECT_FALSE(second.resync);
}

TEST(DialogVersionsTest, DroppedForkStartsAfresh) {
  Merging merging(FindPackage("dialog"), kType);
  merging.Feed(Info("version='5' state='full'", "a"));
  EXPECT_EQ(merging.Drop(1).kind, Kind::kUnchanged);
  const MergeResult result = merging.Feed(Info("version='0' state='partial'", "b"));
  EXPECT_THAT(IdsOf(result), ElementsAre("b"));
  EXPECT_TRUE(result.resync);
}

TEST(DialogVersionsTest, TheTableOutlivesTheBodiesItCameFrom) {
  // given: bodies in memory that is gone, and a scratch that other bodies went through
  Merging merging(FindPackage("dialog"), kType);
  {
    const std::string body = Info("version='0' state='full'", "first-call-of-a-long-name");
    merging.Feed(body);
  }
  merging.Feed(Info("version='0' state='full'", std::string(5'000, 'z')), 2);

  // when
  const MergeResult result = merging.Feed(Info("version='1' state='partial'", "b"));

  // then
  EXPECT_THAT(IdsOf(result), ElementsAre("first-call-of-a-long-name", "b"));
}

TEST(DialogVersionsTest, EmptyFullDocumentMeansIdle) {
  Merging merging(FindPackage("dialog"), kType);
  const MergeResult result = merging.Feed(
      "<dialog-info xmlns='urn:ietf:params:xml:ns:dialog-info' entity='sip:a@b' version='0' "
      "state='full'/>");
  EXPECT_EQ(result.kind, Kind::kDocument);
  EXPECT_THAT(IdsOf(result), IsEmpty());
}

}  // namespace
}  // namespace sipevents::sip
