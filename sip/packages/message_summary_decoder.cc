#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/text_body.h"
#include "sip/body/values.h"
#include "sip/packages/message_summary.h"

namespace sipevents::sip {
namespace {

constexpr std::array<std::pair<std::string_view, MessageClass>, 7> kClasses = {
    {{"voice-message", MessageClass::kVoice},
     {"video-message", MessageClass::kVideo},
     {"fax-message", MessageClass::kFax},
     {"pager-message", MessageClass::kPager},
     {"multimedia-message", MessageClass::kMultimedia},
     {"text-message", MessageClass::kText},
     {"none", MessageClass::kNone}}};

// Nothing: no class of RFC 3842.
std::optional<MessageClass> FindClass(std::string_view name) {
  for (const auto& [word, value] : kClasses) {
    if (EqualsIgnoreCase(word, name)) return value;
  }
  return std::nullopt;
}

// Takes a number off the front of `text`, and the blanks around it.
std::optional<uint32_t> TakeNumber(std::string_view& text) {
  text = TrimBlanks(text);
  const size_t length = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<uint64_t> value = ParseClamped(text.substr(0, length), UINT32_MAX);
  if (!value) return std::nullopt;
  text = TrimBlanks(text.substr(length));
  return static_cast<uint32_t>(*value);
}

bool TakeChar(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text = TrimBlanks(text.substr(1));
  return true;
}

// Reads `new "/" old [ "(" urgent-new "/" urgent-old ")" ]`.
std::optional<MessageCount> ParseCount(std::string_view text) {
  MessageCount count;
  const auto take_pair = [&text](uint32_t& first, uint32_t& second) {
    const std::optional<uint32_t> a = TakeNumber(text);
    if (!a || !TakeChar(text, '/')) return false;
    const std::optional<uint32_t> b = TakeNumber(text);
    first = *a;
    second = b.value_or(0);
    return b.has_value();
  };
  if (!take_pair(count.new_count, count.old_count)) return std::nullopt;
  if (TakeChar(text, '(') &&
      (!take_pair(count.urgent_new_count, count.urgent_old_count) || !TakeChar(text, ')'))) {
    return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  return count;
}

// Takes the lines of one body, in order (RFC 3842 section 5.2).
class SummaryDecoder {
 public:
  SummaryDecoder(bool lenient, MessageSummary& summary) : lenient_(lenient), summary_(summary) {}

  absl::Status Decode(std::string_view text);

 private:
  absl::Status DecodeLine(std::string_view line);
  absl::Status DecodeSummaryLine(std::string_view name, std::string_view value);
  absl::Status DecodeWaiting(std::string_view value);
  absl::Status DecodeCount(std::string_view name, std::string_view value);
  absl::Status Malformed(std::string_view line) const;

  const bool lenient_;
  MessageSummary& summary_;
  bool waiting_given_ = false;
  bool in_headers_ = false;   // past the summary itself
  bool after_blank_ = false;  // the next line begins another block
};

absl::Status SummaryDecoder::Decode(std::string_view text) {
  while (!text.empty()) SIPEVENTS_RETURN_IF_ERROR(DecodeLine(TakeTextLine(text)));
  if (!waiting_given_) return absl::InvalidArgumentError("no Messages-Waiting line");
  return absl::OkStatus();
}

absl::Status SummaryDecoder::DecodeLine(std::string_view line) {
  if (line.empty()) {
    // An empty line before the summary means nothing.
    after_blank_ = waiting_given_ || in_headers_;
    return absl::OkStatus();
  }
  if (std::exchange(after_blank_, false)) {
    in_headers_ = true;
    summary_.new_messages.emplace_back();
  }
  const std::optional<TextField> field = SplitTextField(line);
  if (!field) return Malformed(line);
  if (!in_headers_) return DecodeSummaryLine(field->name, field->value);
  summary_.new_messages.back().emplace_back(field->name, field->value);
  return absl::OkStatus();
}

absl::Status SummaryDecoder::DecodeSummaryLine(std::string_view name, std::string_view value) {
  if (EqualsIgnoreCase(name, "messages-waiting")) return DecodeWaiting(value);
  if (!waiting_given_ && !lenient_) {
    return absl::InvalidArgumentError("Messages-Waiting is not the first line");
  }
  if (EqualsIgnoreCase(name, "message-account")) {
    summary_.account = UriIn(value);
    return absl::OkStatus();
  }
  return DecodeCount(name, value);
}

absl::Status SummaryDecoder::DecodeWaiting(std::string_view value) {
  summary_.messages_waiting = EqualsIgnoreCase(value, "yes");
  if (!summary_.messages_waiting && !EqualsIgnoreCase(value, "no")) {
    return absl::InvalidArgumentError(
        absl::StrCat("Messages-Waiting is ", QuoteForMessage(value), " instead of yes or no"));
  }
  waiting_given_ = true;
  return absl::OkStatus();
}

absl::Status SummaryDecoder::DecodeCount(std::string_view name, std::string_view value) {
  const std::optional<MessageClass> message_class = FindClass(name);
  std::optional<MessageCount> count = ParseCount(value);
  if (!count) return message_class ? Malformed(value) : absl::OkStatus();
  count->message_class = message_class.value_or(MessageClass::kUnspecified);
  summary_.counts.push_back(*count);
  return absl::OkStatus();
}

absl::Status SummaryDecoder::Malformed(std::string_view line) const {
  if (lenient_) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("malformed line ", QuoteForMessage(line)));
}

}  // namespace

absl::Status DecodeMessageSummary(std::string_view body, bool lenient, DecodeScratch& scratch,
                                  MessageSummary& summary) {
  summary = {};
  SIPEVENTS_ASSIGN_OR_RETURN(const std::string_view text, LoadText(body, lenient, scratch));
  return SummaryDecoder(lenient, summary).Decode(text);
}

}  // namespace sipevents::sip
