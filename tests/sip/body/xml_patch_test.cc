#include "sip/body/xml_patch.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/base/ascii.h"
#include "sip/body/body_size.h"
#include "sip/body/decode_scratch.h"
#include "sip/body/xml_guard.h"

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;

// RFC 5261 writes its own operations without a prefix; a diff of its own namespace is what PIDF
// has.
std::string Diff(std::string_view operations, std::string_view declarations = "xmlns='urn:a'") {
  return absl::StrCat("<d:diff xmlns:d='urn:diff' ", AbslView(declarations), ">",
                      AbslView(operations), "</d:diff>");
}

absl::StatusOr<std::string> Patch(std::string_view document, std::string_view diff) {
  DecodeScratch scratch;
  const auto root = scratch.ParseAll(diff, true);
  if (!root.ok()) return root.status();
  XmlPatch patch;
  if (absl::Status status = patch.Load(document, true); !status.ok()) return status;
  if (absl::Status status = patch.Apply(*root); !status.ok()) return status;
  return patch.Text();
}

// What comes of it, or the error.
std::string Patched(std::string_view document, std::string_view operations) {
  auto text = Patch(document, Diff(operations));
  return text.ok() ? *text : std::string(text.status().message());
}

// ALG-C, RFC 5261 section 4.1: what selectors select, shown by what they remove.
TEST(XmlPatchTest, SelectorsFindTheirPlace) {
  static constexpr std::string_view kDocument =
      R"(<doc xmlns="urn:a" xmlns:b="urn:b" xmlns:o="urn:o"><t id="1"><n>x</n></t><t id="2" b:id="7"><n>y</n></t>)"
      R"(<b:t>z</b:t><!--c--><?p q?>text<u/>more</doc>)";
  struct Row {
    std::string_view sel;
    std::string_view gone;
  };
  const std::vector<Row> rows = {
      {"doc/t[1]", R"(<t id="1"><n>x</n></t>)"},
      {"/doc/t[2]", R"(<t id="2" b:id="7"><n>y</n></t>)"},
      {"*/t[@id='2']", R"(<t id="2" b:id="7"><n>y</n></t>)"},
      {"*/*[@id=\"1\"]", R"(<t id="1"><n>x</n></t>)"},
      {"doc/*[3]", "<b:t>z</b:t>"},
      {"doc/t[n='y']/n", "<n>y</n>"},
      {"doc/t/n[.='x']", "<n>x</n>"},
      {"doc/t[.='x']", R"(<t id="1"><n>x</n></t>)"},
      {"doc/t[@id='2'][1]/n/text()", "y"},
      {"doc/t[ 2 ]/n/text()[1]", "y"},
      {"doc/text()[1]", "text"},
      {"doc/text()[2]", "more"},
      {"doc/t[1]/@id", " id=\"1\""},
      {"id('2')/n", "<n>y</n>"},
      {"id('1')", R"(<t id="1"><n>x</n></t>)"},
      {"doc/comment()", "<!--c-->"},
      {"doc/comment()[1]", "<!--c-->"},
      {"doc/processing-instruction('p')", "<?p q?>"},
      {"doc/processing-instruction()", "<?p q?>"},
      {"doc/namespace::o", " xmlns:o=\"urn:o\""},
  };
  for (const Row& row : rows) {
    // given
    std::string expected(kDocument);
    expected.erase(expected.find(row.gone), row.gone.size());
    // Elements without content are written short.
    expected = absl::StrReplaceAll(expected, {{"<n></n>", "<n/>"}, {"\"></t>", "\"/>"}});

    // when
    const std::string sel = row.sel.find('\'') == std::string_view::npos
                                ? absl::StrCat("'", AbslView(row.sel), "'")
                                : absl::StrCat("\"", AbslView(row.sel), "\"");
    const std::string got = Patched(kDocument, absl::StrCat("<d:remove sel=", sel, "/>"));

    // then
    EXPECT_EQ(got, expected) << row.sel;
  }
}

