#ifndef TESTS_PEER_SIP_PEER_H_
#define TESTS_PEER_SIP_PEER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sip/base/mutex.h"
#include "tests/peer/digest_check.h"
#include "tests/peer/sip_text.h"
#include "tests/peer/wire.h"
#include "tests/sanitizers/build.h"

namespace sipevents::testing {

// How long a wait goes on: long enough for a slow, busy machine; what it waits for takes
// milliseconds.
inline constexpr absl::Duration kPatience = absl::Seconds(20 * kSlowdown);

// A message that came, and the way back.
struct Received {
  SipText sip;
  Flow flow;
  absl::Time time;

  std::string Header(const std::string& name) const { return sip.Header(name); }
  // Seconds of the Expires header; -1 if there is none.
  int expires() const;
  std::string call_id() const { return sip.Header("Call-ID"); }
  // Of To; empty in a request that begins something.
  std::string to_tag() const { return ParameterOf(sip.Header("To"), "tag"); }
  std::string from_tag() const { return ParameterOf(sip.Header("From"), "tag"); }
};

// Names a request that the peer sent, to wait for its answer.
struct Sent {
  std::string branch;
  std::string method;
};

// What a response says beyond its status.
struct ResponseOptions {
  std::string to_tag = "a";  // given to a To that has none
  // Seconds, for a 2xx to SUBSCRIBE or PUBLISH; absent: as asked; empty: no header.
  std::optional<std::string> expires;
  std::string contact;  // whole value, for a 2xx to these; empty: the peer's own
  std::string reason = "Scripted";
  std::vector<std::string> headers;  // whole lines, without CRLF
};

// What a NOTIFY says beyond state and body.
struct NotifyOptions {
  std::string from_tag = "a";    // which fork; a SUBSCRIBE with a To-tag decides for itself
  std::optional<uint32_t> cseq;  // absent: one more than the fork's last
  std::string contact;           // URI; empty: the peer's own
  std::string event;             // empty: as in the SUBSCRIBE
  std::string content_type;      // empty: the package's
  std::vector<std::string> headers;
};

// A request outside of any dialog.
struct NewRequest {
  std::string method;
  std::string request_uri;
  int port = 0;  // on loopback
  bool over_tcp = false;
  bool over_tls = false;    // the peer must have TLS
  std::string server_name;  // to ask for over TLS; empty: none
  std::string from = "sip:peer@example.com";
  std::string to;       // URI; empty: the Request-URI
  std::string to_tag;   // empty: none
  std::string call_id;  // empty: a new one
  uint32_t cseq = 1;
  std::vector<std::string> headers;
  std::string content_type;
  std::string body;
};

// A SIP peer that a test scripts: it says what it is told to say, and answers nothing by itself
// except retransmissions of what the script has answered.
//
//   ASSERT_OK_AND_ASSIGN(auto subscribe, peer.WaitFor("SUBSCRIBE"));
//   peer.Notify(subscribe, "active;expires=600", kPresenceOpen);
//   peer.Respond(subscribe, 200);
//
// Threads: any. A handler of Serve() runs on the peer's own thread.
class SipPeer {
 public:
  // Opens 127.0.0.1:`port` over UDP and TCP; 0 picks one.
  static absl::StatusOr<std::unique_ptr<SipPeer>> Start(int port = 0);
  // The same, and TLS on a port of its own. InvalidArgument, naming a file that is no good.
  static absl::StatusOr<std::unique_ptr<SipPeer>> StartWithTls(const TlsSettings& tls,
                                                               int port = 0);
  ~SipPeer();
  SipPeer(const SipPeer&) = delete;
  SipPeer& operator=(const SipPeer&) = delete;

  int port() const { return wire_->port(); }
  // 0 without TLS.
  int tls_port() const { return wire_->tls_port(); }
  // `sip:127.0.0.1:port`, with `;transport=tcp` on demand.
  std::string uri(bool over_tcp = false) const;
  // `sip:host:tls_port;transport=tls`.
  std::string tls_uri(const std::string& host = "127.0.0.1") const;

