#ifndef SIP_COMPOSE_SUMMARY_TEXT_H_
#define SIP_COMPOSE_SUMMARY_TEXT_H_

#include <string>
#include <string_view>

#include "sip/document.h"

namespace sipevents::sip {

// Writes a summary as application/simple-message-summary (RFC 3842 section 5.2). Texts are written
// as they are; counts of no class that RFC 3842 has are left out. Any thread.
std::string SummaryText(const MessageSummary& summary);

// A summary that DecodeMessageSummary() takes, as the grammar has it: each line ends with CRLF,
// nothing is before the first one, and no count is above 2^32-1. All else stays as it is. Any
// thread.
std::string RewrittenSummary(std::string_view body);

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_SUMMARY_TEXT_H_
