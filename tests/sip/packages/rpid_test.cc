#include "sip/packages/rpid.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/packages/package_table.h"
#include "sip/packages/presence.h"
#include "tests/sip/packages/merging.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Decodes what stands inside of a person, and keeps the text alive.
class RpidTest : public testing::Test {
 protected:
  const RichPresence& Person(std::string_view inside) {
    const std::string body =
        "<presence xmlns='urn:ietf:params:xml:ns:pidf' "
        "xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model' "
        "xmlns:r='urn:ietf:params:xml:ns:pidf:rpid' "
        "xmlns:lt='urn:ietf:params:xml:ns:location-type' entity='sip:a@example.com'>"
        "<dm:person id='p'>" +
        std::string(inside) + "</dm:person></presence>";
    const auto& presence = DocumentOf<Presence>(merging_.Feed(body));
    static const RichPresence& none = *new RichPresence();
    EXPECT_THAT(presence.persons, SizeIs(1)) << inside;
    return presence.persons.empty() ? none : presence.persons[0].rich;
  }

 private:
  Merging merging_{FindPackage("presence"), "application/pidf+xml"};
};

absl::Time Utc(int hour) {
  return absl::FromCivil(absl::CivilSecond(2026, 3, 1, hour, 0, 0), absl::UTCTimeZone());
}

TEST_F(RpidTest, EachElementHasItsKindAndValues) {
  struct Row {
    std::string_view xml;
    RichElementKind kind;
    std::vector<std::string_view> values;
    std::string_view other;
  };
  const std::vector<Row> rows = {
      {"<r:activities><r:away/><r:meeting/></r:activities>", kActivities, {"away", "meeting"}, ""},
      {"<r:activities><r:other>gardening</r:other></r:activities>", kActivities, {}, "gardening"},
      {"<r:activities><r:other/></r:activities>", kActivities, {"other"}, ""},
      {"<r:class> auth </r:class>", kClass, {"auth"}, ""},
      {"<r:mood><r:happy/><r:proud/></r:mood>", kMood, {"happy", "proud"}, ""},
      {"<r:place-type><lt:residence/></r:place-type>", kPlaceType, {"residence"}, ""},
      {"<r:privacy><r:audio/><r:text/></r:privacy>", kPrivacy, {"audio", "text"}, ""},
      {"<r:relationship><r:assistant/></r:relationship>", kRelationship, {"assistant"}, ""},
      {"<r:service-class><r:electronic/></r:service-class>", kServiceClass, {"electronic"}, ""},
      {"<r:sphere><r:work/></r:sphere>", kSphere, {"work"}, ""},
      {"<r:sphere>bowling: league</r:sphere>", kSphere, {"bowling: league"}, ""},
      {"<r:status-icon>http://www.example.com/i.gif</r:status-icon>",
       kStatusIcon,
       {"http://www.example.com/i.gif"},
       ""},
      {"<r:activities/>", kActivities, {}, ""},
      // What phones and PBXs on drafts send.
      {"<r:activities><r:activity>busy</r:activity></r:activities>", kActivities, {"busy"}, ""},
      {"<r:activities>r:away</r:activities>", kActivities, {"away"}, ""},
  };
  for (const Row& row : rows) {
    // when
    const RichPresence& rich = Person(row.xml);

    // then
    ASSERT_THAT(rich.elements, SizeIs(1)) << row.xml;
    EXPECT_EQ(rich.elements[0].first, row.kind) << row.xml;
    EXPECT_EQ(rich.elements[0].second.values, row.values) << row.xml;
    EXPECT_EQ(rich.elements[0].second.other, row.other) << row.xml;
  }
}

TEST_F(RpidTest, PeriodAndNotesBelongToTheElement) {
  // when
  const RichPresence& rich = Person(
      "<r:activities id='a' from='2026-03-01T09:00:00Z' until='2026-03-01T10:00:00Z'>"
      "<r:note xml:lang='en'>Quarterly</r:note><r:meeting/></r:activities>"
      "<r:mood from='soon'><r:calm/></r:mood>");

  // then
  ASSERT_THAT(rich.elements, SizeIs(2));
  const RichElement& activities = rich.elements[0].second;
  EXPECT_THAT(activities.values, ElementsAre("meeting"));
  EXPECT_EQ(activities.from_time, Utc(9));
  EXPECT_EQ(activities.until_time, Utc(10));
  ASSERT_THAT(activities.notes, SizeIs(1));
  EXPECT_EQ(activities.notes[0].text, "Quarterly");
  EXPECT_EQ(activities.notes[0].language, "en");
  EXPECT_EQ(rich.elements[1].second.from_time, std::nullopt);
}

