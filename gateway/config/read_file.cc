#include "gateway/config/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sipevents::gateway {
namespace {

absl::Status SystemError(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(what), ": ", std::generic_category().message(errno)));
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_octets) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return SystemError("cannot be opened");
  std::string content;
  char buffer[16384];
  ssize_t got = 0;
  while (content.size() <= max_octets && (got = read(fd, buffer, sizeof(buffer))) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    content.append(buffer, static_cast<size_t>(got));
  }
  const int read_errno = errno;
  close(fd);
  if (got < 0) {
    errno = read_errno;
    return SystemError("cannot be read");
  }
  if (content.size() > max_octets) {
    return absl::InvalidArgumentError(absl::StrCat("is larger than ", max_octets, " octets"));
  }
  return content;
}

}  // namespace sipevents::gateway
