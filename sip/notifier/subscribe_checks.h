#ifndef SIP_NOTIFIER_SUBSCRIBE_CHECKS_H_
#define SIP_NOTIFIER_SUBSCRIBE_CHECKS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "sip/dialog/incoming_request.h"
#include "sip/notifier/watcher.h"

// What a SUBSCRIBE is judged by before anybody looks for the resource. Pure. Threads: any.

namespace sipevents::sip {

struct SubscribeLimits {
  absl::Duration min_expires = absl::Seconds(60);
  absl::Duration max_expires = absl::Hours(1);
  // Packages that are served; templates (`presence.winfo`) among them.
  std::vector<std::string> packages;
  std::string allow_events;  // NOT-44
  bool strict = false;
};

// NOT-02, NOT-03, NOT-04: 400, 489; nullopt: its package is served.
std::optional<RequestAnswer> RefuseEvent(const IncomingRequest& request,
                                         const SubscribeLimits& limits);

// The answer to a body that means nothing here: 415. One that need not be understood
// (IncomingRequest::body_is_optional) is ignored instead.
RequestAnswer RefuseBody();

// The answer to a list that cannot be read, for the reason given: 400, or 413 where there is too
// much of it.
RequestAnswer RefuseList(const absl::Status& why);

// What comes of RequestSender::CheckFirstHop() for where the NOTIFYs would go: 400, 403; nullopt:
// they can.
std::optional<RequestAnswer> RefuseTarget(const absl::Status& checked);

// What is granted for what is asked (NOT-09, NOT-11, NOT-12); zero: fetch, or the end.
struct GrantedTime {
  std::optional<RequestAnswer> refusal;  // 423
  absl::Duration duration;
};
GrantedTime GrantTime(const IncomingRequest& request, absl::Duration package_default,
                      const SubscribeLimits& limits);

// Which documents are sent for an Accept (NOT-13, NOT-34); nullopt: none can be (406).
// `notified_types`: that the package can be notified in, the usual one first; empty: any.
std::optional<WatcherFormat> ChooseFormat(const IncomingRequest& request,
                                          const std::vector<std::string>& notified_types,
                                          bool strict);

// How much (thousandths) a media type is wanted; 0: it is not. Without Accept: nothing but
// `notified_types.front()` is.
int WantedQ(const IncomingRequest& request, std::string_view type);

// Whether an option tag is among these, in any case.
bool HasTag(const std::vector<std::string_view>& tags, std::string_view tag);

// The condition of Suppress-If-Match (CEN-02): a tag or `*`. More than one, or no token: 400.
struct Condition {
  std::optional<RequestAnswer> refusal;
  std::string tag;  // empty: there is none
};
Condition ReadCondition(const IncomingRequest& request);

}  // namespace sipevents::sip

#endif  // SIP_NOTIFIER_SUBSCRIBE_CHECKS_H_
