#ifndef CLIENTS_CLI_DOCUMENT_TEXT_H_
#define CLIENTS_CLI_DOCUMENT_TEXT_H_

#include <string>

#include "clients/cli/summary.h"
#include "sipevents/v1/event.pb.h"

// What an event means, in a few words for people. All functions: any thread.

namespace sipevents::client {

// Of the typed document (clients/cli/packages), else of the body.
Summary Summarize(const v1::Event& event);

// Which member of a list an event is about, safe on a terminal: "Alice <sip:201@example.com>".
std::string MemberText(const v1::Event& event);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_DOCUMENT_TEXT_H_
