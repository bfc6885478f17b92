#include "sip/location/target_check.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/net_address.h"
#include "sip/base/network_list.h"
#include "sip/base/status_macros.h"

namespace sipevents::sip {
namespace {

// Whether no single host can have this numeric address.
bool IsNobodys(std::string_view address) {
  if (IsWildcard(address)) return true;
  const std::optional<IpOctets> octets = ParseIpAddress(address);
  if (!octets.has_value()) return false;
  if (IsIpv6(address)) return octets->front() == 0xff;
  const auto v4 = octets->begin() + kMappedPrefix / 8;
  const bool multicast = (*v4 & 0xf0) == 0xe0;
  return multicast || std::all_of(v4, octets->end(), [](uint8_t octet) { return octet == 0xff; });
}

}  // namespace

absl::Status CheckTarget(std::string_view uri, const SendingMeans& means,
                         const DestinationPolicy& policy) {
  SIPEVENTS_ASSIGN_OR_RETURN(const LocationPlan plan, PlanLocation(uri, means, /*large=*/false));
  if (!plan.numeric) return absl::OkStatus();  // DNS has to be asked where it leads
  if (IsNobodys(plan.name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("no host has the address ", QuoteForMessage(plan.name)));
  }
  const NextHop hop{plan.transports.front(), {plan.name, plan.port}, plan.name};
  if (policy.Allows(hop)) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("nothing may be sent to ", QuoteForMessage(plan.name)));
}

}  // namespace sipevents::sip
