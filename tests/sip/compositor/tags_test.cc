#include "sip/compositor/tags.h"

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "sip/base/header_grammar.h"
#include "tests/fakes/fake_random.h"

namespace sipevents::sip {
namespace {

TEST(PublicationTagsTest, TextIsATokenAndReadsBack) {
  FakeRandom random;
  const PublicationTags tags(random);
  for (const PublicationTags::Tag tag : {PublicationTags::Tag{0, 1},
                                         {1, 16},
                                         {4'000'000'000, 9},
                                         {7, UINT64_MAX},
                                         {UINT32_MAX - 1, 1}}) {
    const std::string text = tags.Text(tag);
    EXPECT_TRUE(IsToken(text)) << text;
    EXPECT_EQ(tags.Parse(text), tag) << text;
  }
}

TEST(PublicationTagsTest, TagsOfAnotherProcessAreUnknownEsc15) {
  FakeRandom random;
  const PublicationTags before(random);
  const PublicationTags after(random);
  EXPECT_NE(before.Text({1, 1}), after.Text({1, 1}));
  EXPECT_EQ(after.Parse(before.Text({1, 1})), std::nullopt);
}

TEST(PublicationTagsTest, WhatWasNotMadeHereIsNoTag) {
  FakeRandom random;
  const PublicationTags tags(random);
  const std::string good = tags.Text({10, 10});  // ends in "b.a"
  ASSERT_TRUE(good.ends_with("b.a"));
  const std::string prefix = good.substr(0, good.size() - 3);
  for (const std::string& text :
       {std::string(), prefix, prefix + "b", prefix + "b.", prefix + ".a", prefix + "B.a",
        prefix + "b.A", prefix + "0b.a", prefix + "b.0a", prefix + "b.0", prefix + "0.a",
        prefix + "b.a ", prefix + "b.a.a", prefix + "b.-1", prefix + "0xb.a",
        prefix + "100000000.a", prefix + "b.10000000000000000", " " + good, std::string("b.a")}) {
    EXPECT_EQ(tags.Parse(text), std::nullopt) << text;
  }
}

TEST(ContentTagsTest, EqualBodiesHaveEqualTagsAndOthersOtherOnes) {
  // Given
  FakeRandom random;
  const ContentTags tags(random);
  const ComposedBody body = {"text/plain", "on", 1};
  // Then
  EXPECT_EQ(tags.Of(body), tags.Of(body));
  EXPECT_TRUE(IsToken(tags.Of(body)));
  const std::set<std::string> all = {tags.Of(body),
                                     tags.Of({"text/plaino", "n", 1}),
                                     tags.Of({"text/html", "on", 1}),
                                     tags.Of({"text/plain", "off", 1}),
                                     tags.Of({"text/plain", "on", 2}),
                                     tags.Of({"text/plain", "on", ComposedBody::kNoVersion}),
                                     tags.Of({"", "", ComposedBody::kNoVersion}),
                                     tags.Of(body, 1),
                                     tags.Of(body, 2)};
  EXPECT_EQ(all.size(), 9u);
  for (const std::string& tag : all) EXPECT_EQ(tag.size(), ContentTags::kOctets) << tag;
}

TEST(ContentTagsTest, KeysOfTwoProcessesDiffer) {
  FakeRandom random;
  const ContentTags first(random);
  const ContentTags second(random);
  EXPECT_NE(first.Of({"a/b", "c"}), second.Of({"a/b", "c"}));
  EXPECT_NE(first.Hash("a"), second.Hash("a"));
}

}  // namespace
}  // namespace sipevents::sip
