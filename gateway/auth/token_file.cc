#include "gateway/auth/token_file.h"

#include <openssl/sha.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/config/read_file.h"
#include "sip/base/ascii.h"
#include "sip/base/log.h"
#include "sip/base/status_macros.h"

namespace sipevents::gateway {
namespace {

constexpr size_t kMaxFileOctets = 1 << 20;
constexpr int kMaxLines = 10'000;
constexpr size_t kMaxTokenOctets = 512;
constexpr size_t kMaxNameOctets = 256;
constexpr std::string_view kCertificatePrefix = "cert:";

std::string Digest(std::string_view token) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

bool IsVisibleAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isgraph(c); });
}

}  // namespace

absl::StatusOr<TokenTable> TokenTable::Parse(std::string_view text) {
  if (text.size() > kMaxFileOctets) {
    return absl::InvalidArgumentError(absl::StrCat("is larger than ", kMaxFileOctets, " octets"));
  }
  TokenTable table;
  int number = 0;
  for (const absl::string_view raw : absl::StrSplit(AbslView(text), '\n')) {
    if (++number > kMaxLines) {
      return absl::InvalidArgumentError(absl::StrCat("has more than ", kMaxLines, " lines"));
    }
    const std::string_view line = TrimBlanks({raw.data(), raw.size()});
    if (line.empty() || line[0] == '#') continue;
    const absl::Status added = table.AddLine(line);
    if (!added.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", added.message()));
    }
  }
  return table;
}

absl::Status TokenTable::AddLine(std::string_view line) {
  std::vector<std::string> words =
      absl::StrSplit(AbslView(line), absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (words.size() < 3) {
    return absl::InvalidArgumentError("expected `token caller tenant [permission...]`");
  }
  const std::string token = std::move(words[0]);
  if (token.size() > kMaxTokenOctets || !IsVisibleAscii(token)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the token is not up to ", kMaxTokenOctets, " visible ASCII characters"));
  }
  if (words[1].size() > kMaxNameOctets || words[2].size() > kMaxNameOctets) {
    return absl::InvalidArgumentError(
        absl::StrCat("caller or tenant is longer than ", kMaxNameOctets, " octets"));
  }
  SIPEVENTS_ASSIGN_OR_RETURN(Permissions permissions,
                             Permissions::Parse(absl::MakeConstSpan(words).subspan(3)));
  Caller caller{std::move(words[1]), std::move(words[2]),
                std::make_shared<const Permissions>(std::move(permissions))};
  const bool is_certificate = absl::StartsWith(token, "cert:");
  const bool is_new =
      is_certificate
          ? certificates_.emplace(token.substr(kCertificatePrefix.size()), std::move(caller)).second
          : tokens_.emplace(Digest(token), std::move(caller)).second;
  if (!is_new) return absl::InvalidArgumentError("the token stands in an earlier line too");
  return absl::OkStatus();
}

const Caller* TokenTable::FindToken(std::string_view token) const {
  if (token.empty() || token.size() > kMaxTokenOctets) return nullptr;
  const auto it = tokens_.find(Digest(token));
  return it == tokens_.end() ? nullptr : &it->second;
}

const Caller* TokenTable::FindCertificate(std::string_view identity) const {
  const auto it = certificates_.find(std::string(identity));
  return it == certificates_.end() ? nullptr : &it->second;
}

absl::StatusOr<std::unique_ptr<TokenFile>> TokenFile::Open(const std::string& path,
                                                           const Clock& clock) {
  std::unique_ptr<TokenFile> file(new TokenFile(path, clock));
  MutexLock lock(file->mutex_);
  SIPEVENTS_RETURN_IF_ERROR(file->Read());
  file->looked_ = clock.Now();
  return file;
}

std::shared_ptr<const TokenTable> TokenFile::Current() {
  MutexLock lock(mutex_);
  const absl::Time now = clock_.Now();
  // Also when the clock was set back.
  if (now - looked_ < absl::Seconds(1) && now >= looked_) return table_;
  looked_ = now;
  const absl::StatusOr<Version> version = VersionOf(path_);
  if (version.ok() && *version == version_) return table_;
  if (const absl::Status read = Read(); read.ok()) {
    Log(LogSeverity::kInfo, "auth", "tokens file read again", {{"file", path_}});
  } else {
    Log(LogSeverity::kError, "auth", "tokens file cannot be used; the old tokens stay valid",
        {{"file", path_}, {"error", read.message()}});
  }
  return table_;
}

absl::StatusOr<TokenFile::Version> TokenFile::VersionOf(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return absl::NotFoundError("cannot be found");
  return Version{found.st_dev, found.st_ino, found.st_size, absl::TimeFromTimespec(found.st_mtim)};
}

absl::Status TokenFile::Read() {
  // The version first: a change during the read is then seen at the next look.
  const absl::StatusOr<Version> version = VersionOf(path_);
  if (version.ok()) version_ = *version;
  SIPEVENTS_ASSIGN_OR_RETURN(const std::string text, ReadFile(path_, kMaxFileOctets));
  SIPEVENTS_ASSIGN_OR_RETURN(TokenTable table, TokenTable::Parse(text));
  table_ = std::make_shared<const TokenTable>(std::move(table));
  return absl::OkStatus();
}

}  // namespace sipevents::gateway
