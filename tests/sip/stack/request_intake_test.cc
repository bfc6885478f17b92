#include "sip/stack/request_intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "sip/stack/message_server.h"
#include "sip/stack/raw_header.h"
#include "sip/stack/request_message.h"
#include "tests/fakes/fake_random.h"

// A SUBSCRIBE or PUBLISH as octets, and what the roles see of it.

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RequestIntakeTest : public testing::Test, private MessageHandler {
 protected:
  static std::string Message(const std::string& headers = "", const std::string& body = "") {
    return absl::StrCat(
        "SUBSCRIBE sip:alice@example.com SIP/2.0\r\n"
        "Via: SIP/2.0/TCP phone.example.com:5070;branch=z9hG4bK1\r\n"
        "From: \"Bob B.\" <sip:bob@example.com>;tag=f\r\nTo: <sip:alice@example.com>\r\n"
        "Call-ID: c\r\nCSeq: 7 SUBSCRIBE\r\nContact: <sip:bob@192.0.2.9;transport=tcp>\r\n",
        headers, "Content-Length: ", body.size(), "\r\n\r\n", body);
  }
  // Has `look` see the request.
  void Read(const std::string& text, std::function<void(const IncomingRequest&)> look) {
    look_ = std::move(look);
    Take(text);
    look_ = nullptr;
  }
  int Refusal(const std::string& text) {
    Take(text);
    return refusal_.has_value() ? refusal_->status : 0;
  }

 private:
  void Take(const std::string& text) {
    MessageHandler& handler = *this;
    MessageServer server(handler, random_, nullptr);
    taken_ = false;
    server.Take(text, {Transport::kTcp, {"192.0.2.9", 4000}, "192.0.2.9"},
                [](std::string_view, std::string_view, const Response&) {});
    EXPECT_TRUE(taken_) << text;
  }
  std::optional<RequestAnswer> OnRequest(const sip_t& sip, std::string_view text,
                                         const NextHop& source) override {
    taken_ = true;
    refusal_ = RefuseBadRequest(sip);
    if (look_ != nullptr) look_(ToIncomingRequest(sip, text, source, absl::UnixEpoch()));
    return RequestAnswer{};
  }

  FakeRandom random_;
  std::function<void(const IncomingRequest&)> look_;
  std::optional<RequestAnswer> refusal_;
  bool taken_ = false;
};

TEST_F(RequestIntakeTest, HeadersAreReadAsTheyAre) {
  const std::string message = Message(
      "Event: presence ; id=a;max-rate=1\r\nExpires: 600\r\nAccept: application/pidf+xml;q=0.5, "
      "text/*;q=0\r\nSupported: eventlist\r\nRequire: eventlist\r\nUser-Agent: phone/1\r\n"
      "Record-Route: <sip:p1.example.net;lr>, <sip:p2.example.net;lr>\r\n"
      "Content-Type: text/plain; x=y\r\nContent-Disposition: recipient-list;handling=optional\r\n"
      "suppress-if-match : abc\r\n",
      "body");
  Read(message, [](const IncomingRequest& request) {
    EXPECT_EQ(request.method, "SUBSCRIBE");
    EXPECT_EQ(request.request_uri, "sip:alice@example.com");
    EXPECT_EQ(request.from_uri, "sip:bob@example.com");
    EXPECT_EQ(request.from_tag, "f");
    EXPECT_EQ(request.from_name, "Bob B.");
    EXPECT_EQ(request.to_tag, "");
    EXPECT_EQ(request.call_id, "c");
    EXPECT_EQ(request.cseq, 7u);
    EXPECT_EQ(request.event_count, 1);
    EXPECT_EQ(request.event_type, "presence");
    EXPECT_TRUE(request.event_type_ok);
    EXPECT_EQ(request.event_id, "a");
    EXPECT_THAT(request.event_parameters, ElementsAre("id=a", "max-rate=1"));
    EXPECT_EQ(request.expires, 600u);
    ASSERT_EQ(request.accept.size(), 2u);
    EXPECT_EQ(request.accept[0].type, "application/pidf+xml");
    EXPECT_EQ(request.accept[0].q, 500);
    EXPECT_EQ(request.accept[1].q, 0);
    EXPECT_THAT(request.supported, ElementsAre("eventlist"));
    EXPECT_THAT(request.require, ElementsAre("eventlist"));
    EXPECT_EQ(request.user_agent, "phone/1");
    EXPECT_THAT(request.record_route,
                ElementsAre("<sip:p1.example.net;lr>", "<sip:p2.example.net;lr>"));
    EXPECT_EQ(request.content_disposition, "recipient-list");
    EXPECT_TRUE(request.body_is_optional);
    EXPECT_EQ(request.body, "body");
    EXPECT_EQ(request.contact_uri, "sip:bob@192.0.2.9;transport=tcp");
    EXPECT_THAT(request.suppress_if_match, ElementsAre("abc"));
    EXPECT_THAT(request.if_match, IsEmpty());
    EXPECT_EQ(request.source.via_host, "phone.example.com");
    EXPECT_EQ(request.source.via_port, 5070);
    EXPECT_EQ(request.source.transport, Transport::kTcp);
  });
}

