#ifndef GATEWAY_RPC_REQUEST_CHECKS_SPEC_H_
#define GATEWAY_RPC_REQUEST_CHECKS_SPEC_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "gateway/registry/subscription_key.h"
#include "gateway/rpc/field_checks.h"
#include "sipevents/v1/subscriptions.pb.h"

// The parts that requests have in common. What cannot be used goes into `violations`; the value
// returned is then of no use. Threads: any, for everything here.

namespace sipevents::gateway {

// How the gateway completes what a caller leaves out.
struct SpecContext {
  std::string_view tenant;
  std::string_view tel_domain;    // for tel: URIs; empty: they are refused
  std::string_view own_identity;  // canonical; a caller that names it says nothing new
  const SubscriptionNamer& namer;
};

// The bounds of SubscriptionSpec, as the contract states them.
inline constexpr int kMaxEventParameters = 16;
inline constexpr int kMaxAcceptTypes = 16;
inline constexpr size_t kMaxParameterOctets = 512;
inline constexpr size_t kMaxRequestBodyOctets = size_t{64} << 10;
inline constexpr int kMaxMembers = 1000;
inline constexpr uint32_t kMostAppearances = 999;  // of a shared line

// Checks the spec at the path `field` ("spec") and brings it into canonical form.
WantedSubscription CheckSpec(std::string_view field, const v1::SubscriptionSpec& spec,
                             const SpecContext& context, FieldViolations& violations);

// `subscriptions/{id}`.
void CheckName(std::string_view field, const std::string& name, FieldViolations& violations);

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_REQUEST_CHECKS_SPEC_H_
