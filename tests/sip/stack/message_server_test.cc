#include "sip/stack/message_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "sip/stack/sofia_text.h"
#include "tests/fakes/fake_random.h"

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class FakeHandler : public MessageHandler {
 public:
  std::optional<NotifyAnswer> OnRequest(const sip_t& sip, std::string_view text,
                                        const NextHop& /*source*/) override {
    const IncomingNotify notify = ToNotify(sip, text, absl::UnixEpoch());
    substate = std::string(notify.substate);
    event_parameters = notify.event_parameters;
    call_info = notify.call_info;
    return NotifyAnswer{200, {}};
  }
  std::string substate;
  std::string event_parameters;
  std::string call_info;
};

class MessageServerTest : public testing::Test {
 protected:
  static std::string Notify(const std::string& via, const std::string& state) {
    return absl::StrCat("NOTIFY sip:gateway@192.0.2.1 SIP/2.0\r\nVia: ", via,
                        "\r\nFrom: <sip:a@example.com>;tag=a\r\nTo: <sip:b@example.com>;tag=b\r\n"
                        "Call-ID: c\r\nCSeq: 1 NOTIFY\r\nContact: <sip:a@192.0.2.9>\r\n"
                        "Event: presence\r\n",
                        state, "Content-Length: 0\r\n\r\n");
  }
  static std::string Answer503(const std::string& headers) {
    return absl::StrCat(
        "SIP/2.0 503 Busy\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
        "From: <sip:a@example.com>;tag=a\r\nTo: <sip:b@example.com>;tag=b\r\nCall-ID: c\r\n"
        "CSeq: 1 SUBSCRIBE\r\n",
        headers, "Content-Length: 0\r\n\r\n");
  }
  WireAnswer Take(const std::string& message) {
    return server_.Take(
        message, {Transport::kUdp, {"192.0.2.9", 4000}, "192.0.2.9"},
        [this](std::string_view branch, std::string_view method, const Response& response) {
          branch_ = std::string(branch);
          method_ = std::string(method);
          response_ = response;
        });
  }

  FakeHandler handler_;
  FakeRandom random_;
  MessageServer server_{handler_, random_, nullptr};
  std::string branch_;
  std::string method_;
  Response response_;
};

// RFC 3261 section 18.2.2, RFC 3581.
TEST_F(MessageServerTest, AnswerGoesWhereTheRequestCameFrom) {
  const WireAnswer plain =
      Take(Notify("SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK1", "Subscription-State: active\r\n"));
  EXPECT_FALSE(plain.to_source_port);
  EXPECT_EQ(plain.port, 5070);
  EXPECT_THAT(plain.text, Not(HasSubstr("received")));

  const WireAnswer asked = Take(Notify(
      "SIP/2.0/UDP phone.example.com;rport;branch=z9hG4bK1;maddr=198.51.100.1;received=1.2.3.4",
      "Subscription-State: active\r\n"));
  EXPECT_TRUE(asked.to_source_port);
  EXPECT_THAT(asked.text, StartsWith("SIP/2.0 200 "));
  EXPECT_THAT(asked.text, HasSubstr("received=192.0.2.9"));
  EXPECT_THAT(asked.text, HasSubstr("rport=4000"));
  EXPECT_THAT(asked.text, Not(HasSubstr("maddr")));
  EXPECT_THAT(asked.text, Not(HasSubstr("1.2.3.4")));
}

// RFC 3581 section 4: who asks for its port is told the address, too, whether it knows it or not.
TEST_F(MessageServerTest, WhoAsksForItsPortIsAlwaysToldItsAddress) {
  const std::string same =
      Take(Notify("SIP/2.0/UDP 192.0.2.9:4000;rport;branch=z9hG4bK1", "")).text;
  EXPECT_THAT(same, HasSubstr("received=192.0.2.9"));
  EXPECT_THAT(same, HasSubstr("rport=4000"));
  const std::string not_asked = Take(Notify("SIP/2.0/UDP 192.0.2.9:4000;branch=z9hG4bK1", "")).text;
  EXPECT_THAT(not_asked, Not(HasSubstr("received")));
}

