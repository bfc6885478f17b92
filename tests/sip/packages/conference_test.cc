#include "sip/packages/conference.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/base/ascii.h"
#include "sip/packages/package_table.h"
#include "sipevents/v1/packages/conference.pb.h"
#include "tests/sip/packages/merging.h"
#include "tests/sip/packages/typed.h"

// What a conference-info document says, and how partial ones are merged (ALG-B). Versions and bad
// documents: conference_versions_test.cc.

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Endpoint = v1::ConferenceEndpoint;

constexpr char kType[] = "application/conference-info+xml";

std::string Document(int version, std::string_view state, std::string_view content) {
  return absl::StrCat(R"(<conference-info xmlns="urn:ietf:params:xml:ns:conference-info"
      entity="sip:room7@example.com" state=")",
                      AbslView(state), "\" version=\"", version, "\">", AbslView(content),
                      "</conference-info>");
}

// One conference, followed from document to document.
class Room {
 public:
  v1::Conference Full(std::string_view content) {
    return StateOf<v1::Conference>(merging_.Feed(Document(version_++, "full", content)));
  }
  v1::Conference Partial(std::string_view content) {
    return StateOf<v1::Conference>(merging_.Feed(Document(version_++, "partial", content)));
  }
  v1::Conference Feed(std::string_view body) {
    ++version_;
    return StateOf<v1::Conference>(merging_.Feed(body));
  }
  int version() const { return version_; }

 private:
  Merging merging_{FindPackage("conference"), kType};
  int version_ = 1;
};

// Users with their endpoints: "alice(desk CONNECTED, mobile ON_HOLD)".
std::vector<std::string> Roster(const v1::Conference& conference) {
  std::vector<std::string> roster;
  for (const auto& user : conference.users()) {
    std::string endpoints;
    for (const auto& endpoint : user.endpoints()) {
      absl::StrAppend(&endpoints, endpoints.empty() ? "" : ", ", endpoint.entity(), " ",
                      Endpoint::Status_Name(endpoint.status()));
    }
    roster.push_back(absl::StrCat(user.entity(), "(", endpoints, ")"));
  }
  return roster;
}

constexpr char kRoster[] = R"(<users>
    <user entity="alice"><display-text>Alice</display-text>
      <endpoint entity="desk"><status>connected</status>
        <media id="1"><type>audio</type></media><media id="2"><type>video</type></media>
      </endpoint></user>
    <user entity="bob"><endpoint entity="cell"><status>on-hold</status></endpoint></user>
  </users>)";

