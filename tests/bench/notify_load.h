#ifndef TESTS_BENCH_NOTIFY_LOAD_H_
#define TESTS_BENCH_NOTIFY_LOAD_H_

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sipevents::bench {

// A PIDF document of 1 KB: what most presence servers send.
std::string PresenceBody();

// A notifier that answers SUBSCRIBEs and sends NOTIFYs of 2 KB as fast as they are answered,
// over one UDP socket on loopback. Threads: one.
class NotifyLoad {
 public:
  NotifyLoad();
  ~NotifyLoad();
  NotifyLoad(const NotifyLoad&) = delete;
  NotifyLoad& operator=(const NotifyLoad&) = delete;

  int port() const { return port_; }

  // Serves SUBSCRIBEs until `count` dialogs are up and their first NOTIFY was answered.
  void AcceptDialogs(size_t count);

  // Makes `count` dialogs up, as the bare sink knows them: see SyntheticCallId().
  void InventDialogs(size_t count, int target_port);

  // Sends for `seconds`, `window` NOTIFYs unanswered at the most; returns how many were
  // answered with 200. With a `rate` above 0 no more than so many a second.
  uint64_t Run(double seconds, int window, double rate = 0);

  uint64_t lost() const { return lost_; }

 private:
  struct Dialog {
    std::string head;    // up to the branch
    std::string middle;  // from the branch to the CSeq number
    std::string tail;    // from the CSeq on
    sockaddr_in peer{};
    uint32_t cseq = 1;
  };

  void AddDialog(std::string_view target, std::string_view call_id, std::string_view our_tag,
                 std::string_view their_tag, const sockaddr_in& peer);
  void Send(Dialog& dialog);
  void Serve(std::string_view message, const sockaddr_in& from);
  bool Receive(int timeout_ms);

  int socket_ = -1;
  int port_ = 0;
  uint64_t branch_ = 0;
  uint64_t answered_ = 0;
  uint64_t refused_ = 0;
  uint64_t lost_ = 0;
  std::string body_;
  std::string text_;
  std::vector<Dialog> dialogs_;
  std::unordered_map<std::string, size_t> by_call_id_;
};

// Identifiers of the invented dialogs.
std::string SyntheticCallId(size_t index);
std::string SyntheticLocalTag(size_t index);

}  // namespace sipevents::bench

#endif  // TESTS_BENCH_NOTIFY_LOAD_H_
