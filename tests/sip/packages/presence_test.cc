#include "sip/packages/presence.h"

#include <string>
#include <string_view>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/packages/package_table.h"
#include "tests/sip/packages/merging.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kType = "application/pidf+xml";

constexpr std::string_view kFull =
    R"(<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
    xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:mira@gw.example.net">
  <tuple id="t1">
    <status><basic>open</basic></status>
    <dm:deviceID>urn:uuid:1</dm:deviceID>
    <dm:deviceID>urn:uuid:2</dm:deviceID>
    <contact priority="0.8">sip:mira@192.0.2.7;gr=x&amp;y</contact>
    <note xml:lang="en">At the desk</note>
    <note xml:lang="de">Am Platz</note>
    <timestamp>2026-03-01T09:00:00Z</timestamp>
  </tuple>
  <tuple id="t2"><status><basic>closed</basic></status></tuple>
  <note>Whole document</note>
  <dm:person id="p1">
    <r:activities><r:on-the-phone/></r:activities>
    <dm:note>In a call</dm:note>
    <dm:timestamp>2026-03-01T09:30:00+01:00</dm:timestamp>
  </dm:person>
  <dm:device id="d1">
    <r:user-input idle-threshold="600">idle</r:user-input>
    <dm:deviceID>urn:uuid:1</dm:deviceID>
    <dm:note>Desk phone</dm:note>
  </dm:device>
</presence>
)";

absl::Time Utc(int hour, int minute) {
  return absl::FromCivil(absl::CivilSecond(2026, 3, 1, hour, minute, 0), absl::UTCTimeZone());
}

std::string Pidf(std::string_view inside) {
  return "<presence xmlns='urn:ietf:params:xml:ns:pidf' xmlns:x='urn:example:x' "
         "xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model' entity='sip:a@example.com'>" +
         std::string(inside) + "</presence>";
}

TEST(PresenceTest, FullDocumentIsDecoded) {
  // given
  Merging merging(FindPackage("presence"), kType);

  // when
  const MergeResult result = merging.Feed(kFull);

  // then
  ASSERT_EQ(result.kind, MergeResult::Kind::kDocument) << result.error;
  EXPECT_FALSE(result.body_is_partial);
  const auto& presence = DocumentOf<Presence>(result);
  EXPECT_EQ(presence.entity, "sip:mira@gw.example.net");
  ASSERT_THAT(presence.tuples, SizeIs(2));
  const PresenceTuple& tuple = presence.tuples[0];
  EXPECT_EQ(tuple.id, "t1");
  EXPECT_EQ(tuple.basic, PresenceBasic::kOpen);
  EXPECT_EQ(tuple.contact, "sip:mira@192.0.2.7;gr=x&y");
  EXPECT_EQ(tuple.contact_priority, 0.8);
  EXPECT_THAT(tuple.device_ids, ElementsAre("urn:uuid:1", "urn:uuid:2"));
  ASSERT_THAT(tuple.notes, SizeIs(2));
  EXPECT_EQ(tuple.notes[1].text, "Am Platz");
  EXPECT_EQ(tuple.notes[1].language, "de");
  EXPECT_EQ(tuple.timestamp, Utc(9, 0));
  EXPECT_TRUE(tuple.rich.empty());
  EXPECT_EQ(presence.tuples[1].basic, PresenceBasic::kClosed);
  EXPECT_EQ(presence.tuples[1].contact_priority, std::nullopt);
  ASSERT_THAT(presence.notes, SizeIs(1));
  EXPECT_EQ(presence.notes[0].text, "Whole document");
}

TEST(PresenceTest, PersonsAndDevicesAreDecoded) {
  // given
  Merging merging(FindPackage("presence"), kType);

  // when
  const auto& presence = DocumentOf<Presence>(merging.Feed(kFull));

  // then
  ASSERT_THAT(presence.persons, SizeIs(1));
  EXPECT_EQ(presence.persons[0].id, "p1");
  EXPECT_EQ(presence.persons[0].timestamp, Utc(8, 30));
  ASSERT_THAT(presence.persons[0].notes, SizeIs(1));
  ASSERT_THAT(presence.persons[0].rich.elements, SizeIs(1));
  EXPECT_THAT(presence.persons[0].rich.elements[0].second.values, ElementsAre("on-the-phone"));
  ASSERT_THAT(presence.devices, SizeIs(1));
  EXPECT_EQ(presence.devices[0].device_id, "urn:uuid:1");
  ASSERT_TRUE(presence.devices[0].rich.user_input.has_value());
  EXPECT_TRUE(presence.devices[0].rich.user_input->idle);
  EXPECT_THAT(presence.devices[0].notes, SizeIs(1));
}

