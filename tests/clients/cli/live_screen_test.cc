#include "clients/cli/live_screen.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/clients/cli/virtual_terminal.h"

namespace sipevents::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::VirtualTerminal;

class LiveScreenTest : public ::testing::Test {
 protected:
  // Draws, and returns what had to be written.
  std::string Draw(const std::vector<std::string>& lines) {
    const std::string octets = screen_.Draw(lines, size_);
    terminal_.Feed(octets);
    EXPECT_EQ(terminal_.unknown(), "");
    EXPECT_TRUE(terminal_.cursor_visible());
    EXPECT_TRUE(terminal_.wraps());
    return octets;
  }

  TerminalSize size_ = {.columns = 20, .rows = 6};
  VirtualTerminal terminal_{20, 6};
  LiveScreen screen_;
};

TEST_F(LiveScreenTest, LinesAreReplacedInPlaceBelowWhatWasThere) {
  terminal_.Feed("$ sipevents watch\r\n");
  Draw({"head", "one", "two"});

  Draw({"head", "ONE", "two"});

  EXPECT_THAT(terminal_.Lines(), ElementsAre("$ sipevents watch", "head", "ONE", "two"));
  EXPECT_EQ(terminal_.cursor_row(), 4) << "below the lines";
}

TEST_F(LiveScreenTest, OnlyLinesThatChangedAreWritten) {
  Draw({"head", "one", "two"});

  const std::string octets = Draw({"head", "one", "2"});

  EXPECT_THAT(octets, Not(HasSubstr("one")));
  EXPECT_THAT(terminal_.Lines(), ElementsAre("head", "one", "2"));
}

TEST_F(LiveScreenTest, ShorterLinesAndFewerLinesLeaveNothingBehind) {
  Draw({"head", "a long line", "two"});

  Draw({"head", "short"});

  EXPECT_THAT(terminal_.Lines(), ElementsAre("head", "short"));
}

TEST_F(LiveScreenTest, LinesThatNeedMoreRoomMoveTheScreenUp) {
  terminal_.Feed("1\r\n2\r\n3\r\n");
  Draw({"a", "b"});
  Draw({"a", "b", "c", "d", "e"});

  Draw({"A", "b", "c", "d", "E"});

  EXPECT_THAT(terminal_.Lines(), ElementsAre("A", "b", "c", "d", "E"));
}

TEST_F(LiveScreenTest, LineThatIsTooWideIsCutByTheTerminal) {
  Draw({"head", "a line that is wider than twenty columns", "two"});

  EXPECT_THAT(terminal_.Lines(), ElementsAre("head", "a line that is wider", "two"));
}

TEST_F(LiveScreenTest, TerminalOfAnotherSizeIsDrawnAnewFromItsTop) {
  terminal_.Feed("before\r\n");
  Draw({"head", "one", "two"});
  terminal_.Resize(15, 5);
  size_ = {.columns = 15, .rows = 5};

  Draw({"head", "one", "two"});

  EXPECT_THAT(terminal_.Lines(), ElementsAre("head", "one", "two"));
}

TEST_F(LiveScreenTest, FrameThatWasCutOffIsMadeGood) {
  const std::string octets = screen_.Draw({"head", "one"}, size_);
  terminal_.Feed(octets.substr(0, octets.find("one") + 1));
  ASSERT_FALSE(terminal_.cursor_visible());

  terminal_.Feed(kRestoreTerminal);

  EXPECT_TRUE(terminal_.cursor_visible());
  EXPECT_TRUE(terminal_.wraps());
}

}  // namespace
}  // namespace sipevents::client
