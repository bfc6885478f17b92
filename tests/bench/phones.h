#ifndef TESTS_BENCH_PHONES_H_
#define TESTS_BENCH_PHONES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/datagram_sockets.h"

namespace sipevents::bench {

// Phones that each watch the presence of one resource: watcher number W that of resource W modulo
// their number. They answer every NOTIFY with 200 and see whether each is the next one.
//
// Threads: one.
class Phones {
 public:
  // What went wrong on the way. All should be 0, but for the first two, which cost only time.
  struct Faults {
    uint64_t sent_again = 0;      // NOTIFYs that came more than once, with the same CSeq
    uint64_t asked_again = 0;     // SUBSCRIBEs that we had to repeat
    uint64_t out_of_order = 0;    // NOTIFYs whose CSeq is not one more than the last
    uint64_t not_understood = 0;  // datagrams that nobody should send us
  };
  // Called for each NOTIFY that is not a repetition: the state that its body has (the number in
  // `<note>vNUMBER</note>`, 0: none), and whether it is the first one of that watcher.
  using OnNotified = std::function<void(size_t watcher, uint64_t state, bool first)>;

  // The phones share the sockets from `first_socket` on.
  Phones(DatagramSockets& sockets, size_t first_socket, size_t watchers, size_t resources,
         OnNotified on_notified);

  // Sends the SUBSCRIBE of a watcher.
  void Subscribe(size_t watcher);
  // Sends it again if it is not answered.
  void SubscribeAgain(size_t watcher);
  // Whether it was answered with 200 and the first NOTIFY has come.
  bool IsWatching(size_t watcher) const {
    return watchers_[watcher].answered && watchers_[watcher].cseq != 0;
  }

  // What came to one of the phones' sockets. A SUBSCRIBE that was refused ends the program.
  void OnDatagram(size_t socket, std::string_view datagram);

  size_t count() const { return watchers_.size(); }
  const Faults& faults() const { return faults_; }

 private:
  struct Watcher {
    uint32_t cseq = 0;  // of the last NOTIFY; 0: none has come
    bool answered = false;
  };

  size_t SocketOf(size_t watcher) const {
    return first_socket_ + watcher % (sockets_.count() - first_socket_);
  }
  void OnNotify(size_t socket, std::string_view datagram);
  void OnResponse(std::string_view datagram);

  DatagramSockets& sockets_;
  const size_t first_socket_;
  const size_t resources_;
  const OnNotified on_notified_;
  std::vector<Watcher> watchers_;
  Faults faults_;
  std::string text_;
};

}  // namespace sipevents::bench

#endif  // TESTS_BENCH_PHONES_H_
