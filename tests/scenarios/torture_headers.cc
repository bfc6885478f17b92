#include <string>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/torture_set.h"

// Headers that are wrong, and what is no request.

namespace sipevents::testing {

namespace {

void AddNumbers(TortureSet& set) {
  TortureParts parts = set.Good();
  parts.cseq = "CSeq: 36893488147419103232 OPTIONS\r\n";
  parts.max_forwards = "Max-Forwards: 300\r\n";
  parts.more = "Expires: 10000000000000000000000000000000000000000000000000\r\n";
  set.Add("scalar02", parts, {400});
  parts = set.Good("NOTIFY");
  parts.cseq = "CSeq: 4294967295 NOTIFY\r\n";
  set.Add("TOR-21", parts, {400});
  parts = set.Good();
  parts.cseq = "CSeq: OPTIONS\r\n";
  set.Add("CSeq without number", parts, {400});
  parts = set.Good();
  parts.cseq = "CSeq: 8 INVITE\r\n";
  set.Add("mismatch01", parts, {400});
  parts = set.Good("NEWMETHOD");
  parts.cseq = "CSeq: 8 INVITE\r\n";
  set.Add("mismatch02", parts, {501, 400, 405});
  parts = set.Good();
  parts.max_forwards = "Max-Forwards: 300000000000\r\n";
  set.Add("Max-Forwards beyond 32 bits", parts, {200, 400});
  parts = set.Good();
  parts.max_forwards = "Max-Forwards: 0\r\n";
  set.Add("zeromf", parts, {200});
  parts = set.Good();
  parts.more = "Expires: 10000000000000000000000000000000000000000000000000\r\n";
  set.Add("Expires beyond 64 bits", parts, {200, 400});
}

void AddNames(TortureSet& set) {
  TortureParts parts = set.Good();
  parts.to = "To: \"Mr. J. User <sip:j.user@example.com>\r\n";
  set.Add("quotbal", parts, {400, 200});
  parts = set.Good();
  parts.from = "From: \"caller <sip:caller@example.com>;tag=1\r\n";
  set.Add("open quote in From", parts, {400, 200});
  parts = set.Good();
  parts.from = "From: <sip:caller@example.org >;tag=33242\r\n";
  parts.to = "To: \"Watson, Thomas\" < sip:t.watson@example.org >\r\n";
  set.Add("badaspec", parts, {400, 200});
  parts = set.Good();
  parts.from = "From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43\r\n";
  set.Add("baddn", parts, {400, 200});
  parts = set.Good("REGISTER");
  parts.contact = "Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E\r\n";
  set.Add("regbadct", parts, {400, 405});
  parts = set.Good("REGISTER");
  parts.contact = "Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>\r\n";
  set.Add("regescrt", parts, {405});
  parts = set.Good("REGISTER");
  parts.contact = "Contact: sip:+19725552222@gw1.example.net;unknownparam\r\n";
  set.Add("cparam01", parts, {405});
  parts = set.Good("REGISTER");
  parts.contact = "Contact: <sip:+19725552222@gw1.example.net;unknownparam>\r\n";
  set.Add("cparam02", parts, {405});
  parts = set.Good("REGISTER");
  parts.to = "To: isbn:2983792873\r\n";
  set.Add("unksm2", parts, {405, 400});
  parts = set.Good();
  parts.from = "";
  parts.to = "";
  set.Add("insuf", parts, {400});
  parts = set.Good("NOTIFY");
  parts.call_id = "Call-ID: \r\n";
  set.Add("empty Call-ID", parts, {400, 481});
  parts = set.Good();
  parts.call_id = "";
  set.Add("no Call-ID", parts, {400});
  parts = set.Good();
  parts.cseq = "";
  set.Add("no CSeq", parts, {400});
  parts = set.Good();
  parts.more =
      "CSeq: 5 OPTIONS\r\nFrom: <sip:other@x>;tag=zz\r\nTo: <sip:zz@x>\r\nCall-ID: other\r\n";
  set.Add("multi01", parts, {400});
}

}  // namespace

void AddCommonHeaders(TortureSet& set) {
  AddNumbers(set);
  AddNames(set);
  TortureParts parts = set.Good();
  parts.more =
      "Require: nothingSupportsThis, nothingSupportsThisEither\r\n"
      "Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis\r\n";
  set.Add("bext01", parts, {420});
  parts = set.Good("NOTIFY");
  parts.more = absl::StrCat("Require: nothingSupportsThis\r\n", kTortureEvent);
  set.Add("bext01 of a NOTIFY", parts, {420});
  parts = set.Good("INVITE");
  parts.SetBody("application/unknownformat", "<audio><pcmu port=\"443\"/></audio>");
  set.Add("invut", parts, {405, 415});
  parts = set.Good("INVITE");
  parts.more = "Accept: text/nobodyKnowsThis\r\n";
  set.Add("sdp01", parts, {405, 406});
  parts = set.Good("REGISTER");
  parts.more = "Authorization: NoOneKnowsThisScheme opaque-data=here\r\n";
  set.Add("regaut01", parts, {405});
  parts = set.Good("SUBSCRIBE");
  parts.to = "To: <sip:gateway@example.com>;tag=nobody\r\n";
  parts.more = "Event: presence\r\n";
  set.Add("TOR-16", parts, {405, 481});
  parts = set.Good("PUBLISH");
  parts.more = "Event: presence\r\nSIP-If-Match: *, \"x\"\r\n";
  set.Add("TOR-17", parts, {405, 400});
}

void AddEventHeaders(TortureSet& set) {
  const std::string active = "Subscription-State: active\r\n";
  set.Add("NOTIFY of no dialog", set.Good("NOTIFY"), {481});
  set.AddNotify("TOR-03", absl::StrCat("Event: presence;id=\"q\"\r\n", active), {400, 489, 481});
  set.AddNotify("TOR-04", absl::StrCat("Event: presence\r\nEvent: dialog\r\n", active), {400});
  set.AddNotify("TOR-05", absl::StrCat("Event: \r\n", active), {400, 489});
  set.AddNotify("no Event", active, {400, 489});
  set.AddNotify("Event of parameters only", absl::StrCat("Event: ;id=\r\n", active), {400, 489});
  set.AddNotify("no Subscription-State", "Event: presence\r\n", {400, 481});
  set.AddNotify("TOR-09", absl::StrCat("Event: presence\r\n", active, active), {400});
  set.AddNotify("Subscription-State of separators",
                "Event: presence\r\nSubscription-State: ;;;=,,\r\n", {400, 481});
  set.AddNotify("TOR-08",
                "Event: presence\r\nSubscription-State: active;expires=-1;retry-after="
                "99999999999999\r\n",
                {400, 481});
  set.AddNotify("TOR-10", absl::StrCat("Allow-Events: ,a,,b\r\n", kTortureEvent), {481, 400});
  TortureParts parts = set.Good("NOTIFY");
  parts.contact = "Contact: *;expires=0, <sip:\r\n";
  set.Add("Contact of junk", parts, {481, 400});
  parts = set.Good("NOTIFY");
  parts.contact = "";
  set.Add("TOR-18", parts, {400});
  parts = set.Good("NOTIFY");
  parts.cseq = "CSeq: 101 OPTIONS\r\n";
  set.Add("TOR-20", parts, {400});
  parts = set.Good("NOTIFY");
  parts.SetBody("multipart/related;boundary=\"xx", "--xx\r\n\r\n");
  set.Add("TOR-13", parts, {481, 400, 415});
}

void AddOtherHeaders(TortureSet& set) {
  TortureParts parts = set.Good();
  parts.more = "Date: Fri, 01 Jan 2010 16:00:00 EST\r\n";
  set.Add("baddate", parts, {200});
  parts = set.Good();
  parts.more =
      "Authorization: Digest username=\",,,=\r\nProxy-Authorization:\r\n"
      "WWW-Authenticate: ===\r\n";
  set.Add("Authorization of junk", parts, {200, 400});
  parts = set.Good();
  parts.more = absl::StrCat("Foo: ", std::string(30000, 'x'), "\r\n");
  set.Add("line of 30000", parts, {200, 400, 413, 513, 0});
  const auto lines = [](int count) {
    std::string many;
    for (int i = 0; i < count; ++i) absl::StrAppend(&many, "X: y\r\n");
    return many;
  };
  parts = set.Good();
  // Ten thousand do not fit into a datagram.
  parts.more = lines(set.transport() == Transport::kUdp ? 6000 : 10000);
  set.AddByTransport("TOR-23", parts, {{200, 400, 413, 513, 0}, {400, 513}, TortureAfter::kCloses});
  parts = set.Good();
  parts.more = absl::StrCat("Foo: a", std::string(1, '\0'), "b\r\n");
  set.Add("NUL in a header", parts, {200, 400, 0});
  parts = set.Good();
  parts.more = "Subject: \xff\xfe\x80\r\n";
  set.Add("not UTF-8", parts, {200, 400});
  parts = set.Good();
  parts.more = ": no name\r\nno colon\r\n  \r\n";
  set.Add("headers that are none", parts, {200, 400, 0});
}

void AddNoRequests(TortureSet& set) {
  set.Good();
  const std::string tail =
      absl::StrCat(set.Via(), "From: <sip:a@b>;tag=1\r\nTo: <sip:b@c>;tag=2\r\nCall-ID: zz\r\n",
                   "CSeq: 1 SUBSCRIBE\r\nContent-Length: 0\r\n\r\n");
  const auto add_response = [&set, &tail](const std::string& name, const std::string& start) {
    set.Good();
    set.AddRaw(name, absl::StrCat(start, "\r\n", tail), {{0}, {0}});
  };
  add_response("response to nothing", "SIP/2.0 200 OK");
  add_response("bigcode", "SIP/2.0 4294967301 better not");
  add_response("noreason", "SIP/2.0 100 ");
  add_response("no reason and no blank", "SIP/2.0 100");
  add_response("unreason", "SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe");
  add_response("status 0", "SIP/2.0 000 nothing");
  set.AddRaw("scalarlg",
             absl::StrCat("SIP/2.0 503 Service Unavailable\r\n", set.Via(),
                          "From: <sip:a@b>;tag=1\r\nTo: <sip:b@c>;tag=2\r\nCall-ID: zz\r\n",
                          "CSeq: 9292394834772304023312 OPTIONS\r\nRetry-After: ",
                          "949302838503028349304023988\r\nWarning: 1812 overture \"In Progress\"",
                          "\r\nContent-Length: 0\r\n\r\n"),
             {{0}, {0}});
  set.AddRaw("bcast",
             "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1\r\n"
             "Content-Length: 0\r\n\r\n",
             {{0}, {0}});
  set.AddRaw("keep-alive", "\r\n\r\n", {{0}, {0}});
  // Over TCP, what never becomes a message keeps its connection busy for a while, and no more.
  const TortureExpectation nothing = {{0}, {0}, TortureAfter::kWaits};
  set.AddRaw("one octet", "x", nothing);
  set.AddRaw("two NULs", std::string(2, '\0'), nothing);
  const std::string stun = std::string("\0\1\0\x08!\x12\xa4", 7) + "B" + std::string(12, '\0');
  set.AddRaw("STUN cut short", stun, nothing);
  set.AddRaw("STUN with a long attribute", stun + std::string("\0\6\xff\xff\0\0\0\0", 8), nothing);
  set.AddRaw("SigComp", "\xf8\x01\x02\x03\xf8\x01\x02\x03", nothing);
  std::string garbage;
  for (int i = 0; i < 4096; ++i) garbage += static_cast<char>(i * 7);
  set.AddRaw("garbage", garbage, nothing);
  set.AddRaw("colons", std::string(20000, ':'), nothing);
  set.AddRaw("open quotes", absl::StrCat("NOTIFY ", std::string(20000, '"')), nothing);
}

}  // namespace sipevents::testing