  // Takes the next request of this method that nobody has taken; retransmissions are not seen.
  // DeadlineExceeded, naming what did arrive, if none comes.
  absl::StatusOr<Received> WaitFor(const std::string& method, absl::Duration patience = kPatience);
  // Takes the next request for which `fits` holds; `what` describes it in the failure.
  absl::StatusOr<Received> WaitUntil(const std::string& what,
                                     const std::function<bool(const Received&)>& fits,
                                     absl::Duration patience = kPatience);
  // Takes the final response to a request of the peer's.
  absl::StatusOr<Received> WaitForResponse(const Sent& sent, absl::Duration patience = kPatience);
  // The status of that response.
  absl::StatusOr<int> StatusOf(const Sent& sent, absl::Duration patience = kPatience);
  // OK if no untaken request of this method is there or comes within `span`.
  absl::Status ExpectNone(const std::string& method, absl::Duration span);

  // How many different requests of this method have come.
  int Count(const std::string& method) const;
  // How often a request came again.
  int Retransmissions(const Received& request) const;

  void Respond(const Received& request, int status, const ResponseOptions& options = {});
  // 401, or 407 with `proxy`.
  void Challenge(const Received& request, const DigestChallenge& challenge, bool proxy = false);
  // Sends a NOTIFY of the subscription that `subscribe` began or refreshed. `state` is the whole
  // Subscription-State; no Content-Type without a body.
  Sent Notify(const Received& subscribe, const std::string& state, const std::string& body = "",
              const NotifyOptions& options = {});
  // 200 and a NOTIFY `active` with the duration asked for (or `terminated;reason=timeout` where
  // that is 0).
  Sent Accept(const Received& subscribe, const std::string& body = "",
              const NotifyOptions& options = {});
  Sent Send(const NewRequest& request);
  // Sends bytes as they are, over UDP, to a loopback port.
  void SendRaw(int port, const std::string& bytes);
  // Sends bytes as they are on a flow.
  void SendRaw(const Flow& flow, const std::string& bytes);
  absl::StatusOr<Flow> ConnectTcp(int port) { return wire_->ConnectTcp(port); }
  absl::StatusOr<Flow> ConnectTls(int port, const std::string& server_name = "") {
    return wire_->ConnectTls(port, server_name);
  }

  // Takes the next ping (CRLFCRLF) that nobody has taken; over a connection it was answered, unless
  // AnswerPings(false) was called before. DeadlineExceeded if none comes.
  absl::Status WaitForPing(absl::Duration patience = kPatience);
  void AnswerPings(bool answer);

  // Hands each further new request to `handler` instead of keeping it for the waits. Null:
  // back to the script.
  void Serve(std::function<void(const Received&)> handler);

  // What went over the wire of late, for messages of failed assertions.
  std::string Log() const;

 private:
  struct Seen {
    int copies = 0;
    std::string answer;  // sent again for each copy
  };

  SipPeer() = default;

  void OnBytes(const std::string& bytes, const Flow& flow);
  void OnPing(const Flow& flow);
  // True: nobody has seen it; keep or serve it.
  bool IsNew(const Received& request);
  void Transmit(const std::string& bytes, const Flow& flow);
  void Note(const char* direction, const std::string& bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string NewToken(const char* prefix);
  static absl::StatusOr<std::unique_ptr<SipPeer>> StartOver(int port,
                                                            std::shared_ptr<const TlsFiles> tls);
  // The peer's own URI, to be reached the way that `flow` goes.
  std::string ContactFor(const Flow& flow) const;
  std::string ViaAndContact(const std::string& branch, const Flow& flow,
                            const std::string& contact) const;
  // The way to a request outside of any dialog; UDP if there is no connection to be had.
  Flow FlowTo(const NewRequest& request);
  absl::StatusOr<Received> Take(std::deque<Received>& queue, const std::string& what,
                                const std::function<bool(const Received&)>& fits,
                                absl::Duration patience);
  std::string LogLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::unique_ptr<Wire> wire_;
  mutable Mutex mutex_;
  CondVar arrived_;
  std::deque<Received> requests_;
  std::deque<Received> responses_;
  std::map<std::string, Seen> seen_ ABSL_GUARDED_BY(mutex_);       // by method, branch, CSeq
  std::map<std::string, int> counts_ ABSL_GUARDED_BY(mutex_);      // by method
  std::map<std::string, uint32_t> cseqs_ ABSL_GUARDED_BY(mutex_);  // by Call-ID and fork
  std::deque<std::string> log_ ABSL_GUARDED_BY(mutex_);
  std::function<void(const Received&)> handler_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_token_ ABSL_GUARDED_BY(mutex_) = 0;
  int pings_ ABSL_GUARDED_BY(mutex_) = 0;  // not taken yet
  bool answers_pings_ ABSL_GUARDED_BY(mutex_) = true;
};

}  // namespace sipevents::testing

#endif  // TESTS_PEER_SIP_PEER_H_
