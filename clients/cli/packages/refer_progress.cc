#include "absl/strings/str_cat.h"
#include "clients/cli/packages/summaries.h"
#include "clients/cli/printable.h"

namespace sipevents::client {

Summary Summarize(const v1::ReferProgress& progress) {
  std::string text = absl::StrCat(progress.sip_status());
  if (!progress.reason_phrase().empty()) {
    absl::StrAppend(&text, " ", Printable(progress.reason_phrase()));
  }
  if (progress.sip_status() < 200) return {text, Tone::kBusy};
  if (progress.sip_status() < 300) return {absl::StrCat(text, ", done"), Tone::kGood};
  return {absl::StrCat(text, ", failed"), Tone::kBad};
}

}  // namespace sipevents::client
