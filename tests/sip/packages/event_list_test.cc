#include "sip/packages/event_list.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/packages/rlmi.h"
#include "tests/sip/packages/event_list_fixture.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(IsEventListTest, TypeOfTheRootDecides) {
  EXPECT_TRUE(IsEventList("application/rlmi+xml", false));
  EXPECT_TRUE(IsEventList("Multipart/Related; boundary=x; type=\"Application/RLMI+xml\"", false));
  EXPECT_FALSE(IsEventList("multipart/related; boundary=x; type=\"application/pidf+xml\"", true));
  EXPECT_FALSE(IsEventList("multipart/related; boundary=x", false));
  EXPECT_TRUE(IsEventList("multipart/related; boundary=x", true));
  EXPECT_FALSE(IsEventList("multipart/mixed; type=\"application/rlmi+xml\"", true));
  EXPECT_FALSE(IsEventList("", true));
}

// RLS-04.
TEST_F(EventListTest, EachMemberIsToldWithItsStateAndName) {
  FeedTwoMembers();

  EXPECT_EQ(name_, "202");
  EXPECT_EQ(result_.error, "");
  EXPECT_FALSE(result_.resync);
  EXPECT_EQ(list_.size(), 2);
}

// RLS-04: `start` names the root, wherever it is.
TEST_F(EventListTest, RootNeedNotBeTheFirstPart) {
  const std::vector<ListPart> parts = {{"a", Calls(0, "c1")},
                                       Root(Rlmi(0, true, Active("201", "a")))};

  EXPECT_THAT(Feed(Related(), Multipart(parts)), IsEmpty()) << "the first part is the root then";
  EXPECT_THAT(result_.error, HasSubstr("instead of application/rlmi+xml"));
  EXPECT_THAT(Feed(Related(";start=\"<root>\""), Multipart(parts)), ElementsAre("201=c1"));
  EXPECT_THAT(Feed(Related(";start=\"<none>\""), Multipart(parts)), IsEmpty());
  EXPECT_THAT(result_.error, HasSubstr("no part is the root \"none\""));
}

TEST_F(EventListTest, ListWithoutPartsTellsWhoIsInIt) {
  EXPECT_THAT(Feed("application/rlmi+xml", Rlmi(0, true,
                                                Instance("201", "state=\"pending\"") +
                                                    "<resource uri=\"sip:202@example.com\"/>")),
              ElementsAre("201?", "202?"));
  EXPECT_THAT(Feed("application/rlmi+xml", Rlmi(1, true,
                                                Instance("201", "state=\"pending\"") +
                                                    "<resource uri=\"sip:202@example.com\"/>")),
              IsEmpty())
      << "once is enough";
}

// RLS-06: ALG-D over the table, the package's own rules within a member.
TEST_F(EventListTest, PartialListChangesWhatItNames) {
  FeedTwoMembers();

  EXPECT_THAT(Feed({Root(Rlmi(1, false, Active("202", "b"))), {"b", Calls(1, "c2")}}),
              ElementsAre("202=c2"));
  EXPECT_THAT(Feed({Root(Rlmi(2, false, Active("202", "b"))), {"b", Calls(2, "c3", "partial")}}),
              ElementsAre("202=c2c3"));
  EXPECT_FALSE(result_.resync);
}

TEST_F(EventListTest, VersionThatCameBeforeIsIgnoredRls06) {
  FeedTwoMembers();
  ASSERT_THAT(Feed({Root(Rlmi(1, false, Active("202", "b"))), {"b", Calls(1, "c2")}}), SizeIs(1));

  EXPECT_THAT(Feed({Root(Rlmi(1, false, Active("202", "b"))), {"b", Calls(2, "c4")}}), IsEmpty());
  EXPECT_THAT(Feed({Root(Rlmi(0, false, Active("202", "b"))), {"b", Calls(2, "c4")}}), IsEmpty());
  EXPECT_FALSE(result_.resync);
}

