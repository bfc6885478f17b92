#include "sip/packages/dialog_info.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/packages/call_table.h"
#include "sip/packages/dialog_info_decoder.h"
#include "sip/packages/media_type.h"

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
    bool loaded = false;  // a document was applied
    uint32_t version = 0;
    uint32_t cseq = 0;  // highest NOTIFY that brought a document
    // A resync was asked for and no full document came since. It is not asked for again, lest
    // a notifier that never sends a usable one be asked without end.
    bool asked = false;
  };
  // What to do with a document.
  enum class Verdict { kApply, kGap, kOld, kUnusable };

  static Verdict Judge(const Fork& fork, const IncomingDialogInfo& incoming,
                       const MergeInput& input);
  // An error that leaves the table as it was.
  static MergeResult Fail(Fork& fork, std::string error);
  static bool AskOnce(Fork& fork);
  MergeResult Apply(Fork& fork, const IncomingDialogInfo& incoming, bool gap,
                    DecodeScratch& scratch);

  std::map<uint32_t, Fork> forks_;
};

absl::Status CheckType(const MergeInput& input) {
  if (MatchesMediaType(input.content_type, kDialogInfoType)) return absl::OkStatus();
  if (input.lenient && input.content_type.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("content type ",
                                                 QuoteForMessage(input.content_type),
                                                 " instead of ", AbslView(kDialogInfoType)));
}

bool DialogMerger::AskOnce(Fork& fork) { return !std::exchange(fork.asked, true); }

MergeResult DialogMerger::Fail(Fork& fork, std::string error) {
  return {.kind = MergeResult::Kind::kError, .resync = AskOnce(fork), .error = std::move(error)};
}

DialogMerger::Verdict DialogMerger::Judge(const Fork& fork, const IncomingDialogInfo& incoming,
                                          const MergeInput& input) {
  const bool newer = !fork.loaded || input.cseq > fork.cseq;
  // Many PBXs send full documents whose version stands still, starts over or is not there; the
  // order of the NOTIFYs then tells which is newer (DEV-08).
  const bool trust_order = input.lenient && !incoming.partial && newer;
  if (!incoming.version) {
    if (incoming.partial) return Verdict::kUnusable;
    return trust_order ? Verdict::kApply : Verdict::kOld;
  }
  // The table of a partial document is not complete, if it is the first.
  if (!fork.loaded) return incoming.partial ? Verdict::kGap : Verdict::kApply;
  const uint64_t next = uint64_t{fork.version} + 1;
  if (*incoming.version < next) return trust_order ? Verdict::kApply : Verdict::kOld;
  // A full document makes good for what was missed.
  return *incoming.version > next && incoming.partial ? Verdict::kGap : Verdict::kApply;
}

MergeResult DialogMerger::Apply(Fork& fork, const IncomingDialogInfo& incoming, bool gap,
                                DecodeScratch& scratch) {
  if (const absl::Status status = fork.table.Apply(incoming); !status.ok()) {
    return Fail(fork, std::string(status.message()));
  }
  fork.loaded = true;
  if (incoming.version) fork.version = *incoming.version;
  if (!incoming.partial) fork.asked = false;
  DialogInfo info = fork.table.Show();
  info.version = fork.version;
  scratch.document() = std::move(info);
  return {.kind = MergeResult::Kind::kDocument,
          .document = &scratch.document(),
          .body_is_partial = incoming.partial,
          .resync = gap && AskOnce(fork)};
}

MergeResult DialogMerger::Merge(const MergeInput& input, DecodeScratch& scratch) {
  if (TrimBlanks(input.body).empty()) return {};
  if (forks_.size() >= kMaxForks && !forks_.contains(input.dialog)) {
    return {.kind = MergeResult::Kind::kError,
            .error = absl::StrCat("more than ", kMaxForks, " forks")};
  }
  Fork& fork = forks_[input.dialog];
  if (const absl::Status status = CheckType(input); !status.ok()) {
    return Fail(fork, std::string(status.message()));
  }
  const auto incoming = DecodeDialogInfo(input.body, input.lenient, scratch);
  if (!incoming.ok()) return Fail(fork, std::string(incoming.status().message()));
  const Verdict verdict = Judge(fork, *incoming, input);
  fork.cseq = std::max(fork.cseq, input.cseq);
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

class DialogEventPackage final : public EventPackage {
 public:
  std::string_view name() const override { return "dialog"; }
  PackageKind kind() const override { return PackageKind::kState; }
  const std::vector<std::string>& accept() const override { return accept_; }
  absl::Duration default_expires() const override { return absl::Seconds(3600); }
  bool allows_forks() const override { return true; }
  bool merges_forks() const override { return false; }
  std::unique_ptr<StateMerger> NewMerger() const override {
    return std::make_unique<DialogMerger>();
  }

 private:
  const std::vector<std::string> accept_ = {std::string(kDialogInfoType)};
};

}  // namespace

const EventPackage& DialogPackage() {
  static const auto& package = *new DialogEventPackage();
  return package;
}

}  // namespace sipevents::sip
