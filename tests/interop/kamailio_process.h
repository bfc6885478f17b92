#ifndef TESTS_INTEROP_KAMAILIO_PROCESS_H_
#define TESTS_INTEROP_KAMAILIO_PROCESS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/peer/sip_peer.h"
#include "tests/scenarios/child_process.h"

namespace sipevents::testing {

// A real Kamailio as presence server of example.com on a port of loopback, set up by
// kamailio.cfg.in.
//
// Threads: one at a time.
class KamailioProcess {
 public:
  // Starts it on a free port, with its files in `directory`, and waits until it answers.
  static absl::StatusOr<std::unique_ptr<KamailioProcess>> Start(const std::string& directory);

  int port() const { return port_; }
  // `sip:127.0.0.1:port`.
  std::string uri() const;

  // Ends it without notice.
  absl::Status Kill();
  // Starts it again on the same port, with what was published before.
  absl::Status Restart();

  // Publishes a document over SIP, as `target` itself; returns the status of the answer.
  absl::StatusOr<int> Publish(const std::string& target, const std::string& event_package,
                              const std::string& content_type, const std::string& body);

 private:
  KamailioProcess() = default;

  // Asks with OPTIONS until it answers.
  absl::Status WaitUntilReady();

  std::string directory_;
  int port_ = 0;
  std::unique_ptr<SipPeer> phone_;  // whose PUBLISHs and OPTIONS these are
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace sipevents::testing

#endif  // TESTS_INTEROP_KAMAILIO_PROCESS_H_
