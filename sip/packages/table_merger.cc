#include "sip/packages/table_merger.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/media_type.h"
#include "sip/body/values.h"
#include "sip/body/xml_record.h"
#include "sip/packages/version_chain.h"

namespace sipevents::sip {
namespace {

// As many as a Subscription has dialogs at most.
constexpr size_t kMaxForks = 64;

// Runs ALG-A for each fork (RFC 3680 section 5.1, RFC 3858 section 4).
class TableMerger final : public StateMerger {
 public:
  explicit TableMerger(const TableShape& shape) : shape_(shape) {}

  MergeResult Merge(const MergeInput& input, DecodeScratch& scratch) override;
  MergeResult DropDialog(uint32_t dialog, DecodeScratch& scratch) override;

 private:
  struct Fork {
    RowTable table;
    VersionChain chain;
  };
  struct Incoming {
    VersionChain::Incoming head;
    std::vector<RowTable::Group> groups;
  };

  absl::StatusOr<Incoming> Read(const MergeInput& input, DecodeScratch& scratch) const;
  static MergeResult Fail(Fork& fork, const absl::Status& status);
  // The document to show on behalf of `fork`.
  const Document* Show(const Fork& fork, DecodeScratch& scratch) const;

  const TableShape& shape_;
  std::map<uint32_t, Fork> forks_;
};

absl::StatusOr<TableMerger::Incoming> TableMerger::Read(const MergeInput& input,
                                                        DecodeScratch& scratch) const {
  SIPEVENTS_RETURN_IF_ERROR(CheckMediaType(input.content_type, shape_.content_type, input.lenient));
  SIPEVENTS_ASSIGN_OR_RETURN(const pugi::xml_node root, scratch.Parse(input.body, input.lenient));
  SIPEVENTS_RETURN_IF_ERROR(CheckRoot(root, shape_.space, shape_.root, scratch));
  Incoming incoming;
  if (const auto version =
          ParseClamped(TrimBlanks(root.attribute("version").value()), UINT32_MAX)) {
    incoming.head.version = static_cast<uint32_t>(*version);
  }
  incoming.head.partial = EqualsIgnoreCase(root.attribute("state").value(), "partial");
  for (const pugi::xml_node child : root.children()) {
    if (!IsElement(child, shape_.space, shape_.group, scratch)) continue;
    SIPEVENTS_ASSIGN_OR_RETURN(RowTable::Group group, shape_.read_group(child, scratch));
    incoming.groups.push_back(std::move(group));
  }
  return incoming;
}

// An error leaves the table as it was; what it should be now is asked for.
MergeResult TableMerger::Fail(Fork& fork, const absl::Status& status) {
  return {.kind = MergeResult::Kind::kError,
          .resync = fork.chain.AskOnce(),
          .error = std::string(status.message())};
}

const Document* TableMerger::Show(const Fork& fork, DecodeScratch& scratch) const {
  ReverseWireWriter& writer = scratch.writer();
  writer.Reset();
  if (shape_.merges_forks) {
    for (auto each = forks_.rbegin(); each != forks_.rend(); ++each) {
      each->second.table.Write(shape_.group_number, shape_.row_number, writer);
    }
  } else {
    fork.table.Write(shape_.group_number, shape_.row_number, writer);
  }
  scratch.document() = EncodedDocument{shape_.document_number, writer.bytes()};
  return &scratch.document();
}

MergeResult TableMerger::Merge(const MergeInput& input, DecodeScratch& scratch) {
  if (TrimBlanks(input.body).empty()) return {};
  if (forks_.size() >= kMaxForks && !forks_.contains(input.dialog)) {
    return {.kind = MergeResult::Kind::kError,
            .error = absl::StrCat("more than ", kMaxForks, " forks")};
  }
  Fork& fork = forks_[input.dialog];
  auto incoming = Read(input, scratch);
  if (!incoming.ok()) return Fail(fork, incoming.status());
  const bool partial = incoming->head.partial;
  const VersionChain::Verdict verdict = fork.chain.Judge(incoming->head, input);
  if (verdict == VersionChain::Verdict::kOld) return {.body_is_partial = partial};
  if (verdict == VersionChain::Verdict::kUnusable) {
    return Fail(fork, absl::InvalidArgumentError("a partial document without version"));
  }
  if (shape_.complete != nullptr) {
    for (RowTable::Group& group : incoming->groups) shape_.complete(fork.table, partial, group);
  }
  if (const absl::Status status = fork.table.Apply(std::move(incoming->groups), partial);
      !status.ok()) {
    return Fail(fork, status);
  }
  fork.chain.OnApplied(incoming->head);
  return {.kind = MergeResult::Kind::kDocument,
          .document = Show(fork, scratch),
          .body_is_partial = partial,
          .resync = verdict == VersionChain::Verdict::kGap && fork.chain.AskOnce()};
}

MergeResult TableMerger::DropDialog(uint32_t dialog, DecodeScratch& scratch) {
  if (forks_.erase(dialog) == 0 || !shape_.merges_forks || forks_.empty()) return {};
  return {.kind = MergeResult::Kind::kDocument, .document = Show(forks_.begin()->second, scratch)};
}

}  // namespace

std::unique_ptr<StateMerger> NewTableMerger(const TableShape& shape) {
  return std::make_unique<TableMerger>(shape);
}

}  // namespace sipevents::sip
