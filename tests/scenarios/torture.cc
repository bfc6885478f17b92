#include "tests/scenarios/torture.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace sipevents::testing {
namespace {

constexpr char kActive[] = "Event: presence\r\nSubscription-State: active;expires=30\r\n";

// The parts of a request, each of which a case may spoil.
struct Parts {
  std::string start;
  std::string via;
  std::string from = "From: <sip:user@example.com>;tag=torture\r\n";
  std::string to = "To: <sip:gateway@example.com>;tag=nobody\r\n";
  std::string call_id;
  std::string cseq = "CSeq: 101 NOTIFY\r\n";
  std::string max_forwards = "Max-Forwards: 70\r\n";
  std::string contact = "Contact: <sip:user@127.0.0.1>\r\n";
  std::string more = kActive;
  std::string length = "Content-Length: 0\r\n";
  std::string body;

  std::string Text() const {
    return absl::StrCat(start, via, from, to, call_id, cseq, max_forwards, contact, more, length,
                        "\r\n", body);
  }
};

class TortureSet {
 public:
  TortureSet(int gateway_port, int peer_port)
      : gateway_port_(gateway_port), peer_port_(peer_port) {}

  std::string uri() const { return absl::StrCat("sip:gateway@127.0.0.1:", gateway_port_); }

  // The parts of a good request, with a branch of their own.
  Parts Good(const std::string& method = "NOTIFY") {
    branch_ = absl::StrCat("z9hG4bKtorture", ++count_);
    Parts parts;
    parts.start = absl::StrCat(method, " ", uri(), " SIP/2.0\r\n");
    parts.via = Via("SIP/2.0/UDP");
    parts.call_id = absl::StrCat("Call-ID: torture-", count_, "@127.0.0.1\r\n");
    parts.cseq = absl::StrCat("CSeq: 101 ", method, "\r\n");
    if (method != "NOTIFY") parts.more = "";
    if (method != "NOTIFY") parts.to = "To: <sip:gateway@example.com>\r\n";
    return parts;
  }

  std::string Via(const std::string& protocol) const {
    return absl::StrCat("Via: ", protocol, " 127.0.0.1:", peer_port_, ";branch=", branch_,
                        ";rport\r\n");
  }

  void Add(std::string name, const Parts& parts, std::vector<int> statuses) {
    AddRaw(std::move(name), parts.Text(), std::move(statuses));
  }

  void AddRaw(std::string name, std::string bytes, std::vector<int> statuses) {
    all_.push_back({std::move(name), std::move(bytes), branch_, std::move(statuses)});
  }

  // Adds a good NOTIFY with `more` in place of Event and Subscription-State.
  void AddNotify(std::string name, const std::string& more, std::vector<int> statuses) {
    Parts parts = Good();
    parts.more = more;
    Add(std::move(name), parts, std::move(statuses));
  }

  // Adds a good NOTIFY with another start line.
  void AddStart(std::string name, const std::string& start, std::vector<int> statuses) {
    Parts parts = Good();
    parts.start = absl::StrCat(start, "\r\n");
    Add(std::move(name), parts, std::move(statuses));
  }

  std::vector<Torture> Take() { return std::move(all_); }

