#include "sip/base/bound_error.h"

#include "absl/strings/cord.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {
namespace {

constexpr char kPayload[] = "sipevents/bound";

}  // namespace

absl::Status BoundError(std::string_view bound, std::string_view message) {
  absl::Status status = absl::ResourceExhaustedError(AbslView(message));
  status.SetPayload(kPayload, absl::Cord(AbslView(bound)));
  return status;
}

std::string BoundOf(const absl::Status& status) {
  const auto bound = status.GetPayload(kPayload);
  return bound.has_value() ? std::string(*bound) : "";
}

}  // namespace sipevents::sip