TEST(ConferenceTest, DescriptionHostAndStateAreTold) {
  Room room;

  const v1::Conference conference = room.Full(R"(
      <conference-description xml:lang="en">
        <display-text>Room 7</display-text><subject>Budget</subject><free-text>Long</free-text>
        <keywords> money  plan
                   2026 </keywords>
        <conf-uris><entry><uri>sip:room7@example.com</uri><display-text>dial</display-text>
          <purpose>participation</purpose>
          <modified><when>2026-03-01T09:00:00Z</when><reason>new</reason><by>sip:op@x</by></modified>
          </entry><entry><uri>sip:mirror@example.com</uri></entry></conf-uris>
        <service-uris><entry><uri>http://x/</uri><purpose>web-page</purpose></entry></service-uris>
        <maximum-user-count>100</maximum-user-count>
        <available-media><entry label="main"><display-text>Main</display-text><type>audio</type>
          <status>sendrecv</status></entry></available-media>
      </conference-description>
      <host-info><display-text>Example</display-text><web-page>http://example.com/</web-page>
        <uris><entry><uri>sip:host@example.com</uri></entry></uris></host-info>
      <conference-state><user-count>33</user-count><active>true</active><locked>false</locked>
      </conference-state>
      <users/>)");

  EXPECT_EQ(conference.entity(), "sip:room7@example.com");
  EXPECT_EQ(conference.version(), 1U);
  EXPECT_FALSE(conference.ended());
  const auto& description = conference.description();
  EXPECT_EQ(description.display_text(), "Room 7");
  EXPECT_EQ(description.subject(), "Budget");
  EXPECT_EQ(description.free_text(), "Long");
  EXPECT_THAT(description.keywords(), ElementsAre("money", "plan", "2026"));
  ASSERT_EQ(description.conf_uris_size(), 2);
  EXPECT_EQ(description.conf_uris(0).uri(), "sip:room7@example.com");
  EXPECT_EQ(description.conf_uris(0).display_text(), "dial");
  EXPECT_EQ(description.conf_uris(0).purpose(), "participation");
  EXPECT_EQ(description.conf_uris(0).modified().time().seconds(), 1772355600);
  EXPECT_EQ(description.conf_uris(0).modified().reason(), "new");
  EXPECT_EQ(description.conf_uris(0).modified().by(), "sip:op@x");
  EXPECT_FALSE(description.conf_uris(1).has_modified());
  ASSERT_EQ(description.service_uris_size(), 1);
  EXPECT_EQ(description.service_uris(0).purpose(), "web-page");
  EXPECT_EQ(description.maximum_user_count(), 100U);
  ASSERT_EQ(description.available_media_size(), 1);
  EXPECT_EQ(description.available_media(0).label(), "main");
  EXPECT_EQ(description.available_media(0).type(), "audio");
  EXPECT_EQ(description.available_media(0).status(), v1::ConferenceMedia::SENDRECV);
  EXPECT_EQ(description.available_media(0).display_text(), "Main");
  EXPECT_EQ(conference.host_info().display_text(), "Example");
  EXPECT_EQ(conference.host_info().web_page(), "http://example.com/");
  ASSERT_EQ(conference.host_info().uris_size(), 1);
  EXPECT_EQ(conference.host_info().uris(0).uri(), "sip:host@example.com");
  EXPECT_EQ(conference.state().user_count(), 33U);
  EXPECT_TRUE(conference.state().active());
  EXPECT_TRUE(conference.state().has_locked());
  EXPECT_FALSE(conference.state().locked());
}

