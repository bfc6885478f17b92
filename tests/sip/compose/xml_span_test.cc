#include "sip/compose/xml_span.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string_view> ChildrenOf(std::string_view content) {
  std::vector<std::string_view> texts;
  XmlChildren children(content);
  while (const std::optional<XmlSpan> child = children.Next()) texts.push_back(child->text);
  if (children.broken()) texts.emplace_back("broken");
  if (children.has_text()) texts.emplace_back("text");
  return texts;
}

TEST(XmlSpanTest, RootIsFoundBehindWhatMayComeBefore) {
  for (const std::string_view before :
       {"", "\xEF\xBB\xBF", "<?xml version='1.0'?>\r\n", "<!-- <a> --> <?pi > ?>"}) {
    const std::string document = std::string(before) + "<a:b c='>' d=\"/>\"><e/></a:b >\n<!-- -->";
    const std::optional<XmlSpan> root = FindXmlRoot(document);
    ASSERT_TRUE(root.has_value()) << before;
    EXPECT_EQ(root->tag.name, "a:b");
    EXPECT_EQ(root->tag.attributes, " c='>' d=\"/>\"");
    EXPECT_EQ(root->content, "<e/>");
    EXPECT_EQ(root->text, "<a:b c='>' d=\"/>\"><e/></a:b >");
  }
}

TEST(XmlSpanTest, WhatIsNoDocumentHasNoRoot) {
  for (const std::string_view document : {"",
                                          " ",
                                          "x",
                                          "<",
                                          "<>",
                                          "</>",
                                          "</a>",
                                          "<a",
                                          "<a>",
                                          "<a></b>",
                                          "<a/><b/>",
                                          "<a/>x",
                                          "x<a/>",
                                          "<!DOCTYPE a><a/>",
                                          "<a><!-- </a>",
                                          "<a><![CDATA[</a>",
                                          "<a b='></a>",
                                          "<!--",
                                          "<?",
                                          "<![CDATA[]]>",
                                          "<a><b></a>",
                                          "<a><!b></a>"}) {
    EXPECT_FALSE(FindXmlRoot(document).has_value()) << document;
  }
}

TEST(XmlSpanTest, ChildrenAreFoundWhateverIsBetween) {
  EXPECT_THAT(ChildrenOf(" <a/> <!-- <b/> --><b x='/'>t<b/>t</b><?c <d/> ?> <e></e>"),
              ElementsAre("<a/>", "<b x='/'>t<b/>t</b>", "<e></e>"));
  EXPECT_THAT(ChildrenOf("  "), IsEmpty());
  EXPECT_THAT(ChildrenOf("t<a/>"), ElementsAre("<a/>", "text"));
  EXPECT_THAT(ChildrenOf("<a/><![CDATA[<b/>]]>"), ElementsAre("<a/>", "text"));
  EXPECT_THAT(ChildrenOf("<a/><b>"), ElementsAre("<a/>", "broken"));
  EXPECT_THAT(ChildrenOf("<a/></b>"), ElementsAre("<a/>", "broken"));
}

TEST(XmlSpanTest, TagsAreFoundHoweverDeep) {
  std::vector<std::string> found;
  XmlTags tags("x<a b='>'><c/><!-- <d> --><e><f></f></e></a><![CDATA[<g>]]><h>");
  while (const std::optional<XmlTagSpan> tag = tags.Next()) {
    found.push_back(std::string(tag->name) + std::to_string(tags.depth()));
  }
  EXPECT_THAT(found, ElementsAre("a0", "c1", "e1", "f2", "h0"));
  EXPECT_EQ(XmlTags("<a").Next(), std::nullopt);
  EXPECT_EQ(XmlTags("</a").Next(), std::nullopt);
}

TEST(XmlSpanTest, WhatLooksLikeAnIdIsTaken) {
  std::string_view text =
      "<a id=\"1\" xid='2' x:id='3'\nid = '4\"'/>pid=\"5\" id=6 id=\"7\"> id= \"";
  std::vector<std::string_view> found;
  while (const auto value = TakeXmlIdLike(text)) found.push_back(*value);
  EXPECT_THAT(found, ElementsAre("1", "4\"", "7"));
  for (std::string_view none : {"", "=", "id=", "d='x'", "id='x'"}) {
    EXPECT_EQ(TakeXmlIdLike(none), std::nullopt) << none;
  }
}

TEST(XmlSpanTest, AttributesAreReadAsTheyAreWritten) {
  const std::optional<XmlTagSpan> tag = FindXmlRootTag("<a x = 'it&apos;s' y=\"'\"\n z=''/>");
  ASSERT_TRUE(tag.has_value());
  EXPECT_TRUE(tag->is_empty);
  ASSERT_TRUE(tag->Find("x").has_value());
  EXPECT_EQ(tag->Find("x")->value, "it&apos;s");
  EXPECT_EQ(tag->Find("x")->text, "x = 'it&apos;s'");
  EXPECT_EQ(tag->Find("y")->value, "'");
  EXPECT_EQ(tag->Find("z")->value, "");
  EXPECT_FALSE(tag->Find("a").has_value());
}

TEST(XmlSpanTest, ReferencesAreResolved) {
  struct Row {
    std::string_view text;
    std::string_view meaning;
  };
  for (const Row& row : std::vector<Row>{
           {"a&lt;&gt;&amp;&quot;&apos;b", "a<>&\"'b"},
           {"&#65;&#x42;&#xe4;&#x20AC;&#x1F600;", "AB\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"},
           {"&other; & &#; &#x110000; &#0; &#xD800;", "&other; & &#; &#x110000; &#0; &#xD800;"},
           {"&amp;lt;", "&lt;"}}) {
    EXPECT_EQ(DecodeXmlReferences(row.text), row.meaning);
  }
}

TEST(XmlSpanTest, TextOfAnElementIsPutTogether) {
  const std::optional<XmlSpan> element =
      FindXmlRoot("<a> one&amp;<!-- no --><![CDATA[<two>]]><?no?>three </a>");
  ASSERT_TRUE(element.has_value());
  EXPECT_EQ(XmlTextOf(*element), "one&<two>three");
}

}  // namespace
}  // namespace sipevents::sip
