#include "sip/packages/profile.h"

#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/sipevents/v1/field_numbers.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/media_type.h"
#include "sip/body/multipart.h"
#include "sip/body/text_body.h"
#include "sip/body/values.h"
#include "sip/packages/body_merger.h"
#include "sip/packages/event_parameters.h"

namespace sipevents::sip {
namespace {

namespace profile = fields::Profile;
namespace reference = fields::ContentReference;

// A date as mail has it (RFC 4483 section 4.2: RFC 2017): `Mon, 02 Mar 2026 09:00:00 GMT`.
std::optional<absl::Time> ParseMailDate(std::string_view text) {
  constexpr size_t kMaxOctets = 64;
  if (text.size() > kMaxOctets) return std::nullopt;
  absl::Time time;
  for (const char* format : {"%a, %d %b %Y %H:%M:%S GMT", "%a, %d %b %Y %H:%M:%S %z"}) {
    if (absl::ParseTime(format, AbslView(text), &time, nullptr)) return time;
  }
  return std::nullopt;
}

// RFC 2017 section 3.1: white space in it was put there to break lines.
std::string WithoutBlanks(std::string_view url) {
  std::string whole;
  for (const char c : url) {
    if (kSipBlanks.find(c) == std::string_view::npos) whole += c;
  }
  return whole;
}

// The headers that stand in for the content.
struct ContentHeaders {
  std::string_view type;
  std::string_view id;
};

ContentHeaders ReadContentHeaders(std::string_view text) {
  ContentHeaders headers;
  text = TrimBlanks(text);
  while (!text.empty()) {
    const std::string_view line = TakeTextLine(text);
    if (line.empty()) break;
    const std::optional<TextField> field = SplitTextField(line);
    if (!field) continue;
    if (EqualsIgnoreCase(field->name, "Content-Type")) headers.type = field->value;
    if (EqualsIgnoreCase(field->name, "Content-ID")) headers.id = UriIn(field->value);
  }
  return headers;
}

absl::Status WriteReference(const MergeInput& input, DecodeScratch& scratch) {
  const auto parameter = [&](std::string_view name) {
    return MediaTypeParameter(input.content_type, name).value_or("");
  };
  const std::string access = parameter("access-type");
  if (!EqualsIgnoreCase(access, "URL")) {
    return absl::InvalidArgumentError(absl::StrCat("message/external-body with access-type ",
                                                   QuoteForMessage(access), " instead of \"URL\""));
  }
  const std::string url = WithoutBlanks(parameter("URL"));
  if (url.empty()) return absl::InvalidArgumentError("message/external-body without URL");
  SIPEVENTS_ASSIGN_OR_RETURN(const std::string_view text,
                             LoadText(input.body, input.lenient, scratch));
  const ContentHeaders headers = ReadContentHeaders(text);
  ReverseWireWriter& writer = scratch.writer();
  writer.Message(profile::kReference, [&] {
    writer.Text(reference::kContentId, headers.id);
    writer.Text(reference::kContentType, headers.type);
    writer.Text(reference::kHash, parameter("hash"));
    if (const auto size = ParseClamped(parameter("size"), UINT64_MAX)) {
      writer.UnsignedAlways(reference::kSize, *size);
    }
    if (const auto time = ParseMailDate(parameter("expiration"))) {
      writer.Timestamp(reference::kExpireTime, *time);
    }
    writer.Text(reference::kUrl, url);
  });
  return absl::OkStatus();
}

absl::Status WriteProfile(const MergeInput& input, DecodeScratch& scratch) {
  if (MatchesMediaType(input.content_type, "message/external-body")) {
    SIPEVENTS_RETURN_IF_ERROR(WriteReference(input, scratch));
  }
  const auto seconds = EventParameter(input.event_parameters, "effective-by");
  if (const auto effective_by = ParseClamped(seconds.value_or(""), UINT32_MAX)) {
    scratch.writer().Duration(profile::kEffectiveBy, absl::Seconds(*effective_by));
  }
  return absl::OkStatus();
}

constexpr BodyShape kShape = {
    .document_number = fields::Event::kProfile,
    .write = WriteProfile,
    .type_suffices = true,
};

}  // namespace

std::unique_ptr<StateMerger> NewProfileMerger() { return NewBodyMerger(kShape); }

}  // namespace sipevents::sip
