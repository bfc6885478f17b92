#include "sip/packages/call_completion.h"

#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "api/sipevents/v1/field_numbers.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/text_body.h"
#include "sip/packages/body_merger.h"

namespace sipevents::sip {
namespace {

namespace completion = fields::CallCompletion;

// What the lines that RFC 6910 section 10 defines say.
struct Lines {
  std::optional<std::string_view> state;
  std::optional<std::string_view> service_retention;
  std::optional<std::string_view> uri;
};

absl::StatusOr<Lines> ReadLines(std::string_view text, bool lenient) {
  Lines lines;
  while (!text.empty()) {
    const std::string_view line = TakeTextLine(text);
    const std::optional<TextField> field = SplitTextField(line);
    if (!field) {
      if (line.empty() || lenient) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("a line without colon: ", QuoteForMessage(line)));
    }
    std::optional<std::string_view>* value =
        EqualsIgnoreCase(field->name, "cc-state")               ? &lines.state
        : EqualsIgnoreCase(field->name, "cc-service-retention") ? &lines.service_retention
        : EqualsIgnoreCase(field->name, "cc-URI")               ? &lines.uri
                                                                : nullptr;
    if (value == nullptr) continue;
    if (value->has_value() && !lenient) {
      return absl::InvalidArgumentError(
          absl::StrCat(AbslView(field->name), " is there more than once"));
    }
    if (!value->has_value()) *value = field->value;
  }
  return lines;
}

int StateOf(std::string_view word) {
  if (EqualsIgnoreCase(word, "queued")) return completion::State::kQUEUED;
  if (EqualsIgnoreCase(word, "ready")) return completion::State::kREADY;
  return completion::State::kSTATE_UNSPECIFIED;
}

absl::Status WriteCompletion(const MergeInput& input, DecodeScratch& scratch) {
  SIPEVENTS_ASSIGN_OR_RETURN(const std::string_view text,
                             LoadText(input.body, input.lenient, scratch));
  SIPEVENTS_ASSIGN_OR_RETURN(const Lines lines, ReadLines(text, input.lenient));
  if (!lines.state) return absl::InvalidArgumentError("no cc-state line");
  ReverseWireWriter& writer = scratch.writer();
  writer.Text(completion::kUri, UriIn(lines.uri.value_or("")));
  writer.Bool(completion::kServiceRetention,
              EqualsIgnoreCase(lines.service_retention.value_or(""), "true"));
  writer.Signed(completion::kState, StateOf(*lines.state));
  return absl::OkStatus();
}

constexpr BodyShape kShape = {
    .content_type = "application/call-completion",
    .document_number = fields::Event::kCallCompletion,
    .write = WriteCompletion,
};

}  // namespace

std::unique_ptr<StateMerger> NewCallCompletionMerger() { return NewBodyMerger(kShape); }

}  // namespace sipevents::sip
