#ifndef SIP_TRANSPORT_KEEP_ALIVE_H_
#define SIP_TRANSPORT_KEEP_ALIVE_H_

#include <functional>

#include "absl/time/time.h"

namespace sipevents::sip {

// How a connection is kept open by pings (CRLFCRLF, RFC 5626 section 4.4.1).
struct KeepAlive {
  // How long until the next ping; asked anew for each. Null: there are none.
  std::function<absl::Duration()> pause;
  // Nothing within StreamTransportOptions::pong_timeout after a ping ends the connection. Only
  // for servers that are known to answer: others take pings in silence.
  bool expects_pongs = false;
};

}  // namespace sipevents::sip

#endif  // SIP_TRANSPORT_KEEP_ALIVE_H_