TEST(ConferenceTest, UsersEndpointsAndMediaAreTold) {
  Room room;

  const v1::Conference conference = room.Full(R"(<users>
      <user entity="sip:bob@example.com"><display-text>Bob <![CDATA[& co]]></display-text>
        <associated-aors><entry><uri>mailto:bob@example.com</uri></entry></associated-aors>
        <roles><entry>participant</entry><entry>speaker</entry></roles>
        <languages>en de</languages><cascaded-focus>sip:other@example.com</cascaded-focus>
        <endpoint entity="sip:bob@192.0.2.9"><display-text>Bob's laptop</display-text>
          <referred><when>2026-03-01T09:00:00Z</when><reason>expert</reason><by>sip:mike@x</by>
          </referred>
          <status>disconnected</status><joining-method>dialed-out</joining-method>
          <joining-info><when>2026-03-01T09:00:01Z</when></joining-info>
          <disconnection-method>booted</disconnection-method>
          <disconnection-info><reason>noise</reason></disconnection-info>
          <media id="1"><display-text>main audio</display-text><type>audio</type>
            <label>34567</label><src-id>432424</src-id><status>recvonly</status></media>
          <call-info><sip><display-text>full info</display-text><call-id>hsjh8980vhsb78</call-id>
            <from-tag>vav738dvbs</from-tag><to-tag>8954jgjg8432</to-tag></sip></call-info>
        </endpoint></user></users>
      <sidebars-by-ref><entry><uri>sip:side1@example.com</uri><display-text>one</display-text>
        </entry></sidebars-by-ref>
      <sidebars-by-val><entry entity="sip:side2@example.com"><conference-description>
        <display-text>two</display-text></conference-description><users><user entity="x"/></users>
        </entry></sidebars-by-val>)");

  ASSERT_EQ(conference.users_size(), 1);
  const auto& user = conference.users(0);
  EXPECT_EQ(user.entity(), "sip:bob@example.com");
  EXPECT_EQ(user.display_text(), "Bob & co");
  ASSERT_EQ(user.associated_aors_size(), 1);
  EXPECT_EQ(user.associated_aors(0).uri(), "mailto:bob@example.com");
  EXPECT_THAT(user.roles(), ElementsAre("participant", "speaker"));
  EXPECT_THAT(user.languages(), ElementsAre("en", "de"));
  EXPECT_EQ(user.cascaded_focus(), "sip:other@example.com");
  ASSERT_EQ(user.endpoints_size(), 1);
  const Endpoint& endpoint = user.endpoints(0);
  EXPECT_EQ(endpoint.entity(), "sip:bob@192.0.2.9");
  EXPECT_EQ(endpoint.display_text(), "Bob's laptop");
  EXPECT_EQ(endpoint.referred().by(), "sip:mike@x");
  EXPECT_EQ(endpoint.status(), Endpoint::DISCONNECTED);
  EXPECT_EQ(endpoint.joining_method(), Endpoint::DIALED_OUT);
  EXPECT_EQ(endpoint.joining_info().time().seconds(), 1772355601);
  EXPECT_EQ(endpoint.disconnection_method(), Endpoint::BOOTED);
  EXPECT_EQ(endpoint.disconnection_info().reason(), "noise");
  ASSERT_EQ(endpoint.media_size(), 1);
  EXPECT_EQ(endpoint.media(0).id(), "1");
  EXPECT_EQ(endpoint.media(0).display_text(), "main audio");
  EXPECT_EQ(endpoint.media(0).type(), "audio");
  EXPECT_EQ(endpoint.media(0).label(), "34567");
  EXPECT_EQ(endpoint.media(0).src_id(), "432424");
  EXPECT_EQ(endpoint.media(0).status(), v1::ConferenceMedia::RECVONLY);
  EXPECT_EQ(endpoint.call_info().display_text(), "full info");
  EXPECT_EQ(endpoint.call_info().call_id(), "hsjh8980vhsb78");
  EXPECT_EQ(endpoint.call_info().from_tag(), "vav738dvbs");
  EXPECT_EQ(endpoint.call_info().to_tag(), "8954jgjg8432");
  ASSERT_EQ(conference.sidebars_size(), 2);
  EXPECT_EQ(conference.sidebars(0).uri(), "sip:side1@example.com");
  EXPECT_EQ(conference.sidebars(0).display_text(), "one");
  EXPECT_EQ(conference.sidebars(1).uri(), "sip:side2@example.com");
  EXPECT_EQ(conference.sidebars(1).display_text(), "two");
}

TEST(ConferenceTest, EveryStatusHasItsName) {
  Room room;
  for (const auto& [word, status] : std::vector<std::pair<std::string_view, Endpoint::Status>>{
           {"pending", Endpoint::PENDING},
           {"dialing-out", Endpoint::DIALING_OUT},
           {"dialing-in", Endpoint::DIALING_IN},
           {"alerting", Endpoint::ALERTING},
           {"on-hold", Endpoint::ON_HOLD},
           {"connected", Endpoint::CONNECTED},
           {"muted-via-focus", Endpoint::MUTED_VIA_FOCUS},
           {"disconnecting", Endpoint::DISCONNECTING},
           {"disconnected", Endpoint::DISCONNECTED},
           {"dancing", Endpoint::STATUS_UNSPECIFIED}}) {
    const v1::Conference conference =
        room.Full(absl::StrCat("<users><user entity='a'><endpoint entity='b'><status>",
                               AbslView(word), "</status></endpoint></user></users>"));
    ASSERT_EQ(conference.users_size(), 1);
    EXPECT_EQ(conference.users(0).endpoints(0).status(), status) << word;
    EXPECT_FALSE(conference.has_state());
  }
}

