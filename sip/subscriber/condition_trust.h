#ifndef SIP_SUBSCRIBER_CONDITION_TRUST_H_
#define SIP_SUBSCRIBER_CONDITION_TRUST_H_

#include <algorithm>
#include <cstdint>

namespace sipevents::sip {

// Whether the SUBSCRIBEs for one resource may carry a condition (RFC 5839), by what became of those
// that did: a notifier, or what lies before it, may fail on it (CEN-09). What fails for a reason
// that may be another one (the peer is down, the dialog is lost) is no proof, but twice in a row
// is, if it then works without.
//
// Threads: the SIP thread.
class ConditionTrust {
 public:
  bool may_ask() const { return !lost_ && doubts_ < kMostDoubts; }

  // A SUBSCRIBE was finally answered; `made_here`: it was not, and this stands for it.
  void OnAnswered(bool conditional, int status, bool made_here) {
    if (status < 300) {
      if (conditional) doubts_ = 0;
      if (doubts_ == kMostDoubts) lost_ = true;
    } else if (!conditional) {
      doubts_ = 0;  // it fails on anything
    } else if (made_here || MayMeanAnother(status)) {
      doubts_ = std::min<uint8_t>(doubts_ + 1, kMostDoubts);
    } else if (status >= 400 && !IsAboutAnother(status)) {
      lost_ = true;
    }
  }

  // It was accepted, but neither a NOTIFY nor a 204 followed.
  void OnNoNotify(bool conditional) {
    if (conditional) lost_ = true;
  }

 private:
  static constexpr uint8_t kMostDoubts = 2;

  static bool MayMeanAnother(int status) {
    return status == 408 || status == 430 || status == 480 || status == 481 || status == 502 ||
           status == 503 || status == 504;
  }
  // Of credentials, of the duration, of another request.
  static bool IsAboutAnother(int status) {
    return status == 401 || status == 407 || status == 423 || status == 491;
  }

  bool lost_ = false;
  uint8_t doubts_ = 0;  // conditional requests in a row that failed
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_CONDITION_TRUST_H_
