// Changes to XML documents: what comes of them keeps the bounds and can be read again, and the same
// changes always do the same.
//
// Input: "s" for the strict profile, else lenient; then two parts: the document, and the element
// whose children are the changes.

#include "sip/body/xml_patch.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sip/body/body_size.h"
#include "sip/body/decode_scratch.h"
#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

absl::StatusOr<std::string> Change(std::string_view document, std::string_view changes,
                                   bool lenient) {
  sip::DecodeScratch scratch;
  const auto root = scratch.ParseAll(changes, lenient);
  if (!root.ok()) return root.status();
  sip::XmlPatch patch;
  if (absl::Status status = patch.Load(document, lenient); !status.ok()) return status;
  if (absl::Status status = patch.Apply(*root); !status.ok()) return status;
  return patch.Text();
}

// Whether a document is refused only because it is too much, or for an octet that pugixml reads
// and XML does not have.
bool IsOfBounds(const absl::Status& status) {
  const std::string message(status.message());
  return message.find("more than") != std::string::npos ||
         message.find("deeper than") != std::string::npos ||
         message.find("namespaces") != std::string::npos ||
         message.find("character reference") != std::string::npos;
}

}  // namespace
}  // namespace sipevents::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sipevents::fuzz::Change;
  std::string_view input = sipevents::fuzz::AsText(data, size);
  const bool lenient = sipevents::fuzz::TakeOctet(input) != 's';
  const std::vector<std::string_view> parts = sipevents::fuzz::SplitParts(input, 2);
  const std::string_view changes = parts.size() > 1 ? parts[1] : std::string_view();
  const auto text = Change(parts[0], changes, lenient);
  const auto again = Change(parts[0], changes, lenient);
  FUZZ_EXPECT(text.ok() || !text.status().message().empty());
  FUZZ_EXPECT(text.status() == again.status());
  if (!text.ok()) return 0;
  FUZZ_EXPECT(*text == *again);
  FUZZ_EXPECT(text->size() <= sipevents::sip::kMaxBodyOctets);
  sipevents::sip::DecodeScratch scratch;
  const auto root = scratch.ParseAll(*text, lenient);
  FUZZ_EXPECT(root.ok() || sipevents::fuzz::IsOfBounds(root.status()));
  return 0;
}