TEST_F(EventListTest, GapIsAppliedAndAskedForOnceRls06) {
  FeedTwoMembers();

  EXPECT_THAT(Feed({Root(Rlmi(3, false, Active("202", "b"))), {"b", Calls(1, "c2")}}),
              ElementsAre("202=c2"));
  EXPECT_TRUE(result_.resync);

  EXPECT_THAT(Feed({Root(Rlmi(7, false, Active("202", "b"))), {"b", Calls(2, "c3")}}), SizeIs(1));
  EXPECT_FALSE(result_.resync) << "asked for already";

  ASSERT_THAT(Feed({Root(Rlmi(8, true, Active("202", "b"))), {"b", Calls(3, "c4")}}), SizeIs(2));
  EXPECT_THAT(Feed({Root(Rlmi(11, false, Active("202", "b"))), {"b", Calls(4, "c5")}}), SizeIs(1));
  EXPECT_TRUE(result_.resync) << "the full list settled the one before";
}

TEST_F(EventListTest, FirstListThatIsPartialAsksForTheRestRls05) {
  EXPECT_THAT(Feed({Root(Rlmi(4, false, Active("201", "a"))), {"a", Calls(0, "c1")}}),
              ElementsAre("201=c1"));
  EXPECT_TRUE(result_.resync);
}

TEST_F(EventListTest, GapWithinAMemberAsksForTheFullState) {
  FeedTwoMembers();

  EXPECT_THAT(Feed({Root(Rlmi(1, false, Active("201", "a"))), {"a", Calls(5, "c2", "partial")}}),
              ElementsAre("201=c1c2"));
  EXPECT_TRUE(result_.resync);
}

TEST_F(EventListTest, FullListReplacesTheTable) {
  FeedTwoMembers();

  EXPECT_THAT(Feed({Root(Rlmi(1, true, Active("202", "b") + Active("203", "c"))),
                    {"b", Calls(0, "")},
                    {"c", Calls(0, "c9")}}),
              ElementsAre("-201 not-listed", "203=c9"))
      << "202 says what it said before: no news";
  EXPECT_EQ(list_.size(), 2);
}

// RLS-07, RLS-08: told once, and a new beginning may follow.
TEST_F(EventListTest, InstanceThatEndsIsToldOnceWithItsReason) {
  FeedTwoMembers();
  const std::string over = Instance("202", R"(state="terminated" reason="noresource")");

  EXPECT_THAT(Feed({Root(Rlmi(1, false, over))}), ElementsAre("-202 noresource"));
  EXPECT_THAT(Feed({Root(Rlmi(2, true, Active("201", "a") + over)), {"a", Calls(0, "c1")}}),
              IsEmpty());
  EXPECT_THAT(Feed({Root(Rlmi(3, false, Active("202", "b"))), {"b", Calls(0, "c7")}}),
              ElementsAre("202=c7"));
}

TEST_F(EventListTest, MemberThatWasNeverThereTellsWhy) {
  EXPECT_THAT(
      Feed({Root(Rlmi(0, true, Instance("201", R"(state="terminated" reason="rejected")")))}),
      ElementsAre("-201 rejected"));
}

// RLS-07: Asterisk and BroadSoft leave the part out where nothing changed.
TEST_F(EventListTest, ActiveInstanceWithoutPartKeepsItsState) {
  FeedTwoMembers();

  EXPECT_THAT(
      Feed({Root(Rlmi(1, false, Active("201", "gone") + Instance("202", "state=\"active\"")))}),
      IsEmpty());
  EXPECT_TRUE(result_.parts_missing);
  EXPECT_THAT(Feed({Root(Rlmi(2, false, Active("201", "a"))), {"a", Calls(1, "c2", "partial")}}),
              ElementsAre("201=c1c2"));
}

