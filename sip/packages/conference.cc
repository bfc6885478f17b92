#include "sip/packages/conference.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/sipevents/v1/field_numbers.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/media_type.h"
#include "sip/body/values.h"
#include "sip/body/xml_record.h"
#include "sip/packages/conference_record.h"
#include "sip/packages/conference_tree.h"
#include "sip/packages/version_chain.h"

namespace sipevents::sip {
namespace {

// As many as a Subscription has dialogs at most.
constexpr size_t kMaxForks = 64;

// Runs ALG-B for each fork (RFC 4575 section 4.4).
class ConferenceMerger final : public StateMerger {
 public:
  MergeResult Merge(const MergeInput& input, DecodeScratch& scratch) override;
  MergeResult DropDialog(uint32_t dialog, DecodeScratch& /*scratch*/) override {
    forks_.erase(dialog);
    return {};
  }

 private:
  struct Fork {
    ConferenceTree tree;
    VersionChain chain;
    bool loaded = false;  // a document was taken in
  };
  struct Incoming {
    pugi::xml_node root;
    VersionChain::Incoming head;
    bool ended = false;
  };

  static absl::StatusOr<Incoming> Read(const MergeInput& input, DecodeScratch& scratch);
  static MergeResult Fail(Fork& fork, bool partial, const absl::Status& status);
  static MergeResult Take(Fork& fork, const Incoming& incoming, DecodeScratch& scratch);
  static absl::Status GapBefore(const Fork& fork, const Incoming& incoming);

  std::map<uint32_t, Fork> forks_;
};

absl::StatusOr<ConferenceMerger::Incoming> ConferenceMerger::Read(const MergeInput& input,
                                                                  DecodeScratch& scratch) {
  SIPEVENTS_RETURN_IF_ERROR(
      CheckMediaType(input.content_type, "application/conference-info+xml", input.lenient));
  Incoming incoming;
  SIPEVENTS_ASSIGN_OR_RETURN(incoming.root, scratch.Parse(input.body, input.lenient));
  SIPEVENTS_RETURN_IF_ERROR(
      CheckRoot(incoming.root, ConferenceTree::kSpace, "conference-info", scratch));
  const std::string_view version = TrimBlanks(incoming.root.attribute("version").value());
  if (const auto number = ParseClamped(version, UINT32_MAX)) {
    incoming.head.version = static_cast<uint32_t>(*number);
  }
  const std::string_view state = TrimBlanks(incoming.root.attribute("state").value());
  incoming.head.partial = EqualsIgnoreCase(state, "partial");
  incoming.ended = EqualsIgnoreCase(state, "deleted");
  return incoming;
}

// An error leaves the tree as it was; what it should be now is asked for.
MergeResult ConferenceMerger::Fail(Fork& fork, bool partial, const absl::Status& status) {
  return {.kind = MergeResult::Kind::kError,
          .body_is_partial = partial,
          .resync = fork.chain.AskOnce(),
          .error = std::string(status.message())};
}

absl::Status ConferenceMerger::GapBefore(const Fork& fork, const Incoming& incoming) {
  const std::string what =
      absl::StrCat("version ", incoming.head.version.value_or(0), " tells changes only, and ");
  if (!fork.loaded) return absl::FailedPreconditionError(absl::StrCat(what, "is the first"));
  return absl::FailedPreconditionError(
      absl::StrCat(what, "the one before it was ", fork.chain.version()));
}

MergeResult ConferenceMerger::Take(Fork& fork, const Incoming& incoming, DecodeScratch& scratch) {
  const bool partial = incoming.head.partial;
  if (const absl::Status status = fork.tree.Apply(incoming.root, scratch); !status.ok()) {
    return Fail(fork, partial, status);
  }
  fork.chain.OnApplied(incoming.head);
  fork.loaded = true;
  scratch.ReadNamesOf(fork.tree.root());
  ReverseWireWriter& writer = scratch.writer();
  writer.Reset();
  writer.Bool(fields::Conference::kEnded, incoming.ended);
  WriteXmlRecord(ConferenceRecord(), fork.tree.root(), scratch, writer);
  scratch.document() = EncodedDocument{fields::Event::kConference, writer.bytes()};
  return {.kind = MergeResult::Kind::kDocument,
          .document = &scratch.document(),
          .body_is_partial = partial,
          .over = incoming.ended};
}

MergeResult ConferenceMerger::Merge(const MergeInput& input, DecodeScratch& scratch) {
  if (TrimBlanks(input.body).empty()) return {};
  if (forks_.size() >= kMaxForks && !forks_.contains(input.dialog)) {
    return {.kind = MergeResult::Kind::kError,
            .error = absl::StrCat("more than ", kMaxForks, " forks")};
  }
  Fork& fork = forks_[input.dialog];
  const auto incoming = Read(input, scratch);
  if (!incoming.ok()) return Fail(fork, /*partial=*/false, incoming.status());
  const bool partial = incoming->head.partial;
  // Versions count here even where the order of the NOTIFYs would tell: a full document of an old
  // one must be discarded too. Only if there is none at all does the order have to do.
  MergeInput judged = input;
  judged.lenient = input.lenient && !incoming->head.version;
  switch (fork.chain.Judge(incoming->head, judged)) {
    case VersionChain::Verdict::kOld:
      return {.body_is_partial = partial};
    case VersionChain::Verdict::kUnusable:
      return Fail(fork, partial, absl::InvalidArgumentError("a partial document without version"));
    case VersionChain::Verdict::kGap:
      return Fail(fork, partial, GapBefore(fork, *incoming));
    case VersionChain::Verdict::kApply:
      break;
  }
  return Take(fork, *incoming, scratch);
}

}  // namespace

std::unique_ptr<StateMerger> NewConferenceMerger() { return std::make_unique<ConferenceMerger>(); }

}  // namespace sipevents::sip