// The To tag of an answer.
std::string ToTagOf(const std::string& answer) {
  const size_t begin = answer.find(";tag=", answer.find("\r\nTo:"));
  return answer.substr(begin, answer.find("\r\n", begin) - begin);
}

// RFC 3261 sections 8.2.7 and 9.2: nobody remembers the request, but its tag is the same one.
TEST_F(MessageServerTest, RequestThatComesAgainGetsTheSameToTag) {
  const std::string request =
      absl::StrReplaceAll(Notify("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1", ""),
                          {{"<sip:b@example.com>;tag=b", "<sip:b@example.com>"}});
  const std::string tag = ToTagOf(Take(request).text);
  EXPECT_EQ(tag.size(), std::string(";tag=0123456789abcdef").size()) << tag;

  EXPECT_EQ(ToTagOf(Take(request).text), tag);
  EXPECT_EQ(ToTagOf(Take(absl::StrReplaceAll(request, {{"NOTIFY", "CANCEL"}})).text), tag);
  for (const auto& [from, to] :
       std::initializer_list<std::pair<const char*, const char*>>{{"z9hG4bK1", "z9hG4bK2"},
                                                                  {"Call-ID: c", "Call-ID: d"},
                                                                  {"CSeq: 1", "CSeq: 2"},
                                                                  {"tag=a", "tag=x"}}) {
    EXPECT_NE(ToTagOf(Take(absl::StrReplaceAll(request, {{from, to}})).text), tag) << to;
  }
  MessageServer other(handler_, random_, nullptr);
  EXPECT_NE(
      ToTagOf(
          other.Take(request, {Transport::kUdp, {"192.0.2.9", 4000}, "192.0.2.9"}, nullptr).text),
      tag);
}

TEST_F(MessageServerTest, RequestThatCannotBeReadGetsTheSameToTagAgain) {
  const std::string request = absl::StrReplaceAll(
      Notify("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1", ""),
      {{"NOTIFY", "!odd+`method"}, {"<sip:b@example.com>;tag=b", "<sip:b@example.com>"}});
  const std::string tag = ToTagOf(Take(request).text);
  EXPECT_THAT(tag, StartsWith(";tag="));
  EXPECT_EQ(ToTagOf(Take(request).text), tag);
  EXPECT_NE(ToTagOf(Take(absl::StrReplaceAll(request, {{"z9hG4bK1", "z9hG4bK2"}})).text), tag);
}

// RATE-01: of a 2xx to a NOTIFY only.
TEST_F(MessageServerTest, EventParametersOfAnAnswerToANotifyAreHandedOver) {
  std::vector<std::string> read;
  const auto take = [&](const std::string& status, const std::string& method) {
    read.clear();
    server_.Take(absl::StrCat("SIP/2.0 ", status,
                              "\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
                              "From: <sip:a@example.com>;tag=a\r\n"
                              "To: <sip:b@example.com>;tag=b\r\nCall-ID: c\r\nCSeq: 1 ",
                              method,
                              "\r\nEvent: presence;max-rate=0.5 ; min-rate\r\n"
                              "Content-Length: 0\r\n\r\n"),
                 {Transport::kUdp, {"192.0.2.9", 4000}, "192.0.2.9"},
                 [&](std::string_view, std::string_view, const Response& response) {
                   read.assign(response.event_parameters.begin(), response.event_parameters.end());
                 });
    return read;
  };
  EXPECT_THAT(take("200 OK", "NOTIFY"), testing::ElementsAre("max-rate=0.5", "min-rate"));
  EXPECT_THAT(take("202 OK", "NOTIFY"), testing::SizeIs(2));
  EXPECT_THAT(take("200 OK", "SUBSCRIBE"), testing::IsEmpty());
  EXPECT_THAT(take("500 No", "NOTIFY"), testing::IsEmpty());
}

