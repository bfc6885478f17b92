#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/body/body_size.h"
#include "sip/compose/composition.h"
#include "tests/base/status_asserts.h"

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kMira = "sip:mira@example.com";
constexpr std::string_view kPidf = "application/pidf+xml";
constexpr std::string_view kDialogInfo = "application/dialog-info+xml";
constexpr std::string_view kSummary = "application/simple-message-summary";

std::string Presence(std::string_view inside) {
  return "<presence xmlns='urn:ietf:params:xml:ns:pidf' "
         "xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model' entity='sip:mira@example.com'>" +
         std::string(inside) + "</presence>";
}

std::string Dialogs(std::string_view inside) {
  return "<dialog-info xmlns='urn:ietf:params:xml:ns:dialog-info' version='0' state='full' "
         "entity='sip:mira@example.com'>" +
         std::string(inside) + "</dialog-info>";
}

struct Row {
  std::string_view package;
  std::string_view type;
  std::string body;
  std::string_view wrong = "";  // part of the message
};

// ESC-10
TEST(PublicationChecksTest, WhatIsFineIsTaken) {
  const std::vector<Row> rows = {
      {"presence", kPidf, Presence("")},
      {"presence", "Application/PIDF+xml ; charset=utf-8", Presence("<tuple id='1'/>")},
      {"presence", "application/cpim-pidf+xml", Presence("<note/>")},
      {"presence", kPidf,
       Presence("<tuple id='0x81'><status><basic> open </basic><x:y xmlns:x='urn:x'/></status>"
                "<contact priority='0.8'>sip:a@b</contact>"
                "<timestamp>2026-03-01T09:00:00+01:00</timestamp></tuple>"
                "<v:own xmlns:v='urn:v' v:id='1'>&lt;</v:own>")},
      {"presence", kPidf,
       "\xEF\xBB\xBF<?xml version='1.0'?><!-- c -->" + Presence("<note>\xC3\xB6</note>")},
      {"presence", kPidf,
       "<?xml version='1.0' encoding='iso-8859-1'?>" + Presence("<note>\xF6</note>")},
      {"dialog", kDialogInfo, Dialogs("")},
      {"dialog", kDialogInfo,
       Dialogs("<dialog id='1'><state event='cancelled'>Terminated</state></dialog>")},
      {"message-summary", kSummary, "Messages-Waiting: yes\r\nVoice-Message: 1/2\r\n"},
      {"vq-rtcpxr", "application/vq-rtcpxr", "VQSessionReport: CallTerm\r\nCallID: a\r\n"},
      {"x-own", "application/x-own", std::string("\0\xFF", 2)},
  };
  for (const Row& row : rows) {
    EXPECT_OK(CheckPublished(row.package, kMira, row.type, row.body)) << row.body;
  }
}

// ESC-10: 415
TEST(PublicationChecksTest, OtherMediaTypeIsToldApart) {
  const std::vector<Row> rows = {
      {"presence", "text/plain", Presence(""), "instead of application/pidf+xml"},
      {"presence", "application/pidf-diff+xml", Presence(""), "application/pidf-diff+xml"},
      {"presence", "", Presence(""), "no media type"},
      {"dialog", kPidf, Dialogs(""), "instead of application/dialog-info+xml"},
      {"message-summary", kPidf, "Messages-Waiting: yes\r\n", "simple-message-summary"},
      {"x-own", "text", "x", "\"text\" is no media type"},
      {"x-own", "text/\r\nX: y", "x", "no media type"},
      {"x-own", "/plain", "x", "no media type"},
  };
  for (const Row& row : rows) {
    const absl::Status status = CheckPublished(row.package, kMira, row.type, row.body);
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << row.type;
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.wrong));
  }
}

// ESC-25: 413
TEST(PublicationChecksTest, LargeBodyIsToldApart) {
  const std::string body(kMaxBodyOctets + 1, 'x');
  for (const Row& row : std::vector<Row>{{"presence", kPidf, body}, {"x-own", "a/b", body}}) {
    const absl::Status status = CheckPublished(row.package, kMira, row.type, row.body);
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(std::string(status.message()), HasSubstr("1048577 octets; at most 1048576"));
  }
}