// RFC 5261 section 4.2.1: names are compared by namespace; those without prefix are in the default
// namespace of the diff; attributes without prefix are in none.
TEST(XmlPatchTest, SelectorsAreReadInTheScopeOfTheDiff) {
  static constexpr std::string_view kDocument =
      "<p:doc xmlns:p='urn:a'><x xmlns='urn:a' p:k='v'/><x/></p:doc>";
  const auto remove = [&](std::string_view sel, std::string_view declarations) {
    const auto text = Patch(
        kDocument, Diff(absl::StrCat("<d:remove sel=\"", AbslView(sel), "\"/>"), declarations));
    return text.ok() ? *text : std::string(text.status().message());
  };
  const std::string first_gone = R"(<p:doc xmlns:p="urn:a"><x/></p:doc>)";
  EXPECT_EQ(remove("doc/x", "xmlns='urn:a'"), first_gone);
  EXPECT_EQ(remove("z:doc/z:x", "xmlns:z='urn:a'"), first_gone);
  EXPECT_EQ(remove("doc/x[@z:k='v']", "xmlns='urn:a' xmlns:z='urn:a'"), first_gone);
  EXPECT_THAT(remove("doc/x[@k='v']", "xmlns='urn:a'"), HasSubstr("selects nothing"));
  EXPECT_THAT(remove("doc/x", "xmlns:q='urn:a'"), HasSubstr("selects nothing"));
  EXPECT_THAT(remove("z:doc/x", "xmlns='urn:a'"), HasSubstr("\"z:doc\" is not declared"));
}

TEST(XmlPatchTest, AddPutsContentWherePosSays) {
  static constexpr std::string_view kDocument = R"(<doc xmlns="urn:a"><x/><y/></doc>)";
  EXPECT_EQ(Patched(kDocument, "<d:add sel='doc'><n/>t</d:add>"),
            R"(<doc xmlns="urn:a"><x/><y/><n/>t</doc>)");
  EXPECT_EQ(Patched(kDocument, "<d:add sel='doc' pos='prepend'><n/><m/></d:add>"),
            R"(<doc xmlns="urn:a"><n/><m/><x/><y/></doc>)");
  EXPECT_EQ(Patched(kDocument, "<d:add sel='doc/y' pos='before'><n/><m/></d:add>"),
            R"(<doc xmlns="urn:a"><x/><n/><m/><y/></doc>)");
  EXPECT_EQ(Patched(kDocument, "<d:add sel='doc/x' pos='after'><n/><m/></d:add>"),
            R"(<doc xmlns="urn:a"><x/><n/><m/><y/></doc>)");
  EXPECT_EQ(Patched(kDocument, "<d:add sel='doc/y' type='@k'>a&lt;&quot;</d:add>"),
            R"(<doc xmlns="urn:a"><x/><y k="a&lt;&quot;"/></doc>)");
  EXPECT_EQ(Patched(kDocument, "<d:add sel='doc/y' type='namespace::q'>urn:q</d:add>"),
            R"(<doc xmlns="urn:a"><x/><y xmlns:q="urn:q"/></doc>)");
}

TEST(XmlPatchTest, ReplaceAndRemoveWorkOnEveryKindOfNode) {
  static constexpr std::string_view kDocument =
      "<doc xmlns=\"urn:a\"><x k=\"1\">old<![CDATA[er]]></x> <y/>\n<!--c--></doc>";
  EXPECT_EQ(Patched(kDocument, "<d:replace sel='doc/x'> <z>new</z> </d:replace>"),
            "<doc xmlns=\"urn:a\"><z>new</z> <y/>\n<!--c--></doc>");
  // Character data side by side is one text.
  EXPECT_EQ(Patched(kDocument, "<d:replace sel='doc/x/text()'>new</d:replace>"),
            "<doc xmlns=\"urn:a\"><x k=\"1\">new</x> <y/>\n<!--c--></doc>");
  EXPECT_EQ(Patched(kDocument, "<d:replace sel='doc/x/text()'/>"),
            "<doc xmlns=\"urn:a\"><x k=\"1\"/> <y/>\n<!--c--></doc>");
  EXPECT_EQ(Patched(kDocument, "<d:replace sel='doc/x/@k'>2</d:replace>"),
            "<doc xmlns=\"urn:a\"><x k=\"2\">old<![CDATA[er]]></x> <y/>\n<!--c--></doc>");
  EXPECT_EQ(Patched(kDocument, "<d:replace sel='doc/comment()'><!--d--></d:replace>"),
            "<doc xmlns=\"urn:a\"><x k=\"1\">old<![CDATA[er]]></x> <y/>\n<!--d--></doc>");
  EXPECT_EQ(Patched(kDocument, "<d:replace sel='doc'><new/></d:replace>"),
            "<new xmlns=\"urn:a\"/>");
  const std::string rest = "<doc xmlns=\"urn:a\"><x k=\"1\">old<![CDATA[er]]></x>";
  EXPECT_EQ(Patched(kDocument, "<d:remove sel='doc/y'/>"), rest + " \n<!--c--></doc>");
  EXPECT_EQ(Patched(kDocument, "<d:remove sel='doc/y' ws='before'/>"), rest + "\n<!--c--></doc>");
  EXPECT_EQ(Patched(kDocument, "<d:remove sel='doc/y' ws='after'/>"), rest + " <!--c--></doc>");
  EXPECT_EQ(Patched(kDocument, "<d:remove sel='doc/y' ws='both'/>"), rest + "<!--c--></doc>");
}

