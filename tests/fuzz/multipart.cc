// Bodies of several parts: each part lies inside the body, in order, and holds no delimiter of its
// own.
//
// Input: "s" for the strict profile, else lenient; the Content-Type up to the line end; the body.

#include "sip/body/multipart.h"

#include "sip/base/ascii.h"
#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

bool IsInside(std::string_view part, std::string_view body) {
  return part.empty() ||
         (part.data() >= body.data() && part.data() + part.size() <= body.data() + body.size());
}

void Check(std::string_view content_type, std::string_view body, bool lenient) {
  const auto parts = sip::SplitMultipart(content_type, body, lenient);
  FUZZ_EXPECT(parts.ok() || !parts.status().message().empty());
  if (!parts.ok()) return;
  const auto boundary = sip::MediaTypeParameter(content_type, "BOUNDARY");
  FUZZ_EXPECT(boundary.has_value() && !boundary->empty());
  FUZZ_EXPECT(!parts->empty() && parts->size() <= sip::kMaxParts);
  // Strict is never more than lenient.
  FUZZ_EXPECT(lenient || sip::SplitMultipart(content_type, body, true).ok());
  const std::string delimiter = "\n--" + *boundary + "\n";
  const char* last = body.data();
  for (const sip::MultipartPart& part : *parts) {
    FUZZ_EXPECT(IsInside(part.body, body) && IsInside(part.content_type, body) &&
                IsInside(part.content_id, body));
    FUZZ_EXPECT(part.body.data() >= last);
    last = part.body.data() + part.body.size();
    FUZZ_EXPECT(part.body.find(delimiter) == std::string_view::npos);
    Touch(part.body);
    // As an event list in a list has it.
    if (const auto inner = sip::SplitMultipart(part.content_type, part.body, lenient); inner.ok()) {
      for (const sip::MultipartPart& member : *inner) FUZZ_EXPECT(IsInside(member.body, part.body));
    }
  }
}

}  // namespace
}  // namespace sipevents::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = sipevents::fuzz::AsText(data, size);
  const bool lenient = sipevents::fuzz::TakeOctet(input) != 's';
  const size_t end = input.find('\n');
  const std::string_view content_type = input.substr(0, end);
  const std::string_view body =
      end == std::string_view::npos ? std::string_view() : input.substr(end + 1);
  sipevents::fuzz::Check(content_type, body, lenient);
  for (const std::string_view name : {"start", "type", "boundary", ""}) {
    if (const auto value = sipevents::sip::MediaTypeParameter(content_type, name)) {
      FUZZ_EXPECT(value->size() <= content_type.size());
    }
  }
  return 0;
}
