#ifndef CLIENTS_CLI_MESSAGE_TEXT_H_
#define CLIENTS_CLI_MESSAGE_TEXT_H_

#include <string>

#include "google/protobuf/message.h"

namespace sipevents::client {

// The values of any message in one line, safe on a terminal: `sip:bob@example.com, active,
// expiration 540s`. Texts and enums stand for themselves, other values after the name of their
// field; repeated messages are parted by semicolons. What has its default value is left out, and
// what is beyond some 300 octets is cut. Empty for an empty message. Threads: any.
std::string MessageText(const google::protobuf::Message& message);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_MESSAGE_TEXT_H_
