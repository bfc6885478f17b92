#include "clients/cli/state_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

namespace sipevents::client {
namespace {

constexpr size_t kMaxOctets = 16 << 20;

absl::Status Failure(const std::string& path, absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat("the state file ", path, " ", what));
}

absl::Status SystemFailure(const std::string& path, absl::string_view what) {
  return Failure(path, absl::StrCat(what, ": ", std::string(std::strerror(errno))));
}

bool WriteAll(int fd, absl::string_view octets) {
  while (!octets.empty()) {
    const ssize_t written = write(fd, octets.data(), octets.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) octets.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

absl::StatusOr<StateFile> StateFile::Open(std::string path, absl::Duration interval) {
  StateFile file(std::move(path), interval);
  if (absl::Status read = file.Read(); !read.ok()) return read;
  file.changed_ = true;
  if (absl::Status written = file.Write(absl::InfinitePast()); !written.ok()) return written;
  return file;
}

std::string StateFile::Key(const std::string& target, const std::string& event_package) {
  return absl::StrCat(target, "|", event_package);
}

std::string StateFile::TokenOf(const std::string& key) const {
  const auto it = tokens_.find(key);
  return it == tokens_.end() ? "" : it->second;
}

void StateFile::Keep(const std::string& key, const std::string& token) {
  changed_ = true;
  if (token.empty()) {
    tokens_.erase(key);
  } else {
    tokens_[key] = token;
  }
}

absl::Time StateFile::NextWrite() const {
  return changed_ ? last_write_ + interval_ : absl::InfiniteFuture();
}

absl::Status StateFile::Write(absl::Time now) {
  if (!changed_) return absl::OkStatus();
  last_write_ = now;
  google::protobuf::Struct map;
  for (const auto& [key, token] : tokens_) (*map.mutable_fields())[key].set_string_value(token);
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(map, &json).ok()) {
    return Failure(path_, "cannot be made: a token is not text");
  }
  absl::Status replaced = Replace(absl::StrCat(json, "\n"));
  if (replaced.ok()) changed_ = false;
  return replaced;
}

absl::Status StateFile::Read() {
  errno = 0;
  std::ifstream file(path_, std::ios::binary);
  if (!file.is_open()) {
    return errno == ENOENT ? absl::OkStatus() : SystemFailure(path_, "cannot be read");
  }
  std::string content;
  for (std::istreambuf_iterator<char> it(file), end; it != end; ++it) {
    if (content.size() == kMaxOctets) return Failure(path_, "is over 16 MiB");
    content.push_back(*it);
  }
  if (file.bad()) return Failure(path_, "cannot be read");
  google::protobuf::Struct map;
  if (!google::protobuf::util::JsonStringToMessage(content, &map).ok()) {
    return Failure(path_, "is corrupt: a JSON object is expected; delete it to start anew");
  }
  for (const auto& [key, value] : map.fields()) {
    if (value.kind_case() != google::protobuf::Value::kStringValue) {
      return Failure(path_, absl::StrCat("is corrupt: the entry '", key,
                                         "' is not a string; delete it to start anew"));
    }
    tokens_[key] = value.string_value();
  }
  return absl::OkStatus();
}

absl::Status StateFile::Replace(const std::string& content) const {
  std::string temporary = absl::StrCat(path_, ".XXXXXX");  // the same file system, for rename
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return SystemFailure(path_, "cannot be written");
  bool done = WriteAll(fd, content) && fsync(fd) == 0;
  done = close(fd) == 0 && done;
  done = done && std::rename(temporary.c_str(), path_.c_str()) == 0;
  if (done) return absl::OkStatus();
  absl::Status failure = SystemFailure(path_, "cannot be written");
  std::remove(temporary.c_str());
  return failure;
}

}  // namespace sipevents::client
