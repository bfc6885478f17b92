#include "clients/cli/watch_table.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace sipevents::client {
namespace {

using ::testing::ElementsAre;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

class WatchTableTest : public ::testing::Test {
 protected:
  WatchTableTest() {
    Add("sip:alice@example.com");
    Add("sip:bob@example.com");
  }

  void Add(const std::string& target) {
    targets_.push_back({.number = targets_.size() + 1, .text = target});
    table_.Add(targets_.back());
  }

  // An item for the target of this number.
  void Apply(size_t number, const std::string& item, absl::Time now = kNow) {
    v1::WatchItem parsed;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(item, &parsed)) << item;
    table_.Apply(targets_.at(number - 1), parsed, now);
  }

  // A `dialog` event: who is on the phone with this party, told by a fork at a second.
  static std::string Call(const std::string& fork, const std::string& party, int second) {
    return absl::StrCat("event { dialog: '", fork, "' receive_time { seconds: ", second,
                        " } dialog_info { dialogs { state: CONFIRMED remote { display_name: '",
                        party, "' } } } }");
  }
  static std::string Member(const std::string& fork, const std::string& uri) {
    return absl::StrCat("event { dialog: '", fork, "' member_uri: '", uri,
                        "' receive_time { seconds: 5 } dialog_info {} }");
  }

  // "target: state" of each row.
  std::vector<std::string> States() const {
    std::vector<std::string> states;
    for (const TableRow& row : table_.Rows(100)) {
      states.push_back(absl::StrCat(row.target, ": ", row.state.text));
    }
    EXPECT_EQ(states.size(), table_.size());
    return states;
  }

  std::vector<WatchedTarget> targets_;
  WatchTable table_{absl::UTCTimeZone()};
};

TEST_F(WatchTableTest, EachTargetHasARowFromTheBeginning) {
  EXPECT_THAT(States(), ElementsAre("sip:alice@example.com: no state yet",
                                    "sip:bob@example.com: no state yet"));
  EXPECT_EQ(table_.Rows(1).size(), 1);
}

TEST_F(WatchTableTest, RowShowsTheNewestStateAndSinceWhenItIsSo) {
  Apply(2, Call("d", "Ann", 100));
  Apply(2, Call("d", "Ann", 200));  // the same: refreshed, not changed
  EXPECT_EQ(table_.Rows(2)[1].since, absl::FromUnixSeconds(100));

  Apply(2, Call("d", "Bea", 300));

  EXPECT_EQ(table_.Rows(2)[1].since, absl::FromUnixSeconds(300));
  EXPECT_THAT(States(), ElementsAre("sip:alice@example.com: no state yet",
                                    "sip:bob@example.com: confirmed with Bea"));
}

TEST_F(WatchTableTest, ForksThatDisagreeAreShownSideBySideUntilTheyEnd) {
  Apply(1, Call("d1", "Ann", 100));
  Apply(1, "event { dialog: 'd2' dialog_info {} }");
  Apply(1, Call("d1", "Bea", 200));
  EXPECT_THAT(table_.Rows(1)[0].state.text, "confirmed with Bea | idle");
  EXPECT_EQ(table_.Rows(1)[0].state.tone, Tone::kBusy);

  Apply(1, "dialog_ended { dialog: 'd1' }");
  EXPECT_EQ(table_.Rows(1)[0].state.text, "idle");
  EXPECT_EQ(table_.Rows(1)[0].since, kNow);

  Apply(1, "dialog_ended { dialog: 'd2' }");
  EXPECT_EQ(table_.Rows(1)[0].state.text, "no state yet");
}

TEST_F(WatchTableTest, DocumentThatIsMergedOverForksIsShownOnce) {
  Apply(1, "event { dialog: 'd1' message_summary { messages_waiting: true } }");
  Apply(1, "event { dialog: 'd2' message_summary { messages_waiting: true } }");
  Apply(1, "event { dialog: 'd1' message_summary { } }");

  EXPECT_EQ(table_.Rows(1)[0].state.text, "no messages waiting");
}

