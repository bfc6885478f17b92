#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/torture_set.h"

// Start lines, unusual messages that are right, and where messages and answers go. The data is
// ours; the names are those of RFC 4475.

namespace sipevents::testing {

void AddStartLines(TortureSet& set) {
  const std::string uri = set.uri();
  for (const std::string method : {"RE%47IST%45R", "OPTIONSX", "!interesting-Method_*.%indeed'~"}) {
    set.Add("esc02", set.Good(method), {405, 501});  // a method is not unescaped
  }
  // sofia-sip drops a datagram whose start line it cannot read.
  const std::vector<int> refused =
      set.transport() == Transport::kUdp ? std::vector<int>{400, 0} : std::vector<int>{400};
  // Its parser takes no + and ` in a method, though RFC 3261 does.
  set.Add("intmeth", set.Good("!interesting-Method0123456789_*+`.%indeed'~"), {405, 501, 400, 0});
  set.AddStart("ltgtruri", absl::StrCat("OPTIONS <", uri, "> SIP/2.0"), {400, 416, 200});
  set.AddStart("lwsruri", absl::StrCat("OPTIONS ", uri, "; lr SIP/2.0"), refused);
  set.AddStart("lwsstart", absl::StrCat("OPTIONS  ", uri, "  SIP/2.0"), {400, 200});
  set.AddStart("trws", absl::StrCat("OPTIONS ", uri, " SIP/2.0  "), {400, 200});
  set.AddStart("escruri", absl::StrCat("OPTIONS ", uri, "?Route=%3Csip:example.com%3E SIP/2.0"),
               {400, 200});
  set.AddStart("badvers", absl::StrCat("OPTIONS ", uri, " SIP/7.0"), {505});
  set.AddStart("unkscm", "OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0", {416});
  set.AddStart("novelsc", "OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0", {416});
  set.AddStart("tel", "OPTIONS tel:+12015550123 SIP/2.0", {416});
  set.AddStart("bad escape", "OPTIONS sip:%@127.0.0.1 SIP/2.0", refused);
  set.AddStart("cut escape", "OPTIONS sip:a%0@127.0.0.1;x=%2 SIP/2.0", refused);
  set.AddStart("open bracket", "OPTIONS sip:[::1 SIP/2.0", refused);
  // IP6-05: an address that lacks its brackets.
  set.AddStart("bare IPv6", "OPTIONS sip:2001:db8::10 SIP/2.0", refused);
  set.AddStart("no URI", "OPTIONS SIP/2.0", refused);
  set.AddStart("method alone", "OPTIONS", {400, 0});
  set.AddStart("long URI",
               absl::StrCat("OPTIONS sip:", std::string(8000, 'u'), "@127.0.0.1 SIP/2.0"),
               {200, 400, 414, 513});
}

void AddWellFormed(TortureSet& set) {
  TortureParts parts = set.Good();
  parts.to = "TO :\r\n sip:gateway@example.com ;\r\n  tag    = 1918181833n\r\n";
  parts.from =
      "From   : \"J Rosenberg \\\\\\\"\"  <sip:jr@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n";
  parts.max_forwards = "MaX-fOrWaRdS: 0068\r\n";
  parts.cseq = "cseq: 0009\r\n  OPTIONS\r\n";
  parts.contact = "m:\"Quoted string \\\"\\\"\" <sip:jr@example.com>;newparam = newvalue;x\r\n";
  parts.more =
      "Subject:\r\nNewFangledHeader:   newfangled value\r\n continued newfangled value\r\n";
  parts.length = "l: 0\r\n";
  set.Add("wsinv", parts, {200});
  parts = set.Good();
  parts.start = "OPTIONS sip:sips%3Auser%40example.com@127.0.0.1 SIP/2.0\r\n";
  parts.from = "From: <sip:I%20have%20spaces@example.net>;tag=938\r\n";
  parts.to = "To: sip:%75se%72@example.com\r\n";
  set.Add("esc01", parts, {200});
  parts = set.Good("REGISTER");
  parts.to = "To: sip:null-%00-null@example.com\r\n";
  parts.contact = "Contact: <sip:%00@host5.example.com>, <sip:%00%00@host5.example.com>\r\n";
  set.Add("escnull", parts, {405});
  parts = set.Good();
  parts.from = "From: caller<sip:caller@example.com>;tag=323\r\n";
  set.Add("lwsdisp", parts, {200});
  parts = set.Good();
  parts.more = absl::StrCat("Subject: ", std::string(4000, 's'), "\r\nUnknown-",
                            std::string(300, 'n'), ": ", std::string(4000, 'v'), "\r\n");
  for (int i = 0; i < 30; ++i) {
    absl::StrAppend(&parts.via, "Via: SIP/2.0/TCP host", i, ".example.com;branch=z9hG4bK", i,
                    "\r\n");
  }
  set.Add("longreq", parts, {200});
  parts = set.Good();
  parts.start = "OPTIONS sip:user;par=u%40example.net@127.0.0.1 SIP/2.0\r\n";
  set.Add("semiuri", parts, {200});
  parts = set.Good();
  for (const char* protocol : {"SCTP", "TLS", "UNKNOWN", "TCP"}) {
    absl::StrAppend(&parts.via, "Via: SIP/2.0/", protocol, " t.example.com;branch=z9hG4bK",
                    protocol, "\r\n");
  }
  set.Add("transports", parts, {200});
  parts = set.Good("MESSAGE");
  parts.SetBody(
      "multipart/mixed;boundary=7a9cbec02ceef655",
      "--7a9cbec02ceef655\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary"
      "\r\n\r\nHello\r\n--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n\r\n" +
          std::string("\0\x01\x80", 3) + "\r\n--7a9cbec02ceef655--");
  set.Add("mpart01", parts, {405});
  // Without the cookie of a branch, Max-Forwards, and a tag in From.
  parts = set.Good();
  set.SetBranch("old");
  parts.via = set.Via();
  parts.from = "From: <sip:old@example.com>\r\n";
  parts.max_forwards = "";
  set.Add("inv2543", parts, {200});
}

void AddLengths(TortureSet& set) {
  const TortureExpectation refused = {{400, 0}, {400, 413}, TortureAfter::kCloses};
  TortureParts parts = set.Good();
  parts.length = "Content-Length: 9999\r\n";
  parts.body = "abc";
  set.AddByTransport("clerr", parts, {{400, 0}, {0}, TortureAfter::kWaits});
  for (const char* length : {"-999", "99999999999999999999", "five", "5;x=1", "0x5", "+5", "1 2"}) {
    parts = set.Good();
    parts.length = absl::StrCat("Content-Length: ", length, "\r\n");
    set.AddByTransport(absl::StrCat("ncl: ", length), parts,
                       // Datagrams have an end of their own; sofia-sip reads the number in front.
                       TortureExpectation{{400, 0, 200}, refused.tcp, refused.after});
  }
  parts = set.Good();
  parts.length = "Content-Length: 0\r\nContent-Length: 5\r\n";
  set.AddByTransport("mcl01", parts, {{400, 0}, {400}, TortureAfter::kCloses});
  parts = set.Good();
  parts.length = "";
  set.AddByTransport("no Content-Length", parts, {{200}, {400}, TortureAfter::kCloses});  // TLS-07
  parts = set.Good("REGISTER");
  const std::string first = parts.Text();
  const std::string second = set.Good("INVITE").Text();
  // Over UDP what trails is no second request; over TCP it is one.
  set.AddRaw("dblreq", first + second, {{0}, {405}});
  // TOR-15
  parts = set.Good();
  parts.length = "Content-Length: 3\r\n";
  parts.body = set.transport() == Transport::kUdp ? "abcdef" : "abc";
  set.Add("more than Content-Length", parts, {200});
}

void AddVias(TortureSet& set) {
  TortureParts parts = set.Good();
  parts.via = "";
  set.Add("no Via", parts, {0});
  parts = set.Good();
  parts.via = set.Via("SIP/2.0/UNKNOWN");
  set.Add("Via of an unknown transport", parts, {});
  parts = set.Good();
  parts.via = absl::StrCat("Via: SIP/2.0/UDP ", std::string(5000, 'a'), ";branch=z9hG4bKa\r\n");
  set.Add("Via of 5000 letters", parts, {});
  parts = set.Good();
  for (int i = 0; i < 300; ++i) {
    absl::StrAppend(&parts.via, "Via: SIP/2.0/UDP h", i, ";branch=z9hG4bKx\r\n");
  }
  set.Add("300 Vias", parts, {});
  parts = set.Good();
  set.SetBranch("z9hG4bK");
  parts.via = set.Via();
  set.Add("badbranch", parts, {200, 400});
  parts = set.Good();
  parts.via = "Via: SIP/2.0/UDP 127.0.0.1;received=999.1.2.3;ttl=-1;rport=99999;maddr=[::1\r\n";
  set.Add("Via of bad parameters", parts, {});
  parts = set.Good();
  parts.via = absl::StrCat("Via: SIP/2.0/UDP 192.0.2.15;;,;,,\r\n", set.Via());
  parts.contact = "Contact: \"Joe\" <sip:joe@example.org>;;;;\r\n";
  set.Add("badinv01", parts, {});
}

}  // namespace sipevents::testing
