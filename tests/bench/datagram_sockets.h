#ifndef TESTS_BENCH_DATAGRAM_SOCKETS_H_
#define TESTS_BENCH_DATAGRAM_SOCKETS_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace sipevents::bench {

// UDP sockets on loopback that talk to one server. Datagrams are read and sent many at a time, so
// that the load takes as little as possible of the machine that it shares with what is measured.
//
// Threads: one.
class DatagramSockets {
 public:
  // What a datagram is given to: the socket that it came to, and its octets, which are gone after
  // the call.
  using Receiver = std::function<void(size_t socket, std::string_view datagram)>;

  // Opens `count` sockets; ends the program with a message if that fails.
  explicit DatagramSockets(size_t count);
  ~DatagramSockets();
  DatagramSockets(const DatagramSockets&) = delete;
  DatagramSockets& operator=(const DatagramSockets&) = delete;

  // Everything goes to this port and comes from there; what others send is not seen.
  void Connect(int port);

  size_t count() const { return sockets_.size(); }
  int port(size_t socket) const { return sockets_[socket].port; }

  // Lets Receive() return too when this descriptor is readable; what it has to say is read by
  // whoever owns it.
  void AlsoWaitFor(int descriptor);

  // Sends with the next Flush(), or before if many wait. At most 4,000 octets.
  void Send(size_t socket, std::string_view datagram);
  // Sends what waits.
  void Flush();

  // Sends what waits, waits until something comes, `timeout_ms` at the most, and hands over what is
  // there. Returns whether something came.
  bool Receive(int timeout_ms, const Receiver& receiver);

 private:
  static constexpr size_t kBatch = 64;
  static constexpr size_t kSlotOctets = 4000;

  struct Socket {
    int descriptor = -1;
    int port = 0;
    size_t waiting = 0;  // datagrams to be sent
    std::unique_ptr<char[]> octets;
    std::unique_ptr<size_t[]> sizes;
  };

  void Flush(Socket& socket);
  void Read(size_t index, const Receiver& receiver);

  int epoll_ = -1;
  std::vector<Socket> sockets_;
  std::unique_ptr<char[]> received_;
};

}  // namespace sipevents::bench

#endif  // TESTS_BENCH_DATAGRAM_SOCKETS_H_
