#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sip/notifier/notifier_fixture.h"

// What a SUBSCRIBE is answered, and the NOTIFY that follows it.

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;

class NotifierSubscribeTest : public NotifierTest {};

// NOT-15, NOT-16, NOT-17, NOT-44.
TEST_F(NotifierSubscribeTest, InitialIsAcceptedAndToldAtOnce) {
  SetPresence("here");
  const Dialog dialog = Send(Initial());
  EXPECT_EQ(dialog.answer.status, 200);
  EXPECT_EQ(HeaderOf(dialog.answer, "Expires"), "600");
  EXPECT_EQ(HeaderOf(dialog.answer, "Contact"), "<sip:gw>");
  EXPECT_EQ(HeaderOf(dialog.answer, "Allow-Events"), "presence, dialog");
  EXPECT_EQ(dialog.answer.to_tag.size(), 16u);
  ASSERT_EQ(sent(), 1u);
  EXPECT_EQ(last().method, "NOTIFY");
  EXPECT_EQ(last().request_uri, "sip:phone@192.0.2.7");
  EXPECT_EQ(last().from_uri, kAlice);
  EXPECT_EQ(last().from_tag, dialog.answer.to_tag);
  EXPECT_EQ(last().to_uri, kBob);
  EXPECT_EQ(last().to_tag, dialog.request.from_tag);
  EXPECT_EQ(last().call_id, dialog.request.call_id);
  EXPECT_EQ(last().cseq, 1u);
  EXPECT_EQ(last().contact, "sip:gw");
  EXPECT_EQ(last().event, "presence");
  EXPECT_EQ(last().subscription_state, "active;expires=600");
  EXPECT_EQ(last().entity_tag, "tag1");
  EXPECT_EQ(last().content_type, "application/pidf+xml");
  EXPECT_EQ(last().body, PresenceBody("open", "here"));
  EXPECT_EQ(last().require, "");
  EXPECT_EQ(sender_.sent[0].first_hop, "sip:192.0.2.7;transport=udp");
  EXPECT_EQ(metrics_.watchers["presence"], 1);
}

// NOT-35: of the same kind as the Request-URI.
TEST_F(NotifierSubscribeTest, SecureRequestHasASecureContact) {
  IncomingRequest request = Initial();
  request.request_uri = "sips:alice@example.com";
  EXPECT_EQ(HeaderOf(Send(request).answer, "Contact"), "<sips:gw>");
  EXPECT_EQ(last().contact, "sips:gw");
}

// NOT-02, NOT-03, NOT-04, NOT-13, NOT-14, CEN-02.
TEST_F(NotifierSubscribeTest, WhatCannotBeServedIsRefusedAndLeavesNothing) {
  const std::vector<std::pair<int, std::function<void(IncomingRequest&)>>> rows = {
      {489, [](auto& r) { r.event_type = "reg"; }},
      {489, [](auto& r) { r.event_type = "Presence"; }},  // GEN-08
      {489, [](auto& r) { r.event_count = 0; }},
      {489, [](auto& r) { r.event_type = "unknown"; }},
      {400, [](auto& r) { r.event_count = 2; }},
      {400, [](auto& r) { r.event_type_ok = false; }},
      {404, [](auto& r) { r.request_uri = "sip:alice@example.org"; }},
      {404, [](auto& r) { r.request_uri = "sip:example.com"; }},
      {423, [](auto& r) { r.expires = 59; }},
      {406, [](auto& r) { r.has_accept = true; }},
      {400,
       [](auto& r) {
         r.suppress_if_match = {"a", "b"};
       }},
      {400, [](auto& r) { r.suppress_if_match = {"a b"}; }},
      {415, [](auto& r) { r.body = "filter"; }},
      {513, [this](auto& r) { r.call_id = Keep(std::string(70000, 'x')); }},
  };
  for (const auto& [status, spoil] : rows) {
    IncomingRequest request = Initial();
    spoil(request);
    EXPECT_EQ(Send(request).answer.status, status);
  }
  EXPECT_EQ(sent(), 0u);
  EXPECT_EQ(notifier_.size(), 0u);
  EXPECT_EQ(metrics_.watchers["presence"], 0);
}

