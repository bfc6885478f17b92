#ifndef TESTS_STORM_STORM_PEER_H_
#define TESTS_STORM_STORM_PEER_H_

#include <netinet/in.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "sip/base/mutex.h"

namespace sipevents::testing {

// A notifier for tens of thousands of subscriptions over UDP on loopback, that can go away and
// come back, and that remembers when each SUBSCRIBE came. Naive on purpose: it knows SIP as far
// as the gateway speaks it.
//
// Threads: any; a thread of its own serves.
class StormPeer {
 public:
  enum class Mode {
    kServing,
    kSilent,  // takes what comes, and answers nothing
    kClosed,  // there is no socket: who sends hears "connection refused"
  };

  // Takes a free port. Grants `expires` seconds, or less where less is asked.
  explicit StormPeer(int expires);
  ~StormPeer();
  StormPeer(const StormPeer&) = delete;
  StormPeer& operator=(const StormPeer&) = delete;

  int port() const { return port_; }

  void SetMode(Mode mode);
  void SetExpires(int expires);
  // From now on requests within the dialogs that it had get a 481.
  void ForgetDialogs();

  // When each SUBSCRIBE came, in order: retransmissions are left out, and told apart by the
  // branch. The kernel's time, so that it does not matter when this process runs. None are seen
  // while it is closed.
  std::vector<absl::Time> arrivals() const;
  // Dialogs that it holds.
  size_t dialogs() const;

 private:
  struct Dialog {
    sockaddr_in address{};
    std::string contact;  // whom to send NOTIFYs to
    std::string us;       // From of our NOTIFYs
    std::string them;     // To
    std::string event;
    std::string branch;  // of the last SUBSCRIBE
    int expires = 0;
    uint32_t cseq = 0;     // of the last NOTIFY
    bool answered = true;  // that NOTIFY
  };
  struct Unanswered {
    absl::Time again;
    std::string call_id;
    uint32_t cseq;
    int times;
  };

  void Open() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Close() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Run();
  void Receive() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Take(std::string_view message, const sockaddr_in& from, absl::Time at)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Serve(std::string_view subscribe, const sockaddr_in& from)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Answer(std::string_view subscribe, const sockaddr_in& to, std::string_view status,
              std::string_view our_to, int expires) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Notify(const std::string& call_id, Dialog& dialog) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SendNotify(const std::string& call_id, const Dialog& dialog)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SendAgain(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SendTo(const sockaddr_in& to, const std::string& message)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  int port_ = 0;
  mutable Mutex mutex_;
  int socket_ ABSL_GUARDED_BY(mutex_) = -1;
  Mode mode_ ABSL_GUARDED_BY(mutex_) = Mode::kServing;
  int expires_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t tags_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, Dialog> dialogs_ ABSL_GUARDED_BY(mutex_);  // by Call-ID
  std::unordered_set<std::string> branches_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Time> arrivals_ ABSL_GUARDED_BY(mutex_);
  std::deque<Unanswered> unanswered_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace sipevents::testing

#endif  // TESTS_STORM_STORM_PEER_H_
