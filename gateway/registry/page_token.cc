#include "gateway/registry/page_token.h"

#include <openssl/crypto.h>

#include "absl/strings/escaping.h"
#include "gateway/registry/keyed_digest.h"
#include "sip/base/ascii.h"

namespace sipevents::gateway {
namespace {

constexpr size_t kSealOctets = 12;
constexpr size_t kMaxTokenOctets = 512;

}  // namespace

std::string PageTokens::Seal(std::string_view tenant, std::string_view filter,
                             std::string_view after) const {
  return KeyedDigest(secret_)
      .Add("page of subscriptions")
      .Add(tenant)
      .Add(filter)
      .Add(after)
      .First(kSealOctets);
}

std::string PageTokens::Make(std::string_view tenant, std::string_view filter,
                             std::string_view after) const {
  std::string content = Seal(tenant, filter, after);
  content += after;
  return absl::WebSafeBase64Escape(content);
}

std::optional<std::string> PageTokens::Read(std::string_view tenant, std::string_view filter,
                                            std::string_view token) const {
  std::string content;
  if (token.size() > kMaxTokenOctets) return std::nullopt;
  if (!absl::WebSafeBase64Unescape(AbslView(token), &content)) return std::nullopt;
  if (content.size() < kSealOctets) return std::nullopt;
  std::string after = content.substr(kSealOctets);
  const std::string seal = Seal(tenant, filter, after);
  if (CRYPTO_memcmp(seal.data(), content.data(), kSealOctets) != 0) return std::nullopt;
  return after;
}

}  // namespace sipevents::gateway