 private:
  const int gateway_port_;
  const int peer_port_;
  int count_ = 0;
  std::string branch_;
  std::vector<Torture> all_;
};

// RFC 4475, 3.1.2: start lines.
void AddStartLines(TortureSet& set) {
  const std::string uri = set.uri();
  for (const std::string method : {"RE%47IST%45R", "NOTIFYX", "!interesting-Method_*.%indeed'~"}) {
    set.Add(method, set.Good(method), {405, 501});  // esc02
  }
  // sofia-sip takes no + and ` in a method, though RFC 3261 does.
  set.Add("intmeth", set.Good("!interesting-Method0123456789_*+`.%indeed'~"), {405, 501, 0});
  set.AddStart("ltgtruri", absl::StrCat("NOTIFY <", uri, "> SIP/2.0"), {400, 416, 481, 0});
  set.AddStart("lwsruri", absl::StrCat("NOTIFY ", uri, "; lr SIP/2.0"), {400, 0});
  set.AddStart("lwsstart", absl::StrCat("NOTIFY  ", uri, "  SIP/2.0"), {400, 481, 0});
  set.AddStart("trws", absl::StrCat("NOTIFY ", uri, " SIP/2.0  "), {400, 481, 0});
  set.AddStart("escruri", absl::StrCat("NOTIFY ", uri, "?Route=%3Csip:example.com%3E SIP/2.0"),
               {400, 481, 0});
  set.AddStart("badvers", absl::StrCat("NOTIFY ", uri, " SIP/7.0"), {505, 400, 0});
  for (const auto& [name, target] :
       {std::pair("unkscm", "nobodyKnowsThisScheme:totallyopaquecontent"),
        std::pair("novelsc", "soap.beep://192.0.2.103:3002")}) {
    Parts parts = set.Good("OPTIONS");
    parts.start = absl::StrCat("OPTIONS ", target, " SIP/2.0\r\n");
    set.Add(name, parts, {416});
  }
  set.AddStart("bad escape", "NOTIFY sip:%@127.0.0.1 SIP/2.0", {400, 481, 0});
  set.AddStart("cut escape", "NOTIFY sip:a%0@127.0.0.1;x=%2 SIP/2.0", {400, 481, 0});
  set.AddStart("open bracket", "NOTIFY sip:[::1 SIP/2.0", {400, 481, 0});
  set.AddStart("no URI", "NOTIFY SIP/2.0", {400, 0});
}

// RFC 4475, 3.1.2: headers that every request has.
void AddCommonHeaders(TortureSet& set) {
  Parts parts = set.Good();
  parts.length = "Content-Length: 9999\r\n";
  parts.body = "abc";
  set.Add("clerr", parts, {400, 0});
  parts = set.Good();
  parts.length = "Content-Length: -999\r\n";
  set.Add("ncl", parts, {400, 0});
  parts = set.Good();
  parts.length = "Content-Length: 99999999999999999999\r\n";
  set.Add("length beyond 64 bits", parts, {400, 0});
  parts = set.Good();
  parts.length = "Content-Length: 0\r\nContent-Length: 5\r\n";
  set.Add("mcl01", parts, {400, 481, 0});
  parts = set.Good();
  parts.cseq = "CSeq: 36893488147419103232 NOTIFY\r\n";
  set.Add("scalar02", parts, {400, 0});
  parts = set.Good();
  parts.cseq = "CSeq: NOTIFY\r\n";
  set.Add("CSeq without number", parts, {400, 0});
  parts = set.Good();
  parts.cseq = "CSeq: 8 INVITE\r\n";
  set.Add("mismatch01", parts, {400});
  parts = set.Good("NEWMETHOD");
  parts.cseq = "CSeq: 8 INVITE\r\n";
  set.Add("mismatch02", parts, {501, 400, 405});
  parts = set.Good();
  parts.from = "From: \"Mr. J. User <sip:j@example.com>;tag=99\r\n";
  set.Add("quotbal", parts, {400, 481, 0});
  parts = set.Good();
  parts.from = "";
  parts.to = "";
  set.Add("insuf", parts, {400, 0});
  parts = set.Good();
  parts.call_id = "Call-ID: \r\n";
  set.Add("empty Call-ID", parts, {400, 481, 0});
  parts = set.Good();
  parts.more = absl::StrCat(kActive, "CSeq: 5 NOTIFY\r\nFrom: <sip:other@x>;tag=zz\r\n",
                            "To: <sip:zz@x>\r\nCall-ID: other\r\n");
  set.Add("multi01", parts, {400, 0});
  parts = set.Good();
  parts.max_forwards = "Max-Forwards: 300000000000\r\n";
  set.Add("Max-Forwards beyond 32 bits", parts, {481, 400});
  parts = set.Good("OPTIONS");
  parts.max_forwards = "Max-Forwards: 0\r\n";
  set.Add("zeromf", parts, {200, 483});
  parts = set.Good("OPTIONS");
  parts.more = "Require: foo, bar\r\nProxy-Require: baz\r\n";
  set.Add("bext01", parts, {420});
  parts = set.Good("REGISTER");
  parts.more = "Authorization: NoOneKnowsThisScheme opaque-data=here\r\n";
  set.Add("regaut01", parts, {405});
}

// Vias: where the answer would go.
void AddVias(TortureSet& set) {
  Parts parts = set.Good();
  parts.via = "";
  set.Add("no Via", parts, {0});
  parts = set.Good();
  parts.via = set.Via("SIP/2.0/UNKNOWN");
  set.Add("transports", parts, {});
  parts = set.Good();
  parts.via = absl::StrCat("Via: SIP/2.0/UDP ", std::string(5000, 'a'), ";branch=z9hG4bKa\r\n");
  set.Add("Via of 5000 letters", parts, {});
  parts = set.Good();
  for (int i = 0; i < 900; ++i) {
    absl::StrAppend(&parts.via, "Via: SIP/2.0/UDP h", i, ";branch=z9hG4bKx\r\n");
  }
  set.Add("900 Vias", parts, {});
  parts = set.Good();
  parts.via = "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK\r\n";
  set.Add("badbranch", parts, {});
  parts = set.Good("OPTIONS");
  parts.max_forwards = "";
  parts.from = "From: <sip:old@example.com>\r\n";
  parts.via = "Via: SIP/2.0/UDP 127.0.0.1;received=999.1.2.3;ttl=-1;rport=99999\r\n";
  set.Add("inv2543 with bad parameters", parts, {});
}

// GEN-10, GEN-12, TOR-03 … TOR-09: what NOTIFY is about.
void AddEventHeaders(TortureSet& set) {
  const std::string active = "Subscription-State: active\r\n";
  const std::vector<int> refused = {400, 489, 481};
  set.AddNotify("TOR-03", absl::StrCat("Event: presence;id=\"q\"\r\n", active), refused);
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
  set.AddNotify("TOR-10", absl::StrCat("Allow-Events: ,a,,b\r\n", kActive), {481, 400});
}

// Headers that nobody asked for.
void AddOtherHeaders(TortureSet& set) {
  set.AddNotify("baddate", absl::StrCat(kActive, "Date: Fri, 01 Jan 2010 16:00:00 EST\r\n"), {481});
  Parts junk = set.Good();
  junk.contact = "Contact: *;expires=0, <sip:\r\n";
  set.Add("Contact of junk", junk, {481, 400});
  junk = set.Good();
  junk.contact = "";
  set.Add("TOR-18", junk, {400});
  set.AddNotify("Authorization of junk",
                absl::StrCat(kActive, "Authorization: Digest username=\",,,=\r\n",
                             "Proxy-Authorization:\r\nWWW-Authenticate: ===\r\n"),
                {481, 400});
  set.AddNotify("line of 30000", absl::StrCat(kActive, "Foo: ", std::string(30000, 'x'), "\r\n"),
                {481, 400, 413, 513, 0});
  std::string many = kActive;
  for (int i = 0; i < 6000; ++i) absl::StrAppend(&many, "X: y\r\n");
  set.AddNotify("TOR-23", many, {481, 400, 413, 513, 0});
  set.AddNotify("NUL in a header", absl::StrCat(kActive, "Foo: a", std::string(1, '\0'), "b\r\n"),
                {481, 400, 0});
  set.AddNotify("not UTF-8", absl::StrCat(kActive, "Subject: \xff\xfe\x80\r\n"), {481, 400});
  Parts parts = set.Good();
  parts.more = absl::StrCat(kActive, "Content-Type: multipart/related;boundary=\"xx\r\n");
  parts.body = "--xx\r\n\r\n";
  parts.length = "Content-Length: 8\r\n";
  set.Add("TOR-13 outside of a dialog", parts, {481, 400, 415});
  parts = set.Good("OPTIONS");
  const std::string first = parts.Text();
  Parts second = set.Good("OPTIONS");
  set.AddRaw("dblreq", first + second.Text(), {0});  // the second one is not answered
}

// Things that are no request, or not even SIP.
void AddNoRequests(TortureSet& set) {
  set.Good();
  const std::string tail = absl::StrCat(
      set.Via("SIP/2.0/UDP"),
      "From: <sip:a@b>;tag=1\r\nTo: <sip:b@c>;tag=2\r\nCall-ID: zz\r\nCSeq: 1 SUBSCRIBE\r\n\r\n");
  set.AddRaw("response to nothing", absl::StrCat("SIP/2.0 200 OK\r\n", tail), {0});
  set.AddRaw("bigcode", absl::StrCat("SIP/2.0 4294967301 better not\r\n", tail), {0});
  set.AddRaw("noreason", absl::StrCat("SIP/2.0 100\r\n", tail), {0});
  set.AddRaw("unreason", absl::StrCat("SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe\r\n", tail), {0});
  set.AddRaw("bcast", "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1\r\n\r\n",
             {0});
  set.AddRaw("keep-alive", "\r\n\r\n", {0});
  set.AddRaw("one octet", "x", {0});
  set.AddRaw("two NULs", std::string(2, '\0'), {0});
  const std::string stun = absl::StrCat(std::string("\0\1\0\x08!\x12\xa4"
                                                    "B",
                                                    8),
                                        std::string(12, '\0'));
  set.AddRaw("STUN cut short", stun, {0});
  set.AddRaw("STUN with a long attribute", stun + std::string("\0\6\xff\xff\0\0\0\0", 8), {0});
  set.AddRaw("SigComp", "\xf8\x01\x02\x03\xf8\x01\x02\x03", {0});
  std::string garbage;
  for (int i = 0; i < 4096; ++i) garbage += static_cast<char>(i * 7);
  set.AddRaw("garbage", garbage, {0});
  set.AddRaw("colons", std::string(20000, ':'), {0});
  set.AddRaw("open quotes", absl::StrCat("NOTIFY ", std::string(20000, '"')), {0});
}

}  // namespace

std::vector<Torture> TortureDatagrams(int gateway_port, int peer_port) {
  TortureSet set(gateway_port, peer_port);
  AddStartLines(set);
  AddCommonHeaders(set);
  AddVias(set);
  AddEventHeaders(set);
  AddOtherHeaders(set);
  AddNoRequests(set);
  return set.Take();
}

}  // namespace sipevents::testing
