#ifndef GATEWAY_REGISTRY_EVENT_ENCODER_H_
#define GATEWAY_REGISTRY_EVENT_ENCODER_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "sip/agent.h"
#include "sip/base/reverse_wire_writer.h"

namespace sipevents::gateway {

// Turns what one NOTIFY told into an encoded v1.Event, without `initial` and `superseded`, which
// depend on the reader. This is the hot path: one pass, no objects.
//
// Threads: one at a time.
class EventEncoder {
 public:
  struct Encoded {
    std::string_view event;  // good until the next call
    // How many octets at the end of `event` are the `document`; 0: there is none. A copy of
    // these is what a later event falls back to.
    size_t document_octets = 0;
  };

  // The fields that all events of a Subscription share, encoded once.
  static std::string EncodeHead(std::string_view subscription, std::string_view target_uri,
                                std::string_view event_package);

  // `head` is from EncodeHead(). A notification without a document gets `last_document`: the
  // last octets of an earlier event of the same dialog, or nothing.
  Encoded Encode(std::string_view head, const sip::Notification& notification,
                 std::string_view last_document);

 private:
  ReverseWireWriter writer_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_REGISTRY_EVENT_ENCODER_H_
