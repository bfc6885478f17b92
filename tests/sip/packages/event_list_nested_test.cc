#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/packages/event_list.h"
#include "tests/sip/packages/event_list_fixture.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// RLS-04, RLS-10: lists within lists.
class NestedEventListTest : public EventListTest {
 protected:
  static ListPart Nested(std::string id, std::string rlmi, std::vector<ListPart> parts = {},
                         std::string boundary = "N") {
    parts.insert(parts.begin(), Root(std::move(rlmi)));
    std::string type =
        absl::StrCat(R"(multipart/related;type="application/rlmi+xml";boundary=)", boundary);
    return {std::move(id), Multipart(parts, boundary), std::move(type)};
  }
};

TEST_F(NestedEventListTest, MembersOfAnInnerListAreMembers) {
  EXPECT_THAT(Feed({Root(Rlmi(0, true, Active("201", "a") + Active("team", "n"))),
                    {"a", Calls(0, "c1")},
                    Nested("n", Rlmi(0, true, Active("301", "p"), "sip:team@example.com"),
                           {{"p", Calls(0, "c3")}})}),
              ElementsAre("201=c1", "301=c3"));

  EXPECT_THAT(Feed({Root(Rlmi(1, false, Active("team", "n"))),
                    Nested("n", Rlmi(2, false, Active("301", "p"), "sip:team@example.com"),
                           {{"p", Calls(1, "c4")}})}),
              ElementsAre("301=c4"));
  EXPECT_TRUE(result_.resync) << "the inner list has a gap";

  EXPECT_THAT(Feed({Root(Rlmi(2, true, Active("201", "a"))), {"a", Calls(0, "c1")}}),
              ElementsAre("-301 not-listed"));
  EXPECT_EQ(list_.size(), 1);
}

TEST_F(NestedEventListTest, PartOfTheOuterListIsNoneOfTheInnerOneRls04) {
  const auto heard = Feed({Root(Rlmi(0, true, Active("team", "n"))),
                           {"p", Calls(0, "c3")},
                           Nested("n", Rlmi(0, true, Active("301", "p"), "sip:team@example.com"))});

  EXPECT_THAT(heard, ElementsAre("301!the part \"p\" is missing"));
}

TEST_F(NestedEventListTest, ListWithinItselfIsCutRls10) {
  const auto heard =
      Feed({Root(Rlmi(0, true, Active("201", "a") + Active("floor2", "n"))),
            {"a", Calls(0, "c1")},
            Nested("n", Rlmi(0, true, Active("201", "a")), {{"a", Calls(0, "c1")}})});

  ASSERT_THAT(heard, SizeIs(2));
  EXPECT_EQ(heard[0], "201=c1");
  EXPECT_THAT(heard[1], HasSubstr("floor2!the list \"sip:floor2@example.com\" is within itself"));
}

TEST_F(NestedEventListTest, DepthIsBounded) {
  ListPart inner = {"n", Calls(0, "c1")};
  for (int depth = kMaxListDepth; depth >= 1; --depth) {
    inner = Nested("n", Rlmi(0, true, Active("x", "n"), absl::StrCat("sip:l", depth, "@y")),
                   {inner}, absl::StrCat("N", depth, "N"));
  }

  const auto heard = Feed({Root(Rlmi(0, true, Active("x", "n"))), inner});

  ASSERT_THAT(heard, SizeIs(1));
  EXPECT_THAT(heard[0], HasSubstr("lists within lists, more than 8 deep"));
}

TEST_F(NestedEventListTest, MemberThatBecomesAListAndBack) {
  ASSERT_THAT(Feed({Root(Rlmi(0, true, Active("x", "a"))), {"a", Calls(0, "c1")}}), SizeIs(1));

  EXPECT_THAT(Feed({Root(Rlmi(1, false, Active("x", "n"))),
                    Nested("n", Rlmi(0, true, Active("301", "p"), "sip:x@example.com"),
                           {{"p", Calls(0, "c3")}})}),
              ElementsAre("-x replaced", "301=c3"));
  EXPECT_THAT(Feed({Root(Rlmi(2, false, Active("x", "a"))), {"a", Calls(0, "c5")}}),
              ElementsAre("-301 not-listed", "x=c5"));
}

}  // namespace
}  // namespace sipevents::sip
