#include "sip/packages/watcher_info.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/base/ascii.h"
#include "sip/packages/package_table.h"
#include "sipevents/v1/packages/watcher_info.pb.h"
#include "tests/sip/packages/merging.h"
#include "tests/sip/packages/table_rules.h"
#include "tests/sip/packages/typed.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = MergeResult::Kind;

constexpr char kType[] = "application/watcherinfo+xml";

// A document with one list of alice's presence.
std::string Document(int version, std::string_view state, std::string_view watchers) {
  return absl::StrCat(R"(<?xml version="1.0"?>
      <watcherinfo xmlns="urn:ietf:params:xml:ns:watcherinfo" version=")",
                      version, "\" state=\"", AbslView(state),
                      R"("><watcher-list resource="sip:alice@example.com" package="presence">)",
                      AbslView(watchers), "</watcher-list></watcherinfo>");
}

constexpr char kBobPending[] =
    R"(<watcher id="w1" status="pending" event="subscribe">sip:bob@example.com</watcher>)";
constexpr char kBobActive[] =
    R"(<watcher id="w1" status="active" event="approved">sip:bob@example.com</watcher>)";
constexpr char kBobGone[] =
    R"(<watcher id="w1" status="terminated" event="timeout">sip:bob@example.com</watcher>)";
constexpr char kCarol[] =
    R"(<watcher id="w2" status="active" event="subscribe">sip:carol@example.com</watcher>)";

std::vector<std::string> Watchers(const MergeResult& result) {
  std::vector<std::string> watchers;
  const auto info = StateOf<v1::WatcherInfo>(result);
  for (const auto& list : info.lists()) {
    for (const auto& watcher : list.watchers()) {
      watchers.push_back(
          absl::StrCat(watcher.uri(), " ", v1::Watcher::Status_Name(watcher.status())));
    }
  }
  return watchers;
}

TEST(WatcherInfoTest, EveryTemplateUseIsServed) {
  for (const std::string_view name : {"presence.winfo", "dialog.winfo", "presence.winfo.winfo"}) {
    EXPECT_EQ(FindPackage(name).template_suffix, ".winfo") << name;
  }
  EXPECT_EQ(FindPackage(".winfo").name, "");
  EXPECT_EQ(FindPackage("winfo").name, "");
}