// RFC 3261 section 8.2.3.
TEST_F(NotifierSubscribeTest, BodyThatNeedNotBeUnderstoodIsIgnored) {
  IncomingRequest request = Initial();
  request.content_type = "application/simple-filter+xml";
  request.body = "filter";
  request.body_is_optional = true;
  const Dialog dialog = Send(request);
  EXPECT_EQ(dialog.answer.status, 200);
  EXPECT_EQ(HeaderOf(dialog.answer, "Require"), "(none)");
  ASSERT_EQ(sent(), 1u);
  AnswerAll();

  IncomingRequest refresh = Next(dialog);
  EXPECT_EQ(Send(refresh).answer.status, 200);
  ++refresh.cseq;
  refresh.body_is_optional = false;
  EXPECT_EQ(Send(refresh).answer.status, 415);
}

TEST_F(NotifierSubscribeTest, RefusalsNameWhatIsExpected) {
  IncomingRequest request = Initial();
  request.event_type = "reg";
  EXPECT_EQ(HeaderOf(Send(request).answer, "Allow-Events"), "presence, dialog");
  request = Initial();
  request.expires = 10;
  EXPECT_EQ(HeaderOf(Send(request).answer, "Min-Expires"), "60");
  request = Initial();
  request.body = "x";
  EXPECT_EQ(HeaderOf(Send(request).answer, "Accept"), "application/resource-lists+xml");
}

// SEC-09: a watcher that cannot be told anything is told so.
TEST_F(NotifierSubscribeTest, ContactThatCannotBeReachedIsRefusedWithTheReason) {
  sender_.unreachable = {
      {"sip:0.0.0.0;transport=udp", absl::InvalidArgumentError("no host has \"0.0.0.0\"")},
      {"sip:phone@192.0.2.7;transport=x", absl::NotFoundError("the transport x is unknown")},
      {"sip:192.0.2.8;transport=udp", absl::PermissionDeniedError("nothing goes there")}};
  const std::vector<std::tuple<std::string, int, std::string>> rows = {
      {"sip:phone@0.0.0.0", 400, "Bad Contact: no host has '0.0.0.0'"},
      {"sip:phone@192.0.2.7;transport=x", 400, "Bad Contact: the transport x is unknown"},
      {"sip:phone@192.0.2.8", 403, "Contact Not Allowed: nothing goes there"}};
  for (const auto& [contact, status, phrase] : rows) {
    IncomingRequest request = Initial();
    request.contact_uri = contact;
    const RequestAnswer answer = Send(request).answer;
    EXPECT_EQ(answer.status, status) << contact;
    EXPECT_EQ(answer.phrase, phrase);
  }
  EXPECT_EQ(sent(), 0u);
  EXPECT_EQ(notifier_.size(), 0u);
}

// A proxy knows where it is; a connection, or who sits behind a NAT, is told by the way it opened.
TEST_F(NotifierSubscribeTest, ContactThatNobodySendsToIsNotJudged) {
  sender_.unreachable = {{"sip:phone@0.0.0.0", absl::InvalidArgumentError("no host")},
                         {"sip:0.0.0.0;transport=udp", absl::InvalidArgumentError("no host")}};
  IncomingRequest routed = Initial();
  routed.contact_uri = "sip:phone@0.0.0.0";
  routed.record_route = {"<sip:proxy.example.com;lr>"};
  Dialog dialog = Send(routed);
  EXPECT_EQ(dialog.answer.status, 200);
  AnswerAll();
  dialog.request.record_route.clear();  // of a refresh it says nothing
  EXPECT_EQ(Send(Next(dialog)).answer.status, 200);
  IncomingRequest stream = Initial();
  stream.contact_uri = "sip:phone@0.0.0.0";
  stream.source.transport = Transport::kTcp;
  EXPECT_EQ(Send(stream).answer.status, 200);
  IncomingRequest natted = Initial();
  natted.contact_uri = "sip:phone@0.0.0.0:5060";
  natted.source.via_host = "0.0.0.0";
  EXPECT_EQ(Send(natted).answer.status, 200);
}

TEST_F(NotifierSubscribeTest, RefreshWithAContactThatCannotBeReachedChangesNothing) {
  sender_.unreachable = {{"sip:0.0.0.0;transport=udp", absl::InvalidArgumentError("no host")}};
  const Dialog dialog = Subscribe();
  IncomingRequest refresh = Next(dialog);
  refresh.contact_uri = "sip:phone@0.0.0.0";
  EXPECT_EQ(Send(refresh).answer.status, 400);
  SetPresence("later");
  EXPECT_EQ(last().request_uri, "sip:phone@192.0.2.7");
  EXPECT_THAT(last().body, HasSubstr("later"));
}