// GEN-12, TOR-06: what can be read of the state counts.
TEST_F(MessageServerTest, StateWithBadParametersIsKept) {
  const std::string via = "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1";
  for (const auto& [header, state] : std::initializer_list<std::pair<const char*, const char*>>{
           {"Subscription-State: pending;expires=\r\n", "pending"},
           {"subscription-state :terminated;;reason=x\r\n", "terminated"},
           {"Subscription-State:\r\n active;;\r\n", "active"},
           {"", ""}}) {
    Take(Notify(via, header));
    EXPECT_EQ(handler_.substate, state) << header;
  }
}

TEST_F(MessageServerTest, HeadersThatTellStateAreHandedOverAsWritten) {
  const std::string via = "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1";
  const std::string ann =
      R"(<sip:gw>;appearance-index=1;appearance-uri="\"Ann, B.\" <sip:ann@example.org>")";
  struct Row {
    std::string event;
    std::string headers;
    std::string parameters;
    std::string call_info;
  };
  for (const Row& row : std::vector<Row>{
           {"presence", "", "", ""},
           {"refer;id=42 ; Effective-By=\"1;2\"", "", "id=42;Effective-By=\"1;2\"", ""},
           {"call-info", absl::StrCat("Call-Info: ", ann, "\r\n"), "", ann},
           {"call-info",
            absl::StrCat("call-info : <sip:gw>;appearance-index=2,\r\n <sip:b>\r\n",
                         "Subject: y\r\nCall-Info: ", ann, "\r\n"),
            "", absl::StrCat("<sip:gw>;appearance-index=2,\r\n <sip:b>, ", ann)}}) {
    const WireAnswer answer = Take(absl::StrReplaceAll(
        Notify(via, row.headers), {{"Event: presence", absl::StrCat("Event: ", row.event)}}));
    EXPECT_THAT(answer.text, StartsWith("SIP/2.0 200 "));
    EXPECT_EQ(handler_.event_parameters, row.parameters) << row.event;
    EXPECT_EQ(handler_.call_info, row.call_info) << row.headers;
  }
}

// TOR-24, and RFC 3261 section 20.33.
TEST_F(MessageServerTest, SecondsOfAResponseAreReadWithTheirDecoration) {
  struct {
    const char* headers;
    std::optional<uint32_t> expires;
    std::optional<uint32_t> retry_after;
  } const cases[] = {
      {"Expires: 60\r\n", 60, {}},
      {"Expires: 7200;x=1\r\n", 7200, {}},
      {"Expires: 4294967296\r\n", UINT32_MAX, {}},
      {"Expires: Thu, 01 Dec 2033 16:00:00 GMT\r\n", {}, {}},
      {"Expires: soon\r\n", {}, {}},
      {"Retry-After: 120\r\n", {}, 120},
      {"Retry-After: 3 (a (nested) \\) comment);duration=1\r\n", {}, 3},
      {"Retry-After: later\r\n", {}, {}},
  };
  for (const auto& c : cases) {
    Take(Answer503(c.headers));
    EXPECT_EQ(response_.expires, c.expires) << c.headers;
    EXPECT_EQ(response_.retry_after, c.retry_after) << c.headers;
  }
  EXPECT_EQ(branch_, "z9hG4bK1");
  EXPECT_EQ(method_, "SUBSCRIBE");
}

// RFC 4475 sections 3.1.2.4 and 3.1.2.19, RFC 3261 section 8.1.3.3: a response that is at fault, or
// meant for another, is dropped.
TEST_F(MessageServerTest, BadResponseIsDropped) {
  const std::string good = Answer503("");
  for (const auto& [from, to] : std::initializer_list<std::pair<const char*, const char*>>{
           {"SIP/2.0 503", "SIP/2.0 4294967301"},
           {"SIP/2.0 503", "SIP/7.0 503"},
           {"CSeq: 1 SUBSCRIBE", "CSeq: 36893488147419103232 SUBSCRIBE"},
           {"Call-ID: c\r\n", ""},
           {"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n", ""},
           {";branch=z9hG4bK1\r\n", ";branch=z9hG4bK1, SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK2\r\n"},
           {"Call-ID: c\r\n", "Via: SIP/2.0/UDP 192.0.2.7\r\nCall-ID: c\r\n"}}) {
    branch_.clear();
    EXPECT_EQ(Take(absl::StrReplaceAll(good, {{from, to}})).text, "") << to;
    EXPECT_EQ(branch_, "") << to;
  }
  Take(good);
  EXPECT_EQ(branch_, "z9hG4bK1");
}

