#include "absl/strings/str_cat.h"
#include "clients/cli/packages/summaries.h"

namespace sipevents::client {

Summary Summarize(const v1::LineSeize& grant) {
  if (grant.appearance_index() == 0) return {"no appearance is ours", Tone::kMissing};
  return {absl::StrCat("appearance ", grant.appearance_index(), " is ours"), Tone::kGood};
}

}  // namespace sipevents::client
