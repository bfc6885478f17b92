#ifndef GATEWAY_AUTH_TOKEN_FILE_H_
#define GATEWAY_AUTH_TOKEN_FILE_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/auth/authorizer.h"
#include "sip/base/clock.h"
#include "sip/base/mutex.h"

namespace sipevents::gateway {

// What --grpc_tokens_file says. Lines of `token caller tenant [permission…]`, separated by
// blanks; empty lines and lines that begin with `#` are skipped. A token of the form
// `cert:IDENTITY` gives tenant and permissions to the holder of a client certificate with that
// identity instead; it is no bearer token.
//
// Tokens are kept and compared as SHA-256 digests: how long a look-up takes says nothing about
// a token, and no secret lies in memory or can reach a log.
//
// Threads: immutable after Parse().
class TokenTable {
 public:
  // At most 1 MiB and 10,000 lines; tokens of 16 to 512 visible ASCII characters. Errors name
  // the line, never a token.
  static absl::StatusOr<TokenTable> Parse(std::string_view text);

  // The caller of a bearer token; null if it is unknown.
  const Caller* FindToken(std::string_view token) const;

  // The caller of a client certificate; null if no `cert:` line names it.
  const Caller* FindCertificate(std::string_view identity) const;

  // Whether certificates are listed: then one that is not is refused.
  bool lists_certificates() const { return !certificates_.empty(); }

 private:
  absl::Status AddLine(std::string_view line);

  absl::flat_hash_map<std::string, Caller> tokens_;  // by digest
  absl::flat_hash_map<std::string, Caller> certificates_;
};

// The tokens file as it is now: looked at again at most once a second, read again when it has
// changed. A file that became unusable is logged, and what it said before goes on.
//
// Threads: any.
class TokenFile {
 public:
  // Reads the file for the first time. `clock` outlives the TokenFile.
  static absl::StatusOr<std::unique_ptr<TokenFile>> Open(const std::string& path,
                                                         const Clock& clock);

  std::shared_ptr<const TokenTable> Current();

 private:
  // What tells one version of the file from the next.
  struct Version {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    absl::Time modified;
    bool operator==(const Version&) const = default;
  };

  TokenFile(std::string path, const Clock& clock) : path_(std::move(path)), clock_(clock) {}
  static absl::StatusOr<Version> VersionOf(const std::string& path);
  absl::Status Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;
  const Clock& clock_;
  Mutex mutex_;
  absl::Time looked_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  Version version_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const TokenTable> table_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_AUTH_TOKEN_FILE_H_
