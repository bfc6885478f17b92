#include "sip/packages/partial_presence.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/base/ascii.h"
#include "sip/packages/package_table.h"
#include "tests/sip/packages/merging.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = MergeResult::Kind;

constexpr std::string_view kType = "application/pidf-diff+xml";
constexpr std::string_view kPidfType = "application/pidf+xml";

// A document of one tuple, "t1", that is open.
std::string Full(int version) {
  return absl::StrCat(R"(<?xml version="1.0" encoding="UTF-8"?>
<p:pidf-full xmlns="urn:ietf:params:xml:ns:pidf" xmlns:p="urn:ietf:params:xml:ns:pidf-diff"
    xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:r="urn:ietf:params:xml:ns:pidf:rpid"
    entity="sip:mira@gw.example.net" version=")",
                      version, R"(">
  <tuple id="t1">
    <status><basic>open</basic></status>
    <contact priority="0.8">sip:mira@192.0.2.7</contact>
  </tuple>
  <note>Here</note>
  <dm:person id="p1"><r:activities><r:busy/></r:activities></dm:person>
</p:pidf-full>
)");
}

std::string Diff(int version, std::string_view operations) {
  return absl::StrCat(R"(<?xml version="1.0" encoding="UTF-8"?>
<p:pidf-diff xmlns="urn:ietf:params:xml:ns:pidf" xmlns:p="urn:ietf:params:xml:ns:pidf-diff"
    xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" xmlns:d="urn:ietf:params:xml:ns:pidf:data-model"
    entity="sip:mira@gw.example.net" version=")",
                      version, "\">\n", AbslView(operations), "\n</p:pidf-diff>\n");
}

constexpr std::string_view kClose =
    R"xml(<p:replace sel="presence/tuple[@id='t1']/status/basic/text()">closed</p:replace>)xml";
constexpr std::string_view kAddSecond =
    R"(<p:add sel="presence" pos="prepend"><tuple id="t2"><status><basic>open</basic></status>)"
    R"(</tuple></p:add>)";
constexpr std::string_view kUnknownPlace = R"(<p:remove sel="*/tuple[@id='t9']"/>)";

// Each tuple as "id basic".
std::vector<std::string> Tuples(const MergeResult& result) {
  EXPECT_EQ(result.kind, Kind::kDocument) << result.error;
  std::vector<std::string> tuples;
  for (const PresenceTuple& tuple : DocumentOf<Presence>(result).tuples) {
    const bool open = tuple.basic == PresenceBasic::kOpen;
    tuples.push_back(absl::StrCat(AbslView(tuple.id), open ? " open" : " not open"));
  }
  return tuples;
}

TEST(PartialPresenceTest, FullDocumentIsDecodedAsPresence) {
  // given
  Merging merging(FindPackage("presence"), kType);

  // when
  const MergeResult result = merging.Feed(Full(1));

  // then
  ASSERT_EQ(result.kind, Kind::kDocument) << result.error;
  EXPECT_FALSE(result.body_is_partial);
  const auto& presence = DocumentOf<Presence>(result);
  EXPECT_EQ(presence.entity, "sip:mira@gw.example.net");
  ASSERT_THAT(presence.tuples, SizeIs(1));
  EXPECT_EQ(presence.tuples[0].contact, "sip:mira@192.0.2.7");
  ASSERT_THAT(presence.notes, SizeIs(1));
  EXPECT_EQ(presence.notes[0].text, "Here");
  ASSERT_THAT(presence.persons, SizeIs(1));
}

