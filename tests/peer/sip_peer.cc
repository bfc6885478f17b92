#include "tests/peer/sip_peer.h"

#include <random>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"

namespace sipevents::testing {
namespace {

constexpr size_t kLogEntries = 40;
constexpr size_t kLogEntryBytes = 700;
// What waits for the script; a peer that serves by a handler keeps none.
constexpr size_t kMostKept = 10000;

std::string DefaultContentType(const std::string& event) {
  if (event == "presence") return "application/pidf+xml";
  if (event == "dialog") return "application/dialog-info+xml";
  if (event == "message-summary") return "application/simple-message-summary";
  return "text/plain";
}

std::string EventName(const std::string& event) { return event.substr(0, event.find(';')); }

std::string BranchOf(const SipText& sip) { return ParameterOf(sip.Header("Via"), "branch"); }

std::string TransactionKey(const SipText& sip) {
  return absl::StrCat(sip.method(), " ", BranchOf(sip), " ", sip.Header("CSeq"));
}

std::string BodyLines(const std::string& content_type, const std::string& body) {
  return absl::StrCat(body.empty() ? "" : absl::StrCat("Content-Type: ", content_type, "\r\n"),
                      "Content-Length: ", body.size(), "\r\n\r\n", body);
}

std::string Lines(const std::vector<std::string>& headers) {
  return headers.empty() ? "" : absl::StrCat(absl::StrJoin(headers, "\r\n"), "\r\n");
}

// The flow that a request to this subscriber takes: back over its connection, or to its Contact.
Flow FlowToContact(const Received& subscribe) {
  if (subscribe.flow.is_tcp()) return subscribe.flow;
  return Wire::UdpTo(PortOf(UriOf(subscribe.Header("Contact"))));
}

}  // namespace

int Received::expires() const {
  int seconds = -1;
  return absl::SimpleAtoi(sip.Header("Expires"), &seconds) ? seconds : -1;
}

absl::StatusOr<std::unique_ptr<SipPeer>> SipPeer::Start(int port) {
  return StartOver(port, nullptr);
}

absl::StatusOr<std::unique_ptr<SipPeer>> SipPeer::StartWithTls(const TlsSettings& tls, int port) {
  absl::StatusOr<std::shared_ptr<const TlsFiles>> files = TlsFiles::Read(tls);
  if (!files.ok()) return files.status();
  return StartOver(port, *std::move(files));
}

absl::StatusOr<std::unique_ptr<SipPeer>> SipPeer::StartOver(int port,
                                                            std::shared_ptr<const TlsFiles> tls) {
  std::unique_ptr<SipPeer> peer(new SipPeer());
  absl::StatusOr<std::unique_ptr<Wire>> wire = Wire::Open(
      port,
      [p = peer.get()](const std::string& bytes, const Flow& flow) { p->OnBytes(bytes, flow); },
      std::move(tls));
  if (!wire.ok()) return wire.status();
  peer->wire_ = *std::move(wire);
  return peer;
}

SipPeer::~SipPeer() {
  // Before anything of this goes: the wire's thread uses all of it, wire_ too.
  if (wire_ != nullptr) wire_->Stop();
}

std::string SipPeer::uri(bool over_tcp) const {
  return absl::StrCat("sip:127.0.0.1:", port(), over_tcp ? ";transport=tcp" : "");
}

std::string SipPeer::tls_uri(const std::string& host) const {
  return absl::StrCat("sip:", host, ":", tls_port(), ";transport=tls");
}

std::string SipPeer::ContactFor(const Flow& flow) const {
  const std::string own = "sip:peer@127.0.0.1:";
  if (flow.is_tls()) return absl::StrCat(own, tls_port(), ";transport=tls");
  return absl::StrCat(own, port(), flow.is_tcp() ? ";transport=tcp" : "");
}

void SipPeer::OnBytes(const std::string& bytes, const Flow& flow) {
  absl::StatusOr<SipText> parsed = SipText::Parse(bytes);
  if (bytes == "\r\n\r\n") return OnPing(flow);
  if (!parsed.ok()) return;  // keep-alives, and what no script waits for
  Received received{*std::move(parsed), flow, absl::Now()};
  std::function<void(const Received&)> handler;
  {
    MutexLock lock(mutex_);
    Note("<--", bytes);
    if (received.sip.is_request()) {
      handler = handler_;
    } else if (received.sip.status() >= 200 && responses_.size() < kMostKept) {
      responses_.push_back(received);
    }
  }
  if (received.sip.is_request()) {
    if (!IsNew(received)) return;
    if (handler) {
      handler(received);
      return;
    }
    MutexLock lock(mutex_);
    if (requests_.size() < kMostKept) requests_.push_back(std::move(received));
  }
  arrived_.NotifyAll();
}

void SipPeer::OnPing(const Flow& flow) {
  bool answers = false;
  {
    MutexLock lock(mutex_);
    ++pings_;
    answers = answers_pings_ && flow.is_tcp();
  }
  if (answers) Transmit("\r\n", flow);
  arrived_.NotifyAll();
}

absl::Status SipPeer::WaitForPing(absl::Duration patience) {
  const auto deadline = absl::ToChronoTime(absl::Now() + patience);
  MutexLock lock(mutex_);
  while (pings_ == 0) {
    if (!arrived_.WaitUntil(mutex_, deadline) && pings_ == 0) {
      return absl::DeadlineExceededError(absl::StrCat("no ping; of late:\n", LogLocked()));
    }
  }
  --pings_;
  return absl::OkStatus();
}

void SipPeer::AnswerPings(bool answer) {
  MutexLock lock(mutex_);
  answers_pings_ = answer;
}

bool SipPeer::IsNew(const Received& request) {
  std::string answer;
  {
    MutexLock lock(mutex_);
    Seen& seen = seen_[TransactionKey(request.sip)];
    if (seen.copies++ == 0) {
      ++counts_[request.sip.method()];
      return true;
    }
    answer = seen.answer;
  }
  if (!answer.empty()) Transmit(answer, request.flow);
  return false;
}

void SipPeer::Transmit(const std::string& bytes, const Flow& flow) {
  {
    MutexLock lock(mutex_);
    Note("-->", bytes);
  }
  if (const absl::Status sent = wire_->Send(bytes, flow); !sent.ok()) {
    MutexLock lock(mutex_);
    Note("!!!", sent.ToString());
  }
}

void SipPeer::Note(const char* direction, const std::string& bytes) {
  std::string entry = absl::StrCat(absl::FormatTime("%H:%M:%E3S", absl::Now(), absl::UTCTimeZone()),
                                   " ", direction, " ", bytes.substr(0, kLogEntryBytes));
  if (bytes.size() > kLogEntryBytes) absl::StrAppend(&entry, "… (", bytes.size(), " octets)");
  log_.push_back(absl::StrReplaceAll(entry, {{"\r\n", "\n    "}}));
  if (log_.size() > kLogEntries) log_.pop_front();
}

std::string SipPeer::NewToken(const char* prefix) {
  static const uint64_t seed = std::random_device()();
  MutexLock lock(mutex_);
  return absl::StrCat(prefix, absl::Hex(seed), "-", port(), "-", ++last_token_);
}

std::string SipPeer::LogLocked() const { return absl::StrJoin(log_, "\n"); }

std::string SipPeer::Log() const {
  MutexLock lock(mutex_);
  return LogLocked();
}

absl::StatusOr<Received> SipPeer::Take(std::deque<Received>& queue, const std::string& what,
                                       const std::function<bool(const Received&)>& fits,
                                       absl::Duration patience) {
  const auto deadline = absl::ToChronoTime(absl::Now() + patience);
  MutexLock lock(mutex_);
  while (true) {
    for (auto candidate = queue.begin(); candidate != queue.end(); ++candidate) {
      if (!fits(*candidate)) continue;
      Received taken = std::move(*candidate);
      queue.erase(candidate);
      return taken;
    }
    if (!arrived_.WaitUntil(mutex_, deadline) && absl::Now() >= absl::FromChrono(deadline)) break;
  }
  std::vector<std::string> others;
  others.reserve(queue.size());
  for (const Received& other : queue) others.push_back(other.sip.start_line());
  return absl::DeadlineExceededError(
      absl::StrCat("no ", what, " within ", absl::FormatDuration(patience), " at port ", port(),
                   "; not taken: [", absl::StrJoin(others, ", "), "]; of late:\n", LogLocked()));
}

absl::StatusOr<Received> SipPeer::WaitFor(const std::string& method, absl::Duration patience) {
  return WaitUntil(
      method, [&method](const Received& request) { return request.sip.method() == method; },
      patience);
}

absl::StatusOr<Received> SipPeer::WaitUntil(const std::string& what,
                                            const std::function<bool(const Received&)>& fits,
                                            absl::Duration patience) {
  return Take(requests_, what, fits, patience);
}

absl::StatusOr<Received> SipPeer::WaitForResponse(const Sent& sent, absl::Duration patience) {
  return Take(
      responses_, absl::StrCat("response to ", sent.method, " ", sent.branch),
      [&sent](const Received& response) { return BranchOf(response.sip) == sent.branch; },
      patience);
}

absl::StatusOr<int> SipPeer::StatusOf(const Sent& sent, absl::Duration patience) {
  absl::StatusOr<Received> response = WaitForResponse(sent, patience);
  if (!response.ok()) return response.status();
  return response->sip.status();
}

absl::Status SipPeer::ExpectNone(const std::string& method, absl::Duration span) {
  const absl::StatusOr<Received> unwanted = WaitFor(method, span);
  if (!unwanted.ok()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("unwanted ", method, ":\n", unwanted->sip.raw(), "\nof late:\n", Log()));
}

int SipPeer::Count(const std::string& method) const {
  MutexLock lock(mutex_);
  const auto found = counts_.find(method);
  return found == counts_.end() ? 0 : found->second;
}

int SipPeer::Retransmissions(const Received& request) const {
  MutexLock lock(mutex_);
  const auto found = seen_.find(TransactionKey(request.sip));
  return found == seen_.end() ? 0 : found->second.copies - 1;
}

void SipPeer::Respond(const Received& request, int status, const ResponseOptions& options) {
  const SipText& sip = request.sip;
  std::string text = absl::StrCat("SIP/2.0 ", status, " ", options.reason, "\r\n");
  for (const std::string& via : sip.Headers("Via")) absl::StrAppend(&text, "Via: ", via, "\r\n");
  absl::StrAppend(&text, "From: ", sip.Header("From"), "\r\nTo: ", sip.Header("To"));
  if (request.to_tag().empty()) absl::StrAppend(&text, ";tag=", options.to_tag);
  absl::StrAppend(&text, "\r\nCall-ID: ", sip.Header("Call-ID"), "\r\nCSeq: ", sip.Header("CSeq"),
                  "\r\n");
  const bool has_expires = sip.method() == "SUBSCRIBE" || sip.method() == "PUBLISH";
  if (status / 100 == 2 && has_expires) {
    const std::string own = absl::StrCat("<", ContactFor(request.flow), ">");
    absl::StrAppend(&text, "Contact: ", options.contact.empty() ? own : options.contact, "\r\n");
    const std::string expires = options.expires.value_or(sip.Header("Expires"));
    if (!expires.empty()) absl::StrAppend(&text, "Expires: ", expires, "\r\n");
  }
  absl::StrAppend(&text, Lines(options.headers), BodyLines("", ""));
  {
    MutexLock lock(mutex_);
    if (status >= 200) seen_[TransactionKey(sip)].answer = text;
  }
  Transmit(text, request.flow);
}

void SipPeer::Challenge(const Received& request, const DigestChallenge& challenge, bool proxy) {
  ResponseOptions options;
  options.headers = {absl::StrCat(proxy ? "Proxy-Authenticate: " : "WWW-Authenticate: ",
                                  ChallengeHeader(challenge))};
  Respond(request, proxy ? 407 : 401, options);
}

std::string SipPeer::ViaAndContact(const std::string& branch, const Flow& flow,
                                   const std::string& contact) const {
  const char* transport = flow.is_tls() ? "TLS" : (flow.is_tcp() ? "TCP" : "UDP");
  return absl::StrCat("Via: SIP/2.0/", transport,
                      " 127.0.0.1:", flow.is_tls() ? tls_port() : port(), ";branch=", branch,
                      ";rport\r\nMax-Forwards: 70\r\nContact: <",
                      contact.empty() ? ContactFor(flow) : contact, ">\r\n");
}

Sent SipPeer::Notify(const Received& subscribe, const std::string& state, const std::string& body,
                     const NotifyOptions& options) {
  Sent sent{NewToken("z9hG4bK"), "NOTIFY"};
  const std::string fork = subscribe.to_tag().empty() ? options.from_tag : subscribe.to_tag();
  const std::string from = absl::StrCat("<", UriOf(subscribe.Header("To")), ">;tag=", fork);
  uint32_t cseq = 0;
  {
    MutexLock lock(mutex_);
    uint32_t& last = cseqs_[absl::StrCat(subscribe.call_id(), " ", fork)];
    cseq = options.cseq.value_or(last + 1);
    last = cseq;
  }
  const std::string event = options.event.empty() ? subscribe.Header("Event") : options.event;
  const std::string type =
      options.content_type.empty() ? DefaultContentType(EventName(event)) : options.content_type;
  Transmit(absl::StrCat("NOTIFY ", UriOf(subscribe.Header("Contact")), " SIP/2.0\r\n",
                        ViaAndContact(sent.branch, subscribe.flow, options.contact), "From: ", from,
                        "\r\nTo: ", subscribe.Header("From"), "\r\nCall-ID: ", subscribe.call_id(),
                        "\r\nCSeq: ", cseq, " NOTIFY\r\nEvent: ", event, "\r\nSubscription-State: ",
                        state, "\r\n", Lines(options.headers), BodyLines(type, body)),
           FlowToContact(subscribe));
  return sent;
}

Sent SipPeer::Accept(const Received& subscribe, const std::string& body,
                     const NotifyOptions& options) {
  ResponseOptions response;
  response.to_tag = options.from_tag;
  Respond(subscribe, 200, response);
  const std::string state = subscribe.expires() == 0
                                ? "terminated;reason=timeout"
                                : absl::StrCat("active;expires=", subscribe.Header("Expires"));
  return Notify(subscribe, state, body, options);
}

Flow SipPeer::FlowTo(const NewRequest& request) {
  if (!request.over_tcp && !request.over_tls) return Wire::UdpTo(request.port);
  const absl::StatusOr<Flow> connected = request.over_tls
                                             ? wire_->ConnectTls(request.port, request.server_name)
                                             : wire_->ConnectTcp(request.port);
  return connected.ok() ? *connected : Wire::UdpTo(request.port);
}

Sent SipPeer::Send(const NewRequest& request) {
  Sent sent{NewToken("z9hG4bK"), request.method};
  const Flow flow = FlowTo(request);
  const std::string to = request.to.empty() ? request.request_uri : request.to;
  Transmit(absl::StrCat(request.method, " ", request.request_uri, " SIP/2.0\r\n",
                        ViaAndContact(sent.branch, flow, ""), "From: <", request.from,
                        ">;tag=", NewToken("f"), "\r\nTo: <", to, ">",
                        request.to_tag.empty() ? "" : absl::StrCat(";tag=", request.to_tag),
                        "\r\nCall-ID: ", request.call_id.empty() ? NewToken("c") : request.call_id,
                        "\r\nCSeq: ", request.cseq, " ", request.method, "\r\n",
                        Lines(request.headers), BodyLines(request.content_type, request.body)),
           flow);
  return sent;
}

void SipPeer::SendRaw(int port, const std::string& bytes) { Transmit(bytes, Wire::UdpTo(port)); }

void SipPeer::SendRaw(const Flow& flow, const std::string& bytes) { Transmit(bytes, flow); }

void SipPeer::Serve(std::function<void(const Received&)> handler) {
  MutexLock lock(mutex_);
  handler_ = std::move(handler);
}

}  // namespace sipevents::testing
