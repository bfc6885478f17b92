#include "clients/cli/table_layout.h"

#include "clients/cli/characters.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/clients/cli/virtual_terminal.h"

namespace sipevents::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::VirtualTerminal;

// 2023-11-14 22:13:20 UTC.
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

TableStyle Style(int columns = 0) {
  return {.columns = columns, .zone = absl::UTCTimeZone(), .now = kNow};
}

TableRow Row(const std::string& target, const std::string& state) {
  return {target, {state, Tone::kBusy}, kNow - absl::Seconds(20), {"active", Tone::kGood}};
}

TEST(TableLayoutTest, ColumnsAreAsWideAsTheirWidestCell) {
  EXPECT_THAT(TableLines({Row("sip:a@x", "idle"), Row("sip:bob@x", "on the phone")}, Style()),
              ElementsAre("TARGET     STATE         SINCE     SUBSCRIPTION",
                          "sip:a@x    idle          22:13:00  active",
                          "sip:bob@x  on the phone  22:13:00  active"));
}

TEST(TableLayoutTest, StateOfAnotherDayHasItsDateAndOneThatNeverCameHasNoTime) {
  TableRow old = Row("sip:a@x", "idle");
  old.since = kNow - absl::Hours(30);
  TableRow never = Row("sip:b@x", "no state yet");
  never.since = absl::InfinitePast();

  EXPECT_THAT(TableLines({old, never}, Style()),
              ElementsAre("TARGET   STATE         SINCE         SUBSCRIPTION",
                          "sip:a@x  idle          13 Nov 16:13  active",
                          "sip:b@x  no state yet                active"));
}

TEST(TableLayoutTest, NoLineIsWiderThanTheTerminalAndTheWidestCellsAreCut) {
  const std::vector<TableRow> rows = {
      Row("sip:a@example.com", "confirmed with Front desk <sip:100@example.com>"),
      Row("sip:受付@example.com", "受付電話と話し中、受付電話と話し中")};

  EXPECT_THAT(TableLines(rows, Style(60))[1],
              "sip:a@example.com  confirmed with F…  22:13:00  active");
  for (int columns = 1; columns < 120; ++columns) {
    for (const std::string& line : TableLines(rows, Style(columns))) {
      ASSERT_LE(Columns(line), columns) << line;
    }
  }
}

TEST(TableLayoutTest, CellsStandInLineOnATerminalWhateverTheirCharacters) {
  TableStyle style = Style(80);
  style.moves_cursor = true;
  VirtualTerminal terminal(80, 10);

  // Of the last one the terminal makes more than we do.
  for (const std::string& line : TableLines(
           {Row("sip:a@x", "idle"), Row("受付電話", "Zoe\u0308 📞"), Row("a☎\uFE0Fb", "idle")},
           style)) {
    terminal.Feed(line + "\r\n");
  }

  EXPECT_THAT(
      terminal.Lines(),
      ElementsAre("TARGET    STATE   SINCE     SUBSCRIPTION", "sip:a@x   idle    22:13:00  active",
                  "受付電話  Zoe 📞  22:13:00  active", "a☎\uFE0Fb     idle    22:13:00  active"));
}

TEST(TableLayoutTest, ColorIsOfTheStateAndOnlyWhereItIsWanted) {
  TableStyle style = Style();
  EXPECT_THAT(TableLines({Row("sip:a@x", "idle")}, style)[1], Not(HasSubstr("\x1b")));

  style.color = true;

  EXPECT_EQ(TableLines({Row("sip:a@x", "idle")}, style)[1],
            "sip:a@x  \x1b[33midle\x1b[0m   22:13:00  \x1b[32mactive\x1b[0m");
}

}  // namespace
}  // namespace sipevents::client
