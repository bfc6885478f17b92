#include "sip/packages/opaque.h"

#include "absl/strings/str_cat.h"

namespace sipevents::sip {
namespace {

// Passes each body through.
class OpaqueMerger final : public StateMerger {
 public:
  MergeResult Merge(const MergeInput& input, DecodeScratch& /*scratch*/) override {
    if (input.body.size() > kMaxBodyOctets) {
      return {.kind = MergeResult::Kind::kError,
              .error = absl::StrCat("the body has ", input.body.size(), " octets, more than ",
                                    kMaxBodyOctets)};
    }
    return {.kind = MergeResult::Kind::kDocument, .document = &document_};
  }

  MergeResult DropDialog(uint32_t /*dialog*/, DecodeScratch& /*scratch*/) override { return {}; }

 private:
  const Document document_{};
};

}  // namespace

std::unique_ptr<StateMerger> NewOpaqueMerger() { return std::make_unique<OpaqueMerger>(); }

}  // namespace sipevents::sip
