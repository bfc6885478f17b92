#include "sip/compose/summary_text.h"

#include <algorithm>
#include <array>
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

bool IsCount(std::string_view line) {
  static constexpr std::array kClasses = {
      MessageClass::kVoice,      MessageClass::kVideo, MessageClass::kFax, MessageClass::kPager,
      MessageClass::kMultimedia, MessageClass::kText,  MessageClass::kNone};
  const std::string_view name = TrimBlanks(line.substr(0, line.find(':')));
  return std::any_of(kClasses.begin(), kClasses.end(), [&](MessageClass message_class) {
    return EqualsIgnoreCase(name, NameOf(message_class));
  });
}

// Appends a line with counts, none of them too large.
void AppendClamped(std::string_view line, std::string& text) {
  static constexpr std::string_view kMost = "4294967295";
  while (!line.empty()) {
    const size_t begin = std::min(line.find_first_of("0123456789"), line.size());
    text.append(line.substr(0, begin));
    line.remove_prefix(begin);
    const size_t length = std::min(line.find_first_not_of("0123456789"), line.size());
    const std::string_view number = line.substr(0, length);
    line.remove_prefix(length);
    const size_t zeros = std::min(number.find_first_not_of('0'), number.size());
    const std::string_view digits = number.substr(zeros);
    const bool fits =
        digits.size() < kMost.size() || (digits.size() == kMost.size() && digits <= kMost);
    text.append(fits ? number : kMost);
  }
}

}  // namespace

std::string RewrittenSummary(std::string_view body) {
  std::string text;
  text.reserve(body.size() + 16);
  bool in_summary = true;  // not yet past it, among headers of messages
  bool is_count = false;   // also of the lines that a folded one goes on with
  while (!body.empty()) {
    const size_t end = std::min(body.find('\n'), body.size());
    std::string_view line = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool is_blank = TrimBlanks(line).empty();
    if (is_blank && text.empty()) continue;
    in_summary = in_summary && !is_blank;
    const bool goes_on = !is_blank && (line.front() == ' ' || line.front() == '\t');
    is_count = in_summary && (goes_on ? is_count : IsCount(line));
    if (is_count) {
      AppendClamped(line, text);
    } else {
      text.append(line);
    }
    text += "\r\n";
  }
  return text;
}

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
