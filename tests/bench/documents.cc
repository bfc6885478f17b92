#include "tests/bench/documents.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sipevents::bench {
namespace {

constexpr absl::string_view kXml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n";

// Which of a few states an entry has in this version.
absl::string_view Pick(uint32_t version, absl::string_view even, absl::string_view odd) {
  return version % 2 == 0 ? even : odd;
}

std::string Presence(uint32_t version) {
  std::string body = absl::StrCat(
      kXml,
      "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
      "xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" "
      "xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\" entity=\"sip:user@example.com\">\r\n");
  for (int i = 0; i < 5; ++i) {
    absl::StrAppend(&body, " <tuple id=\"t", i, "\"><status><basic>",
                    Pick(version + i, "open", "closed"),
                    "</basic></status><contact priority=\"0.8\">sip:user@192.0.2.", i,
                    ":5060</contact></tuple>\r\n");
  }
  absl::StrAppend(&body,
                  " <dm:person id=\"p1\"><rpid:activities><rpid:on-the-phone/></rpid:activities>"
                  "</dm:person>\r\n</presence>\r\n");
  return body;
}

std::string PresenceChange(uint32_t version) {
  constexpr absl::string_view kSpaces =
      "xmlns:p=\"urn:ietf:params:xml:ns:pidf-diff\" xmlns=\"urn:ietf:params:xml:ns:pidf\" "
      "entity=\"sip:user@example.com\"";
  if (version == 0) {
    std::string body = absl::StrCat(kXml, "<p:pidf-full ", kSpaces, " version=\"0\">\r\n");
    for (int i = 0; i < 7; ++i) {
      absl::StrAppend(&body, " <tuple id=\"t", i,
                      "\"><status><basic>open</basic></status><contact priority=\"0.8\">"
                      "sip:user@192.0.2.",
                      i, ":5060</contact></tuple>\r\n");
    }
    return absl::StrCat(body, "</p:pidf-full>\r\n");
  }
  return absl::StrCat(kXml, "<p:pidf-diff ", kSpaces, " version=\"", version,
                      "\">\r\n <p:replace sel=\"presence/tuple[@id='t", version % 7,
                      "']/status/basic/text()\">", Pick(version / 7, "closed", "open"),
                      "</p:replace>\r\n</p:pidf-diff>\r\n");
}

std::string WatcherInfo(uint32_t version) {
  std::string body = absl::StrCat(
      kXml, "<watcherinfo xmlns=\"urn:ietf:params:xml:ns:watcherinfo\" version=\"", version,
      "\" state=\"full\">\r\n <watcher-list resource=\"sip:user@example.com\" "
      "package=\"presence\">\r\n");
  for (int i = 0; i < 6; ++i) {
    absl::StrAppend(&body, "  <watcher id=\"w7768a77s", i, "\" event=\"subscribe\" status=\"",
                    Pick(version + i, "active", "pending"), "\" duration-subscribed=\"", 500 + i,
                    "\" expiration=\"3100\" "
                    "display-name=\"Bob ",
                    i, "\">sip:bob", i, "@example.com</watcher>\r\n");
  }
  return absl::StrCat(body, " </watcher-list>\r\n</watcherinfo>\r\n");
}

std::string DialogInfo(uint32_t version) {
  std::string body =
      absl::StrCat(kXml, "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"",
                   version, "\" state=\"full\" entity=\"sip:user@example.com\">\r\n");
  for (int i = 0; i < 2; ++i) {
    absl::StrAppend(
        &body, " <dialog id=\"as7d900as", i, "\" call-id=\"a84b4c76e66710-", i,
        "\" local-tag=\"1928301774\" remote-tag=\"456887766\" direction=\"initiator\">\r\n"
        "  <state event=\"remote-busy\" code=\"486\">",
        Pick(version + i, "confirmed", "early"),
        "</state>\r\n  <duration>145</duration>\r\n  <local><identity display=\"User\">"
        "sip:user@example.com</identity><target uri=\"sip:user@192.0.2.7:5060\"/></local>\r\n"
        "  <remote><identity display=\"Bob\">sip:bob@example.com</identity>"
        "<target uri=\"sip:bob@192.0.2.8:5060\"/></remote>\r\n </dialog>\r\n");
  }
  return absl::StrCat(body, "</dialog-info>\r\n");
}

std::string MessageSummary(uint32_t version) {
  std::string body = absl::StrCat(
      "Messages-Waiting: yes\r\nMessage-Account: sip:user@vmail.example.com\r\n"
      "Voice-Message: ",
      version, "/8 (1/2)\r\nFax-Message: 1/0 (0/0)\r\n\r\n");
  for (int i = 0; i < 6; ++i) {
    absl::StrAppend(&body,
                    "To: <user@atlanta.example.com>\r\nFrom: <alice@atlanta.example.com>\r\n"
                    "Subject: carpool tomorrow?\r\nDate: Sun, 09 Jul 2000 21:23:01 -0700\r\n"
                    "Priority: normal\r\nMessage-ID: 1378",
                    i, "@vmail.example.com\r\n\r\n");
  }
  return body;
}

std::string Registration(uint32_t version, bool full) {
  std::string body = absl::StrCat(
      kXml, "<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"", version, "\" state=\"",
      full ? "full" : "partial",
      "\">\r\n <registration aor=\"sip:user@example.com\" id=\"as9\" state=\"active\">\r\n");
  for (int i = full ? 0 : 3; i < 4; ++i) {
    absl::StrAppend(
        &body, "  <contact id=\"7", i, "\" state=\"", Pick(version + i, "active", "terminated"),
        "\" event=\"registered\" duration-registered=\"7322\" expires=\"1234\" "
        "q=\"0.8\" callid=\"a84b4c76e66710\" cseq=\"",
        version + 1, "\">\r\n   <uri>sip:user@pc", i, ".example.com</uri>\r\n  </contact>\r\n");
  }
  return absl::StrCat(body, " </registration>\r\n</reginfo>\r\n");
}

std::string FullRegistration(uint32_t version) { return Registration(version, true); }
std::string RegistrationChange(uint32_t version) { return Registration(version, version == 0); }

std::string ConferenceUser(int user, absl::string_view state, absl::string_view attributes) {
  return absl::StrCat("  <user entity=\"sip:bob", user, "@example.com\"", attributes,
                      ">\r\n   <display-text>Bob ", user,
                      "</display-text>\r\n   <endpoint entity=\"sip:bob", user,
                      "@pc33.example.com\">\r\n    <status>", state,
                      "</status>\r\n    <joining-method>dialed-in</joining-method>\r\n"
                      "    <media id=\"1\"><type>audio</type><status>sendrecv</status></media>\r\n"
                      "   </endpoint>\r\n  </user>\r\n");
}

std::string Conference(uint32_t version, bool full) {
  std::string body =
      absl::StrCat(kXml,
                   "<conference-info xmlns=\"urn:ietf:params:xml:ns:conference-info\" "
                   "entity=\"sips:conf233@example.com\" state=\"",
                   full ? "full" : "partial", "\" version=\"", version, "\">\r\n");
  if (!full) {
    return absl::StrCat(body, " <users state=\"partial\">\r\n",
                        ConferenceUser(1, Pick(version, "connected", "on-hold"), ""),
                        " </users>\r\n</conference-info>\r\n");
  }
  absl::StrAppend(&body, " <conference-state><user-count>3</user-count></conference-state>\r\n",
                  " <users>\r\n");
  for (int i = 0; i < 3; ++i) {
    absl::StrAppend(&body, ConferenceUser(i, Pick(version + i, "connected", "on-hold"), ""));
  }
  return absl::StrCat(body, " </users>\r\n</conference-info>\r\n");
}

std::string FullConference(uint32_t version) { return Conference(version, true); }
std::string ConferenceChange(uint32_t version) { return Conference(version, version == 0); }

std::string XcapDiff(uint32_t version) {
  std::string body = absl::StrCat(kXml,
                                  "<xcap-diff xmlns=\"urn:ietf:params:xml:ns:xcap-diff\" "
                                  "xcap-root=\"https://xcap.example.com/root/\">\r\n");
  for (int i = 0; i < 6; ++i) {
    absl::StrAppend(&body, " <document new-etag=\"e", version + 1, "-", i, "\" previous-etag=\"e",
                    version, "-", i, "\" sel=\"resource-lists/users/sip:user@example.com/index", i,
                    "\"/>\r\n");
  }
  return absl::StrCat(body, "</xcap-diff>\r\n");
}

std::string VoiceQuality(uint32_t version) {
  return absl::StrCat(
      "VQSessionReport: CallTerm\r\nCallID: 6dg37f1890463\r\nLocalID: Alice <sip:alice@example.org>"
      "\r\nRemoteID: Bill <sip:bill@example.net>\r\nOrigID: Alice <sip:alice@example.org>\r\n"
      "LocalGroup: example-phone-55671\r\nRemoteGroup: example-gateway-09871\r\n"
      "LocalAddr: IP=192.0.2.5 PORT=5002 SSRC=1a3b5c7d\r\nLocalMAC: 00:1f:5b:cc:21:0f\r\n"
      "RemoteAddr: IP=192.0.2.4 PORT=5000 SSRC=0x2468abcd\r\nRemoteMAC: 00:26:08:8e:95:02\r\n"
      "LocalMetrics:\r\nTimestamps:START=2024-10-10T18:23:43Z STOP=2024-10-10T18:26:02Z\r\n"
      "SessionDesc:PT=18 PD=G729 SR=8000 FD=20 FO=20 FPP=2 PPS=50 FMTP=\"annexb=no\" PLC=3 SSUP=on"
      "\r\nJitterBuffer:JBA=3 JBR=2 JBN=40 JBM=80 JBX=120\r\nPacketLoss:NLR=5.0 JDR=2.0\r\n"
      "BurstGapLoss:BLD=0 BD=0 GLD=2.0 GD=500 GMIN=16\r\nDelay:RTD=200 ESD=140 IAJ=2\r\n"
      "Signal:SL=-21 NL=-50 RERL=55\r\nQualityEst:RLQ=",
      80 + version % 10,
      " RCQ=85 EXTRI=90 MOSLQ=4.2 MOSCQ=4.3 QoEEstAlg=P.564\r\nDialogID:38419823470834;"
      "to-tag=8472761;from-tag=9123dh311\r\n");
}

std::string PhoneFeatures(uint32_t version) {
  return absl::StrCat(
      kXml,
      "<ForwardingEvent xmlns=\"http://www.ecma-international.org/standards/ecma-323"
      "/csta/ed3\">\r\n <device>sip:user@example.com</device>\r\n"
      " <forwardingType>forwardImmediate</forwardingType>\r\n <forwardStatus>",
      Pick(version, "true", "false"),
      "</forwardStatus>\r\n <forwardTo>sip:bob@example.com</forwardTo>\r\n"
      "</ForwardingEvent>\r\n");
}

std::string KeyPress(uint32_t version) {
  return absl::StrCat(kXml,
                      "<kpml-response xmlns=\"urn:ietf:params:xml:ns:kpml-response\" "
                      "version=\"1.0\" code=\"200\" text=\"OK\" digits=\"",
                      version % 10, "\" tag=\"dtmf\"/>\r\n");
}

}  // namespace

