#ifndef SIP_STACK_UNPARSED_REQUEST_H_
#define SIP_STACK_UNPARSED_REQUEST_H_

#include <string>
#include <string_view>

namespace sipevents::sip {

// The answer to a request whose start line the parser does not understand, as it goes over the
// wire: with Via, From, To, Call-ID and CSeq as they came, and `to_tag` in a To that has none.
// 501 instead of 400 where only the method may be what the parser does not know. Empty where there
// is nothing to answer: a response, no Via, or one of the others missing (RFC 3261 section 8.2.6;
// RFC 4475 section 3.1.2). Threads: any.
std::string AnswerToUnparsed(std::string_view message, int status, std::string_view to_tag);

}  // namespace sipevents::sip

#endif  // SIP_STACK_UNPARSED_REQUEST_H_
