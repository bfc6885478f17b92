#include "sip/packages/message_summary.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/body/media_type.h"

namespace sipevents::sip {
namespace {

constexpr std::string_view kSummaryType = "application/simple-message-summary";

// As many as a Subscription has dialogs at most.
constexpr size_t kMaxForks = 64;
// Most counts that are kept of one fork: RFC 3842 knows seven classes.
constexpr size_t kMaxCounts = 64;

void AddClamped(uint32_t& sum, uint32_t value) { sum += std::min(value, UINT32_MAX - sum); }

// Adds up by class.
void AddCounts(const std::vector<MessageCount>& counts, std::vector<MessageCount>& sums) {
  for (const MessageCount& count : counts) {
    auto sum = std::find_if(sums.begin(), sums.end(), [&](const MessageCount& other) {
      return other.message_class == count.message_class;
    });
    if (sum == sums.end()) {
      sums.push_back(count);
      continue;
    }
    AddClamped(sum->new_count, count.new_count);
    AddClamped(sum->old_count, count.old_count);
    AddClamped(sum->urgent_new_count, count.urgent_new_count);
    AddClamped(sum->urgent_old_count, count.urgent_old_count);
  }
}

// Keeps the latest summary of each fork and shows them as one (RFC 3842 section 3.9): messages
// wait if they do anywhere; counts are added, if all forks count.
class SummaryMerger final : public StateMerger {
 public:
  MergeResult Merge(const MergeInput& input, DecodeScratch& scratch) override;
  MergeResult DropDialog(uint32_t dialog, DecodeScratch& scratch) override;

 private:
  struct Fork {
    bool waiting = false;
    std::string account;
    std::vector<MessageCount> counts;
  };

  absl::Status Take(const MergeInput& input, DecodeScratch& scratch, MessageSummary& summary);
  // Writes the merged state into `summary`, except for the new messages.
  void Show(MessageSummary& summary) const;

  std::map<uint32_t, Fork> forks_;
};

absl::Status SummaryMerger::Take(const MergeInput& input, DecodeScratch& scratch,
                                 MessageSummary& summary) {
  SIPEVENTS_RETURN_IF_ERROR(CheckMediaType(input.content_type, kSummaryType, input.lenient));
  if (forks_.size() >= kMaxForks && !forks_.contains(input.dialog)) {
    return absl::ResourceExhaustedError(absl::StrCat("more than ", kMaxForks, " forks"));
  }
  SIPEVENTS_RETURN_IF_ERROR(DecodeMessageSummary(input.body, input.lenient, scratch, summary));
  if (summary.counts.size() > kMaxCounts) {
    return absl::ResourceExhaustedError(absl::StrCat("more than ", kMaxCounts, " counts"));
  }
  forks_[input.dialog] = {.waiting = summary.messages_waiting,
                          .account = std::string(summary.account),
                          .counts = summary.counts};
  return absl::OkStatus();
}

void SummaryMerger::Show(MessageSummary& summary) const {
  summary.messages_waiting = false;
  summary.account = {};
  summary.counts.clear();
  bool all_count = true;
  for (const auto& [dialog, fork] : forks_) {
    summary.messages_waiting = summary.messages_waiting || fork.waiting;
    if (summary.account.empty()) summary.account = fork.account;
    all_count = all_count && !fork.counts.empty();
    AddCounts(fork.counts, summary.counts);
  }
  if (!all_count) summary.counts.clear();
}

MergeResult SummaryMerger::Merge(const MergeInput& input, DecodeScratch& scratch) {
  if (TrimBlanks(input.body).empty()) return {};
  auto& summary = scratch.document().emplace<MessageSummary>();
  if (const absl::Status status = Take(input, scratch, summary); !status.ok()) {
    return {.kind = MergeResult::Kind::kError, .error = std::string(status.message())};
  }
  Show(summary);
  return {.kind = MergeResult::Kind::kDocument, .document = &scratch.document()};
}

MergeResult SummaryMerger::DropDialog(uint32_t dialog, DecodeScratch& scratch) {
  // Without any fork left there is no state to show.
  if (forks_.erase(dialog) == 0 || forks_.empty()) return {};
  Show(scratch.document().emplace<MessageSummary>());
  return {.kind = MergeResult::Kind::kDocument, .document = &scratch.document()};
}

}  // namespace

std::unique_ptr<StateMerger> NewMessageSummaryMerger() { return std::make_unique<SummaryMerger>(); }

}  // namespace sipevents::sip
