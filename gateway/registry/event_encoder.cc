#include "gateway/registry/event_encoder.h"

#include "gateway/registry/document_encoder.h"
#include "sipevents/v1/event.pb.h"

namespace sipevents::gateway {

using v1::Event;

std::string EventEncoder::EncodeHead(std::string_view subscription, std::string_view target_uri,
                                     std::string_view event_package) {
  ReverseWireWriter writer;
  writer.Text(Event::kEventPackageFieldNumber, event_package);
  writer.Text(Event::kTargetUriFieldNumber, target_uri);
  writer.Text(Event::kSubscriptionFieldNumber, subscription);
  return std::string(writer.bytes());
}

EventEncoder::Encoded EventEncoder::Encode(std::string_view head,
                                           const sip::Notification& notification,
                                           std::string_view last_document) {
  writer_.Reset();
  if (notification.document != nullptr) {
    WriteDocument(*notification.document, writer_);
  } else {
    writer_.Encoded(last_document);
  }
  const size_t document_octets = writer_.size();
  writer_.Unsigned(Event::kMemberInstanceFieldNumber, notification.member_instance);
  writer_.Text(Event::kMemberNameFieldNumber, notification.member_name);
  writer_.Text(Event::kMemberUriFieldNumber, notification.member_uri);
  writer_.Text(Event::kDecodeErrorFieldNumber, notification.decode_error);
  writer_.Bool(Event::kBodyIsPartialFieldNumber, notification.body_is_partial);
  if (!notification.content_type.empty() || !notification.body.empty()) {
    writer_.Message(Event::kBodyFieldNumber, [&] {
      writer_.Bytes(v1::Body::kDataFieldNumber, notification.body);
      writer_.Text(v1::Body::kContentTypeFieldNumber, notification.content_type);
    });
  }
  writer_.Timestamp(Event::kReceiveTimeFieldNumber, notification.receive_time);
  writer_.Text(Event::kDialogFieldNumber, notification.dialog);
  writer_.Encoded(head);
  return {writer_.bytes(), document_octets};
}

}  // namespace sipevents::gateway