// NOT-03, NOT-04, GEN-07, GEN-10, TOR-03.
TEST_F(RequestIntakeTest, EventsThatAreNone) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"", "none"},
      {"Event: presence\r\n", "good"},
      {"o: presence\r\n", "good"},
      {"Event: presence.winfo.winfo\r\n", "good"},
      {"Event: a..b\r\n", "bad"},
      {"Event: .a\r\n", "bad"},
      {"Event: a.\r\n", "bad"},
      {"Event: presence;id=\"q\"\r\n", "bad"},
      {"Event: presence\r\nEvent: dialog\r\n", "bad"},
      {"Event: presence, dialog\r\n", "bad"},
      {"Event: presence\r\no: presence\r\n", "bad"}};
  for (const auto& [header, verdict] : rows) {
    std::string found;
    Read(Message(header), [&](const IncomingRequest& request) {
      found = request.event_count == 0                            ? "none"
              : request.event_count == 1 && request.event_type_ok ? "good"
                                                                  : "bad";
    });
    EXPECT_EQ(found, verdict) << header;
  }
}

TEST_F(RequestIntakeTest, QualityThatIsNoneIsTheWhole) {
  for (const auto& [q, value] : std::vector<std::pair<std::string, int>>{{"1", 1000},
                                                                         {"0", 0},
                                                                         {"0.333", 333},
                                                                         {"1.5", 1000},
                                                                         {"x", 1000},
                                                                         {"nan", 1000},
                                                                         {"-1", 0},
                                                                         {"inf", 1000}}) {
    const int wanted = value;
    Read(Message(absl::StrCat("Accept: application/pidf+xml;q=", q, "\r\n")),
         [&](const IncomingRequest& request) {
           ASSERT_EQ(request.accept.size(), 1u) << wanted;
           EXPECT_EQ(request.accept[0].q, wanted);
         });
  }
}

// CEN-02: as many as there are; the body holds none.
TEST_F(RequestIntakeTest, ConditionsAreCounted) {
  Read(Message("Suppress-If-Match: a\r\nSUPPRESS-IF-MATCH: *\r\n", "Suppress-If-Match: c\r\n"),
       [](const IncomingRequest& request) {
         EXPECT_THAT(request.suppress_if_match, ElementsAre("a", "*"));
       });
  Read(Message("Suppress-If-Match:\r\n"), [](const IncomingRequest& request) {
    EXPECT_THAT(request.suppress_if_match, ElementsAre(""));
  });
}

