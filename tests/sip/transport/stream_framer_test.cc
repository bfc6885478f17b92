#include "sip/transport/stream_framer.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;

// What came out of a stream: "ping", "bad STATUS PROBLEM", or the message.
std::vector<std::string> Frames(StreamFramer& framer) {
  std::vector<std::string> frames;
  while (true) {
    const StreamFrame frame = framer.Next();
    switch (frame.kind) {
      case StreamFrame::Kind::kIncomplete:
        return frames;
      case StreamFrame::Kind::kMessage:
        frames.emplace_back(frame.octets);
        break;
      case StreamFrame::Kind::kPing:
        frames.emplace_back("ping");
        break;
      case StreamFrame::Kind::kBad:
        frames.push_back(absl::StrCat("bad ", frame.status, " ", frame.problem));
        return frames;
    }
  }
}

// The same stream, cut into pieces of `piece` octets.
std::vector<std::string> Read(const std::string& stream, size_t piece,
                              const StreamLimits& limits = {}) {
  StreamFramer framer(limits);
  std::vector<std::string> all;
  for (size_t at = 0; at < stream.size(); at += piece) {
    framer.Append(std::string_view(stream).substr(at, piece));
    for (std::string& frame : Frames(framer)) all.push_back(std::move(frame));
    if (!all.empty() && all.back().starts_with("bad ")) break;
  }
  return all;
}

std::string Message(const std::string& headers, const std::string& body = "") {
  return absl::StrCat("NOTIFY sip:a@b SIP/2.0\r\nCall-ID: 1\r\n", headers, "\r\n", body);
}

const char kEmpty[] = "OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n";

struct GoodCase {
  const char* name;
  std::string stream;
  std::vector<std::string> frames;
};

class GoodStreamTest : public ::testing::TestWithParam<GoodCase> {};

// TOR-11: however the stream is cut, the same comes out of it.
TEST_P(GoodStreamTest, GivesTheSameFramesHoweverItIsCut) {
  for (size_t piece : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, GetParam().stream.size()}) {
    EXPECT_EQ(Read(GetParam().stream, piece), GetParam().frames) << "pieces of " << piece;
  }
}

std::vector<GoodCase> GoodCases() {
  const std::string five = Message("Content-Length: 5\r\n", "ab\r\nc");
  const std::string compact = Message("l:2\r\n", "hi");
  const std::string blanks = Message("content-LENGTH \t: \t 2 \t\r\n", "hi");
  const std::string folded = Message("Content-Length:\r\n  2\r\nTo: <sip:a@b>\r\n", "hi");
  const std::string folded_other = Message("Subject: x\r\n Content-Length: 9\r\nl: 0\r\n");
  const std::string unix_lines = "OPTIONS sip:a@b SIP/2.0\nContent-Length: 2\n\nhi";
  const std::string zeros = Message("Content-Length: 000002\r\n", "hi");
  const std::string binary = Message("Content-Length: 4\r\n", std::string("\0\r\n\0", 4));
  return {
      {"Body", five, {five}},
      {"CompactForm", compact, {compact}},
      {"BlanksAroundTheColon", blanks, {blanks}},
      {"FoldedLength", folded, {folded}},
      {"FoldedLineIsNoHeader", folded_other, {folded_other}},
      {"UnixLineEnds", unix_lines, {unix_lines}},
      {"LeadingZeros", zeros, {zeros}},
      {"BodyOfAnyOctets", binary, {binary}},
      // TOR-12: two messages in one segment, CRLF keep-alives between them.
      {"TwoMessages", five + kEmpty + compact, {five, kEmpty, compact}},
      {"CrlfBetween", "\r\n" + five + "\r\n" + kEmpty + "\r\n", {five, kEmpty}},
      {"PingBetween", five + "\r\n\r\n" + kEmpty, {five, "ping", kEmpty}},
      {"PongAndPing", "\r\n\r\n\r\n", {"ping"}},
      {"TwoPings", "\r\n\r\n\r\n\r\n", {"ping", "ping"}},
      {"LoneLineFeeds", "\n\n\n\n" + five, {five}},
      {"BrokenPing", "\r\n\r\r\n\r\n" + five, {"ping", five}},
  };
}

INSTANTIATE_TEST_SUITE_P(Streams, GoodStreamTest, ::testing::ValuesIn(GoodCases()),
                         [](const auto& instance) { return instance.param.name; });

struct BadCase {
  const char* name;
  std::string stream;
  int status;
  const char* problem;
};

class BadStreamTest : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadStreamTest, EndsWithTheStatusHoweverItIsCut) {
  StreamLimits limits;
  limits.max_message_octets = 1000;
  limits.max_head_octets = 500;
  limits.max_head_lines = 10;
  const std::string stream = kEmpty + GetParam().stream + kEmpty;
  const std::string bad = absl::StrCat("bad ", GetParam().status, " ", GetParam().problem);
  for (const size_t piece : {size_t{1}, size_t{2}, size_t{7}, stream.size()}) {
    EXPECT_THAT(Read(stream, piece, limits), ElementsAre(kEmpty, bad)) << "pieces of " << piece;
  }
}

