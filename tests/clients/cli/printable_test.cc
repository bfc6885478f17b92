#include "clients/cli/printable.h"

#include <string>

#include "gtest/gtest.h"

namespace sipevents::client {
namespace {

TEST(PrintableTest, ControlCharactersCannotReachTheTerminal) {
  EXPECT_EQ(Printable("a\x1b[31mb"), "a?[31mb");
  EXPECT_EQ(Printable("bell\a del\x7f"), "bell? del?");
  EXPECT_EQ(Printable("csi \xc2\x9b"), "csi ?");  // U+009B, an escape sequence in one character
  EXPECT_EQ(Printable(std::string("nul\0x", 5)), "nul?x");
}

TEST(PrintableTest, LineBreaksBecomeSpaces) { EXPECT_EQ(Printable("a\r\nb\tc"), "a  b c"); }

TEST(PrintableTest, WellFormedTextIsLeftAlone) {
  EXPECT_EQ(Printable("Zoë 日本 🙂"), "Zoë 日本 🙂");
}

TEST(PrintableTest, LongTextIsCutBetweenCharacters) {
  EXPECT_EQ(Printable("abcdef", 3), "abc…");
  EXPECT_EQ(Printable("aëë", 2), "a…");
  EXPECT_EQ(Printable("abc", 3), "abc");
}

TEST(PrintableTest, MalformedTextIsNotUtf8) {
  for (const char* text :
       {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "ok\xe2\x82"}) {
    EXPECT_FALSE(IsUtf8(text)) << text;
  }
  EXPECT_EQ(Printable("a\xff"
                      "b"),
            "a?b");
}

TEST(PrintableTest, WellFormedTextIsUtf8) {
  for (const char* text : {"", "plain", "Zoë", "日本", "🙂", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
}

}  // namespace
}  // namespace sipevents::client
