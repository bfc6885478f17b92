#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/compose/composition.h"
#include "tests/base/status_asserts.h"
#include "tests/sip/compose/decoding.h"

namespace sipevents::sip {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kDesk = "sip:201@example.com";
constexpr std::string_view kType = "application/dialog-info+xml";

std::string Info(std::string_view inside,
                 std::string_view attributes = "version=\"7\" state=\"full\"") {
  return "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" " + std::string(attributes) +
         " entity=\"sip:201@example.com\">" + std::string(inside) + "</dialog-info>";
}

std::string Dialog(std::string_view id, std::string_view call_id, std::string_view state) {
  std::string text = "<dialog id=\"" + std::string(id) + "\"";
  if (!call_id.empty()) text += " call-id=\"" + std::string(call_id) + "\"";
  return text + "><state>" + std::string(state) + "</state></dialog>";
}

ComposedBody ComposeAll(const std::vector<PublishedState>& publications) {
  ComposedBody composed = Compose("dialog", kDesk, publications);
  EXPECT_OK(CheckPublished("dialog", kDesk, composed.content_type, composed.body)) << composed.body;
  return composed;
}

TEST(DialogCompositionTest, OnePublicationIsPassedOnWithItsNumberLeftOpen) {
  struct Row {
    std::string_view attributes;
    std::string_view rest;  // of the root's attributes, with the number 42
  };
  const std::vector<Row> rows = {
      {"version=\"7\" state=\"full\"", "version=\"42\" state=\"full\""},
      {"state='partial' version='700'", "state='full' version='42'"},
  };
  for (const Row& row : rows) {
    const std::string body = Info(Dialog("d", "c", "early") + "<x xmlns='urn:x'/>", row.attributes);
    const ComposedBody composed = ComposeAll({Published("s1", body, 1, kType)});
    EXPECT_EQ(Numbered(composed, 42),
              Info(Dialog("d", "c", "early") + "<x xmlns='urn:x'/>", row.rest));
    EXPECT_EQ(composed.content_type, kType);
  }
}

TEST(DialogCompositionTest, WhatTheRootLacksIsAdded) {
  const std::string body =
      "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" entity=\"sip:x@example.com\"/>";
  const ComposedBody composed = ComposeAll({Published("s1", body, 1, kType)});
  EXPECT_EQ(Numbered(composed, 3),
            "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
            "entity=\"sip:201@example.com\" version=\"3\" state=\"full\"/>");
}

TEST(DialogCompositionTest, DialogsOfAllAreThereAlsoThoseThatEnded) {
  const std::string a = Info(Dialog("a", "c1", "confirmed"));
  const std::string b = Info(Dialog("b", "c2", "terminated") + Dialog("c", "c3", "early"));
  const ComposedBody composed =
      ComposeAll({Published("s1", a, 1, kType), Published("s2", b, 1, kType)});
  EXPECT_EQ(Shown("dialog", composed),
            ShownText("dialog", kType,
                      Info(Dialog("a", "c1", "confirmed") + Dialog("b", "c2", "terminated") +
                               Dialog("c", "c3", "early"),
                           "version=\"0\" state=\"full\"")));
}

TEST(DialogCompositionTest, OfOneDialogTheLastWordCounts) {
  const std::string a = Info(Dialog("d", "c1", "early") + Dialog("x", "", "early"));
  const std::string b = Info(Dialog("d", "c1", "confirmed") + Dialog("x", "c9", "terminated"));
  struct Row {
    int hour_a;
    int hour_b;
    std::string shown;
  };
  const std::vector<Row> rows = {
      {1, 2, Dialog("d", "c1", "confirmed") + Dialog("x", "c9", "terminated")},
      {1, 1, Dialog("d", "c1", "confirmed") + Dialog("x", "c9", "terminated")},
      {2, 1, Dialog("d", "c1", "early") + Dialog("x", "", "early")},
  };
  for (const Row& row : rows) {
    const ComposedBody composed =
        ComposeAll({Published("s1", a, row.hour_a, kType), Published("s2", b, row.hour_b, kType)});
    EXPECT_THAT(composed.body, HasSubstr(">" + row.shown + "</dialog-info>"));
  }
}

TEST(DialogCompositionTest, OtherCallWithTheSameIdGetsAnIdOfItsOwn) {
  const std::string a = Info(Dialog("1", "c1", "confirmed"));
  const std::string b = Info(Dialog("1", "c2", "early"));
  const ComposedBody composed =
      ComposeAll({Published("s1", a, 1, kType), Published("s2", b, 2, kType)});
  EXPECT_THAT(composed.body,
              HasSubstr(Dialog("1", "c1", "confirmed") + Dialog("s2.1", "c2", "early")));
}

TEST(DialogCompositionTest, ExtensionsOfTheDocumentAreKept) {
  const std::string a = Info(Dialog("1", "c1", "early") + "<v:x xmlns:v='urn:v'>1</v:x>");
  const std::string b = Info("");
  const ComposedBody composed =
      ComposeAll({Published("s1", a, 1, kType), Published("s2", b, 2, kType)});
  EXPECT_THAT(composed.body, HasSubstr("<v:x xmlns:v='urn:v'>1</v:x></dialog-info>"));
}

TEST(DialogCompositionTest, NothingPublishedIsAFullDocumentWithoutDialogs) {
  const ComposedBody neutral = NeutralBody("dialog", kDesk);
  EXPECT_EQ(Compose("dialog", kDesk, {}), neutral);
  EXPECT_EQ(Shown("dialog", neutral),
            ShownText("dialog", kType, Info("", "version=\"0\" state=\"full\"")));
  EXPECT_THAT(Numbered(neutral, 12),
              AllOf(HasSubstr(" version=\"12\" "), HasSubstr(" state=\"full\""),
                    Not(HasSubstr("<dialog "))));
}

}  // namespace
}  // namespace sipevents::sip
