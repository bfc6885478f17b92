#include "sip/auth/user_file.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/log.h"

namespace sipevents::sip {

UserFile::UserFile(std::string path, absl::Duration interval, Users current,
                   std::function<void(Users)> taken)
    : path_(std::move(path)),
      interval_(interval),
      taken_(std::move(taken)),
      current_(std::move(current)),
      seen_(current_->stamp()),
      thread_([this] { Run(); }) {}

UserFile::~UserFile() {
  {
    MutexLock lock(mutex_);
    leaves_ = true;
  }
  leaving_.NotifyAll();
  thread_.join();
}

void UserFile::Run() {
  while (true) {
    {
      MutexLock lock(mutex_);
      const auto next = std::chrono::steady_clock::now() + absl::ToChronoMicroseconds(interval_);
      while (!leaves_ && leaving_.WaitUntil(mutex_, next)) {
      }
      if (leaves_) return;
    }
    Look();
  }
}

void UserFile::Look() {
  previous_.reset();
  const FileStamp stamp = StampOf(path_);
  if (stamp == seen_) return;
  absl::StatusOr<UserTable> users = UserTable::Load(path_);
  if (!users.ok()) {
    seen_ = stamp;
    Log(LogSeverity::kError, "users", "the users file cannot be used; the users of before stay",
        {{"error", users.status().message()}});
    return;
  }
  previous_ = std::exchange(current_, std::make_shared<const UserTable>(*std::move(users)));
  seen_ = current_->stamp();
  Log(LogSeverity::kInfo, "users", "the users file was read again",
      {{"file", path_}, {"users", absl::StrCat(current_->size())}});
  taken_(current_);
}

}  // namespace sipevents::sip
