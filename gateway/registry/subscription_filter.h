#ifndef GATEWAY_REGISTRY_SUBSCRIPTION_FILTER_H_
#define GATEWAY_REGISTRY_SUBSCRIPTION_FILTER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sipevents/v1/subscriptions.pb.h"

namespace sipevents::gateway {

// The `filter` of ListSubscriptions:
//
//   filter = [ term *( "AND" term ) ]
//   term   = field ( "=" | "!=" | ":" ) value        ":" means: contains
//   value  = word | DQUOTE text DQUOTE               \" and \\ within the quotes
//
// Threads: immutable after it is made.
class SubscriptionFilter {
 public:
  static constexpr size_t kMaxOctets = 4096;
  static constexpr size_t kMaxTerms = 16;

  // Errors: InvalidArgument, whose message completes "expected …".
  static absl::StatusOr<SubscriptionFilter> Parse(std::string_view text);

  bool Matches(const v1::Subscription& subscription) const;

 private:
  enum class Field {
    kName,
    kTargetUri,
    kEventPackage,
    kIdentity,
    kState,
    kReason,
    kSipStatus,
    kWaiting
  };
  enum class Operation { kEquals, kDiffers, kContains };
  struct Term {
    Field field = Field::kName;
    Operation operation = Operation::kEquals;
    std::string value;
  };
  class Parser;

  static std::string ValueOf(Field field, const v1::Subscription& subscription);

  std::vector<Term> terms_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_REGISTRY_SUBSCRIPTION_FILTER_H_
