#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/uri.h"
#include "sip/body/decode_scratch.h"
#include "sip/compose/package_composition.h"
#include "sip/compose/summary_text.h"
#include "sip/packages/message_summary.h"

namespace sipevents::sip {
namespace {

// The last publication of one account.
struct Account {
  const PublishedState* publication = nullptr;
  bool waiting = false;
  std::vector<MessageCount> counts;
};

// By their canonical URIs; a summary that names none is of the resource itself.
using Accounts = std::map<std::string, Account>;

std::string KeyOf(std::string_view account, std::string_view resource) {
  if (account.empty()) account = resource;
  absl::StatusOr<std::string> canonical = CanonicalTarget(account, {});
  return canonical.ok() ? *std::move(canonical) : std::string(account);
}

Accounts ByAccount(std::string_view resource, absl::Span<const PublishedState> publications) {
  Accounts accounts;
  DecodeScratch scratch;
  MessageSummary summary;
  for (const PublishedState& publication : publications) {
    if (!DecodeMessageSummary(publication.body, /*lenient=*/true, scratch, summary).ok()) continue;
    Account& account = accounts[KeyOf(summary.account, resource)];
    if (account.publication != nullptr &&
        publication.publish_time < account.publication->publish_time) {
      continue;
    }
    account = {&publication, summary.messages_waiting, summary.counts};
  }
  return accounts;
}

void AddClamped(uint32_t& sum, uint32_t value) { sum += std::min(value, UINT32_MAX - sum); }

// Adds up by class, in the order in which classes come.
void AddCounts(const std::vector<MessageCount>& counts, std::vector<MessageCount>& sums) {
  for (const MessageCount& count : counts) {
    auto sum = std::find_if(sums.begin(), sums.end(), [&](const MessageCount& other) {
      return other.message_class == count.message_class;
    });
    if (sum == sums.end()) {
      sums.push_back({.message_class = count.message_class});
      sum = sums.end() - 1;
    }
    AddClamped(sum->new_count, count.new_count);
    AddClamped(sum->old_count, count.old_count);
    AddClamped(sum->urgent_new_count, count.urgent_new_count);
    AddClamped(sum->urgent_old_count, count.urgent_old_count);
  }
}

}  // namespace

ComposedBody ComposeSummaries(std::string_view resource,
                              absl::Span<const PublishedState> publications) {
  const auto pass_on = [](const PublishedState& publication) {
    return ComposedBody{.content_type = std::string(kSummaryType),
                        .body = RewrittenSummary(publication.body)};
  };
  if (publications.size() == 1) return pass_on(publications.front());
  const Accounts accounts = ByAccount(resource, publications);
  if (accounts.empty()) return NeutralSummary();
  if (accounts.size() == 1) return pass_on(*accounts.begin()->second.publication);
  MessageSummary sum;
  sum.account = resource;
  bool all_count = true;
  for (const auto& [key, account] : accounts) {
    sum.messages_waiting |= account.waiting;
    all_count &= !account.counts.empty();
    AddCounts(account.counts, sum.counts);
  }
  if (!all_count) sum.counts.clear();
  return {.content_type = std::string(kSummaryType), .body = SummaryText(sum)};
}

ComposedBody NeutralSummary() {
  return {.content_type = std::string(kSummaryType), .body = SummaryText({})};
}

}  // namespace sipevents::sip
