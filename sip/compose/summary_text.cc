#include "sip/compose/summary_text.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {
namespace {

std::string_view NameOf(MessageClass message_class) {
  switch (message_class) {
    case MessageClass::kVoice:
      return "Voice-Message";
    case MessageClass::kVideo:
      return "Video-Message";
    case MessageClass::kFax:
      return "Fax-Message";
    case MessageClass::kPager:
      return "Pager-Message";
    case MessageClass::kMultimedia:
      return "Multimedia-Message";
    case MessageClass::kText:
      return "Text-Message";
    case MessageClass::kNone:
      return "None";
    case MessageClass::kUnspecified:
      return {};
  }
  return {};
}

void AppendCount(const MessageCount& count, std::string& text) {
  const std::string_view name = NameOf(count.message_class);
  if (name.empty()) return;
  absl::StrAppend(&text, AbslView(name), ": ", count.new_count, "/", count.old_count);
  if (count.urgent_new_count > 0 || count.urgent_old_count > 0) {
    absl::StrAppend(&text, " (", count.urgent_new_count, "/", count.urgent_old_count, ")");
  }
  text += "\r\n";
}

}  // namespace

std::string SummaryText(const MessageSummary& summary) {
  std::string text =
      absl::StrCat("Messages-Waiting: ", summary.messages_waiting ? "yes" : "no", "\r\n");
  if (!summary.account.empty()) {
    absl::StrAppend(&text, "Message-Account: ", AbslView(summary.account), "\r\n");
  }
  for (const MessageCount& count : summary.counts) AppendCount(count, text);
  for (const TextPairs& message : summary.new_messages) {
    text += "\r\n";
    for (const auto& [name, value] : message) {
      absl::StrAppend(&text, AbslView(name), ": ", AbslView(value), "\r\n");
    }
  }
  return text;
}

}  // namespace sipevents::sip
