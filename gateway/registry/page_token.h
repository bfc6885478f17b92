#ifndef GATEWAY_REGISTRY_PAGE_TOKEN_H_
#define GATEWAY_REGISTRY_PAGE_TOKEN_H_

#include <optional>
#include <string>
#include <string_view>

namespace sipevents::gateway {

// Makes and reads the page tokens of ListSubscriptions: where the next page begins, sealed
// together with whose list it is and by which filter, so that a token opens no other list.
//
// Threads: any.
class PageTokens {
 public:
  // Tokens are good as long as the secret is.
  explicit PageTokens(std::string secret) : secret_(std::move(secret)) {}

  // `after`: the last name of the page before.
  std::string Make(std::string_view tenant, std::string_view filter, std::string_view after) const;

  // Returns `after`; nullopt if the token is none, or of another list.
  std::optional<std::string> Read(std::string_view tenant, std::string_view filter,
                                  std::string_view token) const;

 private:
  std::string Seal(std::string_view tenant, std::string_view filter, std::string_view after) const;

  std::string secret_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_REGISTRY_PAGE_TOKEN_H_