TEST(WatcherInfoTest, AllOfAWatcherIsTold) {
  Merging merging(FindPackage("presence.winfo"), kType);

  const MergeResult result = merging.Feed(
      Document(0, "full",
               R"(<watcher id="w81" status="pending" event="subscribe" display-name="Ops bot"
          expiration="540" duration-subscribed="20" xml:lang="en"> sip:ops@example.org </watcher>)"));

  const auto info = StateOf<v1::WatcherInfo>(result);
  ASSERT_EQ(info.lists_size(), 1);
  EXPECT_EQ(info.lists(0).resource(), "sip:alice@example.com");
  EXPECT_EQ(info.lists(0).event_package(), "presence");
  ASSERT_EQ(info.lists(0).watchers_size(), 1);
  const v1::Watcher& watcher = info.lists(0).watchers(0);
  EXPECT_EQ(watcher.id(), "w81");
  EXPECT_EQ(watcher.uri(), "sip:ops@example.org");
  EXPECT_EQ(watcher.display_name(), "Ops bot");
  EXPECT_EQ(watcher.language(), "en");
  EXPECT_EQ(watcher.status(), v1::Watcher::PENDING);
  EXPECT_EQ(watcher.event(), v1::Watcher::SUBSCRIBE);
  EXPECT_EQ(watcher.expiration().seconds(), 540);
  EXPECT_EQ(watcher.duration_subscribed().seconds(), 20);
}

// ALG-A, step 2; what ended is shown once.
TEST(WatcherInfoTest, PartialDocumentsAreMergedIn) {
  Merging merging(FindPackage("presence.winfo"), kType);
  merging.Feed(Document(0, "full", kBobPending));

  const MergeResult added = merging.Feed(Document(1, "partial", kCarol));
  EXPECT_TRUE(added.body_is_partial);
  EXPECT_FALSE(added.resync);
  EXPECT_THAT(Watchers(added),
              ElementsAre("sip:bob@example.com PENDING", "sip:carol@example.com ACTIVE"));
  EXPECT_THAT(Watchers(merging.Feed(Document(2, "partial", kBobActive))),
              ElementsAre("sip:bob@example.com ACTIVE", "sip:carol@example.com ACTIVE"));
  EXPECT_THAT(Watchers(merging.Feed(Document(3, "partial", kBobGone))),
              ElementsAre("sip:bob@example.com TERMINATED", "sip:carol@example.com ACTIVE"));
  EXPECT_THAT(Watchers(merging.Feed(Document(4, "partial", ""))),
              ElementsAre("sip:carol@example.com ACTIVE"));
}

// ALG-A, steps 3 and 4.
TEST(WatcherInfoTest, GapIsAppliedAndAskedAboutOnceAndOldDocumentsAreDiscarded) {
  Merging merging(FindPackage("presence.winfo"), kType);
  merging.Feed(Document(0, "full", kBobPending));

  const MergeResult gap = merging.Feed(Document(2, "partial", kCarol));
  EXPECT_TRUE(gap.resync);
  EXPECT_THAT(Watchers(gap),
              ElementsAre("sip:bob@example.com PENDING", "sip:carol@example.com ACTIVE"));
  EXPECT_EQ(merging.Feed(Document(2, "partial", kBobGone)).kind, Kind::kUnchanged);
  EXPECT_EQ(merging.Feed(Document(1, "partial", kBobGone)).kind, Kind::kUnchanged);
  EXPECT_FALSE(merging.Feed(Document(9, "partial", kBobActive)).resync);

  const MergeResult full = merging.Feed(Document(10, "full", kCarol));
  EXPECT_THAT(Watchers(full), ElementsAre("sip:carol@example.com ACTIVE"));
  EXPECT_TRUE(merging.Feed(Document(12, "partial", kBobActive)).resync);
}

TEST(WatcherInfoTest, ForksAreOneStateWhileTheyLive) {
  Merging merging(FindPackage("presence.winfo"), kType);
  merging.Feed(Document(0, "full", kBobPending), 1);

  EXPECT_THAT(Watchers(merging.Feed(Document(0, "full", kCarol), 2)),
              ElementsAre("sip:bob@example.com PENDING", "sip:carol@example.com ACTIVE"));
  EXPECT_THAT(Watchers(merging.Drop(1)), ElementsAre("sip:carol@example.com ACTIVE"));
  EXPECT_EQ(merging.Drop(2).kind, Kind::kUnchanged);
}

TEST(WatcherInfoTest, BadDocumentsLeaveTheStateAndAreAskedAboutOnce) {
  const TableOfRows table = {"presence.winfo", kType, Document(0, "full", kBobPending),
                             Document(1, "partial", ""), Watchers};
  ExpectBadDocumentsLeaveTheState(
      table, {
                 {"<watcherinfo", "XML"},
                 {"<watcherinfo version=\"1\" state=\"full\"/>", "root element"},
                 {"<presence xmlns=\"urn:ietf:params:xml:ns:watcherinfo\"/>", "<watcherinfo>"},
                 {Document(1, "full", "<watcher status=\"active\">sip:x@example.com</watcher>"),
                  "without id"},
                 {Document(1, "full", kCarol), "content type", "text/plain"},
             });
}

TEST(WatcherInfoTest, UnknownWordsAreUnspecified) {
  Merging merging(FindPackage("presence.winfo"), kType);

  const MergeResult result = merging.Feed(Document(
      0, "full", R"(<watcher id="1" status="dozing" event="yawn">sip:x@example.com</watcher>)"));

  EXPECT_THAT(Watchers(result), ElementsAre("sip:x@example.com STATUS_UNSPECIFIED"));
}

TEST(WatcherInfoTest, TooManyWatchersAreRefusedAndTheStateStays) {
  Merging merging(FindPackage("presence.winfo"), kType);
  merging.Feed(Document(0, "full", kBobPending));
  std::string many;
  for (int i = 0; i < 10'001; ++i) absl::StrAppend(&many, "<watcher id=\"", i, "\"/>");

  const MergeResult refused = merging.Feed(Document(1, "full", many));

  EXPECT_EQ(refused.kind, Kind::kError);
  EXPECT_THAT(refused.error, HasSubstr("10000"));
  EXPECT_THAT(Watchers(merging.Feed(Document(1, "partial", kCarol))),
              ElementsAre("sip:bob@example.com PENDING", "sip:carol@example.com ACTIVE"));
}

TEST(WatcherInfoTest, EmptyBodyKeepsTheState) {
  Merging merging(FindPackage("presence.winfo"), kType);
  EXPECT_EQ(merging.Feed("").kind, Kind::kUnchanged);
  EXPECT_THAT(Watchers(merging.Feed(Document(0, "full", ""))), IsEmpty());
}

}  // namespace
}  // namespace sipevents::sip
