#include "gateway/explain/findings.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/explain/phrases.h"
#include "sip/base/ascii.h"
#include "sip/explanation.h"

namespace sipevents::gateway {
namespace {

using google::protobuf::Timestamp;
using v1::DialogExplanation;
using v1::Finding;

// An answer may take so long before it is worth a word.
constexpr absl::Duration kPatience = absl::Seconds(2);
// Of forks and members, before the rest is only counted.
constexpr size_t kMostNamed = 4;

// "a, b, c, d, and 3 more".
std::string NameSome(std::vector<std::string> names) {
  const size_t left_out = names.size() - std::min(names.size(), kMostNamed);
  names.resize(names.size() - left_out);
  std::string text = absl::StrJoin(names, ", ");
  if (left_out > 0) absl::StrAppend(&text, ", and ", left_out, " more");
  return text;
}

// Walks through one explanation; what it finds first is nearest to the cause.
class Search {
 public:
  explicit Search(const v1::Explanation& explanation)
      : all_(explanation), now_(ToTime(explanation.explain_time())) {}

  std::vector<Finding> Run() {
    LookAtLife();
    LookAtServers();
    if (IsToldUnasked()) {
      LookAtUnsolicited();
    } else {
      LookAtAttempt();
    }
    for (const DialogExplanation& dialog : all_.dialogs()) {
      if (IsAlive(dialog)) LookAtDialog(dialog);
    }
    LookAtForks();
    LookAtMembers();
    LookAtState();
    LookAtReaders();
    SayWhetherAllIsWell();
    std::stable_sort(found_.begin(), found_.end(), [](const Finding& a, const Finding& b) {
      return Urgency(a.severity()) > Urgency(b.severity());
    });
    return std::move(found_);
  }

 private:
  // OK sums up, so that it comes before what is merely good to know.
  static int Urgency(Finding::Severity severity) {
    if (severity == Finding::OK) return Finding::NOTICE;
    return severity == Finding::NOTICE ? Finding::OK : severity;
  }

  static bool IsAlive(const DialogExplanation& dialog) {
    return dialog.state() == DialogExplanation::PENDING ||
           dialog.state() == DialogExplanation::ACTIVE;
  }

  void Add(Finding::Severity severity, std::string_view code, std::string text) {
    Finding finding;
    finding.set_severity(severity);
    finding.set_code(code.data(), code.size());
    finding.set_text(std::move(text));
    found_.push_back(std::move(finding));
  }

  std::string Since(const Timestamp& time) const {
    return absl::StrCat("since ", TimeOfDay(ToTime(time)), " (", Ago(time), ")");
  }
  std::string Ago(const Timestamp& time) const { return InWords(now_ - ToTime(time)); }
  std::string Until(const Timestamp& time) const { return InWords(ToTime(time) - now_); }

  int LiveDialogs() const {
    return static_cast<int>(std::count_if(all_.dialogs().begin(), all_.dialogs().end(), IsAlive));
  }

  // " of the fork 3af1", where there are several.
  std::string OfFork(const DialogExplanation& dialog) const;
  // "; the state shown is 4 min old".
  std::string AgeOfState(const DialogExplanation& dialog) const;
  // Why a subscription expired; empty: not for want of an answer.
  std::string UnansweredRequest() const;
  // "; the last NOTIFY came 4 min ago"; empty: none did.
  std::string AgeOfNews() const;
  std::string WhyItEnded() const {
    return ReasonInWords(all_.subscription().reason(), all_.subscription().sip_status());
  }
  // "the next attempt is in 1 min, after 3 failures in a row".
  std::string NextAttempt() const;
  // Whether no dialog shows state, but the server tells it of its own accord.
  bool IsToldUnasked() const { return all_.has_unsolicited_time() && LiveDialogs() == 0; }
  // What waits at a server; empty: not known.
  std::string QueueAt(const std::string& server) const;

  void LookAtLife();
  void LookAtRetry();
  void LookAtUnsolicited();
  void LookAtServers();
  void LookAtAttempt();
  void LookAtDialog(const DialogExplanation& dialog);
  void LookAtPermission(const DialogExplanation& dialog);
  void LookAtRefresh(const DialogExplanation& dialog);
  void LookAtForks();
  void LookAtMembers();
  void LookAtState();
  void LookAtReaders();
  void LookAtKeepers();
  void SayWhetherAllIsWell();

