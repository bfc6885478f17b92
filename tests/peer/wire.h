#ifndef TESTS_PEER_WIRE_H_
#define TESTS_PEER_WIRE_H_

#include <netinet/in.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sip/base/mutex.h"
#include "tests/peer/tls_stream.h"

namespace sipevents::testing {

// Where a message came from, or goes to: an address over UDP, or a connection.
struct Flow {
  int connection = -1;  // descriptor; -1: UDP
  sockaddr_in address = {};
  std::shared_ptr<TlsStream> tls;  // null: plain

  bool is_tls() const { return tls != nullptr; }
  // A connection, over TLS or not.
  bool is_tcp() const { return connection >= 0; }
};

// A UDP socket and a TCP listener on the same loopback port, and on demand a listener for TLS on
// another one, with a thread that reads them.
//
// Threads: Send and Connect… from any; `receive` is called on the wire's own thread, with no
// lock held.
class Wire {
 public:
  // Hears each datagram, and each whole message of a connection.
  using Receive = std::function<void(const std::string& bytes, const Flow& flow)>;

  // Opens 127.0.0.1:`port`; 0 picks one that is free for both. With `tls`, also a port of its own
  // for TLS.
  static absl::StatusOr<std::unique_ptr<Wire>> Open(int port, Receive receive,
                                                    std::shared_ptr<const TlsFiles> tls = nullptr);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // Ends the wire's thread: `receive` is not called any more. From other threads; again is fine.
  void Stop();

  int port() const { return port_; }
  // 0 without TLS.
  int tls_port() const { return tls_port_; }

  // Sends the bytes as they are.
  absl::Status Send(const std::string& bytes, const Flow& flow);

  // The flow to a loopback port over UDP.
  static Flow UdpTo(int port);
  // Opens a TCP connection to a loopback port; what comes back on it is received too.
  absl::StatusOr<Flow> ConnectTcp(int port);
  // The same over TLS, which a wire opened with it has; asks for `server_name` unless that is
  // empty.
  absl::StatusOr<Flow> ConnectTls(int port, const std::string& server_name);

 private:
  Wire(Receive receive, std::shared_ptr<const TlsFiles> tls)
      : receive_(std::move(receive)), tls_(std::move(tls)) {}

  absl::Status Bind(int port);
  absl::Status BindTls();
  void Run();
  void ReadDatagrams();
  void Accept(int listener);
  // False: the connection is at its end.
  bool ReadStream(const Flow& flow);
  void Keep(const Flow& flow);
  void Wake();
  std::map<int, Flow> Connections();

  const Receive receive_;
  const std::shared_ptr<const TlsFiles> tls_;  // null: none
  int port_ = 0;
  int tls_port_ = 0;
  int udp_ = -1;
  int listener_ = -1;
  int tls_listener_ = -1;
  int wake_ = -1;
  Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<int, Flow> connections_ ABSL_GUARDED_BY(mutex_);
  std::map<int, std::string> streams_;  // read so far; the wire's thread only
  std::thread thread_;
};

}  // namespace sipevents::testing

#endif  // TESTS_PEER_WIRE_H_
