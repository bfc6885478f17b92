#include "tests/scenarios/notify_check.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

namespace sipevents::testing {
namespace {

// Clocks are read at different moments, and seconds are rounded.
constexpr absl::Duration kTolerance = absl::Seconds(2);

// Collects what is wrong.
class Faults {
 public:
  void Unless(bool right, const std::string& what) {
    if (!right) faults_.push_back(what);
  }
  void Once(const SipText& sip, const std::string& name) {
    const size_t count = sip.Headers(name).size();
    Unless(count == 1, absl::StrCat(count, " headers ", name, ", expected 1"));
  }
  void Never(const SipText& sip, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      Unless(sip.Headers(name).empty(), absl::StrCat("unexpected header ", name));
    }
  }
  absl::Status Verdict(const SipText& sip) const {
    if (faults_.empty()) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat(absl::StrJoin(faults_, "; "), "; in\n", sip.raw()));
  }

 private:
  std::vector<std::string> faults_;
};

std::string TypeOf(const std::string& event) {
  return std::string(absl::StripAsciiWhitespace(event.substr(0, event.find(';'))));
}

void CheckState(const Received& notify, const WatcherDialog& dialog, Faults& faults) {
  const std::string state = SubstateOf(notify);
  const int expires = StateExpires(notify);
  if (state == "terminated") {
    faults.Unless(expires < 0, "terminated with expires (NOT-24)");
    faults.Unless(!StateParameter(notify, "reason").empty(), "terminated without reason (NOT-23)");
    return;
  }
  faults.Unless(state == "active" || state == "pending",
                absl::StrCat("state ", state, " (NOT-20)"));
  faults.Unless(expires >= 0, "no expires (NOT-21)");
  faults.Unless(absl::Now() + absl::Seconds(expires) <= dialog.granted_until + kTolerance,
                absl::StrCat("expires=", expires, " is more than remains (NOT-22)"));
}

void CheckBody(const SipText& sip, Faults& faults) {
  size_t length = 0;
  faults.Unless(
      absl::SimpleAtoi(sip.Header("Content-Length"), &length) && length == sip.body().size(),
      absl::StrCat("Content-Length of ", sip.body().size(), " octets"));
  faults.Unless(sip.body().empty() == sip.Headers("Content-Type").empty(),
                "a body without a Content-Type, or the reverse");
}

}  // namespace

std::string SubstateOf(const Received& notify) {
  return TypeOf(notify.Header("Subscription-State"));
}

std::string StateParameter(const Received& notify, const std::string& name) {
  return ParameterOf(notify.Header("Subscription-State"), name);
}

int StateExpires(const Received& notify) {
  int seconds = -1;
  return absl::SimpleAtoi(StateParameter(notify, "expires"), &seconds) ? seconds : -1;
}

absl::Status CheckAccepted(const Received& response) {
  const SipText& sip = response.sip;
  Faults faults;
  faults.Unless(sip.status() == 200, absl::StrCat(sip.status(), ", expected 200"));
  for (const char* name : {"From", "To", "Call-ID", "CSeq", "Contact", "Expires"}) {
    faults.Once(sip, name);
  }
  faults.Unless(!response.to_tag().empty(), "no To tag (NOT-16)");
  faults.Unless(response.expires() >= 0, "Expires is no number");
  faults.Never(sip, {"Event", "Subscription-State", "Min-Expires", "SIP-If-Match"});
  return faults.Verdict(sip);
}

absl::Status CheckNotify(const Received& notify, const WatcherDialog& dialog) {
  const SipText& sip = notify.sip;
  Faults faults;
  for (const char* name : {"Max-Forwards", "From", "To", "Call-ID", "CSeq", "Contact", "Event",
                           "Subscription-State", "Content-Length"}) {
    faults.Once(sip, name);
  }
  faults.Never(sip, {"Expires", "Min-Expires", "Reply-To", "Subject", "RAck", "In-Reply-To",
                     "Alert-Info", "SIP-If-Match"});
  faults.Unless(!sip.Headers("Via").empty(), "no Via");
  faults.Unless(sip.request_uri() == dialog.contact,
                absl::StrCat("Request-URI, expected ", dialog.contact));
  faults.Unless(notify.call_id() == dialog.call_id, "another Call-ID");
  faults.Unless(notify.to_tag() == ParameterOf(dialog.local, "tag"), "another To tag");
  if (!dialog.remote.empty()) {
    faults.Unless(notify.from_tag() == ParameterOf(dialog.remote, "tag"), "another From tag");
  }
  faults.Unless(sip.cseq() > dialog.remote_cseq,
                absl::StrCat("CSeq ", sip.cseq(), " after ", dialog.remote_cseq));
  faults.Unless(TypeOf(notify.Header("Event")) == TypeOf(dialog.event),
                absl::StrCat("Event, expected ", dialog.event, " (NOT-33)"));
  faults.Unless(ParameterOf(notify.Header("Event"), "id") == ParameterOf(dialog.event, "id"),
                "another id of the event (NOT-33)");
  CheckState(notify, dialog, faults);
  CheckBody(sip, faults);
  return faults.Verdict(sip);
}

}  // namespace sipevents::testing
