#ifndef SIP_DIALOG_MESSAGE_H_
#define SIP_DIALOG_MESSAGE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"

// SIP messages as the roles see them: plain structs, no sofia-sip. What comes in is views into
// the message, good during the call that hands it over.

namespace sipevents::sip {

// A request that we send. Every text was checked: none holds CR, LF or NUL.
struct OutgoingRequest {
  std::string method;       // "SUBSCRIBE"
  std::string request_uri;  // without <>
  std::string from_uri;
  std::string from_tag;
  std::string to_uri;
  std::string to_tag;  // empty outside a dialog
  std::string call_id;
  uint32_t cseq = 1;
  std::string contact;                 // URI of Contact, e.g. a GRUU; empty: that of the listener
  std::string contact_user;            // of the listener's URI; empty: the gateway's own
  std::string contact_parameters;      // behind the URI, e.g. `;reg-id=1`; empty: none
  std::string event;                   // value of the Event header; empty: none
  std::optional<uint32_t> expires;     // seconds
  std::string accept;                  // empty: no Accept header
  std::string supported;               // option tags; empty: no Supported header
  std::string require;                 // option tags; empty: no Require header
  std::string suppress_if_match;       // an entity-tag of the notifier's; empty: none
  std::string if_match;                // value of SIP-If-Match: a tag of the compositor's; or empty
  std::string subscription_state;      // value of Subscription-State; empty: none
  std::string entity_tag;              // value of SIP-ETag; empty: none
  std::string call_info;               // value of the Call-Info header; empty: none
  std::vector<std::string> route_set;  // values of Route headers, e.g. "<sip:p.example.com;lr>"
  // Authorization and Proxy-Authorization: name and value.
  std::vector<std::pair<std::string, std::string>> authorization;
  std::string content_type;         // empty: no body
  std::string content_disposition;  // empty: no such header
  std::string body;
};

// One challenge of a 401 or 407.
struct Challenge {
  bool proxy = false;  // Proxy-Authenticate
  std::string value;   // of the header: `Digest realm="…", …`
};

// One Contact in a 2xx to a REGISTER (RFC 3261 section 10.3). Texts are without quotes.
struct ContactBinding {
  std::string uri;
  std::optional<uint32_t> expires;  // seconds
  std::string instance;             // `+sip.instance`, with its <>; empty: none
  std::string pub_gruu;             // as received (RFC 5627); empty: none
};

// Why a request brought no response.
enum class SendFailure {
  kNone,
  kTimeout,     // Timer F; status 408
  kTransport,   // no connection, or it broke; status 503
  kNoAddress,   // DNS knows no server, or does not answer; status 503
  kNotAllowed,  // --sip_allowed_destinations; status 403
  kOverload,    // too many requests wait already; status 503
};

// The final answer to a request of ours.
struct Response {
  int status = 0;  // 200 to 699
  // Nobody sent it: it stands for a failure on our side.
  bool made_here = false;
  SendFailure failure = SendFailure::kNone;  // with made_here
  std::string_view to_tag;
  std::string contact;                   // URI of the first Contact; empty if none
  std::vector<std::string> redirect_to;  // of a 3xx: URIs of the Contacts, best (q) first
  std::vector<std::string> accept;       // of a 406, 415: media types that the peer takes
  std::vector<std::string> unsupported;  // of a 420: option tags
  std::vector<std::string> required;     // of a 421: option tags
  std::string allow;                     // of a 405: Allow as received
  std::string allow_events;              // of a 489: Allow-Events as received
  std::optional<uint32_t> expires;       // seconds
  std::optional<uint32_t> min_expires;   // seconds
  std::optional<uint32_t> retry_after;   // seconds
  std::vector<Challenge> challenges;
  // Of a 2xx to a REGISTER: what is bound now, and how (RFC 5626).
  std::vector<ContactBinding> bindings;
  std::string_view entity_tag;  // of a 2xx to a PUBLISH: SIP-ETag; empty: none
  std::string own_contact;      // URI of the Contact that the request had; else empty
  // Of a 2xx to a NOTIFY: parameters of its Event, `name=value` or `name`, in order (RFC 6446).
  std::vector<std::string_view> event_parameters;
  bool outbound = false;               // Require names `outbound`
  std::optional<uint32_t> flow_timer;  // seconds
};

// A NOTIFY that passed the checks of RFC 3261 and has one Event header.
struct IncomingNotify {
  absl::Time receive_time;
  std::string_view call_id;
  std::string_view from_tag;  // the notifier's
  std::string_view to_tag;    // ours
  uint32_t cseq = 0;
  std::string_view event_type;
  std::optional<std::string_view> event_id;
  std::string event_parameters;  // all of Event, e.g. `id=42;effective-by=3600`; empty: none
  std::string call_info;         // all Call-Info values, joined by ", "; empty: none
  bool has_subscription_state = false;
  std::string_view substate;  // as received
  std::string_view reason;
  std::optional<uint32_t> expires;      // seconds
  std::optional<uint32_t> retry_after;  // seconds
  std::string_view entity_tag;          // of SIP-ETag (RFC 5839); empty: none
  std::string content_type;             // with parameters; empty: none given
  std::string_view body;
  std::string contact_uri;       // fit for a Request-URI
  std::string_view source_host;  // numeric address that it came from, IPv6 without brackets
  // User and host of the Request-URI and of To, as received; empty: none, or no SIP URI.
  std::string_view request_user;
  std::string_view to_user;
  std::string_view to_host;
  // Host and port of the topmost Via, as received: who says to have sent it. Port: may be empty.
  std::string_view via_host;
  std::string_view via_port;
  // Values of the Authorization headers. Made on demand, since they seldom matter; null: none.
  std::function<std::vector<std::string>()> authorization;
  // Made on demand, since a dialog needs it once: the values in the order received, each fit for
  // a Route header.
  std::function<std::vector<std::string>()> record_route;
};

// What to answer a request with.
struct RequestAnswer {
  int status = 200;
  // Expires, Accept, Allow-Events … that go with it.
  std::vector<std::pair<std::string, std::string>> headers;
  // Names what is wrong, for people; empty: the usual phrase of the status.
  std::string phrase = {};
  // Of To, where the request has none: our side of a dialog; empty: any.
  std::string to_tag = {};
  // Of SUBSCRIBE and PUBLISH: not 0: this is no answer yet. The request is to be judged again when
  // what has this number is there.
  uint64_t waits_for = 0;
};
using NotifyAnswer = RequestAnswer;

}  // namespace sipevents::sip

#endif  // SIP_DIALOG_MESSAGE_H_
