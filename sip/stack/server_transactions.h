#ifndef SIP_STACK_SERVER_TRANSACTIONS_H_
#define SIP_STACK_SERVER_TRANSACTIONS_H_

#include <sofia-sip/sip.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "sip/agent.h"
#include "sip/base/clock.h"
#include "sip/base/random_id.h"
#include "sip/base/timer_queue.h"
#include "sip/stack/answer_log.h"

namespace sipevents::sip {

// Remembers how SUBSCRIBE and PUBLISH requests were answered, for 64*T1 (Timer J): a request that
// comes again is answered as before and served once; one that comes by a second way is told so
// (482, NOT-45); a CANCEL finds what it is about (NOT-43). Remembers as well which of them are held
// and not answered yet. NOTIFYs need none of this: their CSeq says what is old.
//
// Threads: the SIP thread. What it is made of must outlive it; `metrics` may be null.
class ServerTransactions {
 public:
  // Octets of answers that are kept; past it the oldest are forgotten before their time.
  static constexpr size_t kMaxOctets = 64 << 20;

  ServerTransactions(const Clock& clock, TimerQueue& timers, absl::Duration timer_j,
                     RandomSource& random, SipMetrics* metrics);
  ~ServerTransactions();

  enum class Verdict {
    kNew,
    kRepeated,  // `answer` is to be sent again
    kMerged,    // the same request is served already, by another way
    kHeld,      // it is held (HeldRequests), and answered when it is judged
  };
  // Two hashes with secret seeds: nobody can find requests that are taken for one another.
  using Key = AnswerLog::Key;
  struct Finding {
    Verdict verdict = Verdict::kNew;
    std::string_view answer;  // good until the next call
    Key transaction;
    Key request;  // outside a dialog; else zeros
  };
  // `sip` must have Via, From, To, Call-ID and CSeq.
  Finding Find(const sip_t& sip);

  // Notes how a request that was found new, or merged, was answered.
  void Keep(const Finding& finding, std::string_view answer, int status);

  // Notes that a new request is held, and that it is not any more, and comes again.
  void Hold(const Finding& finding) { held_.insert(finding.transaction); }
  void Release(const sip_t& sip) { held_.erase(TransactionOf(sip)); }

  // Whether the request that a CANCEL is about is here.
  bool HasCancelled(const sip_t& cancel);

  size_t size() const { return kept_.size(); }

 private:
  Key TransactionOf(const sip_t& sip) const;
  Key RequestOf(const sip_t& sip) const;
  void DropOld();
  void DropFirst();
  void Arm();
  void Shrink();

  const Clock& clock_;
  TimerQueue& timers_;
  const absl::Duration timer_j_;
  SipMetrics* metrics_;
  uint64_t seeds_[2];
  AnswerLog kept_;
  absl::flat_hash_map<Key, uint64_t> by_transaction_;
  absl::flat_hash_map<Key, uint64_t> by_request_;
  absl::flat_hash_set<Key> held_;
  size_t octets_ = 0;
  TimerQueue::TimerId timer_ = 0;  // 0: nothing is kept
};

}  // namespace sipevents::sip

#endif  // SIP_STACK_SERVER_TRANSACTIONS_H_
