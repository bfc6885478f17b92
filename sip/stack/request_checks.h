#ifndef SIP_STACK_REQUEST_CHECKS_H_
#define SIP_STACK_REQUEST_CHECKS_H_

#include <sofia-sip/msg.h>
#include <sofia-sip/sip.h>

#include <optional>
#include <string>

#include "sip/dialog/message.h"

// What is checked of a request before anybody is asked about it (RFC 3261 section 8.2). SIP
// threads only.

namespace sipevents::sip {

// What is wrong with a request as a whole: version, the headers that every request has, and those
// that matter parse. nullopt: nothing.
std::optional<NotifyAnswer> RefuseMalformed(msg_t* message, const sip_t& sip);

// Whether a response lacks what every response has, or was meant for somebody else: it has more
// Vias than the one that we wrote (RFC 3261 section 8.1.3.3). It is dropped then.
bool RefuseBadResponse(const sip_t& sip);

// A header that is there twice, though it may be there once, and that the parser lets pass;
// nullopt: none.
std::optional<NotifyAnswer> RefuseRepeated(const sip_t& sip);

// CSeq of another method, or out of range; nullopt: fine.
std::optional<RequestAnswer> RefuseBadCseq(const sip_t& sip);

// Whether the body is packed in a way that nobody here unpacks.
bool HasEncodedBody(const sip_t& sip);

// What is wrong with a NOTIFY in itself, in the order of SUB-24; nullopt: nothing.
std::optional<NotifyAnswer> RefuseBadNotify(const sip_t& sip);

// The answer to a request that nobody serves; nullopt: none (ACK). `accept` and `allow_events` are
// what OPTIONS tells; `serves`: SUBSCRIBE and PUBLISH are served.
std::optional<NotifyAnswer> AnswerOther(const sip_t& sip, const std::string& accept,
                                        const std::string& allow_events, bool serves);

}  // namespace sipevents::sip

#endif  // SIP_STACK_REQUEST_CHECKS_H_