std::vector<BadCase> BadCases() {
  const char* const no_number = "Content-Length is no number";
  const char* const twice = "Content-Length is there twice";
  std::string many;
  for (int i = 0; i < 10; ++i) many += "X: y\r\n";
  return {
      // TLS-07
      {"NoLength", Message(""), 400, "there is no Content-Length"},
      // RFC 4475 3.1.2.3 (ncl)
      {"NegativeLength", Message("Content-Length: -999\r\n"), 400, no_number},
      // RFC 4475 3.3.9 (mcl01)
      {"TwoLengths", Message("Content-Length: 1\r\nContent-Length: 2\r\n"), 400, twice},
      {"TwoEqualLengths", Message("Content-Length: 2\r\nl: 2\r\n", "hi"), 400, twice},
      {"TwoInOneLine", Message("Content-Length: 2, 2\r\n", "hi"), 400, no_number},
      {"EmptyLength", Message("Content-Length:\r\n"), 400, no_number},
      {"Garbage", Message("Content-Length: five\r\n"), 400, no_number},
      {"PlusSign", Message("Content-Length: +2\r\n"), 400, no_number},
      {"Hexadecimal", Message("Content-Length: 0x2\r\n"), 400, no_number},
      {"FoldedNumber", Message("Content-Length: 1\r\n 0\r\n"), 400, no_number},
      {"LoneCarriageReturn", Message("X: a\rContent-Length: 5\r\nl: 0\r\n"), 400,
       "a line has a CR in it"},
      {"BodyTooLarge", Message("Content-Length: 1000\r\n"), 413, "the body is too large"},
      {"LengthOverflows", Message("Content-Length: 18446744073709551617\r\n"), 413,
       "the body is too large"},
      {"HeadTooLarge", Message("X: " + std::string(500, 'x') + "\r\nl: 0\r\n"), 513,
       "the headers are too large"},
      {"EndlessLine", std::string(600, 'x'), 513, "the headers are too large"},
      // TOR-23
      {"TooManyHeaders", Message(many + "l: 0\r\n"), 513, "there are too many headers"},
  };
}

INSTANTIATE_TEST_SUITE_P(Streams, BadStreamTest, ::testing::ValuesIn(BadCases()),
                         [](const auto& instance) { return instance.param.name; });

TEST(StreamFramerTest, LargestBodyIsTaken) {
  StreamLimits limits;
  const std::string head = Message("Content-Length: 100\r\n");
  limits.max_message_octets = head.size() + 100;
  const std::string message = head + std::string(100, 'x');
  EXPECT_THAT(Read(message, 64, limits), ElementsAre(message));
  --limits.max_message_octets;
  EXPECT_THAT(Read(message, 64, limits), ElementsAre("bad 413 the body is too large"));
}

// An answer needs the head; nothing of the body may be taken for it.
TEST(StreamFramerTest, BadMessageIsToldWithItsHead) {
  StreamFramer framer(StreamLimits{});
  const std::string head = Message("Content-Length: -1\r\nTo: <sip:a@b>\r\n");
  framer.Append(head + "body");
  const StreamFrame bad = framer.Next();
  EXPECT_EQ(bad.status, 400);
  EXPECT_EQ(bad.octets, head);
  // And again, whatever comes.
  framer.Append(kEmpty);
  EXPECT_EQ(framer.Next().kind, StreamFrame::Kind::kBad);
  EXPECT_EQ(framer.Next().octets, head);
}

TEST(StreamFramerTest, HeadThatIsCutIsToldInWholeLines) {
  StreamLimits limits;
  limits.max_head_octets = 60;
  StreamFramer framer(limits);
  framer.Append("OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\nX: " + std::string(100, 'x'));
  const StreamFrame bad = framer.Next();
  EXPECT_EQ(bad.status, 513);
  EXPECT_EQ(bad.octets, "OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\n");
}

TEST(StreamFramerTest, KnowsWhetherAMessageIsHalfThere) {
  StreamFramer framer(StreamLimits{});
  EXPECT_FALSE(framer.in_message());
  framer.Append("\r\n");
  EXPECT_THAT(Frames(framer), ElementsAre());
  EXPECT_FALSE(framer.in_message());
  framer.Append("O");
  EXPECT_THAT(Frames(framer), ElementsAre());
  EXPECT_TRUE(framer.in_message());
  framer.Append(std::string(kEmpty).substr(1) + "\r\n");
  EXPECT_THAT(Frames(framer), ElementsAre(kEmpty));
  EXPECT_FALSE(framer.in_message());
}

// TOR-11: a body of 1 MB in chunks of one octet, and headers likewise, take linear time. Squared,
// each would take minutes.
TEST(StreamFramerTest, SingleOctetsTakeLinearTime) {
  const std::string body(1 << 20, 'x');
  std::string headers;
  for (int i = 0; i < 300; ++i)
    absl::StrAppend(&headers, "X-", i, ": ", std::string(150, 'y'), "\r\n");
  const std::string message =
      Message(absl::StrCat(headers, "Content-Length: ", body.size(), "\r\n"), body);
  std::string small;
  for (int i = 0; i < 20'000; ++i) small += kEmpty;
  const absl::Time begin = absl::Now();

  const std::vector<std::string> large = Read(message, 1);
  StreamFramer framer(StreamLimits{});
  framer.Append(small);  // many messages in one piece
  const size_t count = Frames(framer).size();

  EXPECT_THAT(large, ElementsAre(message));
  EXPECT_EQ(count, 20'000u);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(10));
}

}  // namespace
}  // namespace sipevents::sip
