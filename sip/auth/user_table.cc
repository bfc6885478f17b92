#include "sip/auth/user_table.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "sip/base/ascii.h"
#include "sip/base/uri.h"

namespace sipevents::sip {
namespace {

constexpr char kPublish[] = "publish=";

absl::Status Bad(std::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", AbslView(expected)));
}

}  // namespace

FileStamp StampOf(const std::string& path) {
  struct stat file = {};
  if (stat(path.c_str(), &file) != 0) return {};
  return {file.st_dev, file.st_ino, file.st_size,
          absl::ToUnixNanos(absl::TimeFromTimespec(file.st_mtim))};
}

absl::StatusOr<UserTable> UserTable::Load(const std::string& path) {
  // Before it is read: what changes meanwhile is another state.
  const FileStamp stamp = StampOf(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::NotFoundError(absl::StrCat(path, ": ", std::strerror(errno)));
  }
  std::string text(kMaxFileOctets + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return absl::UnavailableError(absl::StrCat(path, ": cannot be read"));
  text.resize(static_cast<size_t>(file.gcount()));
  absl::StatusOr<UserTable> table = Parse(text, path);
  if (table.ok()) table->stamp_ = stamp;
  return table;
}

absl::StatusOr<UserTable> UserTable::Parse(std::string_view text, std::string_view name) {
  if (text.size() > kMaxFileOctets) {
    return absl::InvalidArgumentError(
        absl::StrCat(AbslView(name), ": expected at most ", kMaxFileOctets, " octets"));
  }
  UserTable table;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(AbslView(text), '\n')) {
    ++number;
    const absl::Status added = table.AddLine({line.data(), line.size()});
    if (!added.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(AbslView(name), ", line ", number, ": ", added.message()));
    }
  }
  return table;
}

absl::Status UserTable::AddLine(std::string_view line) {
  const std::vector<std::string> fields =
      absl::StrSplit(AbslView(line), absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
  if (fields.empty() || fields.front().starts_with('#')) return absl::OkStatus();
  if (fields.size() < 3) return Bad("`user realm password [publish=URI]…`");
  if (!IsSipHost(fields[1])) return Bad("a domain as the second field, such as example.com");
  User user;
  user.password = fields[2];
  for (size_t i = 3; i < fields.size(); ++i) {
    if (!fields[i].starts_with(kPublish)) return Bad("publish=URI or publish=* after the password");
    const std::string uri = fields[i].substr(sizeof(kPublish) - 1);
    const absl::StatusOr<std::string> canonical =
        uri == "*" ? absl::StatusOr<std::string>(uri) : CanonicalTarget(uri, "");
    if (!canonical.ok()) return Bad("a SIP URI or * after publish=");
    user.publishes.push_back(*canonical);
  }
  if (users_.size() >= kMaxUsers) return Bad(absl::StrCat("at most ", kMaxUsers, " users"));
  const auto key = std::make_pair(fields[0], absl::AsciiStrToLower(fields[1]));
  if (!users_.emplace(key, std::move(user)).second) return Bad("each user of a realm once");
  return absl::OkStatus();
}

const User* UserTable::Find(std::string_view user, std::string_view realm) const {
  const auto it =
      users_.find(std::make_pair(std::string(user), absl::AsciiStrToLower(AbslView(realm))));
  return it == users_.end() ? nullptr : &it->second;
}

}  // namespace sipevents::sip
