#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/body/body_size.h"
#include "sip/compose/composition.h"
#include "tests/base/status_asserts.h"
#include "tests/sip/compose/decoding.h"

namespace sipevents::sip {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kMira = "sip:mira@example.com";

std::string Pidf(std::string_view inside, std::string_view attributes = "") {
  return "<?xml version=\"1.0\"?>\n<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
         "xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" "
         "xmlns:r=\"urn:ietf:params:xml:ns:pidf:rpid\" " +
         std::string(attributes) + " entity=\"sip:mira@example.com\">" + std::string(inside) +
         "</presence>";
}

std::string Tuple(std::string_view id, std::string_view basic = "open") {
  return "<tuple id=\"" + std::string(id) + "\"><status><basic>" + std::string(basic) +
         "</basic></status></tuple>";
}

ComposedBody ComposeAll(const std::vector<PublishedState>& publications) {
  ComposedBody composed = Compose("presence", kMira, publications);
  // Whatever comes of it can be read by a watcher, and published again.
  EXPECT_OK(CheckPublished("presence", kMira, composed.content_type, composed.body))
      << composed.body;
  return composed;
}

TEST(PresenceCompositionTest, OnePublicationIsPassedOnOctetByOctet) {
  const std::string body =
      Pidf(Tuple("a") + "<x:vendor xmlns:x='urn:x'>  <!-- odd --> </x:vendor>");
  const ComposedBody composed = ComposeAll({Published("s1", body)});
  EXPECT_EQ(composed.body, body);
  EXPECT_EQ(composed.content_type, "application/pidf+xml");
  EXPECT_EQ(composed.version_at, ComposedBody::kNoVersion);
}

TEST(PresenceCompositionTest, EntityBecomesTheResource) {
  const std::string body =
      "<p:presence xmlns:p='urn:ietf:params:xml:ns:pidf' entity='pres:m@other.example' x='1'>"
      "<p:tuple id='a'><p:status><p:basic>open</p:basic></p:status></p:tuple></p:presence>";
  const ComposedBody composed = Compose("presence", "sip:a&b@example.com", {Published("s1", body)});
  EXPECT_EQ(composed.body,
            "<p:presence xmlns:p='urn:ietf:params:xml:ns:pidf' entity='sip:a&amp;b@example.com' "
            "x='1'><p:tuple id='a'><p:status><p:basic>open</p:basic></p:status></p:tuple>"
            "</p:presence>");
}

// ESC-11: each publication has its part in the whole.
TEST(PresenceCompositionTest, TuplesAndNotesOfAllAreThere) {
  const std::string a = Pidf(Tuple("a") + "<note>one</note>");
  const std::string b = Pidf(Tuple("b", "closed") + "<note xml:lang=\"en\">two</note>");
  const ComposedBody composed = ComposeAll({Published("s1", a), Published("s2", b)});
  EXPECT_EQ(Shown("presence", composed), ShownText("presence", composed.content_type,
                                                   Pidf(Tuple("a") + Tuple("b", "closed") +
                                                        "<note>one</note>"
                                                        "<note xml:lang=\"en\">two</note>")));
}

// ESC-25
TEST(PresenceCompositionTest, IdThatAnotherHasIsQualifiedByItsSource) {
  const std::string a = Pidf(Tuple("t1") + Tuple("s2.t1"));
  const std::string b = Pidf("<tuple\n id='t&#49;' x=\"y\"><status/></tuple>");
  const std::string c = Pidf(Tuple("t1"));
  const ComposedBody composed =
      ComposeAll({Published("s1", a), Published("s2", b), Published("7c", c)});
  EXPECT_THAT(composed.body, AllOf(HasSubstr(Tuple("t1") + Tuple("s2.t1")),
                                   HasSubstr("<tuple\n id='s2.t&#49;.2' x=\"y\"><status/></tuple>"),
                                   HasSubstr("<tuple id=\"s7c.t1\">")));
}

// xs:ID, of which a document has each once: RFC 3863, RFC 4479, RFC 4480.
TEST(PresenceCompositionTest, IdOfRichPresenceThatAnotherElementHasIsQualifiedByItsSource) {
  const std::string a = Pidf(
      "<tuple id=\"t\"><status><basic>open</basic></status><r:class id=\"k\">x</r:class></tuple>"
      "<dm:person id=\"p\"><r:activities id='k2'><r:away/></r:activities></dm:person>");
  const std::string b = Pidf(
      "<tuple id=\"k\"><status><basic>open</basic></status><r:class  id = \"k\">y</r:class>"
      "<q:mood xmlns:q=\"urn:ietf:params:xml:ns:pidf:rpid\" id=\"t\"><q:calm/></q:mood>"
      "<x:class xmlns:x=\"urn:x\" id=\"t\"/></tuple>"
      "<dm:device id=\"k2\"><dm:deviceID>urn:1</dm:deviceID></dm:device>");

  const std::string composed = ComposeAll({Published("s1", a, 2), Published("s2", b, 1)}).body;

  // Tuples, persons and devices have the first choice; what is not of RPID stays.
  EXPECT_THAT(composed,
              AllOf(HasSubstr("<tuple id=\"t\">"), HasSubstr("<r:class id=\"s1.k\">x</r:class>"),
                    HasSubstr("<tuple id=\"k\">"), HasSubstr("<r:class  id = \"s2.k\">y</r:class>"),
                    HasSubstr("id=\"s2.t\"><q:calm/></q:mood>"),
                    HasSubstr("<x:class xmlns:x=\"urn:x\" id=\"t\"/>"),
                    HasSubstr("<r:activities id='s1.k2'>"), HasSubstr("<dm:device id=\"k2\">")));
}

TEST(PresenceCompositionTest, IdThatOnePublicationHasTwiceIsThereOnce) {
  const std::string device = "<dm:device id=\"x\"><dm:deviceID>urn:";
  const std::string body =
      Pidf(Tuple("x") + "<dm:person id=\"x\"><r:mood id=\"x\"><r:calm/></r:mood></dm:person>" +
           device + "1</dm:deviceID></dm:device>" + device + "2</dm:deviceID></dm:device>");

  const std::string composed = ComposeAll({Published("s1", body)}).body;

  EXPECT_THAT(
      composed,
      AllOf(HasSubstr(Tuple("x")), HasSubstr("<dm:person id=\"s1.x\"><r:mood id=\"s1.x.4\">"),
            HasSubstr("<dm:device id=\"s1.x.2\">"), HasSubstr("<dm:device id=\"s1.x.3\">")));
  // What only looks alike is passed on.
  const std::string alike = Pidf(Tuple("x") + "<note>an id=\"y\" here</note>");
  EXPECT_EQ(ComposeAll({Published("s1", alike)}).body, alike);
}

TEST(PresenceCompositionTest, ManyEqualIdsMakeNoLargeDocument) {
  std::string inside = Tuple("x");
  for (int i = 0; i < 20'000; ++i) inside += "<dm:device id=\"x\"/>";
  const std::string body = Pidf(inside);

  const std::string composed =
      Compose("presence", kMira, {Published("s1", body), Published("s2", Pidf(Tuple("y")))}).body;

  EXPECT_LT(composed.size(), kMaxBodyOctets);
  EXPECT_THAT(composed, HasSubstr(Tuple("y")));
}

// What Compose() is told of the time before, and what it then shows.
class ShownIdsTest : public ::testing::Test {
 protected:
  std::string Shown(const std::vector<PublishedState>& publications) {
    return Compose("presence", kMira, publications, &shown_).body;
  }

  ShownIds shown_;
};

// EPA-18
TEST_F(ShownIdsTest, IdStaysWhenTheOneThatHadItLeaves) {
  const std::string a = Pidf(Tuple("t1", "open"));
  const std::string b = Pidf(Tuple("t1", "closed"));
  const std::string other = Pidf(Tuple("t2", "closed"));
  EXPECT_THAT(Shown({Published("s1", a), Published("s2", b)}),
              HasSubstr(Tuple("t1", "open") + Tuple("s2.t1", "closed")));

  EXPECT_THAT(Shown({Published("s2", b)}), HasSubstr(Tuple("s2.t1", "closed")));
  EXPECT_THAT(Shown({Published("s2", b)}), HasSubstr(Tuple("s2.t1", "closed")));
  // The name is free for somebody else.
  EXPECT_THAT(Shown({Published("s2", b), Published("s3", a)}),
              HasSubstr(Tuple("s2.t1", "closed") + Tuple("t1", "open")));
  EXPECT_THAT(Shown({Published("s3", a)}), HasSubstr(Tuple("t1", "open")));
  EXPECT_TRUE(shown_.empty());
  EXPECT_EQ(Shown({Published("s3", other)}), other);
}

TEST_F(ShownIdsTest, LaterChangeOfTheFirstTakesNoIdFromTheSecond) {
  const std::string b = Pidf(Tuple("t2", "closed"));
  Shown({Published("s1", Pidf(Tuple("t1"))), Published("s2", b)});

  const std::string composed =
      Shown({Published("s1", Pidf(Tuple("t1") + Tuple("t2"))), Published("s2", b)});

  EXPECT_THAT(composed, HasSubstr(Tuple("t1") + Tuple("s1.t2") + Tuple("t2", "closed")));
}

TEST_F(ShownIdsTest, WhatWasShownAloneKeepsItsIds) {
  const std::string a = Pidf("<dm:device id=\"d\"><dm:deviceID>urn:1</dm:deviceID></dm:device>");
  Shown({Published("s1", a)});

  EXPECT_THAT(Shown({Published("s1", a), Published("s2", Pidf(Tuple("d")))}),
              AllOf(HasSubstr("<dm:device id=\"d\">"), HasSubstr(Tuple("s2.d"))));
}

TEST_F(ShownIdsTest, TooManyAreNotRemembered) {
  std::string many;
  for (int i = 0; i < 65; ++i) many += Tuple("t" + std::to_string(i));

  Shown({Published("s1", Pidf(many)), Published("s2", Pidf(Tuple("a")))});

  EXPECT_TRUE(shown_.empty());
}

TEST(PresenceCompositionTest, PersonWithTheLatestTimestampIsTheOne) {
  struct Row {
    std::string_view name;
    std::string_view a;  // timestamps; empty: none
    std::string_view b;
    int hour_a;
    int hour_b;
    std::string_view shown;
  };
  const std::vector<Row> rows = {
      {"later timestamp", "2026-03-01T09:00:00Z", "2026-03-01T08:00:00Z", 1, 2, "A"},
      {"zones count", "2026-03-01T09:00:00+03:00", "2026-03-01T08:00:00Z", 2, 1, "B"},
      {"none: the time of publication", "", "2026-03-01T08:00:00Z", 9, 8, "A"},
      {"both none", "", "", 2, 1, "A"},
      {"same timestamp: published later", "2026-03-01T09:00:00Z", "2026-03-01T09:00:00Z", 2, 1,
       "A"},
      {"all the same: the one that comes later", "2026-03-01T09:00:00Z", "2026-03-01T09:00:00Z", 1,
       1, "B"},
  };
  const auto person = [](std::string_view note, std::string_view timestamp) {
    std::string text = "<dm:person id=\"p\"><dm:note>" + std::string(note) + "</dm:note>";
    if (!timestamp.empty()) {
      text += "<dm:timestamp>" + std::string(timestamp) + "</dm:timestamp>";
    }
    return Pidf(text + "</dm:person>");
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const std::string a = person("A", row.a);
    const std::string b = person("B", row.b);
    const ComposedBody composed =
        ComposeAll({Published("s1", a, row.hour_a), Published("s2", b, row.hour_b)});
    EXPECT_THAT(composed.body, HasSubstr("<dm:note>" + std::string(row.shown) + "</dm:note>"));
    const std::string other = row.shown == "A" ? "B" : "A";
    EXPECT_THAT(composed.body, Not(HasSubstr("<dm:note>" + other + "</dm:note>")));
  }
}

TEST(PresenceCompositionTest, DevicesAreOneByDeviceId) {
  const auto device = [](std::string_view id, std::string_view urn, std::string_view note) {
    return "<dm:device id=\"" + std::string(id) + "\"><dm:deviceID>" + std::string(urn) +
           "</dm:deviceID><dm:note>" + std::string(note) + "</dm:note></dm:device>";
  };
  const std::string a = Pidf(device("d1", "urn:uuid:1", "old") + device("d2", "urn:uuid:2", "two"));
  const std::string b =
      Pidf(device("d1", " urn:uuid:1 ", "new") + "<dm:device id=\"d3\"/><dm:device id=\"d4\"/>");
  const ComposedBody composed = ComposeAll({Published("s1", a, 1), Published("s2", b, 2)});
  EXPECT_THAT(composed.body,
              AllOf(HasSubstr("<dm:note>new</dm:note>"), Not(HasSubstr("<dm:note>old</dm:note>")),
                    HasSubstr("<dm:note>two</dm:note>"),
                    HasSubstr("<dm:device id=\"d3\"/><dm:device id=\"d4\"/>")));
}

TEST(PresenceCompositionTest, ForeignExtensionsAreKeptOctetByOctet) {
  const std::string extension =
      "<v:state xmlns:v='urn:v'\t a=\"&#x41;\"><![CDATA[<raw>]]><!-- kept --><v:in/></v:state>";
  const std::string a = Pidf(Tuple("a"));
  const std::string b = Pidf("<tuple id=\"b\"><status/>" + extension + "</tuple>" + extension);
  const ComposedBody composed = ComposeAll({Published("s1", a), Published("s2", b)});
  EXPECT_THAT(composed.body,
              AllOf(HasSubstr("<status/>" + extension + "</tuple>"), HasSubstr(">" + extension)));
}

TEST(PresenceCompositionTest, PrefixesMeanInTheWholeWhatTheyMeantInTheParts) {
  const std::string a = Pidf(Tuple("a") + "<x:a/>", "xmlns:x=\"urn:one\"");
  const std::string b =
      "<pp:presence xmlns:pp=\"urn:ietf:params:xml:ns:pidf\" xmlns:x=\"urn:two\" xml:lang=\"de\" "
      "entity=\"sip:mira@example.com\"><pp:tuple id=\"b\"><pp:status><pp:basic>closed</pp:basic>"
      "</pp:status><x:e><none/></x:e></pp:tuple><x:b xmlns:x=\"urn:three\"/></pp:presence>";
  const ComposedBody composed = ComposeAll({Published("s1", a), Published("s2", b)});
  EXPECT_EQ(composed.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
            "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:mira@example.com\" "
            "xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" "
            "xmlns:r=\"urn:ietf:params:xml:ns:pidf:rpid\" xmlns:x=\"urn:one\" "
            "xmlns:pp=\"urn:ietf:params:xml:ns:pidf\">" +
                Tuple("a") +
                "<pp:tuple xmlns:x=\"urn:two\" xml:lang=\"de\" xmlns=\"\" id=\"b\">"
                "<pp:status><pp:basic>closed</pp:basic></pp:status><x:e><none/></x:e></pp:tuple>"
                "<x:a/><x:b xml:lang=\"de\" xmlns=\"\" xmlns:x=\"urn:three\"/></presence>\r\n");
}

TEST(PresenceCompositionTest, WhatIsNotUtf8IsConverted) {
  const std::string a = Pidf(Tuple("a"));
  const std::string b =
      "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"
      "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:mira@example.com\">"
      "<note>sch\xF6n</note></presence>";
  const ComposedBody composed = ComposeAll({Published("s1", a), Published("s2", b)});
  EXPECT_THAT(composed.body, HasSubstr("<note>sch\xC3\xB6n</note>"));
}

TEST(PresenceCompositionTest, BrokenPublicationIsLeftOut) {
  const std::string a = Pidf(Tuple("a"));
  const std::string b = Pidf(Tuple("b"));
  for (const std::string& broken :
       {std::string(), b.substr(0, b.size() - 5), b + "<more/>", "<!DOCTYPE x>" + b}) {
    EXPECT_EQ(ComposeAll({Published("s1", a), Published("s2", broken)}),
              ComposeAll({Published("s1", a), Published("s3", "none")}));
  }
  EXPECT_EQ(ComposeAll({Published("s1", "none")}), NeutralBody("presence", kMira));
}

TEST(PresenceCompositionTest, PublicationThatLeadsBeyondTheBoundIsLeftOut) {
  const std::string long_note = "<note>" + std::string(kMaxBodyOctets * 2 / 3, 'x') + "</note>";
  const std::string a = Pidf(Tuple("a") + long_note);
  const std::string b = Pidf(Tuple("b") + long_note);
  const std::string c = Pidf(Tuple("c"));
  const ComposedBody composed =
      ComposeAll({Published("s1", a), Published("s2", b), Published("s3", c)});
  EXPECT_LE(composed.body.size(), kMaxBodyOctets);
  EXPECT_THAT(composed.body, AllOf(HasSubstr(Tuple("a")), HasSubstr(Tuple("c"))));
  EXPECT_THAT(composed.body, Not(HasSubstr(Tuple("b"))));
}

// NOT-07, ESC-20: who is politely blocked sees what all see once everything has expired.
TEST(PresenceCompositionTest, NothingPublishedIsADocumentWithoutTuples) {
  const ComposedBody neutral = NeutralBody("presence", kMira);
  EXPECT_EQ(Compose("presence", kMira, {}), neutral);
  EXPECT_THAT(Shown("presence", neutral), HasSubstr("entity: \"sip:mira@example.com\""));
  EXPECT_THAT(Shown("presence", neutral), Not(HasSubstr("tuples")));
}

TEST(PresenceCompositionTest, SameInputGivesTheSameDocument) {
  const std::string a = Pidf(Tuple("t") + "<dm:device id=\"d\"/><note>n</note>");
  const std::vector<PublishedState> both = {Published("s1", a), Published("s2", a)};
  EXPECT_EQ(ComposeAll(both), ComposeAll(both));
  EXPECT_THAT(ComposeAll(both).body, StartsWith("<?xml"));
}

}  // namespace
}  // namespace sipevents::sip
