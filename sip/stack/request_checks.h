#ifndef SIP_STACK_REQUEST_CHECKS_H_
#define SIP_STACK_REQUEST_CHECKS_H_

#include <sofia-sip/msg.h>
#include <sofia-sip/sip.h>

#include <optional>
#include <string>

#include "sip/stack/message.h"

// What is checked of a request before anybody is asked about it (RFC 3261 section 8.2). SIP
// threads only.

namespace sipevents::sip {

// What NTA checks of datagrams, for messages that did not come through it: version, the headers
// that every request has, and that those which matter parse. nullopt: fine.
std::optional<NotifyAnswer> RefuseMalformed(msg_t* message, const sip_t& sip);

// What is wrong with a NOTIFY in itself, in the order of SUB-24; nullopt: nothing. A header that
// is there twice (TOR-04, TOR-09) does not come here: the parser refuses it.
std::optional<NotifyAnswer> RefuseBadNotify(const sip_t& sip);

// The answer to a request that is no NOTIFY; nullopt: none (ACK). `accept` and `allow_events` are
// what OPTIONS tells.
std::optional<NotifyAnswer> AnswerOther(const sip_t& sip, const std::string& accept,
                                        const std::string& allow_events);

}  // namespace sipevents::sip

#endif  // SIP_STACK_REQUEST_CHECKS_H_
