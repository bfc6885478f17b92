#include "sip/compose/dialog_view.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/base/ascii.h"
#include "sip/compose/composition.h"
#include "tests/base/status_asserts.h"
#include "tests/sip/compose/decoding.h"

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kDesk = "sip:201@example.com";
constexpr std::string_view kType = "application/dialog-info+xml";
constexpr std::string_view kSession =
    "<session-description type=\"application/sdp\">v=0</session-description>";

std::string Info(std::string_view inside) {
  return absl::StrCat(
      "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"7\" state=\"full\" "
      "entity=\"sip:201@example.com\">",
      AbslView(inside), "</dialog-info>");
}

// A dialog with tags `l` and `r`, with `inside` each of its parties.
std::string TagFor(const DialogWishes& wishes, const ComposedState& state) {
  ComposedBody made;
  return DialogsTag(wishes, state, DialogsFor(wishes, state, made));
}

std::string Dialog(std::string_view id, std::string_view call_id, std::string_view inside = "") {
  const std::string party = absl::StrCat("<identity>sip:x@y</identity>", AbslView(inside));
  return absl::StrCat("<dialog id=\"", AbslView(id), "\" call-id=\"", AbslView(call_id),
                      "\" local-tag=\"l-", AbslView(id), "\" remote-tag=\"r-", AbslView(id),
                      "\"><state>early</state><local>", party, "</local><remote>", party,
                      "</remote></dialog>");
}

ComposedBody Composed(const std::string& body) {
  const PublishedState published = Published("s1", body, 1, kType);
  EXPECT_OK(CheckPublished("dialog", kDesk, kType, body));
  return Compose("dialog", kDesk, {&published, 1});
}

TEST(DialogViewTest, SessionDescriptionsAreTakenOutAndAllElseStays) {
  const ComposedBody whole =
      Composed(Info("<!-- session-description -->" + Dialog("a", "c1", kSession) +
                    Dialog("b", "c2") + "<x xmlns='urn:x'>v</x>" + Dialog("c", "c3", kSession)));

  const std::optional<ComposedBody> shown = WithoutSessions(whole);

  ASSERT_TRUE(shown.has_value());
  EXPECT_EQ(Numbered(*shown, 7),
            Info("<!-- session-description -->" + Dialog("a", "c1") + Dialog("b", "c2") +
                 "<x xmlns='urn:x'>v</x>" + Dialog("c", "c3")));
  EXPECT_EQ(shown->content_type, kType);
}

TEST(DialogViewTest, SessionDescriptionsAreFoundHoweverTheyAreWritten) {
  for (const std::string_view session :
       {"<session-description type='t'/>", "<session-description\n>a<b/></session-description >",
        "<d:session-description xmlns:d='urn:ietf:params:xml:ns:dialog-info'>secret"
        "</d:session-description>",
        "<session-description>1</session-description><session-description>2"
        "</session-description>"}) {
    const std::optional<ComposedBody> shown =
        WithoutSessions(Composed(Info(Dialog("a", "c1", session))));

    ASSERT_TRUE(shown.has_value()) << session;
    EXPECT_EQ(Numbered(*shown, 7), Info(Dialog("a", "c1"))) << session;
  }
}

TEST(DialogViewTest, WhereThereIsNoneNothingIsCopied) {
  EXPECT_FALSE(WithoutSessions(Composed(Info(Dialog("a", "c1")))).has_value());
  EXPECT_FALSE(WithoutSessions(Composed(Info("<!-- <session-description> -->"))).has_value());
  const ComposedBody other = {"application/pidf+xml", Info(Dialog("a", "c1", kSession))};
  EXPECT_FALSE(WithoutSessions(other).has_value());
}

TEST(DialogViewTest, WishesAreReadFromTheParametersOfEvent) {
  const DialogWishes none = ReadDialogWishes(";id=7;sla;to-tag=1");
  EXPECT_FALSE(none.sessions);
  EXPECT_EQ(none.call_id, std::nullopt);

  const DialogWishes wishes = ReadDialogWishes(
      ";Call-ID=\"a;\\\"b@c\";to-tag=1;From-Tag=\"2\";call-id=x;include-session-description");
  EXPECT_TRUE(wishes.sessions);
  EXPECT_EQ(wishes.call_id, "a;\"b@c");
  EXPECT_EQ(wishes.local_tag, "1");
  EXPECT_EQ(wishes.remote_tag, "2");

  EXPECT_EQ(ReadDialogWishes(";call-id=a@192.0.2.1:5060").call_id, "a@192.0.2.1:5060");
  EXPECT_EQ(ReadDialogWishes(";call-id=\"open").call_id, std::nullopt);
  EXPECT_EQ(ReadDialogWishes("").call_id, std::nullopt);
}

