#include "sip/packages/opaque.h"

#include <string>
#include <string_view>
#include <variant>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/body/decode_scratch.h"
#include "sip/packages/package_table.h"
#include "tests/sip/packages/merging.h"

namespace sipevents::sip {
namespace {

TEST(OpaqueTest, EveryNotifyIsAnEventWithoutTypedDocument) {
  // given
  Merging merging(FindPackage("x-anything"), "application/x-anything");
  for (const std::string_view body : {std::string_view("one"), std::string_view("one"),
                                      std::string_view(), std::string_view("\0\xFF", 2)}) {
    // when
    const MergeResult result = merging.Feed(body);

    // then
    ASSERT_EQ(result.kind, MergeResult::Kind::kDocument);
    ASSERT_NE(result.document, nullptr);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(*result.document));
    EXPECT_FALSE(result.body_is_partial);
    EXPECT_FALSE(result.resync);
  }
}

TEST(OpaqueTest, AnyContentTypeIsTaken) {
  Merging merging(FindPackage("x-anything"), "");
  for (const std::string_view type : {"", "junk", "multipart/mixed;boundary=x", "text/plain"}) {
    EXPECT_EQ(merging.FeedTyped(type, "body").kind, MergeResult::Kind::kDocument) << type;
  }
}

TEST(OpaqueTest, BodyOverTheLimitIsAnError) {
  // given
  Merging merging(FindPackage("x-anything"), "text/plain");

  // when
  const MergeResult result = merging.Feed(std::string(kMaxBodyOctets + 1, 'x'));

  // then
  EXPECT_EQ(result.kind, MergeResult::Kind::kError);
  EXPECT_THAT(result.error, testing::HasSubstr("1048577 octets"));
  EXPECT_EQ(merging.Feed(std::string(kMaxBodyOctets, 'x')).kind, MergeResult::Kind::kDocument);
}

TEST(OpaqueTest, EndOfAForkChangesNothing) {
  Merging merging(FindPackage("x-anything"), "text/plain");
  merging.Feed("x", 7);
  EXPECT_EQ(merging.Drop(7).kind, MergeResult::Kind::kUnchanged);
}

}  // namespace
}  // namespace sipevents::sip