// RFC 3261 section 8.2 and 18.3.
TEST_F(RequestIntakeTest, WhatIsRefusedBeforeTheEvent) {
  const std::string good = Message("Event: presence\r\n");
  EXPECT_EQ(Refusal(good), 0);
  const auto with = [&](const std::string& from, const std::string& to) {
    return Refusal(absl::StrReplaceAll(good, {{from, to}}));
  };
  const std::string contact = "Contact: <sip:bob@192.0.2.9;transport=tcp>\r\n";
  EXPECT_EQ(with("SUBSCRIBE sip:alice@example.com", "SUBSCRIBE tel:+1"), 416);
  EXPECT_EQ(with("SUBSCRIBE sip:alice@example.com", "SUBSCRIBE pres:alice@example.com"), 0);
  EXPECT_EQ(with("SUBSCRIBE sip:alice@example.com", "SUBSCRIBE sips:alice@example.com"), 0);
  EXPECT_EQ(with(contact, ""), 400);
  EXPECT_EQ(with(contact, contact + "Contact: <sip:b@192.0.2.8>\r\n"), 400);
  EXPECT_EQ(with(contact, "Contact: *\r\n"), 400);
  EXPECT_EQ(with(contact, "Contact: <tel:+1>\r\n"), 400);
  EXPECT_EQ(with(";tag=f", ""), 400);
  EXPECT_EQ(with("Content-Length: 0", "Content-Length: 5"), 400);
  EXPECT_EQ(with("Event", "Expires: 60\r\nExpires: 60\r\nEvent"), 400);
  EXPECT_EQ(with("Event", "Expires: soon\r\nEvent"), 0);
  EXPECT_EQ(with("Event", "Require: 100rel\r\nEvent"), 420);
  EXPECT_EQ(with("Event", "Require: recipient-list-subscribe\r\nEvent"), 0);
  EXPECT_EQ(
      with("Content-Length: 0\r\n\r\n", "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"),
      415);
}

TEST_F(RequestIntakeTest, PublishNeedsNoContactAndKnowsNoLists) {
  const std::string publish = absl::StrReplaceAll(
      Message("Event: presence\r\nSIP-If-Match: t1\r\nSuppress-If-Match: x\r\n"),
      {{"SUBSCRIBE", "PUBLISH"}, {"Contact: <sip:bob@192.0.2.9;transport=tcp>\r\n", ""}});
  EXPECT_EQ(Refusal(publish), 0);
  Read(publish, [](const IncomingRequest& request) {
    EXPECT_THAT(request.if_match, ElementsAre("t1"));
    EXPECT_THAT(request.suppress_if_match, IsEmpty());
  });
  EXPECT_EQ(Refusal(absl::StrReplaceAll(publish, {{"Event:", "Require: eventlist\r\nEvent:"}})),
            420);
  EXPECT_EQ(
      Refusal(absl::StrReplaceAll(publish, {{"Event:", "Expires: 60\r\nExpires: 30\r\nEvent:"}})),
      400);
}

TEST(RawHeaderTest, ValuesAreTakenAsWritten) {
  const std::string text =
      "NOTIFY sip:X-A: SIP/2.0\r\nx-a : one\r\nB: X-A: no\r\nX-A:two,\r\n\tthree\r\n\r\nX-A: "
      "body\r\n";
  EXPECT_EQ(RawValue(text, "X-A"), "one");
  EXPECT_EQ(RawValues(text, "X-A"), "one, two,\r\n\tthree");
  EXPECT_EQ(RawValue(text, "X-C"), "");
  std::string_view rest = text;
  EXPECT_EQ(TakeRawValue(rest, "X-A"), "one");
  EXPECT_EQ(TakeRawValue(rest, "X-A"), "two,\r\n\tthree");
  EXPECT_EQ(TakeRawValue(rest, "X-A"), std::nullopt);
}

// Any cut of a message is read without going beyond it.
TEST(RawHeaderTest, CutTextEndsTheSearch) {
  const std::string text = "A: 1\r\nX-A:\r\n two\r\n three";
  for (size_t size = 0; size <= text.size(); ++size) {
    const std::string cut = text.substr(0, size);
    RawValues(cut, "X-A");
  }
  EXPECT_EQ(RawValue("X-A", "X-A"), "");
  EXPECT_EQ(RawValue("X-A:", "X-A"), "");
  EXPECT_EQ(RawValue("\n", "X-A"), "");
}

