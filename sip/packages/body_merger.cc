#include "sip/packages/body_merger.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/media_type.h"

namespace sipevents::sip {
namespace {

class BodyMerger final : public StateMerger {
 public:
  explicit BodyMerger(const BodyShape& shape) : shape_(shape) {}

  MergeResult Merge(const MergeInput& input, DecodeScratch& scratch) override {
    const bool type_tells = shape_.type_suffices && !input.content_type.empty();
    if (TrimBlanks(input.body).empty() && !type_tells) return {};
    scratch.writer().Reset();
    if (const absl::Status status = Write(input, scratch); !status.ok()) {
      return {.kind = MergeResult::Kind::kError, .error = std::string(status.message())};
    }
    scratch.document() = EncodedDocument{shape_.document_number, scratch.writer().bytes()};
    return {.kind = MergeResult::Kind::kDocument, .document = &scratch.document()};
  }

  MergeResult DropDialog(uint32_t /*dialog*/, DecodeScratch& /*scratch*/) override { return {}; }

 private:
  absl::Status Write(const MergeInput& input, DecodeScratch& scratch) const {
    if (input.body.size() > kMaxBodyOctets) {
      return absl::InvalidArgumentError(
          absl::StrCat("the body has more than ", kMaxBodyOctets, " octets"));
    }
    if (!shape_.content_type.empty()) {
      SIPEVENTS_RETURN_IF_ERROR(
          CheckMediaType(input.content_type, shape_.content_type, input.lenient));
    }
    return shape_.write(input, scratch);
  }

  const BodyShape& shape_;
};

}  // namespace

std::unique_ptr<StateMerger> NewBodyMerger(const BodyShape& shape) {
  return std::make_unique<BodyMerger>(shape);
}

}  // namespace sipevents::sip
