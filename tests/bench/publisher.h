#ifndef TESTS_BENCH_PUBLISHER_H_
#define TESTS_BENCH_PUBLISHER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/datagram_sockets.h"

namespace sipevents::bench {

// A backend that publishes the presence of the resources of the load, each one in one publication
// that it changes. At most one change of a resource is under way at a time. A refusal ends the
// program with a message.
//
// Threads: one.
class Publisher {
 public:
  virtual ~Publisher() = default;
  // Publishes this state of a resource in place of what it published before.
  virtual void Publish(size_t resource, const std::string& body) = 0;
  // Sends again what is not answered and may have been lost.
  virtual void PublishAgain(size_t /*resource*/) {}
  // The resources whose publication was accepted since the last call.
  virtual std::vector<size_t> TakeAccepted() = 0;
  // What came to the publishers' socket.
  virtual void OnDatagram(std::string_view /*datagram*/) {}
};

// The URI of a resource of the load.
std::string ResourceUri(size_t resource);

// Publishes by SIP PUBLISH (RFC 3903).
class SipPublisher final : public Publisher {
 public:
  // Publishes over this one of the sockets.
  SipPublisher(DatagramSockets& sockets, size_t socket, size_t resources);

  void Publish(size_t resource, const std::string& body) override;
  void PublishAgain(size_t resource) override;
  std::vector<size_t> TakeAccepted() override;
  void OnDatagram(std::string_view datagram) override;

 private:
  struct Publication {
    unsigned cseq = 0;
    bool answered = true;
    std::string etag;
    std::string request;  // the last one
  };

  DatagramSockets& sockets_;
  const size_t socket_;
  const std::string via_;
  std::vector<Publication> publications_;
  std::vector<size_t> accepted_;
};

}  // namespace sipevents::bench

#endif  // TESTS_BENCH_PUBLISHER_H_