  const v1::Explanation& all_;
  const absl::Time now_;
  std::vector<Finding> found_;
};

std::string Search::OfFork(const DialogExplanation& dialog) const {
  if (LiveDialogs() < 2) return "";
  return absl::StrCat(" of the fork at ", dialog.remote_contact());
}

std::string Search::AgeOfState(const DialogExplanation& dialog) const {
  if (!dialog.has_last_state_time()) return "; it has shown no state yet";
  return absl::StrCat("; the state shown is ", Ago(dialog.last_state_time()), " old");
}

std::string Search::QueueAt(const std::string& server) const {
  for (const v1::ServerExplanation& each : all_.servers()) {
    if (each.server() != server) continue;
    return absl::StrCat(" at ", server, ", where ",
                        Counted(each.waiting_count(), "request waits", "requests wait"), " and ",
                        Counted(each.in_flight_count(), "is", "are"), " not answered yet");
  }
  return "";
}

// ---- the Subscription itself

std::string Search::UnansweredRequest() const {
  if (all_.subscription().reason() != "expired") return "";
  for (auto each = all_.exchanges().rbegin(); each != all_.exchanges().rend(); ++each) {
    if (each->direction() != v1::SipExchange::SENT) continue;
    if (each->status() != 0) return "";
    return absl::StrCat("the SUBSCRIBE of ", TimeOfDay(ToTime(each->time())), " had no answer");
  }
  return "";
}

std::string Search::AgeOfNews() const {
  if (!all_.subscription().has_last_notify_time()) return "";
  return absl::StrCat("; the last NOTIFY came ", Ago(all_.subscription().last_notify_time()),
                      " ago");
}

void Search::LookAtLife() {
  const v1::Subscription::State state = all_.subscription().state();
  if (state == v1::Subscription::RETRYING) LookAtRetry();
  if (state != v1::Subscription::TERMINATED) return;
  Add(Finding::ERROR, "TERMINATED",
      absl::StrCat("It has ended: ", WhyItEnded(), "; what is shown does not change any more"));
}

std::string Search::NextAttempt() const {
  const v1::Subscription& subscription = all_.subscription();
  std::string next = "the next attempt is due";
  if (subscription.has_retry_time() && ToTime(subscription.retry_time()) > now_) {
    next = absl::StrCat("the next attempt is in ", Until(subscription.retry_time()));
  }
  if (all_.retry().failures() > 1) {
    absl::StrAppend(&next, ", after ", all_.retry().failures(), " failures in a row");
  }
  return next;
}

// A server that refuses and tells all the same is no fault; one that is silent is.
void Search::LookAtRetry() {
  if (IsToldUnasked() && all_.subscription().reason() == "response") return;
  std::string silence = UnansweredRequest();
  if (!silence.empty()) silence = absl::StrCat(" (", silence, ")");
  Add(Finding::ERROR, "RETRYING",
      absl::StrCat("There is no subscription now: ", WhyItEnded(), silence, "; ", NextAttempt(),
                   AgeOfNews()));
}

// However old it is, it may be right: a mailbox may be quiet for weeks. Nobody can tell.
void Search::LookAtUnsolicited() {
  const v1::EventCounts& counts = all_.counts();
  if (counts.has_last_decode_error_time() &&
      ToTime(counts.last_decode_error_time()) >= ToTime(all_.unsolicited_time())) {
    Add(Finding::ERROR, "BODY_UNUSABLE",
        absl::StrCat("The last body could not be used: ", counts.last_decode_error(),
                     "; what is shown is older"));
  }
  const bool is_refused = all_.subscription().state() == v1::Subscription::RETRYING;
  Add(Finding::WARNING, "TOLD_UNASKED",
      absl::StrCat("The server tells this mailbox without being asked, last at ",
                   TimeOfDay(ToTime(all_.unsolicited_time())), " (", Ago(all_.unsolicited_time()),
                   " ago); no subscription confirms that it is still so",
                   is_refused ? absl::StrCat(" (", WhyItEnded(), "; ", NextAttempt(), ")") : ""));
}

void Search::LookAtServers() {
  for (const v1::ServerExplanation& server : all_.servers()) {
    if (!server.down()) continue;
    std::string failures = Counted(server.failures(), "failure", "failures");
    if (server.cause() == "timeout") {
      failures = Counted(server.failures(), "time-out", "time-outs");
    } else if (server.cause() == "overloaded") {
      failures = Counted(server.failures(), "answer 503", "answers 503");
    } else if (server.cause() == "unreachable") {
      failures = Counted(server.failures(), "failed connection", "failed connections");
    }
    std::string probe = "a probe is under way";
    if (server.has_next_probe_time()) {
      const bool due = ToTime(server.next_probe_time()) <= now_;
      probe = due ? std::string("the next request probes it")
                  : absl::StrCat("next probe in ", Until(server.next_probe_time()));
    }
    Add(Finding::ERROR, "SERVER_DOWN",
        absl::StrCat("The server ", server.server(), " is held to be down after ", failures, "; ",
                     probe));
  }
}

void Search::LookAtAttempt() {
  if (!all_.has_attempt()) return;
  const v1::AttemptExplanation& attempt = all_.attempt();
  if (attempt.has_waiting_since()) {
    Add(Finding::ERROR, "SUBSCRIBE_WAITS",
        absl::StrCat("The SUBSCRIBE has not been sent yet: it waits ",
                     Since(attempt.waiting_since()), QueueAt(attempt.server())));
    return;
  }
  if (attempt.notified() || !attempt.has_request_time()) return;
  const std::string deadline =
      attempt.has_notify_deadline()
          ? absl::StrCat("; given up in ", Until(attempt.notify_deadline()))
          : "";
  const absl::Duration age = now_ - ToTime(attempt.request_time());
  const Finding::Severity severity = age > kPatience ? Finding::ERROR : Finding::WARNING;
  if (attempt.accepted()) {
    Add(severity, "NO_NOTIFY",
        absl::StrCat("The SUBSCRIBE was accepted, but no NOTIFY has come for ", InWords(age),
                     ": can the notifier reach the gateway's Contact? (--sip_advertise)",
                     deadline));
  } else {
    Add(severity, "SUBSCRIBE_UNANSWERED",
        absl::StrCat("The SUBSCRIBE has had no answer ", Since(attempt.request_time()), deadline));
  }
}

// ---- forks

void Search::LookAtDialog(const DialogExplanation& dialog) {
  LookAtRefresh(dialog);
  if (dialog.body_unusable()) {
    std::string shown = "; the lamp shows nothing";
    if (dialog.has_last_state_time()) {
      shown = absl::StrCat("; the lamp shows the state of ",
                           TimeOfDay(ToTime(dialog.last_state_time())));
    }
    Add(Finding::ERROR, "BODY_UNUSABLE",
        absl::StrCat("The last body", OfFork(dialog),
                     " could not be used: ", all_.counts().last_decode_error(), shown));
  }
  if (dialog.state() == DialogExplanation::PENDING) LookAtPermission(dialog);
}

void Search::LookAtPermission(const DialogExplanation& dialog) {
  const bool is_ours = dialog.server() == sip::kThisGateway;
  std::string text =
      absl::StrCat(is_ours ? "This gateway" : absl::StrCat("The notifier", OfFork(dialog)),
                   " waits for somebody's permission since ",
                   TimeOfDay(ToTime(dialog.create_time())), "; until then it tells little");
  if (is_ours) {
    absl::StrAppend(&text, ". Who waits: sipevents watchers list ",
                    all_.subscription().spec().target_uri(),
                    "; to decide: sipevents watchers authorize NAME --decision=allow");
  }
  Add(Finding::WARNING, "PENDING", std::move(text));
}

void Search::LookAtRefresh(const DialogExplanation& dialog) {
  const std::string fork = OfFork(dialog);
  const std::string age = AgeOfState(dialog);
  if (dialog.has_waiting_since()) {
    if (now_ - ToTime(dialog.waiting_since()) <= kPatience) return;
    const bool late =
        dialog.has_expire_time() && ToTime(dialog.expire_time()) - now_ < absl::Seconds(30);
    Add(late ? Finding::ERROR : Finding::WARNING, "REFRESH_WAITS",
        absl::StrCat("The refresh", fork, " has waited for its turn ",
                     Since(dialog.waiting_since()), QueueAt(dialog.server()), age));
    return;
  }
  if (dialog.has_request_time() && now_ - ToTime(dialog.request_time()) > kPatience) {
    if (dialog.request_outstanding()) {
      Add(Finding::ERROR, "REFRESH_UNANSWERED",
          absl::StrCat("The notifier", fork, " has not answered the refresh ",
                       Since(dialog.request_time()), age));
    } else {
      Add(Finding::ERROR, "NO_NOTIFY_AFTER_REFRESH",
          absl::StrCat("The notifier", fork, " has accepted the refresh of ",
                       TimeOfDay(ToTime(dialog.request_time())),
                       ", but sent no NOTIFY; without one it is given up in ",
                       Until(dialog.notify_deadline()), age));
    }
    return;
  }
  if (!dialog.refresh_failure().empty()) {
    std::string next;
    if (dialog.has_next_refresh_time()) {
      next = absl::StrCat("; tried again in ", Until(dialog.next_refresh_time()));
    }
    if (dialog.has_expire_time()) {
      absl::StrAppend(&next, "; it ends in ", Until(dialog.expire_time()));
    }
    Add(Finding::ERROR, "REFRESH_FAILED",
        absl::StrCat("The last refresh", fork, " failed: ",
                     ReasonInWords(dialog.refresh_failure(), dialog.refresh_sip_status()), next,
                     age));
  } else if (dialog.has_stale_since()) {
    Add(Finding::ERROR, "STALE",
        absl::StrCat("The notifier", fork, " does not answer as it should ",
                     Since(dialog.stale_since()), age));
  }
}

void Search::LookAtForks() {
  std::vector<std::string> shown;
  std::vector<std::string> different;
  for (const DialogExplanation& dialog : all_.dialogs()) {
    if (!IsAlive(dialog) || dialog.shows().empty()) continue;
    shown.push_back(absl::StrCat(dialog.remote_contact(), " shows ", dialog.shows()));
    if (std::find(different.begin(), different.end(), dialog.shows()) == different.end()) {
      different.push_back(dialog.shows());
    }
  }
  if (different.size() < 2) return;
  Add(Finding::WARNING, "FORKS_DISAGREE",
      absl::StrCat("Forks disagree: ", NameSome(std::move(shown))));
}

void Search::LookAtMembers() {
  std::vector<std::string> missing;
  for (const v1::MissingMember& member : all_.missing_members()) {
    const bool unknown = member.reason() == "noresource";
    missing.push_back(absl::StrCat(member.member_uri(),
                                   unknown ? " (no such resource)" : " (it may not be seen)"));
  }
  if (missing.empty()) return;
  Add(Finding::WARNING, "MEMBERS_MISSING",
      absl::StrCat("The list tells nothing of ", NameSome(std::move(missing))));
}

// ---- readers, and the rest

void Search::LookAtState() {
  if (all_.has_state() || LiveDialogs() == 0 || all_.counts().decode_errors() > 0) return;
  Add(Finding::WARNING, "NO_STATE",
      "The notifier has told no state yet: its NOTIFYs came without a body");
}

void Search::LookAtReaders() {
  if (all_.counts().events_dropped() > 0) {
    Add(Finding::WARNING, "EVENTS_DROPPED",
        absl::StrCat(
            all_.counts().events_dropped(),
            " events were gone before a slow watch could be served; it was told of a gap"));
  }
  if (all_.deviations_size() > 0) {
    Add(Finding::NOTICE, "DEVIATIONS",
        absl::StrCat("The peer does what the RFCs forbid, and is tolerated: ",
                     absl::StrJoin(all_.deviations(), ", ")));
  }
  LookAtKeepers();
}

void Search::LookAtKeepers() {
  const v1::WatcherExplanation& watchers = all_.watchers();
  if (watchers.watch_count() > 0) return;
  if (watchers.hold_count() > 0) {
    Add(Finding::NOTICE, "NOBODY_WATCHES",
        absl::StrCat("Nobody watches; ", Counted(watchers.hold_count(), "hold keeps", "holds keep"),
                     " it alive"));
  } else if (watchers.has_linger_end_time()) {
    Add(Finding::NOTICE, "NOBODY_WATCHES",
        absl::StrCat("Nobody watches; it ends in ", Until(watchers.linger_end_time())));
  }
}

void Search::SayWhetherAllIsWell() {
  const bool is_wrong = std::any_of(found_.begin(), found_.end(), [](const Finding& finding) {
    return finding.severity() == Finding::ERROR || finding.severity() == Finding::WARNING;
  });
  if (is_wrong) return;
  if (all_.subscription().state() == v1::Subscription::SUBSCRIBING) {
    Add(Finding::NOTICE, "SUBSCRIBING", "The SUBSCRIBE is on its way");
    return;
  }
  std::string text = "All is well";
  const char* separator = ": ";
  if (all_.subscription().has_last_notify_time()) {
    absl::StrAppend(&text, separator, "last NOTIFY ", Ago(all_.subscription().last_notify_time()),
                    " ago");
    separator = ", ";
  }
  std::optional<absl::Time> next;
  for (const DialogExplanation& dialog : all_.dialogs()) {
    if (!IsAlive(dialog) || !dialog.has_next_refresh_time()) continue;
    const absl::Time due = ToTime(dialog.next_refresh_time());
    next = std::min(next.value_or(due), due);
  }
  if (next.has_value())
    absl::StrAppend(&text, separator, "next refresh in ", InWords(*next - now_));
  Add(Finding::OK, "ALL_IS_WELL", std::move(text));
}

}  // namespace

std::vector<v1::Finding> FindFindings(const v1::Explanation& explanation) {
  return Search(explanation).Run();
}

}  // namespace sipevents::gateway
