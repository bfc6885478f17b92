#include "sip/compose/composition.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/sip/compose/decoding.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kMira = "sip:mira@example.com";
constexpr std::string_view kSummary = "application/simple-message-summary";

std::string Composed(const std::vector<PublishedState>& publications) {
  const ComposedBody composed = Compose("message-summary", kMira, publications);
  EXPECT_EQ(composed.content_type, kSummary);
  EXPECT_OK(CheckPublished("message-summary", kMira, composed.content_type, composed.body));
  return composed.body;
}

TEST(SummaryCompositionTest, OnePublicationIsPassedOn) {
  constexpr std::string_view body =
      "messages-waiting: YES\r\nVoice-Message: 2/8 (0/2)\r\nX-Mine:  what I like\r\n"
      "\r\nSubject: Hello\r\n";
  EXPECT_EQ(Composed({Published("s1", body, 1, kSummary)}), body);
}

// RFC 3842 section 5.2
TEST(SummaryCompositionTest, LinesEndWithCrlf) {
  constexpr std::string_view body =
      "\n\r\nmessages-waiting: YES\nVoice-Message:\n 2/8\r\nX-Mine: 1\n\nSubject: Hello";
  EXPECT_EQ(Composed({Published("s1", body, 1, kSummary)}),
            "messages-waiting: YES\r\nVoice-Message:\r\n 2/8\r\nX-Mine: 1\r\n"
            "\r\nSubject: Hello\r\n");
}

TEST(SummaryCompositionTest, CountsAreClamped) {
  constexpr std::string_view body =
      "Messages-Waiting: yes\r\nvoice-message : 99999999999/1 (4294967296/00004294967295)\r\n"
      "Fax-Message:\r\n 5000000000/1\r\nX-Mine: 99999999999/1\r\n\r\n"
      "Voice-Message: 99999999999/1\r\n";
  EXPECT_EQ(Composed({Published("s1", body, 1, kSummary)}),
            "Messages-Waiting: yes\r\nvoice-message : 4294967295/1 (4294967295/00004294967295)\r\n"
            "Fax-Message:\r\n 4294967295/1\r\nX-Mine: 99999999999/1\r\n\r\n"
            "Voice-Message: 99999999999/1\r\n");
}

TEST(SummaryCompositionTest, LastPublicationOfAnAccountCounts) {
  constexpr std::string_view old = "Messages-Waiting: yes\r\nVoice-Message: 2/8\r\n";
  constexpr std::string_view now =
      "Messages-Waiting: no\r\nMessage-Account: sip:mira@EXAMPLE.com\r\nVoice-Message: 0/10\r\n";
  EXPECT_EQ(Composed({Published("s1", now, 2, kSummary), Published("s2", old, 1, kSummary)}), now);
  EXPECT_EQ(Composed({Published("s1", old, 1, kSummary), Published("s2", now, 1, kSummary)}), now);
}

TEST(SummaryCompositionTest, AccountsAreAddedUp) {
  constexpr std::string_view one =
      "Messages-Waiting: no\r\nMessage-Account: sip:a@example.com\r\n"
      "Voice-Message: 0/4294967295\r\nX-Odd-Message: 1/1\r\n";
  constexpr std::string_view two =
      "Messages-Waiting: yes\r\nMessage-Account: sip:b@example.com\r\n"
      "Fax-Message: 1/0\r\nVoice-Message: 2/8 (1/2)\r\n";
  EXPECT_EQ(Composed({Published("s1", one, 1, kSummary), Published("s2", two, 1, kSummary)}),
            "Messages-Waiting: yes\r\nMessage-Account: sip:mira@example.com\r\n"
            "Voice-Message: 2/4294967295 (1/2)\r\nFax-Message: 1/0\r\n");
}

TEST(SummaryCompositionTest, SomethingWaitsWhicheverAccountHasIt) {
  constexpr std::string_view one =
      "Messages-Waiting: yes\r\nMessage-Account: sip:a@example.com\r\n";
  constexpr std::string_view two = "Messages-Waiting: no\r\nMessage-Account: sip:b@example.com\r\n";
  EXPECT_EQ(Composed({Published("s1", one, 1, kSummary), Published("s2", two, 1, kSummary)}),
            "Messages-Waiting: yes\r\nMessage-Account: sip:mira@example.com\r\n");
}

TEST(SummaryCompositionTest, CountsAreLeftOutWhereOneAccountHasNone) {
  constexpr std::string_view one = "Messages-Waiting: no\r\nMessage-Account: sip:a@example.com\r\n";
  constexpr std::string_view two =
      "Messages-Waiting: no\r\nMessage-Account: sip:b@example.com\r\nVoice-Message: 0/8\r\n";
  EXPECT_EQ(Composed({Published("s1", one, 1, kSummary), Published("s2", two, 1, kSummary)}),
            "Messages-Waiting: no\r\nMessage-Account: sip:mira@example.com\r\n");
}

TEST(SummaryCompositionTest, NothingPublishedIsNothingWaiting) {
  EXPECT_EQ(Composed({}), "Messages-Waiting: no\r\n");
  EXPECT_EQ(Compose("message-summary", kMira, {}), NeutralBody("message-summary", kMira));
  EXPECT_EQ(Composed({Published("s1", "", 1, kSummary), Published("s2", "", 1, kSummary)}),
            "Messages-Waiting: no\r\n");
}

TEST(OtherCompositionTest, LastPublicationIsPassedOn) {
  const std::vector<PublishedState> publications = {
      Published("s1", "first", 1, "text/plain"), Published("s2", "second", 3, "text/x;a=b"),
      Published("s3", "third", 3, "text/x;a=c"), Published("s4", "fourth", 2, "text/plain")};
  const ComposedBody composed = Compose("x-own", kMira, publications);
  EXPECT_EQ(composed, (ComposedBody{.content_type = "text/x;a=c", .body = "third"}));
}

TEST(OtherCompositionTest, NothingPublishedIsNothingToSend) {
  EXPECT_EQ(Compose("x-own", kMira, {}), ComposedBody());
  EXPECT_EQ(NeutralBody("vq-rtcpxr", kMira), ComposedBody());
}

TEST(TypesTest, EachPackageHasItsOwn) {
  EXPECT_THAT(PublishedTypes("presence"), ElementsAre("application/pidf+xml"));
  EXPECT_THAT(PublishedTypes("dialog"), ElementsAre("application/dialog-info+xml"));
  EXPECT_THAT(PublishedTypes("vq-rtcpxr"), ElementsAre("application/vq-rtcpxr"));
  EXPECT_THAT(PublishedTypes("x-own"), IsEmpty());
  EXPECT_THAT(PublishedTypes("ua-profile"), IsEmpty());
  EXPECT_THAT(NotifiedTypes("presence"),
              ElementsAre("application/pidf+xml", "application/pidf-diff+xml",
                          "application/cpim-pidf+xml"));
  EXPECT_THAT(NotifiedTypes("message-summary"), ElementsAre("application/simple-message-summary"));
  EXPECT_THAT(NotifiedTypes("x-own"), IsEmpty());
}

}  // namespace
}  // namespace sipevents::sip