std::vector<DocumentSeries> AllDocumentSeries() {
  return {
      {"presence", "presence", "application/pidf+xml", true, Presence},
      {"presence_change", "presence", "application/pidf-diff+xml", true, PresenceChange},
      {"watcher_info", "presence.winfo", "application/watcherinfo+xml", true, WatcherInfo},
      {"dialog", "dialog", "application/dialog-info+xml", true, DialogInfo},
      {"message_summary", "message-summary", "application/simple-message-summary", false,
       MessageSummary},
      {"reg", "reg", "application/reginfo+xml", true, FullRegistration},
      {"reg_change", "reg", "application/reginfo+xml", true, RegistrationChange},
      {"conference", "conference", "application/conference-info+xml", true, FullConference},
      {"conference_change", "conference", "application/conference-info+xml", true,
       ConferenceChange},
      {"xcap_diff", "xcap-diff", "application/xcap-diff+xml", true, XcapDiff},
      {"kpml", "kpml", "application/kpml-response+xml", true, KeyPress},
      {"vq_rtcpxr", "vq-rtcpxr", "application/vq-rtcpxr", false, VoiceQuality},
      {"as_feature_event", "as-feature-event", "application/x-as-feature-event+xml", true,
       PhoneFeatures},
  };
}

}  // namespace sipevents::bench
