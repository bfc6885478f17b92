#include "gateway/users/directory_user.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sip/base/uri.h"

namespace sipevents::gateway {
namespace {

constexpr size_t kMaxPasswordOctets = 1024;
constexpr int kMaxPublishes = 1000;
constexpr size_t kMd5Digits = 32;
constexpr size_t kSha256Digits = 64;
// Far beyond what counts, and near enough to be a duration.
constexpr int64_t kMaxSeconds = int64_t{1} << 32;

absl::Status Bad(const absl::AlphaNum& problem) {
  return absl::InvalidArgumentError(absl::StrCat("the answer cannot be used: ", problem));
}

bool IsHash(const std::string& text, size_t digits) {
  return text.size() == digits && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
         });
}

absl::Status CheckSecrets(const v1::DirectoryUser& said) {
  if (said.password().size() > kMaxPasswordOctets) {
    return Bad(absl::StrCat("password: expected at most ", kMaxPasswordOctets, " octets"));
  }
  if (!said.md5_hash().empty() && !IsHash(said.md5_hash(), kMd5Digits)) {
    return Bad(absl::StrCat("md5_hash: expected ", kMd5Digits, " hex digits in lower case"));
  }
  if (!said.sha256_hash().empty() && !IsHash(said.sha256_hash(), kSha256Digits)) {
    return Bad(absl::StrCat("sha256_hash: expected ", kSha256Digits, " hex digits in lower case"));
  }
  if (said.password().empty() && said.md5_hash().empty() && said.sha256_hash().empty()) {
    return Bad("expected password, md5_hash or sha256_hash");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<sip::UserDirectory::Answer> ReadDirectoryUser(const v1::DirectoryUser& said) {
  if (absl::Status status = CheckSecrets(said); !status.ok()) return status;
  if (said.publishes_size() > kMaxPublishes) {
    return Bad(absl::StrCat("publishes: expected at most ", kMaxPublishes, " elements"));
  }
  sip::UserDirectory::Answer answer;
  answer.user.password = said.password();
  answer.user.md5_hash = said.md5_hash();
  answer.user.sha256_hash = said.sha256_hash();
  for (int i = 0; i < said.publishes_size(); ++i) {
    const std::string& uri = said.publishes(i);
    const absl::StatusOr<std::string> canonical =
        uri == "*" ? absl::StatusOr<std::string>(uri) : CanonicalTarget(uri, /*tel_domain=*/"");
    if (!canonical.ok()) return Bad(absl::StrCat("publishes[", i, "]: expected a SIP URI or *"));
    answer.user.publishes.push_back(*canonical);
  }
  if (said.has_cache_duration()) {
    const int64_t seconds = said.cache_duration().seconds();
    answer.keep = absl::Seconds(std::clamp<int64_t>(seconds, 0, kMaxSeconds)) +
                  absl::Nanoseconds(seconds < 0 ? 0 : said.cache_duration().nanos());
  }
  return answer;
}

}  // namespace sipevents::gateway
