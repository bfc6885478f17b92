#ifndef SIP_PACKAGES_VERSION_CHAIN_H_
#define SIP_PACKAGES_VERSION_CHAIN_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Follows the versions of the documents that one fork sends, full and partial ones: which to
// take, which came twice, where one is missing (ALG-A; RFC 3680 section 5.1, RFC 3858 section 4,
// RFC 4235 section 4.3).
//
// Threads: one at a time.
class VersionChain {
 public:
  enum class Verdict {
    kApply,
    kGap,       // apply, but something before it is missing
    kOld,       // discard
    kUnusable,  // a partial document without version
  };
  struct Incoming {
    std::optional<uint32_t> version;
    bool partial = false;
  };

  // What to do with a document. It counts as seen from here on, applied or not.
  Verdict Judge(const Incoming& incoming, const MergeInput& input) {
    const Verdict verdict = VerdictOn(incoming, input);
    cseq_ = std::max(cseq_, input.cseq);
    return verdict;
  }

  // To be called once a document was applied.
  void OnApplied(const Incoming& incoming) {
    loaded_ = true;
    if (incoming.version) version_ = *incoming.version;
    if (!incoming.partial) asked_ = false;
  }

  // Whether the full state should be asked for now: true once, until a full document comes, lest
  // a notifier that never sends a usable one be asked without end.
  bool AskOnce() { return !std::exchange(asked_, true); }

  // The full state came in another form, without a version: it may be asked for again.
  void OnFullStateOtherwise() { asked_ = false; }

  // Of the document applied last.
  uint32_t version() const { return version_; }

 private:
  Verdict VerdictOn(const Incoming& incoming, const MergeInput& input) const {
    const bool newer = !loaded_ || input.cseq > cseq_;
    // Many PBXs send full documents whose version stands still, starts over or is not there; the
    // order of the NOTIFYs then tells which is newer (DEV-08).
    const bool trust_order = input.lenient && !incoming.partial && newer;
    if (!incoming.version) {
      if (incoming.partial) return Verdict::kUnusable;
      return trust_order ? Verdict::kApply : Verdict::kOld;
    }
    // The table of a partial document is not complete, if it is the first.
    if (!loaded_) return incoming.partial ? Verdict::kGap : Verdict::kApply;
    const uint64_t next = uint64_t{version_} + 1;
    if (*incoming.version < next) return trust_order ? Verdict::kApply : Verdict::kOld;
    // A full document makes good for what was missed.
    return *incoming.version > next && incoming.partial ? Verdict::kGap : Verdict::kApply;
  }

  bool loaded_ = false;  // a document was applied
  uint32_t version_ = 0;
  uint32_t cseq_ = 0;  // highest NOTIFY that brought a document
  bool asked_ = false;
};

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_VERSION_CHAIN_H_