// ALG-C: operations of version v+1 are applied in order, and the state stays full.
TEST(PartialPresenceTest, ChangesAreAppliedToTheFullState) {
  // given
  Merging merging(FindPackage("presence"), kType);
  merging.Feed(Full(7));

  // when: what the RFC shows: text, an element before another, one away, an attribute
  const MergeResult result = merging.Feed(Diff(8, absl::StrCat(R"(
      <p:add sel="presence/note" pos="before"><tuple id="t2"><status><basic>open</basic></status>
        <contact priority="0.4">mailto:pep@example.com</contact></tuple></p:add>)",
                                                               AbslView(kClose), R"(
      <p:remove sel="*/d:person/r:activities/r:busy" ws="after"/>
      <p:add sel="*/d:person/r:activities"><r:away/></p:add>
      <p:replace sel="*/tuple[@id='t1']/contact/@priority">0.7</p:replace>)")));

  // then
  EXPECT_TRUE(result.body_is_partial);
  EXPECT_FALSE(result.resync);
  EXPECT_THAT(Tuples(result), ElementsAre("t1 not open", "t2 open"));
  const auto& presence = DocumentOf<Presence>(result);
  EXPECT_EQ(presence.entity, "sip:mira@gw.example.net");
  EXPECT_EQ(presence.tuples[0].contact_priority, 0.7);
  EXPECT_THAT(presence.notes, SizeIs(1));
  ASSERT_THAT(presence.persons, SizeIs(1));
  ASSERT_THAT(presence.persons[0].rich.elements, SizeIs(1));
  EXPECT_THAT(presence.persons[0].rich.elements[0].second.values, ElementsAre("away"));
}

TEST(PartialPresenceTest, EachChangeBuildsOnTheOneBefore) {
  Merging merging(FindPackage("presence"), kType);
  merging.Feed(Full(0));
  EXPECT_THAT(Tuples(merging.Feed(Diff(1, kAddSecond))), ElementsAre("t2 open", "t1 open"));
  EXPECT_THAT(Tuples(merging.Feed(Diff(2, kClose))), ElementsAre("t2 open", "t1 not open"));
  EXPECT_THAT(Tuples(merging.Feed(Diff(3, "<p:remove sel='presence/tuple[2]'/>"))),
              ElementsAre("t2 open"));
}

// RFC 5262: also with other prefixes than those of the changes.
TEST(PartialPresenceTest, PrefixesDoNotMatter) {
  Merging merging(FindPackage("presence"), kType);
  merging.Feed(
      R"(<pidf-full xmlns="urn:ietf:params:xml:ns:pidf-diff" xmlns:x="urn:ietf:params:xml:ns:pidf"
         entity="sip:a@example.com" version="1"><x:tuple id="t1"><x:status><x:basic>open</x:basic>
         </x:status></x:tuple></pidf-full>)");
  EXPECT_THAT(Tuples(merging.Feed(Diff(2, absl::StrCat(AbslView(kClose), AbslView(kAddSecond))))),
              ElementsAre("t2 open", "t1 not open"));
}

// ALG-C: version <= v.
TEST(PartialPresenceTest, OldAndRepeatedChangesAreDiscarded) {
  Merging merging(FindPackage("presence"), kType);
  merging.Feed(Full(4));
  EXPECT_EQ(merging.Feed(Diff(4, kClose)).kind, Kind::kUnchanged);
  EXPECT_EQ(merging.Feed(Diff(1, kClose)).kind, Kind::kUnchanged);
  EXPECT_THAT(Tuples(merging.Feed(Diff(5, ""))), ElementsAre("t1 open"));
}

TEST(PartialPresenceTest, OldFullDocumentCountsOnlyIfTheOrderSaysItIsNew) {
  // Servers that start their versions over (DEV-08).
  Merging lenient(FindPackage("presence"), kType);
  lenient.Feed(Full(4));
  lenient.Feed(Diff(5, kClose));
  EXPECT_EQ(lenient.FeedWithCseq(1, kType, Full(1)).kind, Kind::kUnchanged);
  EXPECT_THAT(Tuples(lenient.FeedWithCseq(10, kType, Full(1))), ElementsAre("t1 open"));
  EXPECT_THAT(Tuples(lenient.FeedWithCseq(11, kType, Diff(2, kClose))), ElementsAre("t1 not open"));

  Merging strict(FindPackage("presence"), kType, /*lenient=*/false);
  strict.Feed(Full(4));
  EXPECT_EQ(strict.Feed(Full(4)).kind, Kind::kUnchanged);
  EXPECT_THAT(Tuples(strict.Feed(Full(9))), ElementsAre("t1 open"));
}

// ALG-C: a gap is not applied; the full state is asked for once, and makes good for it.
TEST(PartialPresenceTest, GapKeepsTheStateAndAsksOnceForTheFullOne) {
  // given
  Merging merging(FindPackage("presence"), kType);
  merging.Feed(Full(1));

  // when
  const MergeResult gap = merging.Feed(Diff(3, kClose));

  // then
  EXPECT_EQ(gap.kind, Kind::kError);
  EXPECT_EQ(gap.error, "changes of version 3 to a document of version 1");
  EXPECT_TRUE(gap.body_is_partial);
  EXPECT_TRUE(gap.resync);
  EXPECT_FALSE(merging.Feed(Diff(4, kClose)).resync);
  // What was missed comes late: the state that was kept is still good for it.
  EXPECT_THAT(Tuples(merging.Feed(Diff(2, kAddSecond))), ElementsAre("t2 open", "t1 open"));
  EXPECT_THAT(Tuples(merging.Feed(Full(5))), ElementsAre("t1 open"));
  EXPECT_TRUE(merging.Feed(Diff(9, kClose)).resync);
}

// ALG-C: so does a change that does not fit.
TEST(PartialPresenceTest, ChangeThatDoesNotFitKeepsTheStateAndAsksOnce) {
  Merging merging(FindPackage("presence"), kType);
  merging.Feed(Full(1));

  const MergeResult bad =
      merging.Feed(Diff(2, absl::StrCat(AbslView(kClose), AbslView(kUnknownPlace))));

  EXPECT_EQ(bad.kind, Kind::kError);
  EXPECT_THAT(bad.error, HasSubstr("change 2, <p:remove"));
  EXPECT_THAT(bad.error, HasSubstr("t9"));
  EXPECT_THAT(bad.error, HasSubstr("selects nothing"));
  EXPECT_TRUE(bad.resync);
  EXPECT_FALSE(merging.Feed(Diff(2, kUnknownPlace)).resync);
  // Nothing of it was kept.
  EXPECT_THAT(Tuples(merging.Feed(Diff(2, kAddSecond))), ElementsAre("t2 open", "t1 open"));
}

TEST(PartialPresenceTest, ChangesBeforeAFullDocumentAreAnError) {
  Merging merging(FindPackage("presence"), kType);
  const MergeResult first = merging.Feed(Diff(1, kClose));
  EXPECT_EQ(first.kind, Kind::kError);
  EXPECT_EQ(first.error, "changes before any full document");
  EXPECT_TRUE(first.resync);
  EXPECT_FALSE(merging.Feed(Diff(2, kClose)).resync);
  EXPECT_THAT(Tuples(merging.Feed(Full(3))), ElementsAre("t1 open"));
}

// ALG-C: the type is switched; the document is gone, its version stays.
TEST(PartialPresenceTest, WholeDocumentsInBetweenEndWhatChangesApplyTo) {
  // given
  Merging merging(FindPackage("presence"), kType, /*lenient=*/false);
  merging.Feed(Full(3));

  // when
  const MergeResult whole = merging.FeedTyped(
      kPidfType, "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='sip:a@example.com'/>");

  // then
  EXPECT_THAT(Tuples(whole), IsEmpty());
  EXPECT_FALSE(whole.body_is_partial);
  const MergeResult change = merging.Feed(Diff(4, kClose));
  EXPECT_EQ(change.kind, Kind::kError);
  EXPECT_TRUE(change.resync);
  EXPECT_EQ(merging.Feed(Full(3)).kind, Kind::kUnchanged);
  EXPECT_THAT(Tuples(merging.Feed(Full(4))), ElementsAre("t1 open"));
}

TEST(PartialPresenceTest, EachForkHasADocumentOfItsOwn) {
  Merging merging(FindPackage("presence"), kType);
  merging.Feed(Full(1), 1);
  EXPECT_EQ(merging.Feed(Diff(2, kClose), 2).kind, Kind::kError);
  EXPECT_THAT(Tuples(merging.Feed(Diff(2, kClose), 1)), ElementsAre("t1 not open"));
  merging.Drop(1);
  EXPECT_EQ(merging.Feed(Diff(3, kClose), 1).kind, Kind::kError);
}

TEST(PartialPresenceTest, BadDocumentsLeaveTheStateAndAreAskedAboutOnce) {
  struct Row {
    std::string body;
    std::string_view said;
  };
  const std::vector<Row> rows = {
      {"<pidf-diff", "XML"},
      {"<pidf-diff xmlns='urn:ietf:params:xml:ns:pidf' version='2'/>", "neither <pidf-full>"},
      {"<presence xmlns='urn:ietf:params:xml:ns:pidf'/>", "neither <pidf-full>"},
      {"<pidf-diff xmlns='urn:ietf:params:xml:ns:pidf-diff'/>", "without version"},
      {"<pidf-diff xmlns='urn:ietf:params:xml:ns:pidf-diff' version='two'/>", "without version"},
      {Diff(2, "<p:remove/>"), "no sel"},
      {Diff(2, "<p:replace sel='presence'><tuple id='x'/></p:replace>"), "root element"},
      {Diff(2, "<p:add sel='presence'><x:new xmlns:x='urn:x' mustUnderstand='1'/></p:add>"),
       "must be understood"},
  };
  for (const Row& row : rows) {
    // given
    Merging merging(FindPackage("presence"), kType);
    merging.Feed(Full(1));

    // when
    const MergeResult bad = merging.Feed(row.body);

    // then
    EXPECT_EQ(bad.kind, Kind::kError) << row.body;
    EXPECT_THAT(bad.error, HasSubstr(std::string(row.said)));
    EXPECT_TRUE(bad.resync) << row.body;
    EXPECT_FALSE(merging.Feed(row.body).resync) << row.body;
    EXPECT_THAT(Tuples(merging.Feed(Diff(2, kAddSecond))), ElementsAre("t2 open", "t1 open"));
  }
}

TEST(PartialPresenceTest, StateThatGrowsTooLargeIsRefused) {
  // given
  Merging merging(FindPackage("presence"), kType);
  merging.Feed(Full(1));
  const std::string large(700'000, 'x');
  const std::string grow = absl::StrCat("<p:add sel='presence'><note>", large, "</note></p:add>");

  // when
  EXPECT_EQ(merging.Feed(Diff(2, grow)).kind, Kind::kDocument);
  const MergeResult refused = merging.Feed(Diff(3, grow));

  // then
  EXPECT_EQ(refused.kind, Kind::kError);
  EXPECT_THAT(refused.error, HasSubstr("octets"));
  EXPECT_THAT(Tuples(merging.Feed(Diff(3, kClose))), ElementsAre("t1 not open"));
}

TEST(PartialPresenceTest, EmptyBodyKeepsTheState) {
  Merging merging(FindPackage("presence"), kType);
  merging.Feed(Full(1));
  EXPECT_EQ(merging.Feed("").kind, Kind::kUnchanged);
  EXPECT_THAT(Tuples(merging.Feed(Diff(2, kClose))), ElementsAre("t1 not open"));
}

}  // namespace
}  // namespace sipevents::sip
