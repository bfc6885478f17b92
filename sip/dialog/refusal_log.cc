#include "sip/dialog/refusal_log.h"

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/log.h"
#include "sip/base/redact.h"

namespace sipevents::sip {

void LogRefusal(const IncomingRequest& request, const RequestAnswer& answer) {
  if (answer.status < 400 || answer.status == 401 || answer.status == 407) return;
  if (!LogEnabled(LogSeverity::kDebug)) return;
  const SipListenAddress peer{request.source.transport, request.source.peer};
  Log(LogSeverity::kDebug, request.method == "PUBLISH" ? "compositor" : "notifier", "refused",
      {{"sip_status", answer.status},
       {"reason", answer.phrase},
       {"resource", RedactUri(request.request_uri)},
       {"package", AbslView(request.event_type)},
       {"from", RedactUri(request.from_uri)},
       {"peer", peer.ToString()},
       {"call_id", AbslView(request.call_id)}});
}

}  // namespace sipevents::sip
