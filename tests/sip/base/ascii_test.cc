#include "sip/base/ascii.h"

#include <string>

#include "gtest/gtest.h"

namespace sipevents {
namespace {

TEST(EqualsIgnoreCaseTest, OnlyAsciiLettersHaveACase) {
  EXPECT_TRUE(EqualsIgnoreCase("", ""));
  EXPECT_TRUE(EqualsIgnoreCase("Example.COM", "eXAMPLE.com"));
  EXPECT_FALSE(EqualsIgnoreCase("a", "ab"));
  EXPECT_FALSE(EqualsIgnoreCase("ab", "a"));
  EXPECT_FALSE(EqualsIgnoreCase("[", "{"));
  EXPECT_FALSE(EqualsIgnoreCase("\xc4", "\xe4"));
}

TEST(TrimBlanksTest, FoldedLinesAreBlank) {
  EXPECT_EQ(TrimBlanks(" \r\n\ta b\t "), "a b");
  EXPECT_EQ(TrimBlanks(" \t"), "");
  EXPECT_EQ(TrimBlanks(""), "");
}

TEST(QuoteForMessageTest, OnlyPrintableTextAndNotMuchOfIt) {
  EXPECT_EQ(QuoteForMessage("a\r\n\xff"), "\"a\\x0d\\x0a\\xff\"");
  EXPECT_EQ(QuoteForMessage(std::string(81, 'x')), "\"" + std::string(80, 'x') + "...\"");
}

}  // namespace
}  // namespace sipevents
