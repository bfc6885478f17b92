#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/compose/document_writer.h"
#include "sip/document.h"
#include "tests/base/status_asserts.h"

// What the schema of RFC 4480 section 7 lets stand in an element is written; nothing else is.

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Values = std::vector<std::string_view>;

struct Case {
  RichElementKind kind;
  Values values;
  std::string_view other;
  std::string_view expected;  // the body has it; or the error, behind the path of the person
};

absl::StatusOr<ComposedBody> Write(const Case& test) {
  Presence presence;
  presence.persons = {{.id = "p"}};
  presence.persons[0].rich.elements = {{test.kind, {.values = test.values, .other = test.other}}};
  return WriteDocument("sip:alice@example.com", Document{presence});
}

TEST(RichPresenceWordsTest, WordsOfTheRfcsAreElements) {
  for (const Case& test : std::vector<Case>{
           {kActivities, {"on-the-phone", "other"}, "", "<r:on-the-phone/><r:other/>"},
           {kActivities, {"away"}, "fishing", "<r:away/><r:other>fishing</r:other>"},
           {kActivities, {"unknown"}, "", "<r:unknown/>"},
           {kActivities, {}, "fishing", "<r:activities><r:other>fishing</r:other>"},
           {kMood,
            {"in_awe", "invincible", "worried"},
            "",
            "<r:in_awe/><r:invincible/><r:worried/>"},
           {kPlaceIsAudio, {"ok"}, "", "<r:place-is><r:audio><r:ok/></r:audio></r:place-is>"},
           {kPlaceIsVideo, {"toobright"}, "", "<r:video><r:toobright/></r:video>"},
           {kPlaceIsText, {"inappropriate"}, "", "<r:text><r:inappropriate/></r:text>"},
           {kPlaceType, {"office", "public-transport"}, "", "<lt:office/><lt:public-transport/>"},
           {kPlaceType, {}, "a barn", "<r:other>a barn</r:other>"},
           {kPrivacy, {"video", "audio", "text"}, "", "<r:audio/><r:text/><r:video/>"},
           {kPrivacy, {"unknown"}, "", "<r:unknown/>"},
           {kRelationship, {"supervisor"}, "", "<r:supervisor/>"},
           {kRelationship, {}, "guru", "<r:other>guru</r:other>"},
           {kServiceClass, {"in-person"}, "", "<r:in-person/>"},
           {kSphere, {"home"}, "", "<r:sphere><r:home/></r:sphere>"},
           {kSphere, {"chess"}, "", "<r:sphere>chess</r:sphere>"},
           {kSphere, {"bowling league"}, "", "<r:sphere>bowling league</r:sphere>"},
       }) {
    const absl::StatusOr<ComposedBody> body = Write(test);
    ASSERT_OK(body.status());
    EXPECT_THAT(body->body, HasSubstr(std::string(test.expected)));
  }
}

TEST(RichPresenceWordsTest, WhatTheSchemaDoesNotKnowIsRefused) {
  for (const Case& test : std::vector<Case>{
           {kActivities,
            {"away", "on_the_phone"},
            "",
            "activities.values[1]: \"on_the_phone\"; expected an activity of RFC 4480 section 3.2, "
            "like on-the-phone; free text goes into other"},
           {kActivities,
            {"Meeting"},
            "",
            "activities.values[0]: \"Meeting\"; expected an activity"},
           {kActivities, {""}, "", "activities.values[0]: \"\"; expected an activity"},
           {kActivities, {"away busy"}, "", "activities.values[0]: \"away busy\"; expected an act"},
           {kActivities, {"away", "unknown"}, "", "activities.values: unknown beside others; expe"},
           {kActivities, {"unknown"}, "x", "activities.values: unknown beside others; expected un"},
           {kMood,
            {"glad"},
            "",
            "mood.values[0]: \"glad\"; expected a mood of RFC 4480, like happy"},
           {kMood, {}, "", "mood.values: empty; expected at least one value"},
           {kPlaceIsAudio,
            {"deafening"},
            "",
            "place_is_audio.values[0]: \"deafening\"; expected one of noisy, ok, quiet, unknown"},
           {kPlaceIsAudio, {"noisy", "quiet"}, "", "place_is_audio.values: 2 values; expected one"},
           {kPlaceIsVideo, {"noisy"}, "", "place_is_video.values[0]: \"noisy\"; expected one of"},
           {kPlaceIsText, {"ok"}, "x", "place_is_text.other: \"x\"; expected nothing here"},
           {kPlaceType,
            {"Office"},
            "",
            "place_type.values[0]: \"Office\"; expected a kind of place"},
           {kPlaceType, {"office"}, "x", "place_type.other: \"x\"; expected either this or values"},
           {kPrivacy,
            {"smell"},
            "",
            "privacy.values[0]: \"smell\"; expected one of audio, text, v"},
           {kPrivacy,
            {"audio", "audio"},
            "",
            "privacy.values[1]: \"audio\"; expected each value o"},
           {kPrivacy, {"audio", "unknown"}, "", "privacy.values: unknown beside others; expected"},
           {kPrivacy, {"audio"}, "x", "privacy.other: \"x\"; expected nothing here"},
           {kRelationship,
            {"guru"},
            "",
            "relationship.values[0]: \"guru\"; expected one of assistant, associate, family, "
            "friend, "
            "other, self, supervisor, unknown; free text goes into other"},
           {kRelationship, {"self", "friend"}, "", "relationship.values: 2 values; expected one v"},
           {kRelationship, {"self"}, "x", "relationship.other: \"x\"; expected either this or val"},
           {kServiceClass,
            {"pigeon"},
            "",
            "service_class.values[0]: \"pigeon\"; expected one of c"},
           {kServiceClass, {}, "x", "service_class.other: \"x\"; expected nothing here"},
           {kSphere, {"home", "work"}, "", "sphere.values: 2 values; expected one value"},
           {kSphere, {}, "x", "sphere.other: \"x\"; expected nothing here"},
       }) {
    EXPECT_THAT(std::string(Write(test).status().message()),
                StartsWith("presence.persons[0].rich." + std::string(test.expected)));
  }
}

}  // namespace
}  // namespace sipevents::sip
