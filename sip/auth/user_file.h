#ifndef SIP_AUTH_USER_FILE_H_
#define SIP_AUTH_USER_FILE_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "sip/auth/user_table.h"
#include "sip/base/mutex.h"

namespace sipevents::sip {

// Reads the users file again when it has changed, on a thread of its own: a large one takes a
// second. One that cannot be used is logged, and those from before stay.
//
// Threads: one, its owner's. Its end waits until a file that is being read has been.
class UserFile {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(5);
  using Users = std::shared_ptr<const UserTable>;

  // Looks at `path` each `interval`. `current`: what was read last. `taken` hears of others, on the
  // thread of the file. Of users that `taken` has handed on the last reference is dropped here,
  // where it may take its time, if others drop theirs within an interval.
  UserFile(std::string path, absl::Duration interval, Users current,
           std::function<void(Users)> taken);
  ~UserFile();
  UserFile(const UserFile&) = delete;
  UserFile& operator=(const UserFile&) = delete;

 private:
  void Run();
  void Look();

  const std::string path_;
  const absl::Duration interval_;
  const std::function<void(Users)> taken_;
  Users current_;   // the thread's own
  Users previous_;  // likewise
  FileStamp seen_;  // of the last one that was read, or could not be
  Mutex mutex_;
  CondVar leaving_;
  bool leaves_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sipevents::sip

#endif  // SIP_AUTH_USER_FILE_H_
