// The small grammars of the headers of event notification, each run over the same text.

#include "sip/base/header_grammar.h"

#include <utility>

#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

bool HasControl(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' && c != '\t') return true;
  }
  return false;
}

void CheckLists(std::string_view text) {
  size_t octets = 0;
  for (const std::string_view element : SplitCommaList(text)) {
    FUZZ_EXPECT(!element.empty());
    octets += element.size();
    Touch(element);
  }
  FUZZ_EXPECT(octets <= text.size());
  if (const auto parameters = SplitParameters(text); parameters.ok()) {
    FUZZ_EXPECT(parameters->size() <= kMaxHeaderParameters);
    for (const HeaderParameter& parameter : *parameters) {
      FUZZ_EXPECT(!parameter.name.empty());
      FUZZ_EXPECT(!parameter.quoted || parameter.value.has_value());
    }
  }
}

void CheckQuotes(std::string_view text) {
  const std::optional<std::string> unquoted = UnquoteString(QuoteString(text));
  FUZZ_EXPECT(HasControl(text) || unquoted == text);
  if (const std::optional<std::string> inside = UnquoteString(text); inside.has_value()) {
    FUZZ_EXPECT(inside->size() + 2 <= text.size());
  }
}

void CheckNumbers(std::string_view text) {
  const std::optional<uint32_t> seconds = ParseDeltaSeconds(text);
  if (seconds.has_value()) FUZZ_EXPECT(ParseExpires(text) == seconds);
  const std::optional<RetryAfter> retry = ParseRetryAfter(text);
  if (seconds.has_value()) FUZZ_EXPECT(retry.has_value() && retry->seconds == *seconds);
}

void CheckEvent(std::string_view text) {
  const absl::StatusOr<EventHeader> event = ParseEventHeader(text);
  if (!event.ok()) return;
  FUZZ_EXPECT(IsEventType(event->type));
  std::vector<std::pair<std::string, std::string>> parameters;
  if (event->id.has_value()) {
    FUZZ_EXPECT(IsToken(*event->id));
    parameters.emplace_back("id", *event->id);
  }
  for (const HeaderParameter& parameter : event->parameters) {
    parameters.emplace_back(parameter.name, parameter.value.value_or(""));
  }
  const absl::StatusOr<EventHeader> again =
      ParseEventHeader(FormatEventHeader(event->type, parameters));
  FUZZ_EXPECT(again.ok());
  FUZZ_EXPECT(EventMatches(*event, *again) && EventMatches(*again, *event));
  FUZZ_EXPECT(again->parameters.size() == event->parameters.size());
}

void CheckState(std::string_view text) {
  const absl::StatusOr<SubscriptionStateHeader> state = ParseSubscriptionState(text);
  if (!state.ok()) return;
  FUZZ_EXPECT(IsToken(state->raw));
  FUZZ_EXPECT(!HasControl(state->reason));
}

}  // namespace
}  // namespace sipevents::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = sipevents::fuzz::AsText(data, size);
  sipevents::fuzz::CheckLists(text);
  sipevents::fuzz::CheckQuotes(text);
  sipevents::fuzz::CheckNumbers(text);
  sipevents::fuzz::CheckEvent(text);
  sipevents::fuzz::CheckState(text);
  FUZZ_EXPECT(!sipevents::IsEventType(text) || sipevents::IsToken(text));
  FUZZ_EXPECT(!sipevents::IsMediaType(text) || sipevents::IsMediaRange(text));
  return 0;
}
