#include "sip/base/utf8.h"

#include "gtest/gtest.h"

namespace sipevents {
namespace {

constexpr char kReplaced[] = "\xef\xbf\xbd";

TEST(Utf8Test, WellFormedTextIsTakenAsItIs) {
  for (const char* text : {"", "plain ascii, longer than eight octets", "\xc3\xa4", "\xe2\x82\xac",
                           "\xf0\x9f\x93\x9e", "a\xc3\xa4z\xef\xbf\xbf\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
    EXPECT_EQ(ToUtf8(text), text);
  }
}

TEST(Utf8Test, MalformedTextIsSeen) {
  for (const char* text :
       {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "12345678\xff", "\xe2\x82"}) {
    EXPECT_FALSE(IsUtf8(text));
    EXPECT_TRUE(IsUtf8(ToUtf8(text)));
  }
}

TEST(Utf8Test, EachBadOctetIsReplaced) {
  EXPECT_EQ(ToUtf8("a\xff\xfe z\xc3\xa4"), std::string("a") + kReplaced + kReplaced + " z\xc3\xa4");
}

}  // namespace
}  // namespace sipevents
