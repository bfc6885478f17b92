#ifndef GATEWAY_REGISTRY_DOCUMENT_ENCODER_H_
#define GATEWAY_REGISTRY_DOCUMENT_ENCODER_H_

#include "sip/base/reverse_wire_writer.h"
#include "sip/document.h"

namespace sipevents::gateway {

// Writes a typed state as the field of v1.Event's `document` that its package has; nothing for
// std::monostate. Text goes from the document's views straight to the wire: no message object
// is made. Threads: any, one per writer.
void WriteDocument(const sip::Document& document, ReverseWireWriter& writer);

}  // namespace sipevents::gateway

#endif  // GATEWAY_REGISTRY_DOCUMENT_ENCODER_H_
