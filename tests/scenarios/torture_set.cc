#include "tests/scenarios/torture_set.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace sipevents::testing {

std::string TortureParts::Text() const {
  return absl::StrCat(start, via, from, to, call_id, cseq, max_forwards, contact, more, length,
                      "\r\n", body);
}

void TortureParts::SetBody(const std::string& type, const std::string& content) {
  absl::StrAppend(&more, "Content-Type: ", type, "\r\n");
  length = absl::StrCat("Content-Length: ", content.size(), "\r\n");
  body = content;
}

std::string TortureSet::uri() const {
  return absl::StrCat("sip:gateway@127.0.0.1:", gateway_port_);
}

std::string TortureSet::Via(const std::string& protocol) const {
  const std::string right = transport_ == Transport::kUdp ? "SIP/2.0/UDP" : "SIP/2.0/TCP";
  return absl::StrCat("Via: ", protocol.empty() ? right : protocol, " 127.0.0.1:", peer_port_,
                      ";branch=", branch_, ";rport\r\n");
}

TortureParts TortureSet::Good(const std::string& method) {
  branch_ = absl::StrCat("z9hG4bKtorture", ++count_);
  TortureParts parts;
  parts.start = absl::StrCat(method, " ", uri(), " SIP/2.0\r\n");
  parts.via = Via();
  parts.call_id = absl::StrCat("Call-ID: torture-", count_, "@127.0.0.1\r\n");
  parts.cseq = absl::StrCat("CSeq: 101 ", method, "\r\n");
  if (method == "NOTIFY") {
    parts.more = kTortureEvent;
    parts.to = "To: <sip:gateway@example.com>;tag=nobody\r\n";
  }
  return parts;
}

void TortureSet::Add(const std::string& name, const TortureParts& parts,
                     std::vector<int> statuses) {
  AddRaw(name, parts.Text(), {statuses, statuses});
}

void TortureSet::AddByTransport(const std::string& name, const TortureParts& parts,
                                TortureExpectation expectation) {
  AddRaw(name, parts.Text(), std::move(expectation));
}

void TortureSet::AddRaw(const std::string& name, const std::string& bytes,
                        TortureExpectation expectation) {
  const bool over_udp = transport_ == Transport::kUdp;
  all_.push_back({name, bytes, branch_, over_udp ? expectation.udp : expectation.tcp,
                  over_udp ? TortureAfter::kServes : expectation.after});
}

void TortureSet::AddStart(const std::string& name, const std::string& start,
                          std::vector<int> statuses) {
  TortureParts parts = Good();
  parts.start = absl::StrCat(start, "\r\n");
  Add(name, parts, std::move(statuses));
}

void TortureSet::AddNotify(const std::string& name, const std::string& more,
                           std::vector<int> statuses) {
  TortureParts parts = Good("NOTIFY");
  parts.more = more;
  Add(name, parts, std::move(statuses));
}

std::vector<Torture> TortureMessages(Transport transport, int gateway_port, int peer_port) {
  TortureSet set(transport, gateway_port, peer_port);
  AddStartLines(set);
  AddWellFormed(set);
  AddCommonHeaders(set);
  AddLengths(set);
  AddVias(set);
  AddEventHeaders(set);
  AddOtherHeaders(set);
  AddNoRequests(set);
  return set.Take();
}

}  // namespace sipevents::testing
