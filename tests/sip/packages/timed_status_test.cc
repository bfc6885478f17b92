// Presence of other times (RFC 4481) and contact information (CIPID, RFC 4482).

#include "sip/packages/timed_status.h"

#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/base/ascii.h"
#include "sip/packages/package_table.h"
#include "tests/sip/packages/merging.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Pidf(std::string_view inside) {
  return absl::StrCat(R"(<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:a@example.com"
      xmlns:ts="urn:ietf:params:xml:ns:pidf:timed-status" xmlns:c="urn:ietf:params:xml:ns:pidf:cipid"
      xmlns:r="urn:ietf:params:xml:ns:pidf:rpid"
      xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:x="urn:example:x">)",
                      AbslView(inside), "</presence>");
}

absl::Time Utc(int day, int hour) {
  return absl::FromCivil(absl::CivilSecond(2026, 3, day, hour, 0, 0), absl::UTCTimeZone());
}

// Decodes documents; what was decoded last can be looked at.
class TimedStatusTest : public testing::Test {
 protected:
  const PresenceTuple& Tuple(std::string_view inside, bool lenient = true) {
    merging_.emplace(FindPackage("presence"), "application/pidf+xml", lenient);
    const auto& presence = DocumentOf<Presence>(merging_->Feed(Pidf(absl::StrCat(
        "<tuple id='t'><status><basic>open</basic></status>", AbslView(inside), "</tuple>"))));
    static const auto& none = *new PresenceTuple();
    EXPECT_THAT(presence.tuples, SizeIs(1));
    return presence.tuples.empty() ? none : presence.tuples[0];
  }

  std::optional<Merging> merging_;
};

TEST_F(TimedStatusTest, StatusOfOtherTimesIsDecodedInOrder) {
  const PresenceTuple& tuple = Tuple(
      R"(<ts:timed-status from="2026-03-02T09:00:00Z" until="2026-03-02T12:00:00+01:00">
         <ts:basic>closed</ts:basic><r:activities><r:vacation/></r:activities></ts:timed-status>
         <ts:timed-status from="2026-02-01T00:00:00Z"><basic>open</basic></ts:timed-status>)");
  EXPECT_EQ(tuple.basic, PresenceBasic::kOpen);
  EXPECT_TRUE(tuple.rich.empty());
  ASSERT_THAT(tuple.timed_statuses, SizeIs(2));
  const TimedStatus& later = tuple.timed_statuses[0];
  EXPECT_EQ(later.from_time, Utc(2, 9));
  EXPECT_EQ(later.until_time, Utc(2, 11));
  EXPECT_EQ(later.basic, PresenceBasic::kClosed);
  ASSERT_THAT(later.rich.elements, SizeIs(1));
  EXPECT_THAT(later.rich.elements[0].second.values, ElementsAre("vacation"));
  EXPECT_EQ(tuple.timed_statuses[1].basic, PresenceBasic::kOpen);
  EXPECT_EQ(tuple.timed_statuses[1].until_time, std::nullopt);
}

TEST_F(TimedStatusTest, WithoutUsableTimeItIsKeptInTheLenientProfileOnly) {
  constexpr std::string_view kNoTime =
      R"(<ts:timed-status from="soon"><ts:basic>closed</ts:basic></ts:timed-status>)";
  const PresenceTuple& tuple = Tuple(kNoTime);
  ASSERT_THAT(tuple.timed_statuses, SizeIs(1));
  EXPECT_EQ(tuple.timed_statuses[0].from_time, std::nullopt);
  EXPECT_THAT(Tuple(kNoTime, /*lenient=*/false).timed_statuses, IsEmpty());
}

// RFC 3863 section 4.2.4: what encloses it is disregarded, and only that.
TEST_F(TimedStatusTest, MustUnderstandDropsTheTimedStatusOnly) {
  const PresenceTuple& tuple = Tuple(
      R"(<ts:timed-status from="2026-03-02T09:00:00Z"><x:y mustUnderstand="1"/></ts:timed-status>
         <ts:timed-status from="2026-03-03T09:00:00Z"/>)");
  EXPECT_EQ(tuple.basic, PresenceBasic::kOpen);
  ASSERT_THAT(tuple.timed_statuses, SizeIs(1));
  EXPECT_EQ(tuple.timed_statuses[0].from_time, Utc(3, 9));
}

TEST_F(TimedStatusTest, OtherNamespacesAreNoTimedStatus) {
  EXPECT_THAT(Tuple("<x:timed-status from='2026-03-02T09:00:00Z'/><timed-status/>").timed_statuses,
              IsEmpty());
}

constexpr std::string_view kCard =
    R"(<c:card>http://example.com/a.vcf</c:card><c:display-name> Alice Example </c:display-name>
       <c:display-name>Somebody else</c:display-name><c:homepage>http://example.com/</c:homepage>
       <c:icon>http://example.com/i.png</c:icon><c:map>http://example.com/m</c:map>
       <c:sound>http://example.com/s.wav</c:sound><c:shoe-size>47</c:shoe-size>)";

void ExpectCard(const ContactCard& card) {
  EXPECT_EQ(card.card, "http://example.com/a.vcf");
  EXPECT_EQ(card.display_name, "Alice Example");
  EXPECT_EQ(card.homepage, "http://example.com/");
  EXPECT_EQ(card.icon, "http://example.com/i.png");
  EXPECT_EQ(card.map, "http://example.com/m");
  EXPECT_EQ(card.sound, "http://example.com/s.wav");
}

TEST_F(TimedStatusTest, ContactCardOfATupleIsDecoded) {
  ExpectCard(Tuple(kCard).contact_card);
  EXPECT_TRUE(Tuple("<display-name>Alice</display-name>").contact_card.empty());
}

TEST(ContactCardTest, ContactCardOfAPersonIsDecoded) {
  Merging merging(FindPackage("presence"), "application/pidf+xml");
  const auto& presence = DocumentOf<Presence>(
      merging.Feed(Pidf(absl::StrCat("<dm:person id='p'>", AbslView(kCard), "</dm:person>"))));
  ASSERT_THAT(presence.persons, SizeIs(1));
  ExpectCard(presence.persons[0].contact_card);
}

}  // namespace
}  // namespace sipevents::sip
