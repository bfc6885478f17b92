#ifndef SIP_STACK_MESSAGE_HANDLER_H_
#define SIP_STACK_MESSAGE_HANDLER_H_

#include <sofia-sip/sip.h>

#include <optional>
#include <string_view>

#include "sip/dialog/message.h"
#include "sip/transport/next_hop.h"

namespace sipevents::sip {

// Hears requests, whatever they came over. Threads: the loop's.
class MessageHandler {
 public:
  virtual ~MessageHandler() = default;
  // A request that is whole and well-formed, its text, and where it came from; nullopt: no answer.
  virtual std::optional<RequestAnswer> OnRequest(const sip_t& sip, std::string_view text,
                                                 const NextHop& source) = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_STACK_MESSAGE_HANDLER_H_
