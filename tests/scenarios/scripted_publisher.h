#ifndef TESTS_SCENARIOS_SCRIPTED_PUBLISHER_H_
#define TESTS_SCENARIOS_SCRIPTED_PUBLISHER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/peer/raw_request.h"
#include "tests/peer/sip_peer.h"

namespace sipevents::testing {

// A phone with one publication at a compositor, over UDP, and its chain of entity tags.
//
// Threads: one.
class ScriptedPublisher {
 public:
  // At a free port of its own; the compositor is at 127.0.0.1:`server_port`.
  static absl::StatusOr<std::unique_ptr<ScriptedPublisher>> Start(
      int server_port, const std::string& resource = "sip:alice@example.com",
      const std::string& event = "presence");

  SipPeer& peer() { return *peer_; }
  // What the last 2xx said; empty before, and after a removal.
  const std::string& tag() const { return tag_; }

  // A first PUBLISH with Expires 600, not sent yet; no body if it is empty.
  RawRequest NewPublish(const std::string& body) const;
  // The same with the tag of the last answer.
  RawRequest NextPublish(const std::string& expires, const std::string& body = "");

  // Sends any request and takes its final response.
  absl::StatusOr<Received> Ask(const RawRequest& request);
  // The same, and keeps the tag of a 2xx.
  absl::StatusOr<Received> Publish(const RawRequest& publish);
  // Publishes a state: the first one, or in place of the one before.
  absl::StatusOr<Received> Publish(const std::string& body);
  absl::StatusOr<Received> Refresh(const std::string& expires = "600") {
    return Publish(NextPublish(expires));
  }
  absl::StatusOr<Received> Remove();

 private:
  ScriptedPublisher(std::unique_ptr<SipPeer> peer, int server_port, std::string resource,
                    std::string event)
      : peer_(std::move(peer)),
        server_port_(server_port),
        resource_(std::move(resource)),
        event_(std::move(event)) {}

  std::unique_ptr<SipPeer> peer_;
  const int server_port_;
  const std::string resource_;
  const std::string event_;
  std::string tag_;
};

// The Content-Type in which phones publish this package.
std::string PublishedType(const std::string& event);

}  // namespace sipevents::testing

#endif  // TESTS_SCENARIOS_SCRIPTED_PUBLISHER_H_
