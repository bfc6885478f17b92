#include "sip/packages/message_summary.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/packages/package_table.h"
#include "tests/sip/packages/merging.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using Kind = MergeResult::Kind;

constexpr std::string_view kType = "application/simple-message-summary";

void ExpectCount(const MessageCount& count, MessageClass message_class,
                 const std::vector<uint32_t>& numbers) {
  EXPECT_EQ(count.message_class, message_class);
  EXPECT_THAT((std::vector<uint32_t>{count.new_count, count.old_count, count.urgent_new_count,
                                     count.urgent_old_count}),
              testing::ElementsAreArray(numbers));
}

TEST(MessageSummaryTest, FullSummaryIsDecoded) {
  // given
  Merging merging(FindPackage("message-summary"), kType);

  // when
  const MergeResult result = merging.Feed(
      "Messages-Waiting: yes\r\nMessage-Account: sip:mira@vm.example.net\r\n"
      "Voice-Message: 4/8 (1/2)\r\nFax-Message: 0/1\r\nNone: 3/0\r\nX-Note: hello\r\n");

  // then
  const auto& summary = DocumentOf<MessageSummary>(result);
  EXPECT_TRUE(summary.messages_waiting) << result.error;
  EXPECT_FALSE(result.body_is_partial);
  EXPECT_EQ(summary.account, "sip:mira@vm.example.net");
  ASSERT_THAT(summary.counts, SizeIs(3));
  ExpectCount(summary.counts[0], MessageClass::kVoice, {4, 8, 1, 2});
  ExpectCount(summary.counts[1], MessageClass::kFax, {0, 1, 0, 0});
  ExpectCount(summary.counts[2], MessageClass::kNone, {3, 0, 0, 0});
  EXPECT_THAT(summary.new_messages, IsEmpty());
}

TEST(MessageSummaryTest, HeadersOfNewMessagesAreDecoded) {
  // given
  Merging merging(FindPackage("message-summary"), kType);

  // when
  const MergeResult result = merging.Feed(
      "Messages-Waiting: yes\r\nVoice-Message: 2/0\r\n\r\n"
      "To: <sip:mira@example.net>\r\nSubject: a long\r\n  and folded\r\n\tline: yes\r\n\r\n"
      "\r\nFrom: <sip:b@example.net>\r\nVoice-Message: 9/9\r\n");

  // then
  const auto& summary = DocumentOf<MessageSummary>(result);
  ASSERT_THAT(summary.counts, SizeIs(1));
  ExpectCount(summary.counts[0], MessageClass::kVoice, {2, 0, 0, 0});
  ASSERT_THAT(summary.new_messages, SizeIs(2));
  EXPECT_THAT(summary.new_messages[0],
              ElementsAre(Pair("To", "<sip:mira@example.net>"),
                          Pair("Subject", "a long  and folded\tline: yes")));
  EXPECT_THAT(summary.new_messages[1],
              ElementsAre(Pair("From", "<sip:b@example.net>"), Pair("Voice-Message", "9/9")));
}

TEST(MessageSummaryTest, HeadersBelongToTheirNotifyAlone) {
  Merging merging(FindPackage("message-summary"), kType);
  merging.Feed("Messages-Waiting: yes\r\n\r\nSubject: x\r\n");
  EXPECT_THAT(DocumentOf<MessageSummary>(merging.Feed("Messages-Waiting: yes\r\n")).new_messages,
              IsEmpty());
}

TEST(MessageSummaryTest, DeployedFormsAreTaken) {
  struct Row {
    std::string_view body;
    bool waiting;
    std::string_view account;
  };
  const std::vector<Row> rows = {
      // Asterisk; Kamailio; CUCM; a PBX that folds; bare line feeds; odd blanks and case
      {"Messages-Waiting: yes\r\nMessage-Account: sip:voicemail@192.0.2.4:5060\r\n"
       "Voice-Message: 1/0 (0/0)\r\n",
       true, "sip:voicemail@192.0.2.4:5060"},
      {"Messages-Waiting: no", false, ""},
      {"MESSAGES-WAITING: YES\n", true, ""},
      {"\r\nmessages-waiting :yes \r\nMessage-Account:<sip:a@example.net>\r\n", true,
       "sip:a@example.net"},
      {"Messages-Waiting:\r\n yes\r\nMessage-Account: \"Mira\" <sip:a@example.net;x=1>\r\n", true,
       "sip:a@example.net;x=1"},
      {"Message-Account: sip:a@example.net\r\nMessages-Waiting: no\r\n", false,
       "sip:a@example.net"},
      {"Messages-Waiting: yes\r\nVoice-Message: many\r\ngarbage\r\n", true, ""},
  };
  for (const Row& row : rows) {
    // given
    Merging merging(FindPackage("message-summary"), kType);

    // when
    const MergeResult result = merging.Feed(row.body);

    // then
    ASSERT_EQ(result.kind, Kind::kDocument) << row.body << result.error;
    EXPECT_EQ(DocumentOf<MessageSummary>(result).messages_waiting, row.waiting) << row.body;
    EXPECT_EQ(DocumentOf<MessageSummary>(result).account, row.account) << row.body;
  }
}

