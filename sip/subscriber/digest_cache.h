#ifndef SIP_SUBSCRIBER_DIGEST_CACHE_H_
#define SIP_SUBSCRIBER_DIGEST_CACHE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "sip/auth/digest.h"

namespace sipevents::sip {

// Keeps what fetches learned of a domain's nonces, so that the next one need not be challenged
// again (SUB-55). One fetch has a session at a time: a nonce count is never used twice. Each
// identity has sessions of its own, since it may have credentials of its own: `domain` names both.
//
// Threads: the SIP thread.
class DigestCache {
 public:
  // Domains that are remembered; past them one is forgotten, and challenges again.
  static constexpr size_t kMostDomains = 1000;

  // The session for a domain; null: none is known, or another fetch has it.
  std::unique_ptr<ClientDigestSession> Take(const std::string& domain) {
    auto node = sessions_.extract(domain);
    return node.empty() ? nullptr : std::move(node.mapped());
  }

  // Gives one back. Null is ignored.
  void Put(const std::string& domain, std::unique_ptr<ClientDigestSession> session) {
    if (session == nullptr) return;
    if (sessions_.size() >= kMostDomains && !sessions_.contains(domain)) {
      sessions_.erase(sessions_.begin());
    }
    sessions_[domain] = std::move(session);
  }

  size_t size() const { return sessions_.size(); }

 private:
  absl::flat_hash_map<std::string, std::unique_ptr<ClientDigestSession>> sessions_;
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_DIGEST_CACHE_H_
