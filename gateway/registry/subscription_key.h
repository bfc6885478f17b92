#ifndef GATEWAY_REGISTRY_SUBSCRIPTION_KEY_H_
#define GATEWAY_REGISTRY_SUBSCRIPTION_KEY_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace sipevents::gateway {

// What makes two requests ask for the same Subscription. Every field is checked and canonical
// (see gateway/rpc/request_checks.h): comparing octets is enough.
struct SubscriptionKey {
  std::string tenant;
  std::string target_uri;
  std::string event_package;
  std::vector<std::pair<std::string, std::string>> event_parameters;  // sorted, names unique
  std::string identity;                                               // empty: the gateway's own
  std::vector<std::string> accept;                                    // sorted, unique
  std::string body_content_type;                                      // empty: no body
  std::string body;
  std::vector<std::string> members;  // sorted, unique; empty: no list of the caller's
  uint32_t appearance_index = 0;     // of a shared line; 0: none is named

  bool operator==(const SubscriptionKey&) const = default;
};

// What a caller asks to follow.
struct WantedSubscription {
  std::string name;    // of `key`, by SubscriptionNamer
  uint64_t epoch = 0;  // of that: SubscriptionNamer::epoch()
  SubscriptionKey key;
  absl::Duration expires;  // what the SIP subscription shall ask for; zero: the agent's own
  bool every = false;      // its log is to keep each event, from the first one
};

// Gives Subscriptions their names: `subscriptions/{id}`, where `id` is a character for the version
// of the key's format and 160 bits of HMAC-SHA-256 over the key, in lower-case base32. Replicas
// with the same secret agree on a name, and nobody without it can guess a user from one.
//
// Threads: any.
class SubscriptionNamer {
 public:
  // `secret`: octets that only this deployment knows; 32 of them are right.
  explicit SubscriptionNamer(std::string secret);

  // Makes one with a secret that dies with the process.
  static SubscriptionNamer WithRandomSecret();

  std::string NameOf(const SubscriptionKey& key) const;
  // The same as long as the secret, and so the names, are; tells nothing of the secret.
  uint64_t epoch() const { return epoch_; }

 private:
  std::string secret_;
  uint64_t epoch_;
};

// Whether `text` has the form of a name that SubscriptionNamer gives.
bool IsSubscriptionName(std::string_view text);

// What the names look like, for messages about those that do not.
inline constexpr std::string_view kSubscriptionNameForm =
    "subscriptions/ and the 33 characters of an id that the gateway gave";

}  // namespace sipevents::gateway

#endif  // GATEWAY_REGISTRY_SUBSCRIPTION_KEY_H_
