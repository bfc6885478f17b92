#include "clients/cli/characters.h"

#include "gtest/gtest.h"

namespace sipevents::client {
namespace {

TEST(CharactersTest, WidthIsThatOnATerminal) {
  EXPECT_EQ(Columns(""), 0);
  EXPECT_EQ(Columns("abc"), 3);
  EXPECT_EQ(Columns("Zoë"), 3);
  EXPECT_EQ(Columns("Zoe\u0308"), 3) << "the diaeresis goes with the e";
  EXPECT_EQ(Columns("受付"), 4);
  EXPECT_EQ(Columns("안내"), 4);
  EXPECT_EQ(Columns("☎"), 1);
  EXPECT_EQ(Columns("📞"), 2);
  EXPECT_EQ(Columns("…"), 1);
  EXPECT_EQ(Columns("\xFF"), 1) << "not a character, but something stands there";
}

TEST(CharactersTest, ClippedTextIsNeverTooWideAndNeverCutWithinACharacter) {
  EXPECT_EQ(Clip("abcdef", 6), "abcdef");
  EXPECT_EQ(Clip("abcdef", 5), "abcd…");
  EXPECT_EQ(Clip("abcdef", 1), "…");
  EXPECT_EQ(Clip("abcdef", 0), "");
  EXPECT_EQ(Clip("a", 1), "a");
  EXPECT_EQ(Clip("受付電話", 8), "受付電話");
  EXPECT_EQ(Clip("受付電話", 7), "受付電…");
  EXPECT_EQ(Clip("受付電話", 6), "受付…") << "half a character is none";
  EXPECT_EQ(Clip("Zoe\u0308", 3), "Zoe\u0308");
  for (int columns = 0; columns < 12; ++columns) {
    EXPECT_LE(Columns(Clip("a受b付c電d話", columns)), columns);
  }
}

}  // namespace
}  // namespace sipevents::client
