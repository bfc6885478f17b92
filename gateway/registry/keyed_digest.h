#ifndef GATEWAY_REGISTRY_KEYED_DIGEST_H_
#define GATEWAY_REGISTRY_KEYED_DIGEST_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace sipevents::gateway {

// HMAC-SHA-256 over a list of fields. Each goes in after its length, so that no two lists have
// the same octets.
//
// Threads: one at a time.
class KeyedDigest {
 public:
  // `secret` must outlive the digest.
  explicit KeyedDigest(std::string_view secret) : secret_(secret) {}

  KeyedDigest& Add(std::string_view field);
  // How many fields follow; for a list within the list.
  KeyedDigest& AddCount(size_t count);

  // The first `octets` of the digest, at most 32.
  std::string First(size_t octets) const;

 private:
  std::string_view secret_;
  std::string fields_;
};

// 32 random octets, fit as a secret.
std::string RandomSecret();

}  // namespace sipevents::gateway

#endif  // GATEWAY_REGISTRY_KEYED_DIGEST_H_
