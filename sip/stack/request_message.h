#ifndef SIP_STACK_REQUEST_MESSAGE_H_
#define SIP_STACK_REQUEST_MESSAGE_H_

#include <sofia-sip/msg.h>
#include <sofia-sip/sip.h>

#include <memory>
#include <string>
#include <string_view>

#include "sip/dialog/message.h"

// Writes requests as text, and answers as sofia-sip messages. SIP threads only.

namespace sipevents::sip {

// The methods that we take (RFC 3261 section 20.5).
inline constexpr char kAllowedMethods[] = "NOTIFY, OPTIONS";
// With domains of our own (EndpointOptions::server).
inline constexpr char kServedMethods[] = "NOTIFY, OPTIONS, PUBLISH, SUBSCRIBE";

// What requests say about us.
struct OwnHeaders {
  std::string contact;                       // value of Contact, with <>
  std::string allow_events;                  // value of Allow-Events
  std::string via;                           // value of Via
  std::string_view allow = kAllowedMethods;  // value of Allow
};

struct DestroyMessage {
  void operator()(msg_t* message) const { msg_destroy(message); }
};
using MessagePtr = std::unique_ptr<msg_t, DestroyMessage>;

// The request as it goes over the wire; empty if it cannot be written, since a value has a line
// break or NUL.
std::string RequestText(const OutgoingRequest& request, const OwnHeaders& own);

// The answer to a request, with `to_tag` where To has none; null if the request lacks what an
// answer needs (no Via).
MessagePtr NewAnswer(msg_t* request_message, const NotifyAnswer& answer, const std::string& to_tag);

// The reason phrase of an answer, which must outlive it.
const char* PhraseOf(const NotifyAnswer& answer);

// A message as it goes over the wire.
std::string WireText(msg_t* message);

// How many octets a request has on the wire, or up to a hundred more.
size_t EstimatedOctets(const OutgoingRequest& request, std::string_view allow_events);

}  // namespace sipevents::sip

#endif  // SIP_STACK_REQUEST_MESSAGE_H_
