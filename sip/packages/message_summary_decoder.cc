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
#include "sip/base/utf8.h"
#include "sip/packages/message_summary.h"
#include "sip/packages/values.h"

namespace sipevents::sip {
namespace {

// Most lines of one body; there may be a header block for each new message.
constexpr int kMaxLines = 10'000;

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

// Joins folded lines in place: drops each line end that is followed by white space, unless it
// ends an empty line.
void Unfold(std::string& text) {
  size_t out = 0;
  size_t line_start = 0;  // in what is already written
  for (size_t in = 0; in < text.size(); ++in) {
    if (text[in] != '\n') {
      text[out++] = text[in];
      continue;
    }
    size_t line_end = out;
    if (line_end > line_start && text[line_end - 1] == '\r') --line_end;
    const bool folded = line_end > line_start && in + 1 < text.size() &&
                        (text[in + 1] == ' ' || text[in + 1] == '\t');
    out = line_end;
    if (folded) continue;
    text[out++] = '\n';
    line_start = out;
  }
  text.resize(out);
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

// A URI; angle brackets, and a name before them, are not part of it.
std::string_view ParseAccount(std::string_view text) {
  const size_t open = text.find('<');
  const size_t close = text.find('>', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos) return text;
  return TrimBlanks(text.substr(open + 1, close - open - 1));
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
  int lines = 0;
  while (!text.empty()) {
    if (++lines > kMaxLines) {
      return absl::InvalidArgumentError(absl::StrCat("more than ", kMaxLines, " lines"));
    }
    const size_t end = std::min(text.find('\n'), text.size());
    SIPEVENTS_RETURN_IF_ERROR(DecodeLine(TrimBlanks(text.substr(0, end))));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
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
  const size_t colon = line.find(':');
  const std::string_view name = TrimBlanks(line.substr(0, colon));
  if (colon == std::string_view::npos || name.empty()) return Malformed(line);
  const std::string_view value = TrimBlanks(line.substr(colon + 1));
  if (!in_headers_) return DecodeSummaryLine(name, value);
  summary_.new_messages.back().emplace_back(name, value);
  return absl::OkStatus();
}

absl::Status SummaryDecoder::DecodeSummaryLine(std::string_view name, std::string_view value) {
  if (EqualsIgnoreCase(name, "messages-waiting")) return DecodeWaiting(value);
  if (!waiting_given_ && !lenient_) {
    return absl::InvalidArgumentError("Messages-Waiting is not the first line");
  }
  if (EqualsIgnoreCase(name, "message-account")) {
    summary_.account = ParseAccount(value);
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
  if (body.size() > kMaxBodyOctets) {
    return absl::InvalidArgumentError(
        absl::StrCat("the body has more than ", kMaxBodyOctets, " octets"));
  }
  if (body.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("octet 0 in the text");
  }
  std::string& text = scratch.Load(body);
  if (!IsUtf8(text)) {
    if (!lenient) return absl::InvalidArgumentError("the text is not UTF-8");
    // A raw Subject of old mail: better odd letters than no lamp.
    text = Latin1ToUtf8(text);
  }
  Unfold(text);
  return SummaryDecoder(lenient, summary).Decode(text);
}

}  // namespace sipevents::sip
