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

namespace sipevents::testing {

// Where a message came from, or goes to: an address over UDP, or a TCP connection.
struct Flow {
  int connection = -1;  // descriptor; -1: UDP
  sockaddr_in address = {};

  bool is_tcp() const { return connection >= 0; }
};

// A UDP socket and a TCP listener on the same loopback port, with a thread that reads them.
//
// Threads: Send and ConnectTcp from any; `receive` is called on the wire's own thread, with no
// lock held.
class Wire {
 public:
  // Hears each datagram, and each whole message of a TCP connection.
  using Receive = std::function<void(const std::string& bytes, const Flow& flow)>;

  // Opens 127.0.0.1:`port`; 0 picks one that is free for both.
  static absl::StatusOr<std::unique_ptr<Wire>> Open(int port, Receive receive);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  int port() const { return port_; }

  // Sends the bytes as they are.
  absl::Status Send(const std::string& bytes, const Flow& flow);

  // The flow to a loopback port over UDP.
  static Flow UdpTo(int port);
  // Opens a TCP connection to a loopback port; what comes back on it is received too.
  absl::StatusOr<Flow> ConnectTcp(int port);

 private:
  explicit Wire(Receive receive) : receive_(std::move(receive)) {}

  absl::Status Bind(int port);
  void Run();
  void ReadDatagrams();
  void Accept();
  // False: the connection is at its end.
  bool ReadStream(int connection);
  void Wake();
  std::map<int, sockaddr_in> Connections();

  const Receive receive_;
  int port_ = 0;
  int udp_ = -1;
  int listener_ = -1;
  int wake_ = -1;
  Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<int, sockaddr_in> connections_ ABSL_GUARDED_BY(mutex_);
  std::map<int, std::string> streams_;  // read so far; the wire's thread only
  std::thread thread_;
};

}  // namespace sipevents::testing

#endif  // TESTS_PEER_WIRE_H_
