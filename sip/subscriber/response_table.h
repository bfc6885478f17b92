#ifndef SIP_SUBSCRIBER_RESPONSE_TABLE_H_
#define SIP_SUBSCRIBER_RESPONSE_TABLE_H_

// What each final response to a SUBSCRIBE asks us to do: RFC 6665 section 4.1.2 over RFC 3261
// section 21, with the division of RFC 5057 section 5. Pure. Threads: any.

namespace sipevents::sip {

// What to do after a response to a SUBSCRIBE outside a dialog.
enum class InitialAction {
  kAwaitNotify,       // accepted
  kRedirect,          // to the Contacts; backoff when they lead nowhere
  kAuthenticate,      // once per new nonce; final when it cannot be done
  kDropAccept,        // once more without Accept; else final
  kDropBody,          // once more without the body; else final
  kSecure,            // once more as sips:; else final
  kLongerInterval,    // once per value; backoff when that leads nowhere
  kBackOff,           // may pass: later, not before Retry-After
  kSoon,              // after 2.1 to 4 s (RFC 3261 section 14.1)
  kStop,              // final
  kStopUnlessHinted,  // final, but for a Retry-After
};

// What to do after a response to a refresh.
enum class RefreshAction {
  kAwaitNotify,
  kNoNotify,  // accepted, and no NOTIFY follows (RFC 5839)
  kRedirect,
  kAuthenticate,
  kLongerInterval,
  kKeep,      // it stays until it expires (SUB-47); tried again while it lasts
  kKeepSoon,  // the same, after 2.1 to 4 s
  kEnd,       // it is gone (SUB-46), and the InitialAction says whether to begin anew
  kEndAnew,   // it is gone: begin anew at once (SUB-48)
  kTimedOut,  // as if nobody had answered (SUB-51)
};

// What to do after a response to a fetch.
enum class FetchAction {
  kAwaitNotify,
  kRetry,             // as InitialAction says, if it has something to try at once
  kSubscribeBriefly,  // the peer knows no Expires 0: subscribe, and end it (DEV-07)
  kReport,
};

struct ResponseRow {
  int status = 0;
  InitialAction initial = InitialAction::kStop;
  RefreshAction refresh = RefreshAction::kKeep;
  FetchAction fetch = FetchAction::kReport;
};

// The row of a final response (200 … 699). An unknown one counts as the x00 of its class (RFC
// 3261 section 8.1.3.2), out of range ones as 500.
const ResponseRow& ResponseRowOf(int status);

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_RESPONSE_TABLE_H_
