#include "absl/strings/str_cat.h"
#include "clients/cli/packages/summaries.h"
#include "clients/cli/printable.h"

namespace sipevents::client {

// RFC 4730, section 7.
Summary Summarize(const v1::KeyPress& keys) {
  std::string text;
  if (!keys.digits().empty()) text = absl::StrCat(Printable(keys.digits()), " pressed");
  const bool matched = keys.code() == 200;
  if (!matched) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", keys.code());
    if (!keys.text().empty()) absl::StrAppend(&text, " ", Printable(keys.text()));
  }
  if (text.empty()) text = "nothing pressed";
  if (!keys.tag().empty()) absl::StrAppend(&text, " (", Printable(keys.tag()), ")");
  if (keys.suppressed()) absl::StrAppend(&text, ", not heard by the other side");
  if (keys.forced_flush()) absl::StrAppend(&text, ", earlier keys are lost");
  return {text, matched ? Tone::kGood : keys.code() < 500 ? Tone::kMissing : Tone::kBad};
}

}  // namespace sipevents::client