TEST_F(MessageServerTest, CallIdWithoutAWordIsRefused) {
  const std::string good = Notify("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1", "");
  EXPECT_THAT(Take(good).text, StartsWith("SIP/2.0 200 "));
  EXPECT_THAT(Take(absl::StrReplaceAll(good, {{"Call-ID: c\r\n", "Call-ID: \r\n"}})).text,
              StartsWith("SIP/2.0 400 "));
}

// RFC 4475 section 3.1.1.2 (intmeth) and 3.1.2.10 (lwsruri).
TEST_F(MessageServerTest, StartLineThatTheParserDoesNotKnowIsAnswered) {
  const std::string good =
      Notify("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1", "Subscription-State: active\r\n");

  EXPECT_THAT(Take(absl::StrReplaceAll(good, {{"NOTIFY sip:gateway@192.0.2.1",
                                               "NOTIFY sip:gateway@192.0.2.1; lr"}}))
                  .text,
              StartsWith("SIP/2.0 400 "));
  const std::string odd = Take(absl::StrReplaceAll(good, {{"NOTIFY", "!odd+`method"}})).text;
  EXPECT_THAT(odd, StartsWith("SIP/2.0 501 "));
  EXPECT_THAT(odd, HasSubstr("CSeq: 1 !odd+`method\r\n"));
  EXPECT_EQ(Take("GET / HTTP/1.1\r\nHost: x\r\n\r\n").text, "");
}

// The parser lets a bare line feed stand within a URI; repeated, it would break our answer's line.
TEST_F(MessageServerTest, LineBrokenWithinAUriIsRefusedInWholeLines) {
  const std::string good =
      Notify("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1", "Subscription-State: active\r\n");
  for (const std::string broken : {"To: <s\n ip:b@example.com>", "To: <sip:b\n @example.com>"}) {
    const std::string answer =
        Take(absl::StrReplaceAll(good, {{"To: <sip:b@example.com>", broken}})).text;

    EXPECT_THAT(answer, StartsWith("SIP/2.0 400"));
    EXPECT_THAT(absl::StrReplaceAll(answer, {{"\r\n", ""}}), Not(HasSubstr("\n"))) << answer;
    EXPECT_EQ(handler_.substate, "");
  }
  // Between headers, and where a line is folded elsewhere, it is tolerated.
  Take(absl::StrReplaceAll(good, {{"\r\nEvent", "\nEvent"}, {"-State: ", "-State:\n "}}));
  EXPECT_EQ(handler_.substate, "active");
}

TEST_F(MessageServerTest, MalformedRequestIsToldWhatIsWrong) {
  const std::string good =
      Notify("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1", "Subscription-State: active\r\n");

  EXPECT_THAT(Take(absl::StrReplaceAll(good, {{"CSeq: 1 NOTIFY", "CSeq: x NOTIFY"}})).text,
              StartsWith("SIP/2.0 400 Bad CSeq Header\r\n"));
  EXPECT_THAT(
      Take(absl::StrReplaceAll(good, {{"CSeq: 1 NOTIFY", "CSeq: 1 NOTIFY\r\nCSeq: 2 NOTIFY"}}))
          .text,
      StartsWith("SIP/2.0 400 Bad CSeq Header\r\n"));
  EXPECT_THAT(Take(absl::StrReplaceAll(good, {{"192.0.2.1 SIP/2.0", "192.0.2.1 SIP/7.0"}})).text,
              StartsWith("SIP/2.0 505 "));
}

}  // namespace
}  // namespace sipevents::sip
