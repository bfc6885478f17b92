#include "sip/packages/xcap_diff.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/base/ascii.h"
#include "sip/packages/package_table.h"
#include "sipevents/v1/packages/xcap_diff.pb.h"
#include "tests/sip/packages/merging.h"
#include "tests/sip/packages/typed.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = MergeResult::Kind;

constexpr char kType[] = "application/xcap-diff+xml";

std::string Diff(std::string_view inside) {
  return absl::StrCat(R"(<?xml version="1.0" encoding="UTF-8"?>
      <d:xcap-diff xmlns="urn:ietf:params:xml:ns:resource-lists"
          xmlns:d="urn:ietf:params:xml:ns:xcap-diff" xcap-root="https://xcap.example.net/">)",
                      AbslView(inside), "</d:xcap-diff>");
}

// What a <document> element says; an empty tag is left out.
std::string Doc(std::string_view sel, std::string_view previous, std::string_view next,
                std::string_view inside = "") {
  std::string tags;
  if (!previous.empty()) absl::StrAppend(&tags, " previous-etag='", AbslView(previous), "'");
  if (!next.empty()) absl::StrAppend(&tags, " new-etag='", AbslView(next), "'");
  return absl::StrCat("<d:document sel='", AbslView(sel), "'", tags, ">", AbslView(inside),
                      "</d:document>");
}

// Each document as "sel previous>new CHANGE", with "*" if it was just told.
std::vector<std::string> Documents(const MergeResult& result) {
  std::vector<std::string> documents;
  const auto state = StateOf<v1::XcapDiff>(result);
  for (const auto& document : state.documents()) {
    documents.push_back(absl::StrCat(
        document.sel(), " ", document.previous_etag(), ">", document.new_etag(), " ",
        v1::XcapDocument::Change_Name(document.change()), document.just_told() ? "*" : ""));
  }
  return documents;
}

class XcapDiffTest : public testing::Test {
 protected:
  MergeResult Feed(std::string_view inside) { return merging_.Feed(Diff(inside)); }

  Merging merging_{FindPackage("xcap-diff"), kType};
};

// PKG-01, PKG-05: a state; a reader who missed a change sees it by the tags.
TEST(XcapDiffPackageTest, IsAStateOfItsOwn) {
  const EventPackage& package = FindPackage("xcap-diff");
  EXPECT_EQ(package.name, "xcap-diff");
  EXPECT_EQ(package.kind, PackageKind::kState);
  EXPECT_THAT(package.accept, ElementsAre(kType));
  EXPECT_FALSE(package.allows_forks);
}

TEST_F(XcapDiffTest, FirstDocumentIsTheListOfWhatThereIs) {
  const MergeResult result = Feed(absl::StrCat(Doc("a/index", "", "a1"), Doc("b/index", "", "b1")));
  EXPECT_FALSE(result.body_is_partial);
  EXPECT_FALSE(result.resync);
  EXPECT_EQ(StateOf<v1::XcapDiff>(result).xcap_root(), "https://xcap.example.net/");
  EXPECT_THAT(Documents(result), ElementsAre("a/index >a1 CREATED*", "b/index >b1 CREATED*"));
}

// ALG-E: each change follows on the tag before it.
TEST_F(XcapDiffTest, ChangesFollowTheChainOfTags) {
  Feed(absl::StrCat(Doc("a", "", "a1"), Doc("b", "", "b1")));

  const MergeResult changed = Feed(Doc("a", "a1", "a2"));
  EXPECT_TRUE(changed.body_is_partial);
  EXPECT_FALSE(changed.resync);
  EXPECT_THAT(Documents(changed), ElementsAre("a a1>a2 CHANGED*", "b >b1 CREATED"));
  EXPECT_THAT(Documents(Feed(Doc("a", "a2", "a3", "<d:body-not-changed/>"))),
              ElementsAre("a a2>a3 BODY_NOT_CHANGED*", "b >b1 CREATED"));
  EXPECT_THAT(Documents(Feed(Doc("c", "", "c1"))),
              ElementsAre("a a2>a3 BODY_NOT_CHANGED", "b >b1 CREATED", "c >c1 CREATED*"));
}

TEST_F(XcapDiffTest, WhatIsRemovedIsToldOnce) {
  Feed(absl::StrCat(Doc("a", "", "a1"), Doc("b", "", "b1")));
  EXPECT_THAT(Documents(Feed(Doc("a", "a1", ""))), ElementsAre("a a1> REMOVED*", "b >b1 CREATED"));
  EXPECT_THAT(Documents(Feed(Doc("b", "b1", "b2"))), ElementsAre("b b1>b2 CHANGED*"));
  EXPECT_THAT(Documents(Feed(Doc("a", "", "a9"))),
              ElementsAre("b b1>b2 CHANGED", "a >a9 CREATED*"));
}

