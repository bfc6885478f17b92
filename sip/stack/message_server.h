#ifndef SIP_STACK_MESSAGE_SERVER_H_
#define SIP_STACK_MESSAGE_SERVER_H_

#include <sofia-sip/msg.h>
#include <sofia-sip/sip.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "sip/agent.h"
#include "sip/base/net_address.h"
#include "sip/base/random_id.h"
#include "sip/dialog/message.h"
#include "sip/stack/held_requests.h"
#include "sip/stack/message_handler.h"
#include "sip/stack/server_transactions.h"
#include "sip/transport/next_hop.h"

namespace sipevents::sip {

// An answer, as it goes over the wire, and where over UDP (RFC 3261 section 18.2.2, RFC 3581): to
// the address that the request came from, and there to
struct WireAnswer {
  std::string text;            // empty: there is none
  bool to_source_port = true;  // the port that it came from (`rport`), or
  uint16_t port = 5060;        // the one that its Via names
  // Not 0: there is no answer yet. Whoever knows the way back is to Hold() the message for this,
  // and to hand it to TakeAgain() then.
  uint64_t waits_for = 0;
};

// Takes one message at a time, whatever it came over: parses it, has a request judged, and makes
// the answer; hands on a response.
//
// Threads: the SIP thread. `handler`, `metrics` (may be null), `transactions` (of all
// transports; null: SUBSCRIBE and PUBLISH are not served) and `held` (likewise; null: none of them
// can wait) must outlive it.
class MessageServer {
 public:
  // Hears responses, by the branch of their topmost Via and the method of their CSeq.
  using OnResponse = std::function<void(std::string_view branch, std::string_view method,
                                        const Response& response)>;

  MessageServer(MessageHandler& handler, RandomSource& random, SipMetrics* metrics,
                ServerTransactions* transactions = nullptr, HeldRequests* held = nullptr)
      : handler_(handler),
        tag_key_{random.Next(), random.Next()},
        metrics_(metrics),
        transactions_(transactions),
        held_(held) {}

  // `message`: whole, from the start line on. `source`: where it came from.
  WireAnswer Take(std::string_view message, const NextHop& source, const OnResponse& on_response);

  // Takes a request that was held. It does not wait a second time.
  WireAnswer TakeAgain(std::string_view message, const NextHop& source);

  // Holds a message that Take() has put off; see HeldRequests.
  void Hold(uint64_t waits_for, std::string message, HeldRequests::Again again) {
    held_->Hold(waits_for, std::move(message), std::move(again));
  }

  // Answers a request that is not to be parsed, or cannot be, `status`. `message` may be cut.
  WireAnswer AnswerUnparsed(std::string_view message, int status);

 private:
  WireAnswer Serve(msg_t* message, const sip_t& sip, std::string_view text, const NextHop& source,
                   bool was_held);

  MessageHandler& handler_;
  const std::array<uint64_t, 2> tag_key_;  // of the To tags that we give
  SipMetrics* metrics_;
  ServerTransactions* transactions_;
  HeldRequests* held_;
};

}  // namespace sipevents::sip

#endif  // SIP_STACK_MESSAGE_SERVER_H_