TEST(RequestTextTest, NotifyIsWrittenInLines) {
  OutgoingRequest request;
  request.method = "NOTIFY";
  request.request_uri = "sip:bob@192.0.2.9";
  request.from_uri = "sip:alice@example.com";
  request.from_tag = "a";
  request.to_uri = "sip:bob@example.com";
  request.to_tag = "b";
  request.call_id = "c";
  request.cseq = 7;
  request.event = "presence;id=1";
  request.subscription_state = "active;expires=60";
  request.entity_tag = "t";
  request.require = "eventlist";
  request.route_set = {"<sip:p;lr>"};
  request.authorization = {{"Proxy-Authorization", "Digest x"}};
  request.content_type = "text/plain";
  request.body = "line\r\n\r\n";
  const OwnHeaders own{.contact = "<sip:gw>", .allow_events = "presence", .via = "SIP/2.0/UDP v"};
  EXPECT_EQ(RequestText(request, own),
            "NOTIFY sip:bob@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP v\r\nRoute: <sip:p;lr>\r\n"
            "Max-Forwards: 70\r\nFrom: <sip:alice@example.com>;tag=a\r\n"
            "To: <sip:bob@example.com>;tag=b\r\nCall-ID: c\r\nCSeq: 7 NOTIFY\r\n"
            "Contact: <sip:gw>\r\nEvent: presence;id=1\r\nSubscription-State: active;expires=60\r\n"
            "Require: eventlist\r\nSIP-ETag: t\r\nProxy-Authorization: Digest x\r\n"
            "User-Agent: sip-event-gateway\r\nContent-Type: text/plain\r\n"
            "Content-Length: 8\r\n\r\nline\r\n\r\n");
  EXPECT_LE(RequestText(request, own).size(), EstimatedOctets(request, own.allow_events));
}

// Nobody writes a second header into one of ours.
TEST(RequestTextTest, ValueThatWouldBreakALineSpoilsTheWhole) {
  for (const std::string& evil :
       std::vector<std::string>{"a\r\nB: c", "a\nb", "a\rb", std::string("a\0b", 3)}) {
    std::string OutgoingRequest::*const fields[] = {
        &OutgoingRequest::method,     &OutgoingRequest::request_uri, &OutgoingRequest::from_uri,
        &OutgoingRequest::from_tag,   &OutgoingRequest::to_uri,      &OutgoingRequest::to_tag,
        &OutgoingRequest::call_id,    &OutgoingRequest::event,       &OutgoingRequest::accept,
        &OutgoingRequest::entity_tag, &OutgoingRequest::content_type};
    for (const auto field : fields) {
      OutgoingRequest request;
      request.method = "NOTIFY";
      request.*field = evil;
      EXPECT_EQ(RequestText(request, {}), "");
    }
    OutgoingRequest routed;
    routed.route_set = {evil};
    EXPECT_EQ(RequestText(routed, {}), "");
    OutgoingRequest authorized;
    authorized.authorization = {{"Authorization", evil}};
    EXPECT_EQ(RequestText(authorized, {}), "");
    OutgoingRequest body;
    body.body = evil;
    EXPECT_NE(RequestText(body, {}), "");
  }
}

// RFC 3261 section 8.2.3, of SUBSCRIBE: of PUBLISH the body is what it is about.
TEST_F(RequestIntakeTest, BodyThatNeedNotBeUnderstoodIsSaidToBeSo) {
  const std::vector<std::pair<std::string, bool>> rows = {
      {"", false},
      {"Content-Disposition: session\r\n", false},
      {"Content-Disposition: session;handling=required\r\n", false},
      {"Content-Disposition: session ; Handling = Optional\r\n", true},
      {"Content-Disposition: session;handling=optional;x=y\r\n", true}};
  for (const auto& [header, optional] : rows) {
    const std::string message = Message(absl::StrCat("Content-Type: text/plain\r\n", header), "b");
    Read(message, [optional = optional, &header = header](const IncomingRequest& request) {
      EXPECT_EQ(request.body_is_optional, optional) << header;
      EXPECT_EQ(request.body, "b");
    });
    const std::string encoded =
        Message(absl::StrCat("Content-Encoding: gzip\r\n", header), "packed");
    EXPECT_EQ(Refusal(encoded), optional ? 0 : 415) << header;
    if (optional) {
      Read(encoded, [](const IncomingRequest& request) { EXPECT_EQ(request.body, ""); });
    }
    const std::string publish = absl::StrReplaceAll(
        message,
        {{"SUBSCRIBE", "PUBLISH"}, {"Contact: <sip:bob@192.0.2.9;transport=tcp>\r\n", ""}});
    Read(publish, [](const IncomingRequest& request) { EXPECT_FALSE(request.body_is_optional); });
  }
}

}  // namespace
}  // namespace sipevents::sip