// In order: each operation sees what those before it did.
TEST(XmlPatchTest, OperationsAreAppliedInOrder) {
  EXPECT_EQ(Patched("<doc xmlns='urn:a'/>",
                    "<d:add sel='doc'><x id='1'/></d:add><d:add sel=\"*/x[@id='1']\">t</d:add>"
                    "<d:replace sel='doc/x/text()'>u</d:replace><d:remove sel='doc/x/@id'/>"),
            R"(<doc xmlns="urn:a"><x>u</x></doc>)");
}

// RFC 5261 section 4.2.3: what is copied keeps its namespaces, whatever the prefixes.
TEST(XmlPatchTest, CopiesKeepTheirNamespaces) {
  const auto add = [](std::string_view document, std::string_view content) {
    const auto text =
        Patch(document, Diff(absl::StrCat("<d:add sel='q:doc'>", AbslView(content), "</d:add>"),
                             "xmlns='urn:a' xmlns:q='urn:a' xmlns:r='urn:r'"));
    return text.ok() ? *text : std::string(text.status().message());
  };
  // The same prefix: nothing to do.
  EXPECT_EQ(add(R"(<doc xmlns="urn:a" xmlns:r="urn:r"/>)", "<r:m/>"),
            R"(<doc xmlns="urn:a" xmlns:r="urn:r"><r:m/></doc>)");
  // Another prefix there: that one.
  EXPECT_EQ(add(R"(<doc xmlns="urn:a" xmlns:s="urn:r"/>)", "<r:m r:k='v'/>"),
            R"(<doc xmlns="urn:a" xmlns:s="urn:r"><s:m s:k="v"/></doc>)");
  EXPECT_EQ(add(R"(<p:doc xmlns:p="urn:a"/>)", "<m><n/></m>"),
            R"(<p:doc xmlns:p="urn:a"><p:m><p:n/></p:m></p:doc>)");
  // None, or the prefix is taken for another: it is declared.
  EXPECT_EQ(add(R"(<doc xmlns="urn:a"/>)", "<r:m><r:n/></r:m>"),
            R"(<doc xmlns="urn:a"><r:m xmlns:r="urn:r"><r:n/></r:m></doc>)");
  EXPECT_EQ(add(R"(<doc xmlns="urn:a" xmlns:r="urn:other"/>)", "<r:m/>"),
            R"(<doc xmlns="urn:a" xmlns:r="urn:other"><r:m xmlns:r="urn:r"/></doc>)");
  // A prefix that no name can begin with is none.
  EXPECT_EQ(add(R"(<doc xmlns="urn:a" xmlns:-s="urn:r"/>)", "<r:m/>"),
            R"(<doc xmlns="urn:a" xmlns:-s="urn:r"><r:m xmlns:r="urn:r"/></doc>)");
  // No namespace at all.
  EXPECT_EQ(add(R"(<doc xmlns="urn:a"/>)", "<m xmlns=''/>"),
            R"(<doc xmlns="urn:a"><m xmlns=""/></doc>)");
  EXPECT_EQ(add(R"(<doc xmlns="urn:a"/>)", "<m xml:lang='en'/>"),
            R"(<doc xmlns="urn:a"><m xml:lang="en"/></doc>)");
  EXPECT_THAT(add(R"(<doc xmlns="urn:a"/>)", "<z:m/>"), HasSubstr("\"z:m\" is not declared"));
}

