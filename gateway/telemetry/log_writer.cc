#include "gateway/telemetry/log_writer.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace sipevents::gateway {

LogWriter::LogWriter(int fd, bool held) : fd_(fd), held_(held), thread_([this] { Run(); }) {}

LogWriter::~LogWriter() {
  Release();
  Flush(absl::Seconds(1));
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
}

void LogWriter::Write(std::string line) {
  {
    MutexLock lock(mutex_);
    if (lines_.size() >= kMaxLines) {
      ++dropped_;
      return;
    }
    lines_.push_back(std::move(line));
  }
  changed_.NotifyAll();
}

void LogWriter::Release() {
  {
    MutexLock lock(mutex_);
    held_ = false;
  }
  changed_.NotifyAll();
}

bool LogWriter::Flush(absl::Duration patience) {
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(patience);
  MutexLock lock(mutex_);
  while (!lines_.empty() || writing_) {
    if (!changed_.WaitUntil(mutex_, deadline)) return lines_.empty() && !writing_;
  }
  return true;
}

uint64_t LogWriter::dropped() const {
  MutexLock lock(mutex_);
  return dropped_;
}

void LogWriter::Run() {
  for (;;) {
    std::string text;
    {
      MutexLock lock(mutex_);
      writing_ = false;
      changed_.NotifyAll();
      while ((lines_.empty() || held_) && !stopping_) changed_.Wait(mutex_);
      if (stopping_) return;
      writing_ = true;
      for (const std::string& line : lines_) text += line;
      lines_.clear();
    }
    WriteAll(text);
  }
}

void LogWriter::WriteAll(const std::string& text) {
  size_t written = 0;
  while (written < text.size()) {
    {
      MutexLock lock(mutex_);
      if (stopping_) return;
    }
    // A pipe that polls writable takes PIPE_BUF octets without blocking (pipe(7)), so that this
    // thread can always be stopped.
    pollfd ready{fd_, POLLOUT, 0};
    if (poll(&ready, 1, 100) <= 0) continue;
    const size_t size = std::min<size_t>(text.size() - written, PIPE_BUF);
    const ssize_t result = write(fd_, text.data() + written, size);
    if (result < 0 && errno != EINTR && errno != EAGAIN) return;
    if (result > 0) written += static_cast<size_t>(result);
  }
}

}  // namespace sipevents::gateway
