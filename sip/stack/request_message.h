#ifndef SIP_STACK_REQUEST_MESSAGE_H_
#define SIP_STACK_REQUEST_MESSAGE_H_

#include <sofia-sip/msg.h>
#include <sofia-sip/sip.h>

#include <string>
#include <string_view>

#include "sip/stack/message.h"

// Of <sofia-sip/nta.h>, which can be included only after the types that it hands back are named.
using nta_agent_t = struct nta_agent_s;

// Writes requests and answers as sofia-sip messages. SIP threads only.

namespace sipevents::sip {

// The methods that we take (RFC 3261 section 20.5).
inline constexpr char kAllowedMethods[] = "NOTIFY, OPTIONS";

// What requests say about us.
struct OwnHeaders {
  std::string contact;       // value of Contact, with <>
  std::string allow_events;  // value of Allow-Events
  std::string via;           // value of Via; empty: the sender adds it
};

// A message of `agent` for the request; null if it cannot be written. The caller destroys it.
msg_t* NewRequest(nta_agent_t* agent, const OutgoingRequest& request, const OwnHeaders& own);

// A message of `agent` that answers `request_message`, with a tag in To; null if that lacks what
// an answer needs (no Via).
msg_t* NewAnswer(nta_agent_t* agent, msg_t* request_message, const NotifyAnswer& answer);

// The reason phrase of an answer.
const char* PhraseOf(const NotifyAnswer& answer);

// The headers of an answer as lines, for SIPTAG_HEADER_STR.
std::string HeaderLines(const NotifyAnswer& answer);

// A message as it goes over the wire.
std::string WireText(msg_t* message);

// How many octets a request has on the wire, or up to a hundred more.
size_t EstimatedOctets(const OutgoingRequest& request, std::string_view allow_events);

}  // namespace sipevents::sip

#endif  // SIP_STACK_REQUEST_MESSAGE_H_