TEST(MessageSummaryTest, CountsAreReadWithBlanksAndClamped) {
  // given
  Merging merging(FindPackage("message-summary"), kType);

  // when
  const MergeResult result = merging.Feed(
      "Messages-Waiting: yes\r\nVOICE-MESSAGE: 2 / 5 ( 1 / 0 )\r\n"
      "Text-Message: 4294967296/99999999999999999999999 (4294967295/0)\r\n"
      "Hologram-Message: 7/1\r\n");

  // then
  const auto& summary = DocumentOf<MessageSummary>(result);
  ASSERT_THAT(summary.counts, SizeIs(3)) << result.error;
  ExpectCount(summary.counts[0], MessageClass::kVoice, {2, 5, 1, 0});
  ExpectCount(summary.counts[1], MessageClass::kText, {UINT32_MAX, UINT32_MAX, UINT32_MAX, 0});
  ExpectCount(summary.counts[2], MessageClass::kUnspecified, {7, 1, 0, 0});
}

TEST(MessageSummaryTest, MalformedCountsAreLeftOutOrRefused) {
  for (const std::string_view count :
       {"", "1", "1/", "/1", "1/2 (3", "1/2 (3/4", "1/2 (/4)", "1/2 3", "-1/2", "1/2 (3/4) x"}) {
    // given
    const std::string body = "Messages-Waiting: yes\r\nFax-Message: " + std::string(count);
    Merging lenient(FindPackage("message-summary"), kType);
    Merging strict(FindPackage("message-summary"), kType, /*lenient=*/false);

    // when
    const MergeResult taken = lenient.Feed(body);
    const MergeResult refused = strict.Feed(body);

    // then
    EXPECT_EQ(taken.kind, Kind::kDocument) << count;
    EXPECT_THAT(DocumentOf<MessageSummary>(taken).counts, IsEmpty()) << count;
    EXPECT_EQ(refused.kind, Kind::kError) << count;
  }
}

TEST(MessageSummaryTest, UnusableBodiesAreErrorsAndKeepTheState) {
  // given
  Merging merging(FindPackage("message-summary"), kType);
  merging.Feed("Messages-Waiting: yes\r\nVoice-Message: 1/0\r\n", 1);
  for (const std::string_view body :
       {std::string_view("hello"), std::string_view("Voice-Message: 1/0\r\n"),
        std::string_view("Messages-Waiting: perhaps\r\n"), std::string_view("<xml/>"),
        std::string_view("Messages-Waiting: yes\0", 22)}) {
    // when
    const MergeResult result = merging.Feed(body, 1);

    // then
    EXPECT_EQ(result.kind, Kind::kError) << body;
    EXPECT_FALSE(result.error.empty()) << body;
  }
  EXPECT_THAT(merging.FeedTyped("text/html", "Messages-Waiting: yes\r\n").error,
              HasSubstr("text/html"));
  const MergeResult other = merging.Feed("Messages-Waiting: no\r\nVoice-Message: 0/1\r\n", 2);
  EXPECT_TRUE(DocumentOf<MessageSummary>(other).messages_waiting);
}

TEST(MessageSummaryTest, EmptyBodyKeepsTheState) {
  Merging merging(FindPackage("message-summary"), kType);
  merging.Feed("Messages-Waiting: yes\r\n");
  EXPECT_EQ(merging.FeedTyped("", "").kind, Kind::kUnchanged);
}

TEST(MessageSummaryTest, StrictDemandsMessagesWaitingFirst) {
  Merging strict(FindPackage("message-summary"), kType, /*lenient=*/false);
  EXPECT_EQ(strict.Feed("Messages-Waiting: yes\r\nVoice-Message: 1/0\r\n").kind, Kind::kDocument);
  EXPECT_EQ(strict.Feed("Voice-Message: 1/0\r\nMessages-Waiting: yes\r\n").kind, Kind::kError);
  EXPECT_EQ(strict.Feed("Messages-Waiting: yes\r\n\r\nSubject: \xFC\r\n").kind, Kind::kError);
}

TEST(MessageSummaryTest, OctetsThatAreNotUtf8AreReadAsLatin1) {
  Merging merging(FindPackage("message-summary"), kType);
  const MergeResult result = merging.Feed("Messages-Waiting: yes\r\n\r\nSubject: gr\xFC\xDF\r\n");
  const auto& summary = DocumentOf<MessageSummary>(result);
  ASSERT_THAT(summary.new_messages, SizeIs(1));
  EXPECT_EQ(summary.new_messages[0][0].second, "gr\xC3\xBC\xC3\x9F");
}

