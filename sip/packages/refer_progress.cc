#include "sip/packages/refer_progress.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/sipevents/v1/field_numbers.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/text_body.h"
#include "sip/body/values.h"
#include "sip/packages/body_merger.h"
#include "sip/packages/event_parameters.h"

namespace sipevents::sip {
namespace {

namespace progress = fields::ReferProgress;

// Most headers of one fragment.
constexpr size_t kMaxHeaders = 64;

// The first line of a fragment: `SIP/2.0 180 Ringing`.
struct StatusLine {
  int status = 0;
  std::string_view phrase;
};

absl::StatusOr<StatusLine> ReadStatusLine(std::string_view line) {
  constexpr std::string_view kVersion = "SIP/2.0 ";
  constexpr size_t kDigits = 3;
  const std::string_view rest = EqualsIgnoreCase(line.substr(0, kVersion.size()), kVersion)
                                    ? TrimBlanks(line.substr(kVersion.size()))
                                    : std::string_view();
  const std::string_view code = rest.substr(0, rest.find_first_of(" \t"));
  const std::optional<uint64_t> status = ParseClamped(code, 1000);
  if (code.size() != kDigits || !status || *status < 100 || *status > 699) {
    return absl::InvalidArgumentError(absl::StrCat("the fragment begins with ",
                                                   QuoteForMessage(line),
                                                   " instead of the status line of a response"));
  }
  return StatusLine{static_cast<int>(*status), TrimBlanks(rest.substr(kDigits))};
}

absl::StatusOr<std::vector<TextField>> ReadHeaders(std::string_view text, bool lenient) {
  std::vector<TextField> headers;
  while (!text.empty()) {
    const std::string_view line = TakeTextLine(text);
    if (line.empty()) break;  // a body follows, which tells nothing to people
    const std::optional<TextField> header = SplitTextField(line);
    if (!header && lenient) continue;
    if (!header) {
      return absl::InvalidArgumentError(
          absl::StrCat("a header without colon: ", QuoteForMessage(line)));
    }
    if (headers.size() >= kMaxHeaders) {
      return absl::ResourceExhaustedError(absl::StrCat("more than ", kMaxHeaders, " headers"));
    }
    headers.push_back(*header);
  }
  return headers;
}

absl::Status WriteProgress(const MergeInput& input, DecodeScratch& scratch) {
  SIPEVENTS_ASSIGN_OR_RETURN(std::string_view text, LoadText(input.body, input.lenient, scratch));
  std::string_view first;
  while (first.empty() && !text.empty()) first = TakeTextLine(text);
  SIPEVENTS_ASSIGN_OR_RETURN(const StatusLine status, ReadStatusLine(first));
  SIPEVENTS_ASSIGN_OR_RETURN(const std::vector<TextField> headers,
                             ReadHeaders(text, input.lenient));
  ReverseWireWriter& writer = scratch.writer();
  for (auto header = headers.rbegin(); header != headers.rend(); ++header) {
    writer.Message(progress::kHeaders, [&] {
      writer.Text(progress::Header::kValue, header->value);
      writer.Text(progress::Header::kName, header->name);
    });
  }
  // RFC 3515 section 2.4.6: the id is the CSeq number of the REFER.
  const auto id = EventParameter(input.event_parameters, "id");
  if (const auto cseq = ParseClamped(id.value_or(""), UINT32_MAX)) {
    writer.UnsignedAlways(progress::kReferCseq, *cseq);
  }
  writer.Text(progress::kReasonPhrase, status.phrase);
  writer.Signed(progress::kSipStatus, status.status);
  return absl::OkStatus();
}

constexpr BodyShape kShape = {
    .content_type = "message/sipfrag",
    .document_number = fields::Event::kRefer,
    .write = WriteProgress,
};

}  // namespace

std::unique_ptr<StateMerger> NewReferMerger() { return NewBodyMerger(kShape); }

}  // namespace sipevents::sip
