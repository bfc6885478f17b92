#include "sip/packages/dialog_info.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/body/media_type.h"
#include "sip/packages/call_table.h"
#include "sip/packages/dialog_info_decoder.h"
#include "sip/packages/version_chain.h"

namespace sipevents::sip {
namespace {

constexpr std::string_view kDialogInfoType = "application/dialog-info+xml";

// As many as a Subscription has dialogs at most.
constexpr size_t kMaxForks = 64;

// Runs ALG-A of the catalogue (RFC 4235 section 4.3) for each fork.
class DialogMerger final : public StateMerger {
 public:
  MergeResult Merge(const MergeInput& input, DecodeScratch& scratch) override;
  MergeResult DropDialog(uint32_t dialog, DecodeScratch& /*scratch*/) override {
    forks_.erase(dialog);
    return {};
  }

 private:
  struct Fork {
    CallTable table;
    VersionChain chain;
  };
  using Verdict = VersionChain::Verdict;

  // An error that leaves the table as it was.
  static MergeResult Fail(Fork& fork, std::string error);
  MergeResult Apply(Fork& fork, const IncomingDialogInfo& incoming, bool gap,
                    DecodeScratch& scratch);

  std::map<uint32_t, Fork> forks_;
};

MergeResult DialogMerger::Fail(Fork& fork, std::string error) {
  return {
      .kind = MergeResult::Kind::kError, .resync = fork.chain.AskOnce(), .error = std::move(error)};
}

MergeResult DialogMerger::Apply(Fork& fork, const IncomingDialogInfo& incoming, bool gap,
                                DecodeScratch& scratch) {
  if (const absl::Status status = fork.table.Apply(incoming); !status.ok()) {
    return Fail(fork, std::string(status.message()));
  }
  fork.chain.OnApplied({incoming.version, incoming.partial});
  DialogInfo info = fork.table.Show();
  info.version = fork.chain.version();
  scratch.document() = std::move(info);
  return {.kind = MergeResult::Kind::kDocument,
          .document = &scratch.document(),
          .body_is_partial = incoming.partial,
          .resync = gap && fork.chain.AskOnce()};
}

MergeResult DialogMerger::Merge(const MergeInput& input, DecodeScratch& scratch) {
  if (TrimBlanks(input.body).empty()) return {};
  if (forks_.size() >= kMaxForks && !forks_.contains(input.dialog)) {
    return {.kind = MergeResult::Kind::kError,
            .error = absl::StrCat("more than ", kMaxForks, " forks")};
  }
  Fork& fork = forks_[input.dialog];
  if (const absl::Status status =
          CheckMediaType(input.content_type, kDialogInfoType, input.lenient);
      !status.ok()) {
    return Fail(fork, std::string(status.message()));
  }
  const auto incoming = DecodeDialogInfo(input.body, input.lenient, scratch);
  if (!incoming.ok()) return Fail(fork, std::string(incoming.status().message()));
  const Verdict verdict = fork.chain.Judge({incoming->version, incoming->partial}, input);
  switch (verdict) {
    case Verdict::kOld:
      return {.body_is_partial = incoming->partial};
    case Verdict::kUnusable:
      return Fail(fork, "a partial document without version");
    case Verdict::kApply:
    case Verdict::kGap:
      break;
  }
  return Apply(fork, *incoming, verdict == Verdict::kGap, scratch);
}

}  // namespace

std::unique_ptr<StateMerger> NewDialogMerger() { return std::make_unique<DialogMerger>(); }

}  // namespace sipevents::sip
