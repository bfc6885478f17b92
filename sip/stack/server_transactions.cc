#include "sip/stack/server_transactions.h"

#include <sofia-sip/sip_header.h>

#include <algorithm>
#include <string_view>
#include <tuple>

#include "absl/hash/hash.h"
#include "sip/stack/sofia_text.h"

namespace sipevents::sip {
namespace {

// What an entry takes beside its answer, in octets.
constexpr size_t kEntryOctets = 200;
// Tables of fewer places are left alone.
constexpr size_t kLeastCapacity = 4096;

}  // namespace

ServerTransactions::ServerTransactions(const Clock& clock, TimerQueue& timers,
                                       absl::Duration timer_j, RandomSource& random,
                                       SipMetrics* metrics)
    : clock_(clock), timers_(timers), timer_j_(timer_j), metrics_(metrics) {
  for (uint64_t& seed : seeds_) seed = random.Next();
}

ServerTransactions::~ServerTransactions() { timers_.Cancel(timer_); }

// RFC 3261 section 17.2.3; without the method, so that a CANCEL finds its request.
ServerTransactions::Key ServerTransactions::TransactionOf(const sip_t& sip) const {
  const auto text =
      std::make_tuple(View(sip.sip_via->v_branch), View(sip.sip_via->v_host),
                      View(sip.sip_via->v_port), View(sip.sip_call_id->i_id), sip.sip_cseq->cs_seq);
  return {absl::HashOf(seeds_[0], text), absl::HashOf(text, seeds_[1])};
}

// RFC 3261 section 8.2.2.2.
ServerTransactions::Key ServerTransactions::RequestOf(const sip_t& sip) const {
  const auto text = std::make_tuple(View(sip.sip_from->a_tag), View(sip.sip_call_id->i_id),
                                    sip.sip_cseq->cs_seq, View(sip.sip_cseq->cs_method_name));
  return {absl::HashOf(seeds_[0], text), absl::HashOf(text, seeds_[1])};
}

ServerTransactions::Finding ServerTransactions::Find(const sip_t& sip) {
  DropOld();
  Finding finding;
  finding.transaction = TransactionOf(sip);
  if (const auto it = by_transaction_.find(finding.transaction); it != by_transaction_.end()) {
    finding.verdict = Verdict::kRepeated;
    finding.answer = kept_.At(it->second).answer;
    return finding;
  }
  if (held_.contains(finding.transaction)) {
    finding.verdict = Verdict::kHeld;
    return finding;
  }
  if (sip.sip_to->a_tag != nullptr) return finding;
  finding.request = RequestOf(sip);
  if (by_request_.contains(finding.request)) finding.verdict = Verdict::kMerged;
  return finding;
}

void ServerTransactions::Keep(const Finding& finding, std::string_view answer, int status) {
  AnswerLog::Entry kept{finding.transaction, {}, clock_.Now() + timer_j_, answer};
  const uint64_t number = kept_.end();
  if (!by_transaction_.emplace(kept.transaction, number).second) return;
  // A refused one may be sent again as it is by peers that do not count up.
  if (status < 300 && finding.request != Key()) {
    kept.request = finding.request;
    by_request_[kept.request] = number;
  }
  octets_ += answer.size() + kEntryOctets;
  kept_.Add(kept);
  while (octets_ > kMaxOctets) {
    if (metrics_ != nullptr) metrics_->OnBoundReached("sip_server_transactions");
    DropFirst();
  }
  if (timer_ == 0) Arm();
}

// Drops what is old also where no request comes: at most T1 (and a bit) late, since after a rush it
// is most of the memory that the gateway has.
void ServerTransactions::Arm() {
  const absl::Time due = std::max(kept_.Front().until, clock_.Now() + timer_j_ / 64);
  timer_ = timers_.At(due, [this] {
    timer_ = 0;
    DropOld();
    Shrink();
    if (!kept_.empty()) Arm();
  });
}

// After a rush the tables would stay as large as they were.
void ServerTransactions::Shrink() {
  for (auto* const table : {&by_transaction_, &by_request_}) {
    if (table->capacity() > kLeastCapacity && table->size() < table->capacity() / 8) {
      table->rehash(0);
    }
  }
}

bool ServerTransactions::HasCancelled(const sip_t& cancel) {
  DropOld();
  const Key transaction = TransactionOf(cancel);
  return by_transaction_.contains(transaction) || held_.contains(transaction);
}

void ServerTransactions::DropOld() {
  const absl::Time now = clock_.Now();
  while (!kept_.empty() && kept_.Front().until <= now) DropFirst();
}

void ServerTransactions::DropFirst() {
  const AnswerLog::Entry& kept = kept_.Front();
  octets_ -= kept.answer.size() + kEntryOctets;
  by_transaction_.erase(kept.transaction);
  if (kept.request != AnswerLog::Key()) {
    const auto it = by_request_.find(kept.request);
    if (it != by_request_.end() && it->second == kept_.first()) by_request_.erase(it);
  }
  kept_.DropFront();
}

}  // namespace sipevents::sip