TEST_F(RpidTest, PlaceIsGivesOneElementPerMedium) {
  // when
  const RichPresence& rich = Person(
      "<r:place-is until='2026-03-01T10:00:00Z'><r:note>Train</r:note>"
      "<r:audio><r:noisy/></r:audio><r:video><r:dark/></r:video>"
      "<r:text><r:uncomfortable/><r:inappropriate/></r:text></r:place-is>");

  // then
  ASSERT_THAT(rich.elements, SizeIs(3));
  EXPECT_EQ(rich.elements[0].first, kPlaceIsAudio);
  EXPECT_THAT(rich.elements[0].second.values, ElementsAre("noisy"));
  EXPECT_THAT(rich.elements[0].second.notes, SizeIs(1));
  EXPECT_EQ(rich.elements[1].first, kPlaceIsVideo);
  EXPECT_THAT(rich.elements[1].second.values, ElementsAre("dark"));
  EXPECT_EQ(rich.elements[2].first, kPlaceIsText);
  EXPECT_THAT(rich.elements[2].second.values, ElementsAre("uncomfortable", "inappropriate"));
  EXPECT_EQ(rich.elements[2].second.until_time, Utc(10));
}

TEST_F(RpidTest, TimeOffsetIsInMinutes) {
  // given
  const RichPresence& west = Person("<r:time-offset description='EST'>-300</r:time-offset>");

  // then
  ASSERT_TRUE(west.time_offset.has_value());
  EXPECT_EQ(west.time_offset->minutes, -300);
  EXPECT_EQ(west.time_offset->description, "EST");
  const RichPresence& east = Person("<r:time-offset>+60</r:time-offset>");
  ASSERT_TRUE(east.time_offset.has_value());
  EXPECT_EQ(east.time_offset->minutes, 60);
  for (const std::string_view bad : {"", "noon", "1441", "-9999999999999999999", "--5"}) {
    EXPECT_FALSE(Person("<r:time-offset>" + std::string(bad) + "</r:time-offset>").time_offset)
        << bad;
  }
}

TEST_F(RpidTest, UserInputTellsStateThresholdAndTime) {
  // when
  const RichPresence& rich = Person(
      "<r:user-input idle-threshold='600' last-input='2026-03-01T09:00:00Z'>idle</r:user-input>");

  // then
  ASSERT_TRUE(rich.user_input.has_value());
  EXPECT_TRUE(rich.user_input->idle);
  EXPECT_TRUE(rich.user_input->state_given);
  EXPECT_EQ(rich.user_input->idle_threshold, absl::Seconds(600));
  EXPECT_EQ(rich.user_input->last_input_time, Utc(9));
  const RichPresence& active = Person("<r:user-input>active</r:user-input>");
  EXPECT_FALSE(active.user_input->idle);
  EXPECT_TRUE(active.user_input->state_given);
  EXPECT_EQ(active.user_input->idle_threshold, std::nullopt);
  EXPECT_FALSE(Person("<r:user-input>maybe</r:user-input>").user_input->state_given);
}

TEST_F(RpidTest, ElementsKeepTheOrderOfTheDocument) {
  const RichPresence& rich =
      Person("<r:mood><r:sad/></r:mood><r:class>x</r:class><r:mood><r:happy/></r:mood>");
  ASSERT_THAT(rich.elements, SizeIs(3));
  EXPECT_EQ(rich.elements[0].first, kMood);
  EXPECT_EQ(rich.elements[1].first, kClass);
  EXPECT_THAT(rich.elements[2].second.values, ElementsAre("happy"));
}

TEST_F(RpidTest, ElementsOfOtherNamespacesAreNoRichPresence) {
  const RichPresence& rich =
      Person("<activities xmlns='urn:example'><away/></activities><dm:activities/><r:shoe-size/>");
  EXPECT_TRUE(rich.empty());
  EXPECT_THAT(rich.elements, IsEmpty());
}

TEST_F(RpidTest, CiscoDocumentsOfADraftAreDecoded) {
  const RichPresence& rich = Person(
      "<e:activities xmlns:e='urn:ietf:params:xml:ns:pidf:status:rpid' "
      "xmlns:ce='urn:cisco:params:xml:ns:pidf:rpid'><ce:alerting/><e:on-the-phone/>"
      "</e:activities>");
  ASSERT_THAT(rich.elements, SizeIs(1));
  EXPECT_THAT(rich.elements[0].second.values, ElementsAre("alerting", "on-the-phone"));
}

}  // namespace
}  // namespace sipevents::sip
