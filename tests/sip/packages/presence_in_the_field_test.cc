#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/packages/package_table.h"
#include "sip/packages/presence.h"
#include "tests/sip/packages/merging.h"

// Presence documents as deployed servers send them.

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr std::string_view kType = "application/pidf+xml";

TEST(PresenceInTheFieldTest, AsteriskDocumentIsDecoded) {
  // given: the person of a draft, a status around the activities, ISO-8859-1 declared
  constexpr std::string_view kBody = R"(<?xml version="1.0" encoding="ISO-8859-1"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf"
 xmlns:pp="urn:ietf:params:xml:ns:pidf:person"
 xmlns:es="urn:ietf:params:xml:ns:pidf:rpid:status:rpid-status"
 xmlns:ep="urn:ietf:params:xml:ns:pidf:rpid:rpid-person"
 entity="sip:6001@192.0.2.4">
<pp:person><status>
<ep:activities><ep:busy/></ep:activities>
</status></pp:person>
<note>On the phone</note>
<tuple id="6001">
<contact priority="1">sip:6001@192.0.2.4</contact>
<status><basic>open</basic></status>
</tuple>
</presence>
)";
  Merging merging(FindPackage("presence"), kType);

  // when
  const auto& presence = DocumentOf<Presence>(merging.Feed(kBody));

  // then
  ASSERT_THAT(presence.persons, SizeIs(1));
  ASSERT_THAT(presence.persons[0].rich.elements, SizeIs(1));
  EXPECT_THAT(presence.persons[0].rich.elements[0].second.values, ElementsAre("busy"));
  ASSERT_THAT(presence.notes, SizeIs(1));
  EXPECT_EQ(presence.notes[0].text, "On the phone");
  ASSERT_THAT(presence.tuples, SizeIs(1));
  EXPECT_EQ(presence.tuples[0].contact_priority, 1.0);
}

TEST(PresenceInTheFieldTest, SofiaDocumentOfTheCpimDraftIsDecoded) {
  Merging merging(FindPackage("presence"), kType);
  const auto& presence = DocumentOf<Presence>(merging.FeedTyped(
      "application/cpim-pidf+xml",
      "<?xml version='1.0' encoding='UTF-8'?>\n"
      "<presence xmlns='urn:ietf:params:xml:ns:cpim-pidf' entity='pres:bob@example.org'>\n"
      "<tuple id='k'><status><basic>closed</basic></status>"
      "<contact priority='1.0'>sip:bob@example.org</contact></tuple></presence>\n"));
  ASSERT_THAT(presence.tuples, SizeIs(1));
  EXPECT_EQ(presence.tuples[0].basic, PresenceBasic::kClosed);
}

TEST(PresenceInTheFieldTest, KamailioDocumentOfUsrlocIsDecoded) {
  Merging merging(FindPackage("presence"), kType);
  const auto& presence = DocumentOf<Presence>(merging.Feed(
      "<?xml version=\"1.0\"?>\n<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
      "xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" "
      "xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\" "
      "xmlns:c=\"urn:ietf:params:xml:ns:pidf:cipid\" entity=\"sip:u@example.com\">"
      "<tuple xmlns=\"urn:ietf:params:xml:ns:pidf\" id=\"0x7f1\"><status><basic>open</basic>"
      "</status></tuple></presence>"));
  ASSERT_THAT(presence.tuples, SizeIs(1));
  EXPECT_EQ(presence.tuples[0].basic, PresenceBasic::kOpen);
}

}  // namespace
}  // namespace sipevents::sip
