#include <algorithm>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"
#include "sip/base/status_macros.h"
#include "sip/base/utf8.h"
#include "sip/compose/summary_text.h"
#include "sip/compose/typed_writers.h"

namespace sipevents::sip {
namespace {

// A text that fits on a line.
absl::Status CheckLine(const FieldPath& path, std::string_view text) {
  const bool fits = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t';
  });
  if (fits && IsUtf8(text)) return absl::OkStatus();
  return FieldError(path, QuoteForMessage(text), "UTF-8 without line ends and control characters");
}

absl::Status CheckCount(const FieldPath& path, const MessageCount& count) {
  if (count.message_class == MessageClass::kUnspecified) {
    return FieldError(FieldPath(path, "class"), "MESSAGE_CLASS_UNSPECIFIED",
                      "a class like VOICE_MESSAGE");
  }
  if (count.urgent_new_count > count.new_count) {
    return FieldError(FieldPath(path, "urgent_new_count"), absl::StrCat(count.urgent_new_count),
                      absl::StrCat("at most new_count, which is ", count.new_count));
  }
  if (count.urgent_old_count > count.old_count) {
    return FieldError(FieldPath(path, "urgent_old_count"), absl::StrCat(count.urgent_old_count),
                      absl::StrCat("at most old_count, which is ", count.old_count));
  }
  return absl::OkStatus();
}

absl::Status CheckMessage(const FieldPath& path, const TextPairs& headers) {
  if (headers.empty()) return FieldError(FieldPath(path, "headers"), "empty", "at least one");
  for (size_t i = 0; i < headers.size(); ++i) {
    const FieldPath header(path, "headers", i);
    if (!IsToken(headers[i].first)) {
      return FieldError(FieldPath(header, "name"), QuoteForMessage(headers[i].first),
                        "a name like Subject");
    }
    SIPEVENTS_RETURN_IF_ERROR(CheckLine(FieldPath(header, "value"), headers[i].second));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> WriteMessageSummary(const MessageSummary& summary) {
  const FieldPath path("message_summary");
  SIPEVENTS_RETURN_IF_ERROR(CheckUriIfAny(FieldPath(path, "account"), summary.account));
  absl::flat_hash_set<MessageClass> classes;
  for (size_t i = 0; i < summary.counts.size(); ++i) {
    const FieldPath count(path, "counts", i);
    SIPEVENTS_RETURN_IF_ERROR(CheckCount(count, summary.counts[i]));
    if (!classes.insert(summary.counts[i].message_class).second) {
      return FieldError(FieldPath(count, "class"), "the same again", "each class once");
    }
  }
  for (size_t i = 0; i < summary.new_messages.size(); ++i) {
    SIPEVENTS_RETURN_IF_ERROR(
        CheckMessage(FieldPath(path, "new_messages", i), summary.new_messages[i]));
  }
  return SummaryText(summary);
}

}  // namespace sipevents::sip
