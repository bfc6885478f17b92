#ifndef TESTS_SIP_PACKAGES_MERGING_H_
#define TESTS_SIP_PACKAGES_MERGING_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>

#include "sip/body/decode_scratch.h"
#include "sip/packages/event_package.h"

namespace sipevents::sip {

// Feeds NOTIFY bodies to a merger of one package, each with the next CSeq.
// Threads: one.
class Merging {
 public:
  Merging(const EventPackage& package, std::string_view content_type, bool lenient = true)
      : merger_(package.new_merger()), content_type_(content_type), lenient_(lenient) {}

  MergeResult Feed(std::string_view body, uint32_t dialog = 1) {
    return FeedTyped(content_type_, body, dialog);
  }

  MergeResult FeedTyped(std::string_view content_type, std::string_view body, uint32_t dialog = 1) {
    return FeedWithCseq(++cseq_, content_type, body, dialog);
  }

  MergeResult FeedWithCseq(uint32_t cseq, std::string_view content_type, std::string_view body,
                           uint32_t dialog = 1) {
    return merger_->Merge({.dialog = dialog,
                           .content_type = content_type,
                           .body = body,
                           .cseq = cseq,
                           .lenient = lenient_},
                          scratch_);
  }

  // A NOTIFY of whose headers some tell the state.
  MergeResult FeedHeaders(std::string_view event_parameters, std::string_view call_info,
                          std::string_view body = {}, uint32_t dialog = 1) {
    return merger_->Merge({.dialog = dialog,
                           .content_type = body.empty() ? std::string_view() : content_type_,
                           .body = body,
                           .event_parameters = event_parameters,
                           .call_info = call_info,
                           .cseq = ++cseq_,
                           .lenient = lenient_},
                          scratch_);
  }

  MergeResult Drop(uint32_t dialog) { return merger_->DropDialog(dialog, scratch_); }

 private:
  std::unique_ptr<StateMerger> merger_;
  DecodeScratch scratch_;
  std::string_view content_type_;
  bool lenient_;
  uint32_t cseq_ = 0;
};

// The typed document of a result, or an empty one (which then fails the expectations).
template <typename T>
const T& DocumentOf(const MergeResult& result) {
  static const T& none = *new T();
  if (result.kind != MergeResult::Kind::kDocument || result.document == nullptr) return none;
  const T* typed = std::get_if<T>(result.document);
  return typed == nullptr ? none : *typed;
}

}  // namespace sipevents::sip

#endif  // TESTS_SIP_PACKAGES_MERGING_H_
