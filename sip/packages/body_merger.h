#ifndef SIP_PACKAGES_BODY_MERGER_H_
#define SIP_PACKAGES_BODY_MERGER_H_

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "sip/body/decode_scratch.h"
#include "sip/packages/event_package.h"

namespace sipevents::sip {

// A package whose bodies stand for themselves: each is an event, or the whole state.
struct BodyShape {
  std::string_view content_type;  // empty: any
  int document_number = 0;        // field of v1.Event
  // Writes the fields of the document with scratch.writer(), which is empty.
  // INVALID_ARGUMENT, RESOURCE_EXHAUSTED: with what is wrong, for people.
  absl::Status (*write)(const MergeInput& input, DecodeScratch& scratch) = nullptr;
  // A Content-Type tells enough, even if the body is empty.
  bool type_suffices = false;
};

// Makes a merger that remembers nothing; a NOTIFY without body changes nothing. `shape` must live
// forever. Any thread.
std::unique_ptr<StateMerger> NewBodyMerger(const BodyShape& shape);

}  // namespace sipevents::sip

#endif  // SIP_PACKAGES_BODY_MERGER_H_