// Wherever it stands, beside tabs, line ends and characters of several octets.
TEST(PublicationChecksTest, ControlCharacterIsFoundAtEveryPlace) {
  const std::string text = "line\r\n\ttext \xC3\xA9\xE2\x82\xAC of some length";
  EXPECT_TRUE(CheckPublished("presence", kMira, kPidf, Presence("<note>" + text + "</note>")).ok());
  for (size_t at = 0; at <= text.size(); ++at) {
    if (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80) continue;
    std::string with = text;
    with.insert(at, 1, '\x1F');
    const absl::Status status =
        CheckPublished("presence", kMira, kPidf, Presence("<note>" + with + "</note>"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("a control character")) << at;
  }
}

// ESC-10: 400
TEST(PublicationChecksTest, WhatIsMalformedIsRefusedAndNamed) {
  const std::string tuple = "<tuple id='t'>";
  const std::vector<Row> rows = {
      {"presence", kPidf, " \r\n", "the body is empty"},
      {"presence", kPidf, "<presence", "XML: "},
      {"presence", kPidf, "<!DOCTYPE presence>" + Presence(""), "a DOCTYPE is not taken"},
      {"presence", kPidf, Presence("<note>\x01</note>"), "a control character"},
      {"presence", kPidf, Presence("<note a='1' b='2' a='3'/>"), "the attribute \"a\" twice"},
      {"presence", kPidf, Presence("<x:note/>"), "the prefix of \"x:note\" is not declared"},
      {"presence", kPidf, Presence("<note x:a='1'/>"), "the prefix of \"x:a\" is not declared"},
      {"presence", kPidf, Presence("<x:y:z xmlns:x='urn:x'/>"), "\"x:y:z\" is no name"},
      {"presence", kPidf, Presence("<note xmlns:x:y='urn:x'/>"), "\"xmlns:x:y\" is no name"},
      {"presence", kPidf, Presence("<note xmlns:x=''/>"), "\"xmlns:x\" declares nothing"},
      {"presence", kPidf, Presence("<note xmlns:xml='urn:x'/>"), "\"xmlns:xml\" declares"},
      {"presence", kPidf, "<presence/>", "the root element is \"presence\", not <presence> of"},
      {"presence", kPidf, Dialogs(""), "the root element is \"dialog-info\""},
      {"presence", kPidf, "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity=' '/>",
       "<presence> without entity; \"sip:mira@example.com\" was expected"},
      {"presence", kPidf, Presence("<tuple/>"), "<tuple> without id"},
      {"presence", kPidf, Presence("<tuple id='a'/><tuple id='&#97;'/>"),
       "<tuple id=\"a\"> is there twice"},
      {"presence", kPidf, Presence(tuple + "<status><basic>away</basic></status></tuple>"),
       "<tuple id=\"t\"> has the basic status \"away\" instead of open or closed"},
      {"presence", kPidf, Presence(tuple + "<contact priority='1.5'>sip:a@b</contact></tuple>"),
       "<tuple id=\"t\"> has a contact of priority \"1.5\"; a number from 0 to 1"},
      {"presence", kPidf, Presence(tuple + "<contact priority='-1'>sip:a@b</contact></tuple>"),
       "priority \"-1\""},
      {"presence", kPidf, Presence(tuple + "<contact priority='high'>sip:a@b</contact></tuple>"),
       "priority \"high\""},
      {"presence", kPidf, Presence(tuple + "<timestamp>noon</timestamp></tuple>"),
       "<tuple id=\"t\"> has the timestamp \"noon\""},
      {"presence", kPidf,
       Presence("<dm:person id='p'><dm:timestamp>noon</dm:timestamp></dm:person>"),
       "<person> has the timestamp \"noon\""},
      {"dialog", kDialogInfo, Presence(""), "the root element is \"presence\""},
      {"dialog", kDialogInfo, "<dialog-info xmlns='urn:ietf:params:xml:ns:dialog-info'/>",
       "<dialog-info> without entity"},
      {"dialog", kDialogInfo, Dialogs("<dialog><state>early</state></dialog>"),
       "<dialog> without id"},
      {"dialog", kDialogInfo,
       Dialogs("<dialog id='1'><state>early</state></dialog>"
               "<dialog id='1'><state>early</state></dialog>"),
       "<dialog id=\"1\"> is there twice"},
      {"dialog", kDialogInfo, Dialogs("<dialog id='1'/>"), "<dialog id=\"1\"> without state"},
      {"dialog", kDialogInfo, Dialogs("<dialog id='1'><state>ringing</state></dialog>"),
       "the state \"ringing\" instead of trying"},
      {"message-summary", kSummary, "Voice-Message: 1/2\r\n", "Messages-Waiting"},
      {"message-summary", kSummary, "Messages-Waiting: maybe\r\n", "\"maybe\""},
      {"message-summary", kSummary, "Messages-Waiting: yes\r\nVoice-Message: many\r\n",
       "malformed"},
      {"reg", "application/reginfo+xml", "<reginfo/>", "the root element is \"reginfo\""},
      {"x-own", "text/plain", "", "the body is empty"},
  };
  for (const Row& row : rows) {
    const absl::Status status = CheckPublished(row.package, kMira, row.type, row.body);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << row.body;
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.wrong)) << row.body;
  }
}

TEST(PublicationChecksTest, DepthAndNumberAreBounded) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<note>";
  for (int i = 0; i < 100; ++i) deep += "</note>";
  std::string many;
  for (int i = 0; i < 30'000; ++i) many += "<note/>";
  EXPECT_EQ(CheckPublished("presence", kMira, kPidf, Presence(deep)).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CheckPublished("presence", kMira, kPidf, Presence(many)).code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sipevents::sip
