#ifndef CLIENTS_CLI_STOP_SIGNAL_H_
#define CLIENTS_CLI_STOP_SIGNAL_H_

namespace sipevents::client {

// Turns SIGINT and SIGTERM into a file descriptor that becomes readable, for the rest of the
// program. To be made before any other thread is, since threads inherit what is blocked.
//
// Threads: one.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_STOP_SIGNAL_H_