// NOT-09, NOT-11, NOT-12.
TEST_F(NotifierSubscribeTest, TimeIsGrantedWithinTheLimits) {
  const std::vector<std::pair<std::optional<uint32_t>, std::string>> rows = {
      {60, "60"}, {3600, "3600"}, {100000, "3600"}, {UINT32_MAX, "3600"}, {{}, "3600"}, {0, "0"}};
  for (const auto& [asked, granted] : rows) {
    IncomingRequest request = Initial();
    request.expires = asked;
    const Dialog dialog = Send(request);
    EXPECT_EQ(dialog.answer.status, 200);
    EXPECT_EQ(HeaderOf(dialog.answer, "Expires"), granted);
  }
}

// NOT-30, NOT-31.
TEST_F(NotifierSubscribeTest, FetchIsServedAndLeavesNothing) {
  SetPresence("here");
  IncomingRequest request = Initial();
  request.expires = 0;
  EXPECT_EQ(Send(request).answer.status, 200);
  ASSERT_EQ(sent(), 1u);
  EXPECT_EQ(sender_.sent[0].priority, RequestPriority::kFinalNotify);
  EXPECT_EQ(last().subscription_state, "terminated;reason=timeout");
  EXPECT_THAT(last().body, HasSubstr("here"));
  AnswerAll();
  EXPECT_EQ(notifier_.size(), 0u);
  EXPECT_EQ(timers_.size(), 0u);
}

// NOT-33: as it was, but for what asks for a rate.
TEST_F(NotifierSubscribeTest, EventIsEchoedWithItsParameters) {
  IncomingRequest request = Initial();
  request.event_id = "7";
  request.event_parameters = {"id=7", "x=y", "Max-Rate=1", "frame-rate=2"};
  Send(request);
  EXPECT_EQ(last().event, "presence;id=7;x=y;frame-rate=2");
  EXPECT_EQ(last().subscription_state, "active;expires=600;max-rate=1");
}

// NOT-48.
TEST_F(NotifierSubscribeTest, RouteIsThatOfTheSubscribe) {
  IncomingRequest request = Initial();
  request.record_route = {"<sip:p1.example.net;lr>", "<sip:p2.example.net;lr>"};
  Send(request);
  EXPECT_EQ(last().route_set, request.record_route);
  EXPECT_EQ(last().request_uri, "sip:phone@192.0.2.7");
  EXPECT_EQ(sender_.sent[0].first_hop, "sip:p1.example.net;lr");
}

TEST_F(NotifierSubscribeTest, StrictRouterIsTheRequestUri) {
  IncomingRequest request = Initial();
  request.record_route = {"<sip:p1.example.net>", "<sip:p2.example.net;lr>"};
  Send(request);
  EXPECT_EQ(last().request_uri, "sip:p1.example.net");
  EXPECT_EQ(last().route_set,
            (std::vector<std::string>{"<sip:p2.example.net;lr>", "<sip:phone@192.0.2.7>"}));
  EXPECT_EQ(sender_.sent[0].first_hop, "sip:p1.example.net");
}

// NOT-10, NOT-16, NOT-21, NOT-22.
TEST_F(NotifierSubscribeTest, RefreshExtendsAndIsTold) {
  const Dialog dialog = Subscribe();
  clock_.Advance(absl::Seconds(200));
  SetPresence("later");
  EXPECT_EQ(last().subscription_state, "active;expires=400");
  AnswerAll();
  IncomingRequest brief = Next(dialog);
  brief.expires = 10;
  EXPECT_EQ(Send(brief).answer.status, 423);
  IncomingRequest refresh = Next(dialog);
  refresh.cseq = 3;
  refresh.contact_uri = "sip:phone@192.0.2.8";
  const RequestAnswer answer = Send(refresh).answer;
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.to_tag, dialog.answer.to_tag);
  EXPECT_EQ(last().subscription_state, "active;expires=600");
  EXPECT_EQ(last().request_uri, "sip:phone@192.0.2.8");
  EXPECT_EQ(last().cseq, 3u);
  EXPECT_EQ(notifier_.size(), 1u);
}

// What was refused must not change where NOTIFYs go.
TEST_F(NotifierSubscribeTest, RefusedRefreshLeavesTheSubscriptionAsItWas) {
  const Dialog dialog = Subscribe();
  IncomingRequest refresh = Next(dialog);
  refresh.expires = 10;
  refresh.contact_uri = "sip:elsewhere@192.0.2.66";
  EXPECT_EQ(Send(refresh).answer.status, 423);
  SetPresence("new");
  EXPECT_EQ(last().request_uri, "sip:phone@192.0.2.7");
}

