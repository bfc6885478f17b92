#ifndef GATEWAY_RPC_MESSAGE_OCTETS_H_
#define GATEWAY_RPC_MESSAGE_OCTETS_H_

#include <string>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/message_lite.h"

namespace sipevents::gateway {

// The message in octets that are the same for the same message, in this process: maps have no order
// of their own. Any thread.
inline std::string MessageOctets(const google::protobuf::MessageLite& message) {
  std::string octets;
  google::protobuf::io::StringOutputStream out(&octets);
  google::protobuf::io::CodedOutputStream coded(&out);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return octets;
}

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_MESSAGE_OCTETS_H_
