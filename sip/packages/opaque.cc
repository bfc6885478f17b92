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

class Opaque final : public EventPackage {
 public:
  std::string_view name() const override { return ""; }
  PackageKind kind() const override { return PackageKind::kEvent; }
  const std::vector<std::string>& accept() const override { return accept_; }
  absl::Duration default_expires() const override { return absl::Seconds(3600); }
  bool allows_forks() const override { return false; }
  bool merges_forks() const override { return false; }
  std::unique_ptr<StateMerger> NewMerger() const override {
    return std::make_unique<OpaqueMerger>();
  }

 private:
  const std::vector<std::string> accept_{};
};

}  // namespace

const EventPackage& OpaquePackage() {
  static const Opaque& package = *new Opaque();
  return package;
}

}  // namespace sipevents::sip
