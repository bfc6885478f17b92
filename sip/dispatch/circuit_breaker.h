#ifndef SIP_DISPATCH_CIRCUIT_BREAKER_H_
#define SIP_DISPATCH_CIRCUIT_BREAKER_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "sip/base/random_id.h"

namespace sipevents::sip {

// How a request ended, as far as its destination is concerned.
struct RequestOutcome {
  enum class Kind : uint8_t {
    kAnswered,     // any response but 503: the server lives
    kOverloaded,   // 503
    kTimedOut,     // Timer F
    kUnreachable,  // transport error
    kForgotten,    // nobody knows
  };
  Kind kind = Kind::kAnswered;
  std::optional<absl::Duration> retry_after;  // with kOverloaded
};

// Holds back what would go to a server that fails (OVL-01, LOC-04). Five failures in a row open
// it: one alone may be about one resource. A 503 that names a Retry-After opens it at once, but,
// for the same reason, for no more than five seconds. Open, it lets nothing pass for
// rand(0.5..1) * min(64*T1, 4*T1 * 2^n), where n counts how often it opened before, with less
// than 64*T1 in between; or for the Retry-After of the 503 that opened it, if longer, up to five
// minutes. Then one request goes as a probe and decides. Requests that were under way when it
// opened do not make it longer; an answer to one of them closes a breaker that time-outs or
// transport errors opened. Pure. Threads: one.
class CircuitBreaker {
 public:
  // What an outcome changed.
  enum class Change { kNone, kOpened, kClosed };

  // A request is over; `probe`: it was the one that OnProbeSent() announced.
  Change OnOutcome(const RequestOutcome& outcome, bool probe, absl::Duration t1, absl::Time now,
                   RandomSource& random);

  bool is_closed() const { return state_ == State::kClosed; }

  // When a request may pass, as a probe if the breaker is not closed: InfiniteFuture while a
  // probe is under way.
  absl::Time PassesAt() const;

  void OnProbeSent() { state_ = State::kProbing; }

  // For people: how many requests failed since the server last answered as it should, and how the
  // last of them did (kAnswered: none).
  int failures_in_row() const { return failures_in_row_; }
  RequestOutcome::Kind last_failure() const { return last_failure_kind_; }

  // From when on a new breaker knows as much: with nothing under way.
  absl::Time ForgettableAt(absl::Duration t1) const;

 private:
  enum class State : uint8_t { kClosed, kOpen, kProbing };

  void Open(const RequestOutcome& outcome, absl::Duration t1, absl::Time now, RandomSource& random);
  void OpenBriefly(absl::Duration retry_after, absl::Time now);
  void ForgetFailures() {
    failures_in_row_ = 0;
    last_failure_kind_ = RequestOutcome::Kind::kAnswered;
  }

  absl::Time open_until_ = absl::InfinitePast();
  absl::Time last_failure_ = absl::InfinitePast();
  absl::Time closed_at_ = absl::InfinitePast();
  State state_ = State::kClosed;
  uint8_t failures_ = 0;  // in a row, while closed
  uint8_t times_opened_ = 0;
  bool overloaded_ = false;  // a 503 opened it
  bool briefly_ = false;     // and only one; more count still
  RequestOutcome::Kind last_failure_kind_ = RequestOutcome::Kind::kAnswered;
  uint16_t failures_in_row_ = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_DISPATCH_CIRCUIT_BREAKER_H_
