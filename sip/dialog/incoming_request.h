#ifndef SIP_DIALOG_INCOMING_REQUEST_H_
#define SIP_DIALOG_INCOMING_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "sip/base/net_address.h"
#include "sip/dialog/message.h"

// SUBSCRIBE and PUBLISH as the roles that serve them see them: plain structs of views into the
// message, good during the call that hands them over.

namespace sipevents::sip {

// One element of Accept.
struct AcceptedType {
  std::string_view type;  // `application/pidf+xml`, `application/*`, `*/*`; any case
  int q = 1000;           // thousandths; 0: not wanted
};

// Where a request came from.
struct RequestSource {
  HostPort peer;
  Transport transport = Transport::kUdp;
  std::string_view via_host;  // of the topmost Via, as received
  uint16_t via_port = 0;      // 0: none named
};

// A request that passed the checks of RFC 3261 section 8.2: its headers are there and well-formed,
// its Request-URI is a SIP URI, and it requires no option that nobody here knows.
struct IncomingRequest {
  absl::Time receive_time;
  RequestSource source;
  std::string_view method;
  std::string request_uri;  // as received
  std::string from_uri;     // without parameters of the header
  std::string_view from_tag;
  std::string_view from_name;  // display name, without quotes; may be empty
  std::string to_uri;
  std::string_view to_tag;  // empty: outside a dialog
  std::string_view call_id;
  uint32_t cseq = 0;
  int event_count = 0;  // Event headers; list elements count each
  std::string_view event_type;
  bool event_type_ok = false;  // fits the grammar (GEN-10)
  std::optional<std::string_view> event_id;
  std::vector<std::string_view> event_parameters;  // `name=value` or `name`, in order, `id` too
  std::optional<uint32_t> expires;                 // seconds; none: absent, or no number
  bool has_accept = false;
  std::vector<AcceptedType> accept;         // in the order received
  std::vector<std::string_view> supported;  // option tags
  std::vector<std::string_view> require;
  std::string content_type;              // with parameters; empty: none given
  std::string_view content_disposition;  // without parameters; empty: none
  bool body_is_optional = false;  // `handling=optional`: who does not understand it ignores it
  std::string_view body;
  std::string contact_uri;                     // fit for a Request-URI; empty: none
  std::vector<std::string> if_match;           // values of SIP-If-Match headers (PUBLISH), raw
  std::vector<std::string> suppress_if_match;  // values of Suppress-If-Match, raw
  std::vector<std::string> authorization;      // values of Authorization headers
  std::vector<std::string> record_route;       // in the order received, each fit for a Route header
  std::string_view user_agent;
};

// Serves SUBSCRIBE and PUBLISH requests of one SIP thread. Repeated ones (the same transaction),
// and merged ones (482, NOT-45) are not handed over.
class RequestServer {
 public:
  virtual ~RequestServer() = default;
  // Answers, or puts the request off (RequestAnswer::waits_for): then it comes again as it was,
  // once what it waits for is there. Neither blocks. What follows from a request is sent after its
  // answer.
  virtual RequestAnswer OnSubscribe(const IncomingRequest& request) = 0;
  virtual RequestAnswer OnPublish(const IncomingRequest& request) = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_DIALOG_INCOMING_REQUEST_H_