// Each error names the operation and what is wrong.
TEST(XmlPatchTest, WhatDoesNotFitIsAnErrorThatNamesIt) {
  static constexpr std::string_view kDocument =
      R"(<doc xmlns="urn:a" xmlns:b="urn:b"><x k="1">t</x><x/><y><!--c--><b:u/></y></doc>)";
  struct Row {
    std::string_view operation;
    std::string_view said;
  };
  const std::vector<Row> rows = {
      {"<d:remove/>", "no sel"},
      {"<d:remove sel=''/>", "empty"},
      {"<d:remove sel='doc/z'/>", "selects nothing"},
      {"<d:remove sel='doc/x'/>", "selects 2 places"},
      {"<d:remove sel='doc/x[3]'/>", "selects nothing"},
      {"<d:remove sel='doc/x[0]'/>", "counted from 1"},
      {"<d:remove sel='//x'/>", "name of an element is missing"},
      {"<d:remove sel='doc/'/>", "name of an element is missing"},
      {"<d:remove sel='doc/x[position()=1]'/>", "neither a position nor a comparison"},
      {"<d:remove sel='doc/x[@k]'/>", "neither a position nor a comparison"},
      {"<d:remove sel='doc/x[@k=1]'/>", "in quotes is missing"},
      {"<d:remove sel='doc/x[1'/>", "does not close"},
      {"<d:remove sel='doc/x[1 or 2]'/>", "does not close"},
      {"<d:remove sel='doc/x[@k=\"1]'/>", "does not end"},
      {"<d:remove sel='doc/@k/x'/>", "more follows"},
      {"<d:remove sel='doc/text()/x'/>", "more follows"},
      {"<d:remove sel='doc|doc'/>", "more follows"},
      {"<d:remove sel='count(doc)'/>", "more follows"},
      {"<d:remove sel='doc/ancestor::x'/>", "no name"},
      {"<d:remove sel='id()/x'/>", "in quotes is missing"},
      {"<d:remove sel='doc'/>", "root element cannot be removed"},
      {"<d:remove sel='doc/y' ws='much'/>", "ws is none of"},
      {"<d:remove sel='doc/namespace::b'/>", "still in use"},
      {"<d:replace sel='doc/y'/>", "replacement is missing"},
      {"<d:replace sel='doc/y'>text</d:replace>", "of its own kind"},
      {"<d:replace sel='doc/y'><a/><b/></d:replace>", "of its own kind"},
      {"<d:replace sel='doc/x/text()'><a/></d:replace>", "an element where text is wanted"},
      {"<d:add sel='doc' pos='behind'><a/></d:add>", "pos is none of"},
      {"<d:add sel='doc' pos='after'><a/></d:add>", "beside the root element"},
      {"<d:add sel='doc/x/@k'>v</d:add>", "added to an attribute"},
      {"<d:add sel='doc/x/text()'>v</d:add>", "only elements can hold"},
      {"<d:add sel='doc/x[1]' type='@k'>v</d:add>", "there already"},
      {"<d:add sel='doc/y' type='@'>v</d:add>", "no name"},
      {"<d:add sel='doc/y' type='@a b'>v</d:add>", "no name"},
      {"<d:add sel='doc/y' type='@1a'>v</d:add>", "no name"},
      {"<d:add sel='doc/y' type='@a?'>v</d:add>", "no name"},
      {"<d:add sel='doc/y' type='k'>v</d:add>", "neither @attribute nor namespace"},
      {"<d:add sel='doc/y' type='@xmlns'>v</d:add>", "a namespace is no attribute"},
      {"<d:add sel='doc/y' type='namespace::'>v</d:add>", "no name"},
      {"<d:add sel='doc/y' type='namespace::q'/>", "a prefix and a URI"},
      {"<d:move sel='doc/y'/>", "neither add nor replace nor remove"},
  };
  for (const Row& row : rows) {
    // when
    const std::string said = Patched(
        kDocument, absl::StrCat("<d:remove sel='doc/y/comment()'/>", AbslView(row.operation)));

    // then
    EXPECT_THAT(said, HasSubstr(std::string(row.said))) << row.operation;
    EXPECT_THAT(said, HasSubstr("change 2, <")) << row.operation;
  }
}