TEST(PresenceTest, PrefixesDoNotMatter) {
  // given: no default namespace, inner declarations, a default taken over by another
  constexpr std::string_view kOdd =
      R"(<xml1:presence xmlns:xml1="urn:ietf:params:xml:ns:pidf" entity="sip:a@example.com">
      <xml1:tuple id="a"><xml1:status><xml1:basic>open</xml1:basic></xml1:status>
      <contact xmlns="urn:ietf:params:xml:ns:pidf">sip:a@192.0.2.1</contact>
      <contact>sip:not-pidf@192.0.2.1</contact></xml1:tuple>
      <person xmlns="urn:ietf:params:xml:ns:pidf:data-model" id="p">
      <activities xmlns="urn:ietf:params:xml:ns:pidf:rpid"><away/></activities>
      <note>lunch</note></person></xml1:presence>)";
  Merging merging(FindPackage("presence"), kType);

  // when
  const auto& presence = DocumentOf<Presence>(merging.Feed(kOdd));

  // then
  ASSERT_THAT(presence.tuples, SizeIs(1));
  EXPECT_EQ(presence.tuples[0].basic, PresenceBasic::kOpen);
  EXPECT_EQ(presence.tuples[0].contact, "sip:a@192.0.2.1");
  ASSERT_THAT(presence.persons, SizeIs(1));
  ASSERT_THAT(presence.persons[0].notes, SizeIs(1));
  EXPECT_EQ(presence.persons[0].notes[0].text, "lunch");
  EXPECT_THAT(presence.persons[0].rich.elements, SizeIs(1));
}

TEST(PresenceTest, EachBodyIsTheWholeState) {
  // given
  Merging merging(FindPackage("presence"), kType);
  merging.Feed(kFull);

  // when
  const auto& presence = DocumentOf<Presence>(
      merging.Feed(Pidf("<tuple id='only'><status><basic>open</basic></status></tuple>")));

  // then
  ASSERT_THAT(presence.tuples, SizeIs(1));
  EXPECT_EQ(presence.tuples[0].id, "only");
  EXPECT_EQ(presence.tuples[0].timestamp, std::nullopt);
  EXPECT_THAT(presence.tuples[0].device_ids, IsEmpty());
  EXPECT_THAT(presence.persons, IsEmpty());
  EXPECT_THAT(presence.devices, IsEmpty());
  EXPECT_THAT(presence.notes, IsEmpty());
}

TEST(PresenceTest, EmptyBodyKeepsTheState) {
  Merging merging(FindPackage("presence"), kType);
  merging.Feed(kFull);
  EXPECT_EQ(merging.FeedTyped("", "").kind, MergeResult::Kind::kUnchanged);
  EXPECT_EQ(merging.Feed("\r\n").kind, MergeResult::Kind::kUnchanged);
}

TEST(PresenceTest, UnknownBasicIsUnspecified) {
  // given
  Merging merging(FindPackage("presence"), kType);

  // when
  const auto& presence = DocumentOf<Presence>(
      merging.Feed(Pidf("<tuple id='1'><status><basic>busy</basic></status></tuple>"
                        "<tuple id='2'><status/></tuple><tuple id='3'/>"
                        "<tuple id='4'><status><basic>\n Open </basic></status></tuple>")));

  // then
  ASSERT_THAT(presence.tuples, SizeIs(4));
  EXPECT_EQ(presence.tuples[0].basic, PresenceBasic::kUnspecified);
  EXPECT_EQ(presence.tuples[1].basic, PresenceBasic::kUnspecified);
  EXPECT_EQ(presence.tuples[2].basic, PresenceBasic::kUnspecified);
  EXPECT_EQ(presence.tuples[3].basic, PresenceBasic::kOpen);
}

