#ifndef TESTS_BENCH_PUBLISH_LOAD_H_
#define TESTS_BENCH_PUBLISH_LOAD_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "tests/bench/datagram_sockets.h"
#include "tests/bench/phones.h"
#include "tests/bench/publisher.h"

namespace sipevents::bench {

// Backends that publish and phones that watch. The next state of a resource is published when the
// last one was accepted and all its watchers have it, so each watcher gets each state in one
// NOTIFY of its own: none may be left out, none may come twice.
//
// Threads: one.
class PublishLoad {
 public:
  struct Shape {
    size_t resources = 1;
    size_t watchers = 1;  // of each resource
    size_t body_octets = 1024;
  };
  struct Outcome {
    uint64_t publications = 0;
    uint64_t notifies = 0;
    double seconds = 0;
    // From a publication that is sent to each NOTIFY of it that comes, in ms.
    std::vector<float> latencies;
  };

  // The first socket is the publishers', the others are the phones'.
  PublishLoad(const Shape& shape, DatagramSockets& sockets, Publisher& publisher);

  // Publishes a first state of each resource.
  void PublishFirst();
  // Subscribes all watchers, `window` of them at a time. Returns the seconds that it took.
  double SubscribeAll(size_t window);
  // Publishes for `seconds`, states of `window` resources at a time, with a `rate` above 0 no more
  // than so many a second; then waits for what is under way.
  Outcome Run(double seconds, size_t window, double rate);

  // What was wrong so far, in words; empty: nothing.
  std::string Faults() const;
  // Whether each watcher got each state once and in its turn, whatever was sent again for it.
  bool IsSound() const;
  // A state was not accepted, or a watcher was not told, for so long that nothing more is waited
  // for: the calls above return, and what they have counted means nothing.
  bool has_lost() const { return !lost_.empty(); }
  size_t watchers() const { return phones_.count(); }

 private:
  struct Resource {
    uint64_t state = 0;  // the last that was published
    size_t missing = 0;  // watchers that do not have it
    bool accepted = true;
    double sent_at = 0;
    double sent_again_at = 0;
  };

  std::string BodyOf(size_t resource) const;
  void Publish(size_t resource);
  void OnNotified(size_t watcher, uint64_t state, bool first);
  // Waits for something, a moment at the most, and takes note of it.
  void Step(int timeout_ms);
  void Finish(size_t resource);
  void GiveUp();
  // Sends again what nobody has answered for a second.
  void Repeat(double now);

  const Shape shape_;
  DatagramSockets& sockets_;
  Publisher& publisher_;
  Phones phones_;
  std::vector<Resource> resources_;
  std::deque<size_t> idle_;
  size_t under_way_ = 0;
  bool subscribing_ = false;
  double last_progress_ = 0;
  double last_repeat_ = 0;
  uint64_t wrong_states_ = 0;
  std::string lost_;  // what was given up, in words; empty: nothing
  Outcome outcome_;
};

}  // namespace sipevents::bench

#endif  // TESTS_BENCH_PUBLISH_LOAD_H_