// ALG-E: a change on a tag that is not known: the new tag is true all the same; asked about once.
TEST_F(XcapDiffTest, GapInTheChainIsAskedAboutOnceAndTheListMakesGoodForIt) {
  // given
  Feed(absl::StrCat(Doc("a", "", "a1"), Doc("b", "", "b1")));

  // when
  const MergeResult gap = Feed(Doc("a", "a5", "a6"));

  // then
  EXPECT_TRUE(gap.resync);
  EXPECT_THAT(Documents(gap), ElementsAre("a a5>a6 CHANGED*", "b >b1 CREATED"));
  EXPECT_FALSE(Feed(Doc("a", "a8", "a9")).resync);
  // The answer to the refresh lists all there is; b is gone.
  const MergeResult list = Feed(absl::StrCat(Doc("a", "", "a9"), Doc("c", "", "c1")));
  EXPECT_FALSE(list.body_is_partial);
  EXPECT_THAT(Documents(list), ElementsAre("a a8>a9 CHANGED", "c >c1 CREATED*"));
  EXPECT_TRUE(Feed(Doc("c", "c7", "c8")).resync);
}

TEST_F(XcapDiffTest, ChangeOfWhatNobodyToldOfIsAGap) {
  Feed("");
  EXPECT_TRUE(Feed(Doc("a", "a1", "a2")).resync);
}

TEST_F(XcapDiffTest, RepeatedDocumentsChangeNothing) {
  const std::string list = absl::StrCat(Doc("a", "", "a2"), Doc("b", "", "b1"));
  Feed(absl::StrCat(Doc("a", "", "a1"), Doc("b", "", "b1")));
  Feed(Doc("a", "a1", "a2"));
  EXPECT_EQ(Feed(Doc("a", "a1", "a2")).kind, Kind::kUnchanged);
  EXPECT_EQ(Feed(list).kind, Kind::kUnchanged);
  EXPECT_THAT(Documents(Feed(Doc("b", "b1", "b2"))),
              ElementsAre("a a1>a2 CHANGED", "b b1>b2 CHANGED*"));
}

// Operations are shown with the declarations that they need, in the event that brought them.
TEST_F(XcapDiffTest, OperationsAreShownAsXmlOfTheirOwn) {
  // given
  Feed(Doc("a", "", "a1"));

  // when
  const MergeResult patched =
      Feed(Doc("a", "a1", "a2",
               "<d:add sel='*/list'><entry uri='sip:x@example.com'/></d:add>"
               "<d:remove sel='*/list/entry[1]'/>"));

  // then
  const auto state = StateOf<v1::XcapDiff>(patched);
  ASSERT_EQ(state.documents_size(), 1);
  ASSERT_EQ(state.documents(0).patch_size(), 2);
  EXPECT_EQ(
      state.documents(0).patch(0),
      R"(<d:add sel="*/list" xmlns="urn:ietf:params:xml:ns:resource-lists" )"
      R"(xmlns:d="urn:ietf:params:xml:ns:xcap-diff"><entry uri="sip:x@example.com"/></d:add>)");
  EXPECT_THAT(state.documents(0).patch(1), HasSubstr("sel=\"*/list/entry[1]\""));
  EXPECT_EQ(StateOf<v1::XcapDiff>(Feed(Doc("b", "", "b1"))).documents(0).patch_size(), 0);
}

// RFC 5874: one document may tell of several changes to the same resource.
TEST_F(XcapDiffTest, ChangesInARowBecomeOne) {
  constexpr std::string_view kFirst = "<d:remove sel='a'/>";
  constexpr std::string_view kSecond = "<d:remove sel='b'/>";
  Feed(Doc("a", "", "a1"));

  const auto both = StateOf<v1::XcapDiff>(
      Feed(absl::StrCat(Doc("a", "a1", "a2", kFirst), Doc("a", "a2", "a3", kSecond))));
  ASSERT_EQ(both.documents_size(), 1);
  EXPECT_EQ(both.documents(0).previous_etag(), "a1");
  EXPECT_EQ(both.documents(0).new_etag(), "a3");
  ASSERT_EQ(both.documents(0).patch_size(), 2);
  EXPECT_THAT(both.documents(0).patch(0), HasSubstr("sel=\"a\""));
  EXPECT_THAT(both.documents(0).patch(1), HasSubstr("sel=\"b\""));

  // One of them without operations: the others alone would make something else.
  const auto half = StateOf<v1::XcapDiff>(
      Feed(absl::StrCat(Doc("a", "a3", "a4"), Doc("a", "a4", "a5", kSecond))));
  EXPECT_EQ(half.documents(0).previous_etag(), "a3");
  EXPECT_EQ(half.documents(0).patch_size(), 0);
}

