#include "absl/strings/str_cat.h"
#include "clients/cli/packages/summaries.h"
#include "clients/cli/printable.h"

namespace sipevents::client {

Summary Summarize(const v1::CallCompletion& completion) {
  const absl::string_view kept =
      completion.service_retention() ? ", the place in the queue is kept" : "";
  switch (completion.state()) {
    case v1::CallCompletion::READY: {
      const std::string whom = completion.uri().empty() ? "again" : Printable(completion.uri());
      return {absl::StrCat("ready: call ", whom, " now", kept), Tone::kGood};
    }
    case v1::CallCompletion::QUEUED:
      return {absl::StrCat("queued", kept), Tone::kBusy};
    default:
      return {absl::StrCat("unknown state", kept), Tone::kMissing};
  }
}

}  // namespace sipevents::client
