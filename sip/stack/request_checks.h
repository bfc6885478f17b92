#ifndef SIP_STACK_REQUEST_CHECKS_H_
#define SIP_STACK_REQUEST_CHECKS_H_

#include <sofia-sip/msg.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>

#include <optional>
#include <string>

#include "sip/stack/message.h"

// What is checked of a request before anybody is asked about it (RFC 3261 section 8.2). SIP
// threads only.

namespace sipevents::sip {

// Headers whose errors do not matter to an event subscriber, or are looked at by RefuseBadNotify(),
// as sofia-sip classifies them.
inline constexpr unsigned kToleratedErrors = sip_mask_response | sip_mask_proxy |
                                             sip_mask_registrar | sip_mask_pref | sip_mask_privacy |
                                             sip_mask_events;

// What NTA checks of datagrams, for messages that did not come through it: version, the headers
// that every request has, and that those which matter parse. nullopt: fine.
std::optional<NotifyAnswer> RefuseMalformed(msg_t* message, const sip_t& sip);

// A header that is there twice, though it may be there once, and that the parser lets pass;
// nullopt: none.
std::optional<NotifyAnswer> RefuseRepeated(const sip_t& sip);

// What is wrong with a NOTIFY in itself, in the order of SUB-24; nullopt: nothing.
std::optional<NotifyAnswer> RefuseBadNotify(const sip_t& sip);

// The answer to a request that is no NOTIFY; nullopt: none (ACK). `accept` and `allow_events` are
// what OPTIONS tells.
std::optional<NotifyAnswer> AnswerOther(const sip_t& sip, const std::string& accept,
                                        const std::string& allow_events);

}  // namespace sipevents::sip

#endif  // SIP_STACK_REQUEST_CHECKS_H_
