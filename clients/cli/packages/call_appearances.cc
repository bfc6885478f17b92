#include "absl/strings/str_cat.h"
#include "clients/cli/packages/parts.h"
#include "clients/cli/packages/summaries.h"

namespace sipevents::client {
namespace {

std::string StateText(v1::CallAppearance::State state) {
  if (state == v1::CallAppearance::STATE_UNSPECIFIED) return "in an unknown state";
  return Words(v1::CallAppearance::State_Name(state));
}

std::string AppearanceText(const v1::CallAppearance& appearance) {
  std::string text = absl::StrCat(appearance.index(), " ", StateText(appearance.state()));
  const std::string party = NameText(appearance.display_name(), appearance.uri());
  if (!party.empty()) absl::StrAppend(&text, " with ", party);
  return text;
}

}  // namespace

Summary Summarize(const v1::CallAppearances& line) {
  Parts busy;
  for (const v1::CallAppearance& appearance : line.appearances()) {
    if (appearance.state() != v1::CallAppearance::IDLE) busy.Add(AppearanceText(appearance));
  }
  const auto others = line.others();
  const bool others_told = others != v1::CallAppearance::STATE_UNSPECIFIED;
  const bool others_busy = others_told && others != v1::CallAppearance::IDLE;
  if (busy.empty() && !others_busy) {
    if (line.appearances().empty() && !others_told) return {"nothing told yet", Tone::kMissing};
    return {"idle", Tone::kGood};
  }
  if (others_told) {
    busy.Add(absl::StrCat(busy.empty() ? "all " : "others ", StateText(others)));
  }
  return {busy.Join(", "), Tone::kBusy};
}

}  // namespace sipevents::client