TEST_F(XcapDiffTest, ElementsAndAttributesAreTold) {
  // when: RFC 5875 writes `exist`, the schema of RFC 5874 `exists`
  const auto state = StateOf<v1::XcapDiff>(
      Feed("<d:element sel='a/~~/list' exists='1'><list name='f'> <entry/></list></d:element>"
           "<d:attribute sel='a/~~/list/@name' exist='true'>f </d:attribute>"));

  // then
  ASSERT_EQ(state.elements_size(), 1);
  EXPECT_EQ(state.elements(0).sel(), "a/~~/list");
  EXPECT_TRUE(state.elements(0).exists());
  EXPECT_TRUE(state.elements(0).just_told());
  EXPECT_EQ(state.elements(0).xml(),
            R"(<list name="f" xmlns="urn:ietf:params:xml:ns:resource-lists" )"
            R"(xmlns:d="urn:ietf:params:xml:ns:xcap-diff"> <entry/></list>)");
  ASSERT_EQ(state.attributes_size(), 1);
  EXPECT_EQ(state.attributes(0).value(), "f ");
  EXPECT_TRUE(state.attributes(0).exists());

  const auto gone = StateOf<v1::XcapDiff>(Feed("<d:element sel='a/~~/list' exists='0'/>"));
  ASSERT_EQ(gone.elements_size(), 1);
  EXPECT_FALSE(gone.elements(0).exists());
  EXPECT_EQ(gone.elements(0).xml(), "");
  EXPECT_FALSE(gone.attributes(0).just_told());
  const auto after =
      StateOf<v1::XcapDiff>(Feed("<d:attribute sel='a/~~/list/@name' exists='false'/>"));
  EXPECT_EQ(after.elements_size(), 0);
  EXPECT_EQ(after.attributes_size(), 1);
}

TEST_F(XcapDiffTest, BadDocumentsLeaveTheStateAndAreAskedAboutOnce) {
  struct Row {
    std::string body;
    std::string_view said;
    std::string_view type = kType;
  };
  const std::vector<Row> rows = {
      {"<xcap-diff", "XML"},
      {"<xcap-diff xmlns='urn:example'/>", "root element"},
      {Diff("<d:document new-etag='x'/>"), "<document> without sel"},
      {Diff("<d:element/>"), "<element> without sel"},
      {Diff("<d:attribute sel=' '/>"), "<attribute> without sel"},
      {Diff(""), "content type", "text/plain"},
  };
  for (const Row& row : rows) {
    // given
    Merging merging(FindPackage("xcap-diff"), kType);
    merging.Feed(Diff(Doc("a", "", "a1")));

    // when
    const MergeResult bad = merging.FeedTyped(row.type, row.body);

    // then
    EXPECT_EQ(bad.kind, Kind::kError) << row.body;
    EXPECT_THAT(bad.error, HasSubstr(std::string(row.said)));
    EXPECT_TRUE(bad.resync);
    EXPECT_FALSE(merging.FeedTyped(row.type, row.body).resync);
    EXPECT_THAT(Documents(merging.Feed(Diff(Doc("a", "a1", "a2")))),
                ElementsAre("a a1>a2 CHANGED*"));
  }
}

TEST(XcapDiffStrictTest, StrictDemandsTheRoot) {
  constexpr std::string_view kNoRoot = "<xcap-diff xmlns='urn:ietf:params:xml:ns:xcap-diff'/>";
  Merging strict(FindPackage("xcap-diff"), kType, /*lenient=*/false);
  EXPECT_THAT(strict.Feed(kNoRoot).error, HasSubstr("xcap-root"));
  Merging lenient(FindPackage("xcap-diff"), kType);
  EXPECT_EQ(lenient.Feed(kNoRoot).kind, Kind::kDocument);
}

TEST_F(XcapDiffTest, TooManyResourcesAreRefusedAndTheStateStays) {
  Feed(Doc("a", "", "a1"));
  std::string many;
  for (int i = 0; i < 10'000; ++i) absl::StrAppend(&many, "<d:document sel='", i, "'/>");

  const MergeResult refused = Feed(many);

  EXPECT_EQ(refused.kind, Kind::kError);
  EXPECT_THAT(refused.error, HasSubstr("10000"));
  EXPECT_THAT(Documents(Feed(Doc("a", "a1", "a2"))), ElementsAre("a a1>a2 CHANGED*"));
}

// Each operation carries the declarations of the whole document.
TEST_F(XcapDiffTest, OperationsThatGrowTooLargeAreRefused) {
  std::string operations;
  for (int i = 0; i < 20; ++i) operations += "<d:remove sel='x'/>";
  const std::string body = absl::StrCat(
      "<d:xcap-diff xmlns:d='urn:ietf:params:xml:ns:xcap-diff' xcap-root='r' xmlns:x='",
      std::string(60'000, 'u'), "'>", Doc("a", "", "a1", operations), "</d:xcap-diff>");
  const MergeResult refused = merging_.Feed(body);
  EXPECT_EQ(refused.kind, Kind::kError);
  EXPECT_THAT(refused.error, HasSubstr("octets"));
}

TEST_F(XcapDiffTest, EmptyBodyKeepsTheState) {
  EXPECT_EQ(merging_.Feed("").kind, Kind::kUnchanged);
  EXPECT_THAT(Documents(Feed("")), IsEmpty());
}

}  // namespace
}  // namespace sipevents::sip
