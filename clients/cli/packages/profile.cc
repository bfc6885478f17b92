#include "absl/strings/str_cat.h"
#include "clients/cli/packages/parts.h"
#include "clients/cli/packages/summaries.h"
#include "clients/cli/printable.h"
#include "clients/cli/times.h"

namespace sipevents::client {

Summary Summarize(const v1::Profile& profile) {
  Parts parts;
  if (profile.has_reference()) {
    const v1::ContentReference& reference = profile.reference();
    parts.Add(absl::StrCat("profile at ", Printable(reference.url())));
    parts.Add(Printable(reference.content_type()));
    if (reference.has_expire_time()) {
      parts.Add(absl::StrCat("until ",
                             absl::FormatTime("%Y-%m-%d %H:%M UTC", ToTime(reference.expire_time()),
                                              absl::UTCTimeZone())));
    }
  } else {
    parts.Add("a profile in the body");
  }
  if (profile.has_effective_by()) {
    const absl::Duration within = ToDuration(profile.effective_by());
    parts.Add(within <= absl::ZeroDuration()
                  ? "to be applied at once"
                  : absl::StrCat("to be applied within ", SpanText(within)));
  }
  return {parts.Join(", "), Tone::kPlain};
}

}  // namespace sipevents::client