TEST_F(EventListTest, MissingPartOfAFullListIsNamedRls07) {
  FeedTwoMembers();

  EXPECT_THAT(
      Feed({Root(Rlmi(1, true, Active("201", "lost") + Active("202", "b"))), {"b", Calls(0, "")}}),
      ElementsAre("201!the part \"lost\" is missing"));
  EXPECT_TRUE(result_.member_failed);
}

TEST_F(EventListTest, StrictProfileNamesEveryMissingPartRls07) {
  lenient_ = false;
  FeedTwoMembers();

  EXPECT_THAT(
      Feed({Root(Rlmi(1, false, Active("201", "lost") + Instance("202", "state=\"active\"")))}),
      ElementsAre("201!the part \"lost\" is missing", "202!an active member without a part"));
}

TEST_F(EventListTest, PartOfAMemberThatIsNoGoodLeavesTheOthersAlone) {
  FeedTwoMembers();

  const auto heard = Feed({Root(Rlmi(1, false, Active("201", "a") + Active("202", "b"))),
                           {"a", "<oops"},
                           {"b", Calls(1, "c2")}});

  ASSERT_THAT(heard, SizeIs(2));
  EXPECT_THAT(heard[0], HasSubstr("201!"));
  EXPECT_EQ(heard[1], "202=c2");
  EXPECT_TRUE(result_.member_failed);
  EXPECT_EQ(result_.error, "");
}

TEST_F(EventListTest, InstancesOfOneMemberAreToldApart) {
  const std::string two =
      R"(<resource uri="sip:201@example.com"><instance id="x" state="active" cid="a"/>)"
      R"(<instance id="y" state="active" cid="b"/></resource>)";

  EXPECT_THAT(Feed({Root(Rlmi(0, true, two)), {"a", Calls(0, "c1")}, {"b", Calls(0, "c2")}}),
              ElementsAre("201=c1", "201#1=c2"));
  EXPECT_THAT(Feed({Root(Rlmi(1, true, Active("201", "b", "y"))), {"b", Calls(1, "c3")}}),
              ElementsAre("-201 not-listed", "201#1=c3"));
}

TEST_F(EventListTest, OnlyInstanceUnderANewIdIsTheSameOneUnlessStrict) {
  ASSERT_THAT(Feed({Root(Rlmi(0, true, Active("201", "a", "x"))), {"a", Calls(0, "c1")}}),
              SizeIs(1));

  EXPECT_THAT(
      Feed({Root(Rlmi(1, false, Active("201", "a", "y"))), {"a", Calls(1, "c2", "partial")}}),
      ElementsAre("201=c1c2"));
  lenient_ = false;
  EXPECT_THAT(Feed({Root(Rlmi(2, true, Active("201", "a", "z"))), {"a", Calls(2, "c3")}}),
              ElementsAre("-201 not-listed", "201=c3"));
}

// ---- what peers get wrong

TEST_F(EventListTest, ListThatIsNoGoodLeavesAllAsItWas) {
  FeedTwoMembers();
  const std::pair<std::string, std::string> cases[] = {
      {Multipart({Root("<oops")}), "XML"},
      {Multipart({Root("<list xmlns=\"urn:x\"/>")}), "list"},
      {Multipart({Root(Rlmi(1, true, "<resource/>"))}), "a resource without uri"},
      {"no part at all", "no part after a line"},
      {Multipart({Root("<list xmlns=\"urn:ietf:params:xml:ns:rlmi\"/>")}),
       "a partial list without version"},
      {std::string(kMaxBodyOctets + 1, 'x'), "the body has 1048577 octets"},
  };
  for (const auto& [body, error] : cases) {
    EXPECT_THAT(Feed(Related(), body), IsEmpty());
    EXPECT_THAT(result_.error, HasSubstr(error));
    EXPECT_EQ(list_.size(), 2);
  }
}

