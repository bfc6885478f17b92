#ifndef TESTS_CLIENTS_FREEZABLE_PROXY_H_
#define TESTS_CLIENTS_FREEZABLE_PROXY_H_

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sipevents::client::testing {

// Passes TCP octets on to a port of 127.0.0.1, until it is frozen: then its connections stay open
// and say nothing more, like those of a machine that lost its power. New ones are not affected.
//
// Threads: any.
class FreezableProxy {
 public:
  explicit FreezableProxy(int target_port);
  ~FreezableProxy();

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // Freezes the connections there are.
  void Freeze() { freeze_ = true; }

 private:
  struct Connection {
    int client;
    int target;
    bool frozen = false;
  };

  void Run();
  void Accept();
  static bool Pass(int from, int to);

  const int target_port_;
  int listener_;
  int port_ = 0;
  std::atomic<bool> freeze_ = false;
  std::atomic<bool> stop_ = false;
  std::vector<Connection> connections_;  // of the thread
  std::thread thread_;
};

}  // namespace sipevents::client::testing

#endif  // TESTS_CLIENTS_FREEZABLE_PROXY_H_