TEST(PresenceTest, BadNumbersAndTimesAreLeftOut) {
  // given
  Merging merging(FindPackage("presence"), kType);

  // when
  const auto& presence = DocumentOf<Presence>(merging.Feed(
      Pidf("<tuple id='1'><status><basic>open</basic></status>"
           "<contact priority='1.5'>sip:a@b</contact><timestamp>yesterday</timestamp></tuple>"
           "<tuple id='2'><contact priority='high'/></tuple>")));

  // then
  ASSERT_THAT(presence.tuples, SizeIs(2));
  EXPECT_EQ(presence.tuples[0].contact, "sip:a@b");
  EXPECT_EQ(presence.tuples[0].contact_priority, std::nullopt);
  EXPECT_EQ(presence.tuples[0].timestamp, std::nullopt);
  EXPECT_EQ(presence.tuples[1].contact_priority, std::nullopt);
}

TEST(PresenceTest, OtherRootsAreErrors) {
  Merging merging(FindPackage("presence"), kType);
  for (const std::string_view body :
       {"<presence/>", "<presence xmlns='urn:example'/>",
        "<pidf xmlns='urn:ietf:params:xml:ns:pidf'/>",
        "<p:presence xmlns='urn:ietf:params:xml:ns:pidf'/>",
        "<pidf-diff xmlns='urn:ietf:params:xml:ns:pidf-diff'/>", "not xml", "<presence"}) {
    // when
    const MergeResult result = merging.Feed(body);

    // then
    EXPECT_EQ(result.kind, MergeResult::Kind::kError) << body;
    EXPECT_FALSE(result.error.empty()) << body;
    EXPECT_EQ(result.document, nullptr) << body;
  }
}

