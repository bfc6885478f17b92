#include "absl/strings/str_cat.h"
#include "clients/cli/packages/parts.h"
#include "clients/cli/packages/summaries.h"

namespace sipevents::client {
namespace {

std::string CountText(const v1::MessageCount& count) {
  std::string text = absl::StrCat(count.new_count(), " new, ", count.old_count(), " old");
  if (count.urgent_new_count() > 0) {
    absl::StrAppend(&text, ", ", count.urgent_new_count(), " urgent");
  }
  const std::string name = Words(v1::MessageClass_Name(count.class_()));
  const std::string kind = name.substr(0, name.find(' '));
  if (kind == "none" || count.class_() == v1::MESSAGE_CLASS_UNSPECIFIED) return text;
  return absl::StrCat(text, " ", kind);
}

}  // namespace

Summary Summarize(const v1::MessageSummary& messages) {
  Parts texts;
  for (const v1::MessageCount& count : messages.counts()) texts.Add(CountText(count));
  std::string text = messages.messages_waiting() ? "messages waiting" : "no messages waiting";
  if (!texts.empty()) absl::StrAppend(&text, ": ", texts.Join("; "));
  return {text, messages.messages_waiting() ? Tone::kBusy : Tone::kGood};
}

}  // namespace sipevents::client