// ALG-B: under state="partial" each element finds its own by its key.
TEST(ConferenceTest, PartialDocumentsAreMergedAtEveryLevel) {
  Room room;
  room.Full(
      absl::StrCat("<conference-state><user-count>2</user-count></conference-state>", kRoster));

  const v1::Conference conference = room.Partial(R"(
      <users state="partial"><user entity="alice" state="partial">
        <endpoint entity="desk" state="partial"><status>on-hold</status>
          <media id="2"><type>text</type></media></endpoint>
        <endpoint entity="tablet"><status>alerting</status></endpoint>
      </user></users>)");

  EXPECT_THAT(Roster(conference),
              ElementsAre("alice(desk ON_HOLD, tablet ALERTING)", "bob(cell ON_HOLD)"));
  EXPECT_EQ(conference.users(0).display_text(), "Alice");
  const auto& desk = conference.users(0).endpoints(0);
  ASSERT_EQ(desk.media_size(), 2);
  EXPECT_EQ(desk.media(0).type(), "audio");
  EXPECT_EQ(desk.media(1).type(), "text");
  EXPECT_EQ(conference.state().user_count(), 2U);
  EXPECT_EQ(conference.version(), 2U);
}

TEST(ConferenceTest, FullElementReplacesItsLikeAndDeletedTakesItAway) {
  Room room;
  room.Full(kRoster);

  // The state is "full" where none is told.
  EXPECT_THAT(Roster(room.Partial(R"(<users state="partial">
                  <user entity="alice"><endpoint entity="cell"><status>connected</status>
                  </endpoint></user><user entity="carol" state="full"/></users>)")),
              ElementsAre("alice(cell CONNECTED)", "bob(cell ON_HOLD)", "carol()"));
  EXPECT_THAT(Roster(room.Partial(R"(<users state="partial"><user entity="bob" state="deleted">
                  <endpoint entity="cell" state="partial"/></user>
                  <user entity="nobody" state="deleted"/>
                  <user entity="alice" state="partial"><endpoint entity="cell" state="deleted"/>
                  </user></users>)")),
              ElementsAre("alice()", "carol()"));
  EXPECT_THAT(Roster(room.Partial(R"(<users><user entity="dave"/></users>)")),
              ElementsAre("dave()"));
  EXPECT_THAT(Roster(room.Partial(R"(<users state="deleted"/>)")), IsEmpty());
}

TEST(ConferenceTest, PartialElementThatIsNotThereIsAdded) {
  Room room;
  room.Full("");
  EXPECT_THAT(Roster(room.Partial(R"(<users state="partial"><user entity="a" state="partial">
                  <endpoint entity="e" state="partial"><status>pending</status></endpoint>
                  <endpoint entity="gone" state="deleted"/></user></users>)")),
              ElementsAre("a(e PENDING)"));
}

TEST(ConferenceTest, ElementsWithoutStateAreReplacedWhole) {
  Room room;
  room.Full(R"(<conference-description><subject>old</subject><display-text>d</display-text>
      </conference-description><conference-state><user-count>1</user-count><locked>true</locked>
      </conference-state><users><user entity="a"><roles><entry>x</entry><entry>y</entry></roles>
      <display-text>A</display-text></user></users>)");

  const v1::Conference conference = room.Partial(R"(
      <conference-state><user-count>2</user-count></conference-state>
      <users state="partial"><user entity="a" state="partial"><roles><entry>z</entry></roles>
      </user></users>)");

  EXPECT_EQ(conference.description().subject(), "old");
  EXPECT_EQ(conference.state().user_count(), 2U);
  EXPECT_FALSE(conference.state().has_locked());
  EXPECT_THAT(conference.users(0).roles(), ElementsAre("z"));
  EXPECT_EQ(conference.users(0).display_text(), "A");
}

TEST(ConferenceTest, SidebarsAreMergedByTheirAddresses) {
  Room room;
  room.Full(R"(<sidebars-by-ref><entry><uri>sip:1</uri></entry><entry><uri>sip:2</uri></entry>
      </sidebars-by-ref><sidebars-by-val><entry entity="sip:3"><users><user entity="a"/></users>
      </entry></sidebars-by-val>)");

  const v1::Conference conference = room.Partial(R"(
      <sidebars-by-ref state="partial"><entry state="deleted"><uri>sip:1</uri></entry>
        <entry><uri>sip:2</uri><display-text>two</display-text></entry></sidebars-by-ref>
      <sidebars-by-val state="partial"><entry entity="sip:3" state="partial">
        <conference-description><display-text>three</display-text></conference-description></entry>
        <entry entity="sip:4"/></sidebars-by-val>)");

  std::vector<std::string> sidebars;
  for (const auto& sidebar : conference.sidebars()) {
    sidebars.push_back(sidebar.uri() + " " + sidebar.display_text());
  }
  EXPECT_THAT(sidebars, ElementsAre("sip:2 two", "sip:3 three", "sip:4 "));
}

// The documents of one conference need not use the same prefixes; what is not the conference's own
// is left out even if it has the same local name.
TEST(ConferenceTest, PrefixesMayChangeFromDocumentToDocument) {
  Room room;
  room.Full(kRoster);

  EXPECT_THAT(Roster(room.Feed(absl::StrCat(
                  R"(<c:conference-info xmlns:c="urn:ietf:params:xml:ns:conference-info"
              xmlns="urn:other" entity="sip:room7@example.com" state="partial" version=")",
                  room.version(), R"("><users state="deleted"/><c:users state="partial">
              <user entity="bob" state="deleted"/><c:user entity="alice" state="partial">
              <c:endpoint entity="desk" state="partial"><status>pending</status>
              <c:status>disconnecting</c:status></c:endpoint></c:user></c:users>
              </c:conference-info>)"))),
              ElementsAre("alice(desk DISCONNECTING)", "bob(cell ON_HOLD)"));
  EXPECT_THAT(Roster(room.Partial(R"(<x:users xmlns:x="urn:ietf:params:xml:ns:conference-info"
                  state="partial"><user xmlns="urn:ietf:params:xml:ns:conference-info"
                  entity="bob" state="deleted"/></x:users>)")),
              ElementsAre("alice(desk DISCONNECTING)"));
}

// Text of earlier documents outlives them, however they wrote it.
TEST(ConferenceTest, KeptTextIsWholeAfterOtherDocuments) {
  Room room;
  const std::string name(3000, 'n');
  room.Full(absl::StrCat("<users><user entity=\"", name, "&amp;\"><display-text>", name,
                         "<!-- x -->&lt;<![CDATA[>]]></display-text></user></users>"));
  for (int i = 0; i < 3; ++i) room.Partial("<users state=\"partial\"><user entity=\"z\"/></users>");

  const v1::Conference conference = room.Partial("");

  ASSERT_EQ(conference.users_size(), 2);
  EXPECT_EQ(conference.users(0).entity(), name + "&");
  EXPECT_EQ(conference.users(0).display_text(), name + "<>");
}

TEST(ConferenceTest, TheSameKeyTwiceCountsOnce) {
  Room room;
  EXPECT_THAT(Roster(room.Full("<users><user entity='a'/><user entity='b'/><user entity='a'>"
                               "<endpoint entity='e'/></user></users>")),
              ElementsAre("b()", "a(e STATUS_UNSPECIFIED)"));
}

// Users whom the server does not name cannot be told apart: a change tells all of them.
TEST(ConferenceTest, UsersWithoutKeyAreReplacedTogether) {
  Room room;
  room.Full("<users><user/><user/><user entity='a'/></users>");
  EXPECT_THAT(Roster(room.Partial("<users state='partial'><user><endpoint entity='e'/></user>"
                                  "</users>")),
              ElementsAre("a()", "(e STATUS_UNSPECIFIED)"));
}

}  // namespace
}  // namespace sipevents::sip
