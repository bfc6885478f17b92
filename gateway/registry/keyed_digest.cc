#include "gateway/registry/keyed_digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace sipevents::gateway {

KeyedDigest& KeyedDigest::AddCount(size_t count) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    fields_ += static_cast<char>(static_cast<uint64_t>(count) >> shift);
  }
  return *this;
}

KeyedDigest& KeyedDigest::Add(std::string_view field) {
  AddCount(field.size());
  fields_ += field;
  return *this;
}

std::string KeyedDigest::First(size_t octets) const {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
       reinterpret_cast<const unsigned char*>(fields_.data()), fields_.size(), digest, &size);
  return std::string(reinterpret_cast<const char*>(digest), std::min<size_t>(octets, size));
}

std::string RandomSecret() {
  constexpr int kOctets = 32;
  std::string secret(kOctets, '\0');
  // No name or token would be safe without random numbers. No input can cause this.
  if (RAND_bytes(reinterpret_cast<unsigned char*>(secret.data()), kOctets) != 1) std::abort();
  return secret;
}

}  // namespace sipevents::gateway
