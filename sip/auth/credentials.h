#ifndef SIP_AUTH_CREDENTIALS_H_
#define SIP_AUTH_CREDENTIALS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sipevents::sip {

// Who we are to a realm. Never log the password.
struct Credentials {
  std::string user;
  std::string password;

  bool operator==(const Credentials&) const = default;
};

// What we may say to whom, from `--sip_credentials_file`.
//
// Threads: immutable once loaded; any.
class CredentialTable {
 public:
  static constexpr size_t kMaxFileOctets = size_t{1} << 20;
  static constexpr size_t kMaxEntries = 10000;
  static constexpr size_t kMaxDomains = 64;  // of one entry

  // Knows nobody.
  CredentialTable() = default;

  // Reads a file; see Parse(). Errors also: NotFound or Unavailable if it cannot be read.
  static absl::StatusOr<CredentialTable> Load(const std::string& path);

  // Reads lines of `realm user password [identity=URI] [domain...]`, separated by blanks. A field
  // may stand in double quotes, with \" and \\ inside; a field that begins with # begins a comment.
  // Without domains, the realm itself is the domain, and must be a host. With an identity, a sip:
  // or sips: URI, the line is for requests from that one only. Errors: InvalidArgument, with
  // `name`, the line and what is expected, never with the text of a field. The same realm, domain
  // and identity twice is one.
  static absl::StatusOr<CredentialTable> Parse(std::string_view text, std::string_view name);

  // The credentials for a challenge of `realm` (byte by byte) to a request whose first
  // Request-URI had this host (any case; brackets and a final dot do not matter; no port). None
  // unless the host is one of the entry's domains, whoever it was that asked: a foreign server
  // that names our realm learns nothing. So pass the host of the resource as the caller named
  // it, also for later requests of a dialog (whose Request-URI is the peer's Contact), and never
  // that of a redirection. `identity` is the URI of From: a line for that one wins over a line
  // for all.
  std::optional<Credentials> Lookup(std::string_view realm,
                                    std::string_view original_request_uri_host,
                                    std::string_view identity = {}) const;

  // A realm that has credentials for requests of this identity to this host; empty: none has. Of
  // several, any; takes as long as the table is large.
  std::string RealmFor(std::string_view original_request_uri_host,
                       std::string_view identity = {}) const;

  // Entries, that is, lines.
  size_t size() const { return size_; }

 private:
  struct Entry {
    Credentials credentials;
    size_t line = 0;
  };

  absl::Status Add(std::vector<std::string> fields, size_t line);

  // Realm, domain, and identity (empty: any), the latter two normalised.
  struct Key {
    std::string realm;
    std::string domain;
    std::string identity;

    bool operator==(const Key&) const = default;
    template <typename H>
    friend H AbslHashValue(H state, const Key& key) {
      return H::combine(std::move(state), key.realm, key.domain, key.identity);
    }
  };

  absl::flat_hash_map<Key, Entry> entries_;
  size_t size_ = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_AUTH_CREDENTIALS_H_