// NOT-37, NOT-39, and RFC 3261 section 12.2.2.
TEST_F(NotifierSubscribeTest, RefreshThatIsNoneIsRefused) {
  const Dialog dialog = Subscribe();
  const std::vector<std::pair<int, std::function<void(IncomingRequest&)>>> rows = {
      {481, [](auto& r) { r.call_id = "other"; }},
      {481, [](auto& r) { r.from_tag = "other"; }},
      {481, [](auto& r) { r.to_tag = "0123456789abcdef"; }},
      {481, [](auto& r) { r.to_tag = "x"; }},
      {403, [](auto& r) { r.event_type = "dialog"; }},
      {403, [](auto& r) { r.event_id = "1"; }},
      {489, [](auto& r) { r.event_count = 0; }},
      {489, [](auto& r) { r.event_type = "unknown"; }},
      {400, [](auto& r) { r.event_count = 2; }},
      {500, [](auto& r) { r.cseq = 1; }},
  };
  for (const auto& [status, spoil] : rows) {
    IncomingRequest refresh = Next(dialog);
    spoil(refresh);
    EXPECT_EQ(Send(refresh).answer.status, status);
  }
  IncomingRequest body = Next(dialog);
  body.body = "list";
  EXPECT_EQ(Send(body).answer.status, 415);
  EXPECT_EQ(sent(), 1u);
  EXPECT_EQ(notifier_.size(), 1u);
}

// NOT-39: the id is part of the name.
TEST_F(NotifierSubscribeTest, RefreshBearsTheSameId) {
  IncomingRequest request = Initial();
  request.event_id = "7";
  request.event_parameters = {"id=7"};
  const Dialog dialog = Send(request);
  EXPECT_EQ(Send(Next(dialog)).answer.status, 200);
  IncomingRequest other = Next(dialog);
  other.cseq = 9;
  other.event_id.reset();
  EXPECT_EQ(Send(other).answer.status, 403);
}

// NOT-30.
TEST_F(NotifierSubscribeTest, UnsubscribeIsToldAndThenItIsGone) {
  const Dialog dialog = Subscribe();
  IncomingRequest request = Next(dialog);
  request.expires = 0;
  EXPECT_EQ(HeaderOf(Send(request).answer, "Expires"), "0");
  EXPECT_EQ(last().subscription_state, "terminated;reason=timeout");
  request.cseq = 3;
  EXPECT_EQ(Send(request).answer.status, 481);  // while the last NOTIFY is under way
  AnswerAll();
  EXPECT_EQ(notifier_.size(), 0u);
  EXPECT_EQ(metrics_.watchers["presence"], 0);
  EXPECT_EQ(timers_.size(), 0u);
}

// Somebody else who has learnt of the dialog.
TEST_F(NotifierSubscribeTest, RefreshOfAnotherIdentityIsForbidden) {
  const IncomingRequest request = Initial();
  Dialog dialog{request, notifier_.OnSubscribe(request, kBob)};
  dialog.request.to_tag = Keep(dialog.answer.to_tag);
  EXPECT_EQ(notifier_.OnSubscribe(Next(dialog), kCarol).status, 403);
  EXPECT_EQ(notifier_.OnSubscribe(Next(dialog), kBob).status, 200);
}

// NOT-34, DEV-10.
TEST_F(NotifierSubscribeTest, OldNameOfPresenceIsWrittenForWhoTakesNothingElse) {
  IncomingRequest request = Initial();
  request.has_accept = true;
  request.accept = {{"application/cpim-pidf+xml"}};
  Send(request);
  EXPECT_EQ(last().content_type, "application/cpim-pidf+xml");
}

// PKG-16: numbered by subscription.
TEST_F(NotifierSubscribeTest, DocumentsAreNumberedBySubscription) {
  const ComposedBody numbered{"application/dialog-info+xml", "<dialog-info version=\"\"/>", 22};
  SetState(numbered, kAlice, "dialog");
  const Dialog first = Subscribe(kBob, "dialog");
  EXPECT_EQ(last().body, "<dialog-info version=\"0\"/>");
  Send(Next(first));
  EXPECT_EQ(last().body, "<dialog-info version=\"1\"/>");
  AnswerAll();
  Subscribe(kCarol, "dialog");
  EXPECT_EQ(last().body, "<dialog-info version=\"0\"/>");
  SetState(numbered, kAlice, "dialog");
  ASSERT_EQ(sent(), 5u);
  EXPECT_THAT(
      (std::vector<std::string>{sender_.sent[3].request.body, sender_.sent[4].request.body}),
      ::testing::UnorderedElementsAre("<dialog-info version=\"2\"/>",
                                      "<dialog-info version=\"1\"/>"));
}

}  // namespace
}  // namespace sipevents::sip