TEST_F(EventListTest, MembersBeyondTheBoundAreLeftOut) {
  std::string resources;
  for (size_t i = 0; i < kMaxListMembers + 5; ++i) {
    absl::StrAppend(&resources, "<resource uri=\"sip:", i, "@y\"/>");
  }

  EXPECT_THAT(Feed("application/rlmi+xml", Rlmi(0, true, resources)), SizeIs(kMaxListMembers));
  EXPECT_TRUE(result_.members_left_out);
  EXPECT_THAT(result_.error, HasSubstr("more than 10000 members"));
  EXPECT_THAT(Feed("application/rlmi+xml", Rlmi(1, true, "<resource uri=\"sip:new@y\"/>")),
              SizeIs(kMaxListMembers + 1))
      << "all gone, then the new one";
  EXPECT_EQ(list_.size(), 1);
}

// RLS-10: each member may have a large state, but not all of them.
TEST_F(EventListTest, StateOfAllMembersIsBounded) {
  const std::string padding(1'000'000, ' ');
  const int fit = static_cast<int>(kMaxListOctets / (padding.size() + Calls(0, "c1").size()));
  const auto feed = [&](int version, const std::string& user, const std::string& calls) {
    return Feed({Root(Rlmi(version, version == 0, Active(user, "a"))), {"a", padding + calls}});
  };
  for (int i = 0; i < fit; ++i) {
    ASSERT_THAT(feed(i, absl::StrCat(i), Calls(0, "c1")), ElementsAre(absl::StrCat(i, "=c1")));
  }

  EXPECT_THAT(feed(fit, "next", Calls(0, "c1")),
              ElementsAre(HasSubstr("next!the members of the list have more than")));
  // Nothing of it was kept; what takes another's place does not count twice, and what is gone
  // makes room.
  EXPECT_THAT(feed(fit + 1, "0", Calls(1, "c2")), ElementsAre("0=c2"));
  Feed({Root(Rlmi(fit + 2, false, Instance("1", "state=\"terminated\"")))});
  EXPECT_THAT(feed(fit + 3, "next", Calls(0, "c1")), ElementsAre("next=c1"));
}

// Changes count up to the next full state, which is asked for where they become too many.
TEST_F(EventListTest, ChangesThatBecomeTooManyLeadToTheFullState) {
  const std::string padding(1'000'000, ' ');
  Feed({Root(Rlmi(0, true, Active("201", "a"))), {"a", Calls(0, "c1")}});
  int version = 0;
  do {
    ++version;
    ASSERT_LT(version, 100);
    Feed({Root(Rlmi(version, false, Active("201", "a"))),
          {"a", padding + Calls(version, "c2", "partial")}});
  } while (!result_.resync);

  EXPECT_GT(version * padding.size(), kMaxListOctets - 2 * padding.size());
  EXPECT_THAT(
      Feed({Root(Rlmi(version + 1, true, Active("201", "a"))), {"a", Calls(version + 1, "c3")}}),
      ElementsAre("201=c3"));
}

// A short body must not be decoded ten thousand times.
TEST_F(EventListTest, PartServesOneMember) {
  EXPECT_THAT(
      Feed({Root(Rlmi(0, true, Active("201", "a") + Active("202", "a"))), {"a", Calls(0, "c1")}}),
      ElementsAre("201=c1", "202!the part \"a\" is missing"));
}

// Kamailio names no state of what is over, and none of what is pending.
TEST_F(EventListTest, StateThatIsNotNamedIsInferredUnlessStrict) {
  EXPECT_THAT(Feed({Root(Rlmi(0, true,
                              Instance("201", "cid=\"a\"") + Instance("202", "cid=\"\"") +
                                  Instance("203", "reason=\"timeout\" cid=\"\""))),
                    {"a", Calls(0, "c1")}}),
              ElementsAre("201=c1", "202?", "-203 timeout"));
  lenient_ = false;
  EXPECT_THAT(Feed({Root(Rlmi(1, true, Instance("202", "")))}), IsEmpty());
  EXPECT_THAT(result_.error, HasSubstr("an instance without state"));
}

}  // namespace
}  // namespace sipevents::sip