// RFC 4235 section 3.2: to-tag is the local tag of who is watched, from-tag the remote one.
TEST(DialogViewTest, OnlyDialogsThatWereAskedForAreShown) {
  struct Row {
    std::string_view parameters;
    std::vector<std::string> ids;
  };
  const std::vector<Row> rows = {
      {"", {"a", "b", "c"}},
      {";include-session-description", {"a", "b", "c"}},
      {";to-tag=l-a;from-tag=r-a", {"a", "b", "c"}},  // of which call is not said
      {";call-id=c1", {"a", "b"}},
      {";call-id=c1;to-tag=l-b", {"b"}},
      {";call-id=c1;to-tag=l-b;from-tag=r-b", {"b"}},
      {";call-id=c1;to-tag=l-b;from-tag=r-a", {}},
      {";call-id=c1;to-tag=r-b;from-tag=l-b", {}},
      {";call-id=C1", {}},
      {";call-id=\"c;\\\"2\"", {"c"}},
  };
  const ComposedState state{
      Composed(Info(Dialog("a", "c1") + Dialog("b", "c1") + Dialog("c", "c;&quot;2"))), "tag", {}};
  for (const Row& row : rows) {
    std::string expected;
    for (const std::string& id : row.ids) {
      expected += Dialog(id, id == "c" ? "c;&quot;2" : "c1");
    }
    ComposedBody made;

    const ComposedBody& shown = DialogsFor(ReadDialogWishes(row.parameters), state, made);

    EXPECT_EQ(Numbered(shown, 7), Info(expected)) << row.parameters;
  }
}

TEST(DialogViewTest, SessionDescriptionsAreShownToWhoAsksAlsoOfOneDialog) {
  const std::string body = Info(Dialog("a", "c1", kSession) + Dialog("b", "c2", kSession));
  ComposedState state{*WithoutSessions(Composed(body)), "tag", {}};
  state.whole = std::make_unique<const ComposedBody>(Composed(body));
  ComposedBody made;

  EXPECT_THAT(DialogsFor({}, state, made).body, Not(HasSubstr("v=0")));
  EXPECT_EQ(Numbered(DialogsFor({.sessions = true}, state, made), 7), body);
  EXPECT_EQ(Numbered(DialogsFor({.sessions = true, .call_id = "c2"}, state, made), 7),
            Info(Dialog("b", "c2", kSession)));
}

// CEN-01.
TEST(DialogViewTest, WhoIsShownAnotherDocumentHasAnotherTag) {
  ComposedState state{Composed(Info(Dialog("a", "c1"))), "tag", {}};
  EXPECT_EQ(TagFor({}, state), "tag");
  EXPECT_EQ(TagFor({.sessions = true}, state), "tag");  // it is the same document
  state.whole = std::make_unique<const ComposedBody>(state.full);
  EXPECT_NE(TagFor({.sessions = true}, state), "tag");
  const std::string one = TagFor({.call_id = "c1"}, state);
  EXPECT_NE(one, "tag");
  EXPECT_NE(one, TagFor({.call_id = "c2"}, state));
  EXPECT_NE(one, TagFor({.call_id = "c1", .local_tag = "1"}, state));
  EXPECT_EQ(one, TagFor({.call_id = "c1"}, state));
}

TEST(DialogViewTest, TagOfSomeDialogsIsTheSameWhileTheyAre) {
  const auto tag = [](const std::string& dialogs, std::string_view entity_tag) {
    return TagFor({.call_id = "c1"}, {Composed(Info(dialogs)), std::string(entity_tag), nullptr});
  };
  const std::string first = tag(Dialog("a", "c1") + Dialog("b", "c2"), "1");
  EXPECT_EQ(first, tag(Dialog("a", "c1") + Dialog("b", "c2", "<state>confirmed</state>"), "2"));
  EXPECT_EQ(first, tag(Dialog("a", "c1"), "3"));
  EXPECT_NE(first, tag(Dialog("a", "c1", "<state>confirmed</state>"), "4"));
}

}  // namespace
}  // namespace sipevents::sip