TEST(PresenceTest, ErrorQuotesThePeerBriefly) {
  Merging merging(FindPackage("presence"), kType);
  const MergeResult result = merging.Feed("<" + std::string(100'000, 'a') + "/>");
  EXPECT_EQ(result.kind, MergeResult::Kind::kError);
  EXPECT_LT(result.error.size(), 300U);
}

TEST(PresenceTest, OtherContentTypesAreErrors) {
  Merging lenient(FindPackage("presence"), kType);
  EXPECT_EQ(lenient.FeedTyped("Application/PIDF+xml;charset=utf-8", kFull).kind,
            MergeResult::Kind::kDocument);
  EXPECT_EQ(lenient.FeedTyped("application/cpim-pidf+xml", kFull).kind,
            MergeResult::Kind::kDocument);
  const MergeResult other = lenient.FeedTyped("text/html", kFull);
  EXPECT_EQ(other.kind, MergeResult::Kind::kError);
  EXPECT_THAT(other.error, HasSubstr("text/html"));
  Merging strict(FindPackage("presence"), kType, /*lenient=*/false);
  EXPECT_EQ(strict.Feed(kFull).kind, MergeResult::Kind::kDocument);
  EXPECT_EQ(strict.FeedTyped("application/cpim-pidf+xml", kFull).kind, MergeResult::Kind::kError);
  EXPECT_EQ(strict.FeedTyped("", kFull).kind, MergeResult::Kind::kError);
}

TEST(PresenceTest, StrictDemandsIdentifiers) {
  // given
  constexpr std::string_view kNoEntity = "<presence xmlns='urn:ietf:params:xml:ns:pidf'/>";
  const std::string no_id = Pidf("<tuple><status><basic>open</basic></status></tuple>");
  Merging lenient(FindPackage("presence"), kType);
  Merging strict(FindPackage("presence"), kType, /*lenient=*/false);

  // when, then
  EXPECT_EQ(lenient.Feed(kNoEntity).kind, MergeResult::Kind::kDocument);
  EXPECT_THAT(DocumentOf<Presence>(lenient.Feed(no_id)).tuples, SizeIs(1));
  EXPECT_THAT(strict.Feed(kNoEntity).error, HasSubstr("entity"));
  EXPECT_THAT(strict.Feed(no_id).error, HasSubstr("id"));
}

// ---- mustUnderstand (RFC 3863 section 4.2.4): the enclosing element is disregarded

TEST(PresenceTest, UnknownElementsAreIgnored) {
  Merging merging(FindPackage("presence"), kType);
  const auto& presence = DocumentOf<Presence>(merging.Feed(
      Pidf("<x:a/><tuple id='1'><status><basic>open</basic><x:b mustUnderstand='0'/></status>"
           "<x:c x:mustUnderstand='false'><basic>closed</basic></x:c></tuple>")));
  ASSERT_THAT(presence.tuples, SizeIs(1));
  EXPECT_EQ(presence.tuples[0].basic, PresenceBasic::kOpen);
}

TEST(PresenceTest, MustUnderstandInTupleDropsTheTuple) {
  Merging merging(FindPackage("presence"), kType);
  const auto& presence = DocumentOf<Presence>(
      merging.Feed(Pidf("<tuple id='1'><status/><x:c mustUnderstand='true'/></tuple>"
                        "<tuple id='2'><status><basic>open</basic></status></tuple>")));
  ASSERT_THAT(presence.tuples, SizeIs(1));
  EXPECT_EQ(presence.tuples[0].id, "2");
}

TEST(PresenceTest, MustUnderstandInStatusDropsTheStatus) {
  Merging merging(FindPackage("presence"), kType);
  const auto& presence =
      DocumentOf<Presence>(merging.Feed(Pidf("<tuple id='1'><status><basic>open</basic><r:class "
                                             "xmlns:r='urn:ietf:params:xml:ns:pidf:rpid'>"
                                             "x</r:class><x:b x:mustUnderstand=' 1 '/></status>"
                                             "<contact>sip:a@b</contact></tuple>")));
  ASSERT_THAT(presence.tuples, SizeIs(1));
  EXPECT_EQ(presence.tuples[0].basic, PresenceBasic::kUnspecified);
  EXPECT_TRUE(presence.tuples[0].rich.empty());
  EXPECT_EQ(presence.tuples[0].contact, "sip:a@b");
}

TEST(PresenceTest, MustUnderstandInPersonDropsThePerson) {
  Merging merging(FindPackage("presence"), kType);
  const auto& presence = DocumentOf<Presence>(
      merging.Feed(Pidf("<dm:person id='1'><x:c mustUnderstand='1'/></dm:person>"
                        "<dm:person id='2'/>")));
  ASSERT_THAT(presence.persons, SizeIs(1));
  EXPECT_EQ(presence.persons[0].id, "2");
}

TEST(PresenceTest, MustUnderstandInPresenceIsAnError) {
  Merging merging(FindPackage("presence"), kType);
  const MergeResult result = merging.Feed(Pidf("<tuple id='1'/><x:c mustUnderstand='1'/>"));
  EXPECT_EQ(result.kind, MergeResult::Kind::kError);
  EXPECT_THAT(result.error, HasSubstr("x:c"));
}

// ---- hostile documents

TEST(PresenceTest, ThousandsOfTuplesAreBounded) {
  // given
  const auto many = [](int count, std::string_view inside) {
    std::string tuples;
    for (int i = 0; i < count; ++i) {
      tuples += "<tuple id='" + std::to_string(i) + "'>" + std::string(inside) + "</tuple>";
    }
    return Pidf(tuples);
  };
  constexpr std::string_view kStatus = "<status><basic>open</basic></status>";
  Merging merging(FindPackage("presence"), kType);

  // when, then
  EXPECT_THAT(DocumentOf<Presence>(merging.Feed(many(5'000, kStatus))).tuples, SizeIs(5'000));
  EXPECT_THAT(DocumentOf<Presence>(merging.Feed(many(10'000, ""))).tuples, SizeIs(10'000));
  const MergeResult result = merging.Feed(many(10'000, kStatus));
  EXPECT_EQ(result.kind, MergeResult::Kind::kError);
  EXPECT_THAT(result.error, HasSubstr("more than 20000 elements"));
  EXPECT_THAT(DocumentOf<Presence>(merging.Feed(kFull)).tuples, SizeIs(2));
}

TEST(PresenceTest, EntityBombIsAnError) {
  Merging merging(FindPackage("presence"), kType);
  const MergeResult result = merging.Feed(
      "<!DOCTYPE presence [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]>" + Pidf("&b;"));
  EXPECT_EQ(result.kind, MergeResult::Kind::kError);
  EXPECT_THAT(result.error, HasSubstr("DOCTYPE"));
}

TEST(PresenceTest, TruncatedDocumentsAreErrorsNotCrashes) {
  // given
  Merging merging(FindPackage("presence"), kType);
  const size_t end = kFull.rfind("</presence>");
  for (size_t length = 1; length < end + 11; ++length) {
    // when
    const MergeResult result = merging.Feed(kFull.substr(0, length));

    // then
    ASSERT_EQ(result.kind, MergeResult::Kind::kError) << length;
  }
}

}  // namespace
}  // namespace sipevents::sip