TEST_F(WatchTableTest, SubscriptionIsToldAsItIs) {
  Apply(1, "status { state: RETRYING reason: 'timeout' retry_time { seconds: 1700000060 } }");
  table_.Fail(targets_[1], absl::NotFoundError("no such\nthing"));

  EXPECT_EQ(table_.Rows(2)[0].subscription.text, "retrying (timeout), again at 22:14:20.000");
  EXPECT_EQ(table_.Rows(2)[1].subscription.text, "NOT_FOUND: no such thing");
  EXPECT_EQ(table_.Rows(2)[1].subscription.tone, Tone::kBad);
}

// RLS-06: one row for each member.
TEST_F(WatchTableTest, ListHasARowForEachMemberInPlaceOfItsOwn) {
  Apply(1, "status { state: ACTIVE }");
  Apply(1, "event { dialog: 'd' member_uri: 'sip:201@x' member_name: 'Desk' dialog_info {} }");
  Apply(1, Member("d", "sip:202@x"));
  EXPECT_THAT(States(), ElementsAre("Desk <sip:201@x>: idle", "sip:202@x: idle",
                                    "sip:bob@example.com: no state yet"));
  EXPECT_EQ(table_.Rows(1)[0].subscription.text, "active");

  // What is wrong with the whole list is shown, too.
  Apply(1, "event { dialog: 'd' decode_error: 'no XML' }");
  EXPECT_THAT(States()[0],
              "sip:alice@example.com: cannot decode: no XML; last known: no state yet");
}

TEST_F(WatchTableTest, MemberThatLeftAndMembersOfAForkThatEndedHaveNoRow) {
  for (const char* uri : {"sip:201@x", "sip:202@x", "sip:203@x"}) Apply(1, Member("d", uri));
  Apply(1, Member("other", "sip:203@x"));

  Apply(1, "dialog_ended { dialog: 'd' member_uri: 'sip:201@x' reason: 'not-listed' }");
  EXPECT_THAT(States(), ElementsAre("sip:202@x: idle", "sip:203@x: idle",
                                    "sip:bob@example.com: no state yet"));

  Apply(1, "dialog_ended { dialog: 'd' }");
  EXPECT_THAT(States(), ElementsAre("sip:203@x: idle", "sip:bob@example.com: no state yet"));
}

TEST_F(WatchTableTest, SnapshotAfterAGapReplacesAllThatWasKnown) {
  Apply(1, Call("d1", "Ann", 100));
  Apply(1, Member("d1", "sip:201@x"));
  Apply(1, Member("d1", "sip:202@x"));

  Apply(1, "gap { reason: LOG_REPLACED }");
  Apply(1, Member("d9", "sip:202@x"));
  EXPECT_EQ(States().size(), 4) << "until the snapshot is whole the old state stays";
  Apply(1, "bookmark { kind: INITIAL_STATE_COMPLETE has_state: true }");

  EXPECT_THAT(States(), ElementsAre("sip:202@x: idle", "sip:bob@example.com: no state yet"));
}

TEST_F(WatchTableTest, NameOfASubscriptionIsReplacedByWhatItFollows) {
  Add("subscriptions/1abc");
  Add("subscriptions/1def");

  Apply(3, "event { target_uri: 'sip:c@x' event_package: 'presence' presence {} }");
  Apply(4, "status { state: ACTIVE spec { target_uri: 'sip:d@x' event_package: 'dialog' } }");

  EXPECT_EQ(table_.Rows(4)[2].target, "sip:c@x (presence)");
  EXPECT_EQ(table_.Rows(4)[3].target, "sip:d@x (dialog)");
}

TEST_F(WatchTableTest, ItemsOfTheStreamChangeNothing) {
  v1::WatchItem drain;
  drain.mutable_bookmark()->set_kind(v1::Bookmark::DRAIN);
  table_.Apply({}, drain, kNow);
  table_.Fail({}, absl::UnavailableError("gone"));

  EXPECT_EQ(table_.Rows(1)[0].subscription.text, "connecting");
}

TEST_F(WatchTableTest, ForeignTextIsHarmless) {
  Apply(1, R"(event { member_uri: 'sip:\033[2Jx' member_name: 'a\nb\302\233' dialog_info {} })");

  EXPECT_EQ(table_.Rows(1)[0].target, "a b? <sip:?[2Jx>");
}

}  // namespace
}  // namespace sipevents::client
