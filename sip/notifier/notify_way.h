#ifndef SIP_NOTIFIER_NOTIFY_WAY_H_
#define SIP_NOTIFIER_NOTIFY_WAY_H_

#include <optional>
#include <string>
#include <string_view>

#include "sip/dialog/incoming_request.h"

namespace sipevents::sip {

// Where the NOTIFYs of a subscription go.
struct NotifyWay {
  // The URI, or flow, where that is neither the first Route nor the Contact; may be empty. See
  // RequestSender::Send().
  std::string first_hop;
  // To another host than the SUBSCRIBE came from: nobody there may know of it, until one of them is
  // answered (SEC-03).
  bool elsewhere = false;
};

// As SUBSCRIBE and the way it came say: over the connection that it came by; and to the address it
// came from, where a peer behind a NAT does not know its own (OUT-04). What came by UDP stays
// there, whatever its size: a phone that has no TCP would lose it. Threads: any.
NotifyWay NotifyWayOf(const IncomingRequest& request);

// The way of a subscription whose NOTIFYs went by `first_hop`, which was a connection that the peer
// opened and that has ended: to its Contact, where it may listen (RFC 3261 section 12.2.1.1).
// nullopt: it was no such connection, or the Contact can only be reached by it (`ob`, RFC 5626
// section 4.3). Threads: any.
std::optional<NotifyWay> WayAfterConnection(std::string_view first_hop,
                                            std::string_view contact_uri);

// Whether two URIs name the same host, as text. Threads: any.
bool HaveSameHost(std::string_view uri, std::string_view other_uri);

}  // namespace sipevents::sip

#endif  // SIP_NOTIFIER_NOTIFY_WAY_H_