TEST(XmlPatchTest, ElementsOfOtherNamespacesAreNoOperations) {
  EXPECT_EQ(Patched("<doc xmlns='urn:a'/>", "<add sel='doc'><x/></add><!--n-->"),
            R"(<doc xmlns="urn:a"/>)");
}

TEST(XmlPatchTest, SelectorsAreBounded) {
  const auto remove = [](std::string_view sel) {
    return Patched("<doc xmlns='urn:a'/>", absl::StrCat("<d:remove sel=\"", AbslView(sel), "\"/>"));
  };
  std::string steps = "doc";
  for (int i = 0; i < 64; ++i) steps += "/*";
  EXPECT_THAT(remove(steps), HasSubstr("more than 64 steps"));
  std::string conditions = "doc";
  for (int i = 0; i < 9; ++i) conditions += "[1]";
  EXPECT_THAT(remove(conditions), HasSubstr("more than 8 conditions"));
  EXPECT_THAT(remove("doc/" + std::string(5000, 'x')), HasSubstr("longer than 4096"));
}

TEST(XmlPatchTest, OperationsAreBounded) {
  std::string operations;
  for (int i = 0; i < 1001; ++i) operations += "<d:add sel='doc'>x</d:add>";
  const auto text = Patch("<doc xmlns='urn:a'/>", Diff(operations));
  EXPECT_EQ(text.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(text.status().message()), HasSubstr("more than 1000 changes"));
}

TEST(XmlPatchTest, WorkIsBounded) {
  // given: every operation looks through ten thousand elements
  std::string document = "<doc xmlns='urn:a'>";
  for (int i = 0; i < 10'000; ++i) document += "<x/>";
  document += "</doc>";
  std::string operations;
  for (int i = 0; i < 1000; ++i) operations += "<d:add sel='doc/x[9999]'/>";

  // when
  const auto text = Patch(document, Diff(operations));

  // then
  EXPECT_EQ(text.status().code(), absl::StatusCode::kResourceExhausted) << text.status();
  EXPECT_THAT(std::string(text.status().message()), HasSubstr("more work"));
}

// A long text is read anew for each element that stands for it.
TEST(XmlPatchTest, LongNamesAndTextsCountAsWork) {
  // given
  const std::string uri(100'000, 'u');
  std::string document = "<doc xmlns='" + uri + "'>";
  for (int i = 0; i < 1000; ++i) document += "<x/>";
  document += "</doc>";

  // when
  const auto text = Patch(document, Diff("<d:add sel='doc/x[9]'/>", "xmlns='" + uri + "'"));

  // then
  EXPECT_EQ(text.status().code(), absl::StatusCode::kResourceExhausted) << text.status();
  EXPECT_THAT(std::string(text.status().message()), HasSubstr("more work"));
}

TEST(XmlPatchTest, DepthIsBounded) {
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "<x>";
  for (int i = 0; i < 40; ++i) deep += "</x>";
  const std::string operations =
      absl::StrCat("<d:add sel='doc'>", deep,
                   "</d:add><d:add sel=\"*[1]/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*",
                   "/*/*/*/*/*/*\">", deep, "</d:add>");
  EXPECT_THAT(Patched("<doc xmlns='urn:a'/>", operations), HasSubstr("deeper than 64"));
}

TEST(XmlPatchTest, SizeIsBounded) {
  const std::string half(600'000, 'x');
  const auto text = Patch("<doc xmlns='urn:a'>" + half + "</doc>",
                          Diff("<d:add sel='doc'><n>" + half + "</n></d:add>"));
  EXPECT_EQ(text.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(text.status().message()), HasSubstr("octets"));
}

// A declaration that each of many copies needs costs more than what brought it.
TEST(XmlPatchTest, DeclarationsAreBounded) {
  const std::string uri(300'000, 'u');
  const auto text =
      Patch("<doc xmlns='urn:a'/>", Diff("<d:add sel='doc'><r:a/><r:a/><r:a/><r:a/></d:add>",
                                         "xmlns='urn:a' xmlns:r='" + uri + "'"));
  EXPECT_EQ(text.status().code(), absl::StatusCode::kResourceExhausted) << text.status();
}

}  // namespace
}  // namespace sipevents::sip