TEST(MessageSummaryTest, SizeAndLinesAreBounded) {
  // given
  std::string lines = "Messages-Waiting: yes\r\n\r\n";
  for (int i = 0; i < 10'000; ++i) lines += "a:b\r\n";
  std::string counts = "Messages-Waiting: yes\r\n";
  for (int i = 0; i < 65; ++i) counts += "x" + std::to_string(i) + ": 1/1\r\n";
  Merging merging(FindPackage("message-summary"), kType);

  // when, then
  EXPECT_THAT(merging.Feed(lines).error, HasSubstr("lines"));
  EXPECT_THAT(merging.Feed(counts).error, HasSubstr("counts"));
  EXPECT_THAT(merging.Feed("Messages-Waiting: yes\r\n" + std::string(kMaxBodyOctets, ' ')).error,
              HasSubstr("octets"));
}

// ---- forks (RFC 3842 section 3.9)

TEST(MessageSummaryTest, MessagesWaitIfTheyDoOnAnyFork) {
  // given
  Merging merging(FindPackage("message-summary"), kType);
  merging.Feed("Messages-Waiting: yes\r\n", 1);

  // when, then
  EXPECT_TRUE(
      DocumentOf<MessageSummary>(merging.Feed("Messages-Waiting: no\r\n", 2)).messages_waiting);
  EXPECT_FALSE(
      DocumentOf<MessageSummary>(merging.Feed("Messages-Waiting: no\r\n", 1)).messages_waiting);
}

TEST(MessageSummaryTest, CountsAreAddedIfAllForksCount) {
  // given
  Merging merging(FindPackage("message-summary"), kType);
  merging.Feed("Messages-Waiting: yes\r\nMessage-Account: sip:one@b\r\nVoice-Message: 1/2 (3/4)",
               1);

  // when
  const MergeResult result = merging.Feed(
      "Messages-Waiting: yes\r\nMessage-Account: sip:two@b\r\n"
      "Fax-Message: 1/0\r\nVoice-Message: 10/4294967295 (30/40)\r\n",
      2);

  // then
  const auto& summary = DocumentOf<MessageSummary>(result);
  EXPECT_EQ(summary.account, "sip:one@b");
  ASSERT_THAT(summary.counts, SizeIs(2));
  ExpectCount(summary.counts[0], MessageClass::kVoice, {11, UINT32_MAX, 33, 44});
  ExpectCount(summary.counts[1], MessageClass::kFax, {1, 0, 0, 0});
}

TEST(MessageSummaryTest, NoCountsIfAForkDoesNotCount) {
  Merging merging(FindPackage("message-summary"), kType);
  merging.Feed("Messages-Waiting: yes\r\nVoice-Message: 1/2\r\n", 1);
  const MergeResult result = merging.Feed("Messages-Waiting: no\r\n", 2);
  EXPECT_TRUE(DocumentOf<MessageSummary>(result).messages_waiting);
  EXPECT_THAT(DocumentOf<MessageSummary>(result).counts, IsEmpty());
}

TEST(MessageSummaryTest, EndOfAForkGivesTheStateWithoutIt) {
  // given
  Merging merging(FindPackage("message-summary"), kType);
  merging.Feed("Messages-Waiting: yes\r\n", 1);
  merging.Feed("Messages-Waiting: no\r\nVoice-Message: 0/2\r\n\r\nSubject: x\r\n", 2);

  // when
  const MergeResult result = merging.Drop(1);

  // then
  const auto& summary = DocumentOf<MessageSummary>(result);
  ASSERT_EQ(result.kind, Kind::kDocument);
  EXPECT_FALSE(summary.messages_waiting);
  EXPECT_THAT(summary.counts, SizeIs(1));
  EXPECT_THAT(summary.new_messages, IsEmpty());
  EXPECT_EQ(merging.Drop(1).kind, Kind::kUnchanged);
  EXPECT_EQ(merging.Drop(2).kind, Kind::kUnchanged);
}

TEST(MessageSummaryTest, ForksAreBounded) {
  Merging merging(FindPackage("message-summary"), kType);
  for (uint32_t fork = 0; fork < 64; ++fork) {
    ASSERT_EQ(merging.Feed("Messages-Waiting: no", fork).kind, Kind::kDocument);
  }
  EXPECT_THAT(merging.Feed("Messages-Waiting: no", 64).error, HasSubstr("forks"));
  EXPECT_EQ(merging.Feed("Messages-Waiting: no", 63).kind, Kind::kDocument);
}

}  // namespace
}  // namespace sipevents::sip
