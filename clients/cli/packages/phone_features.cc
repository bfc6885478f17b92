#include "absl/strings/str_cat.h"
#include "clients/cli/packages/parts.h"
#include "clients/cli/packages/summaries.h"
#include "clients/cli/printable.h"

namespace sipevents::client {
namespace {

using Forwarding = v1::PhoneFeatures::Forwarding;

std::string ForwardingText(const Forwarding& forwarding, absl::string_view when) {
  if (!forwarding.active()) return "";
  const std::string target =
      forwarding.target().empty() ? "nowhere" : Printable(forwarding.target());
  return absl::StrCat("forwards to ", target, when);
}

std::string WhenUnanswered(const Forwarding& forwarding) {
  if (!forwarding.has_ring_count()) return " if nobody answers";
  const uint32_t rings = forwarding.ring_count();
  return absl::StrCat(" after ", rings, rings == 1 ? " ring" : " rings");
}

}  // namespace

Summary Summarize(const v1::PhoneFeatures& features) {
  Parts on;
  if (features.do_not_disturb()) on.Add("do not disturb");
  on.Add(ForwardingText(features.forward_immediate(), ""));
  on.Add(ForwardingText(features.forward_busy(), " if busy"));
  on.Add(
      ForwardingText(features.forward_no_answer(), WhenUnanswered(features.forward_no_answer())));
  if (!on.empty()) return {on.Join("; "), Tone::kBusy};
  const bool told = features.has_do_not_disturb() || features.has_forward_immediate() ||
                    features.has_forward_busy() || features.has_forward_no_answer();
  if (told) return {"nothing switched on", Tone::kGood};
  return {"nothing told yet", Tone::kMissing};
}

}  // namespace sipevents::client
