#ifndef SIP_COMPOSE_SUMMARY_TEXT_H_
#define SIP_COMPOSE_SUMMARY_TEXT_H_

#include <string>

#include "sip/document.h"

namespace sipevents::sip {

// Writes a summary as application/simple-message-summary (RFC 3842 section 5.2). Texts are written
// as they are; counts of no class that RFC 3842 has are left out. Any thread.
std::string SummaryText(const MessageSummary& summary);

}  // namespace sipevents::sip

#endif  // SIP_COMPOSE_SUMMARY_TEXT_H_
