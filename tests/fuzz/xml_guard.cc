// The gate that all XML of peers passes: what it lets through keeps its bounds, and its text is
// UTF-8 without octet 0.
//
// Input: "s" for the strict profile, else lenient; the document.

#include "sip/body/xml_guard.h"

#include "sip/base/utf8.h"
#include "sip/body/decode_scratch.h"
#include "sip/body/values.h"
#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

void CheckText(std::string_view text) {
  FUZZ_EXPECT(IsUtf8(text));
  FUZZ_EXPECT(text.find('\0') == std::string_view::npos);
}

void CheckTree(pugi::xml_node root, sip::DecodeScratch& scratch) {
  int depth = 1;
  int elements = 0;
  for (pugi::xml_node node = root; node; node = sip::NextInDocument(node, root, depth)) {
    FUZZ_EXPECT(++elements <= sip::kMaxXmlElements);
    FUZZ_EXPECT(depth >= 1 && depth <= sip::kMaxXmlDepth);
    CheckText(scratch.names().Of(node).local);
    CheckText(scratch.RawText(node));
    CheckText(scratch.Text(node));
    int attributes = 0;
    for (const pugi::xml_attribute attribute : node.attributes()) {
      FUZZ_EXPECT(++attributes <= sip::kMaxXmlAttributes);
      CheckText(attribute.name());
      CheckText(attribute.value());
    }
  }
}

}  // namespace
}  // namespace sipevents::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = sipevents::fuzz::AsText(data, size);
  const bool lenient = sipevents::fuzz::TakeOctet(input) != 's';
  sipevents::sip::DecodeScratch scratch;
  const auto root = scratch.Parse(input, lenient);
  if (root.ok()) sipevents::fuzz::CheckTree(*root, scratch);
  FUZZ_EXPECT(root.ok() || !root.status().message().empty());
  return 0;
}
