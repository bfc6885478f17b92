#include "clients/cli/explanation_text.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "clients/cli/paint.h"
#include "clients/cli/printable.h"
#include "clients/cli/times.h"

namespace sipevents::client {
namespace {

using google::protobuf::Timestamp;

constexpr size_t kMostFindingOctets = 1000;

// "1 request", "2 requests".
std::string Counted(uint64_t count, absl::string_view one, absl::string_view many) {
  return absl::StrCat(count, " ", count == 1 ? one : many);
}

// Composes the text, section by section.
class Writer {
 public:
  Writer(const v1::Explanation& explanation, absl::TimeZone zone, bool color)
      : all_(explanation), now_(ToTime(explanation.explain_time())), zone_(zone), color_(color) {}

  std::string Write() {
    for (const v1::Finding& finding : all_.findings()) WriteFinding(finding);
    lines_.emplace_back();
    WriteSubscription();
    for (const v1::DialogExplanation& dialog : all_.dialogs()) WriteDialog(dialog);
    if (all_.has_attempt()) WriteAttempt(all_.attempt());
    WriteRetry(all_.retry());
    for (const v1::SipExchange& exchange : all_.exchanges()) WriteExchange(exchange);
    for (const v1::ServerExplanation& server : all_.servers()) WriteServer(server);
    WriteWatchers(all_.watchers());
    WriteCounts();
    return absl::StrJoin(lines_, "\n");
  }

 private:
  std::string Painted(absl::string_view text, Tone tone) const {
    return color_ ? Paint(text, tone) : std::string(text);
  }
  std::string Clock(const Timestamp& time) const {
    return absl::FormatTime("%H:%M:%S", ToTime(time), zone_);
  }
  std::string Ago(const Timestamp& time) const {
    return absl::StrCat(SpanText(now_ - ToTime(time)), " ago");
  }
  std::string In(const Timestamp& time) const {
    return absl::StrCat("in ", SpanText(ToTime(time) - now_));
  }

  void Row(absl::string_view name, absl::string_view text) {
    lines_.push_back(absl::StrFormat("%-12s %s", name, text));
  }

  void WriteFinding(const v1::Finding& finding);
  void WriteSubscription();
  void WriteDialog(const v1::DialogExplanation& dialog);
  std::vector<std::string> TimersOf(const v1::DialogExplanation& dialog) const;
  void WriteAttempt(const v1::AttemptExplanation& attempt);
  void WriteRetry(const v1::RetryExplanation& retry);
  void WriteExchange(const v1::SipExchange& exchange);
  void WriteServer(const v1::ServerExplanation& server);
  void WriteWatchers(const v1::WatcherExplanation& watchers);
  void WriteCounts();

  const v1::Explanation& all_;
  const absl::Time now_;
  const absl::TimeZone zone_;
  const bool color_;
  std::vector<std::string> lines_;
};

void Writer::WriteFinding(const v1::Finding& finding) {
  absl::string_view word = "note";
  Tone tone = Tone::kMissing;
  switch (finding.severity()) {
    case v1::Finding::OK:
      word = "OK";
      tone = Tone::kGood;
      break;
    case v1::Finding::WARNING:
      word = "WARNING";
      tone = Tone::kBusy;
      break;
    case v1::Finding::ERROR:
      word = "WRONG";
      tone = Tone::kBad;
      break;
    default:
      break;
  }
  lines_.push_back(absl::StrCat(Painted(absl::StrFormat("%-12s", word), tone), " ",
                                Printable(finding.text(), kMostFindingOctets)));
}

void Writer::WriteSubscription() {
  const v1::Subscription& subscription = all_.subscription();
  Row("subscription",
      absl::StrCat(Printable(subscription.spec().target_uri()), "  ",
                   Printable(subscription.spec().event_package()), "  ",
                   absl::AsciiStrToLower(v1::Subscription::State_Name(subscription.state())), "  ",
                   Printable(subscription.name())));
  std::string as_of = absl::FormatTime("%H:%M:%S %Z", ToTime(all_.explain_time()), zone_);
  if (subscription.has_create_time()) {
    absl::StrAppend(&as_of, ", began ", Ago(subscription.create_time()));
  }
  if (!all_.sip_side_known()) absl::StrAppend(&as_of, ", the SIP side has let go of it");
  Row("as of", as_of);
}

std::vector<std::string> Writer::TimersOf(const v1::DialogExplanation& dialog) const {
  std::vector<std::string> parts;
  if (dialog.has_last_notify_time()) {
    parts.push_back(absl::StrCat("NOTIFY ", Ago(dialog.last_notify_time())));
  }
  if (dialog.has_waiting_since()) {
    parts.push_back(absl::StrCat("refresh waits since ", Clock(dialog.waiting_since())));
  } else if (dialog.request_outstanding() && dialog.has_request_time()) {
    parts.push_back(absl::StrCat("refresh sent ", Ago(dialog.request_time()), ", no answer"));
  } else if (dialog.has_next_refresh_time()) {
    parts.push_back(absl::StrCat("refresh ", In(dialog.next_refresh_time())));
  }
  if (dialog.has_notify_deadline()) {
    parts.push_back(absl::StrCat("NOTIFY due ", In(dialog.notify_deadline())));
  }
  if (dialog.has_expire_time()) parts.push_back(absl::StrCat("expires ", In(dialog.expire_time())));
  return parts;
}

void Writer::WriteDialog(const v1::DialogExplanation& dialog) {
  const bool ended = dialog.state() == v1::DialogExplanation::ENDED;
  std::string head = ended ? "ended" : Printable(dialog.substate());
  if (!dialog.shows().empty()) absl::StrAppend(&head, ", shows ", Printable(dialog.shows()));
  absl::StrAppend(&head, "  ", Printable(dialog.remote_contact()));
  for (const std::string& route : dialog.route()) absl::StrAppend(&head, " via ", Printable(route));
  Row("fork", head);
  if (ended) return;
  std::vector<std::string> timers = TimersOf(dialog);
  Row("", absl::StrJoin(timers, ", "));
  std::string numbers =
      absl::StrCat("CSeq ", dialog.local_cseq(), " sent, ", dialog.remote_cseq(), " received");
  if (dialog.has_document_version()) {
    absl::StrAppend(&numbers, ", document version ", dialog.document_version());
  }
  if (dialog.has_create_time()) absl::StrAppend(&numbers, ", made ", Ago(dialog.create_time()));
  Row("", numbers);
}

void Writer::WriteAttempt(const v1::AttemptExplanation& attempt) {
  std::vector<std::string> parts;
  if (attempt.has_waiting_since()) {
    parts.push_back(absl::StrCat("waits to be sent since ", Clock(attempt.waiting_since())));
  } else if (attempt.has_request_time()) {
    parts.push_back(absl::StrCat("sent ", Ago(attempt.request_time())));
  }
  parts.emplace_back(attempt.accepted() ? "accepted" : "not accepted yet");
  parts.emplace_back(attempt.notified() ? "NOTIFY came" : "no NOTIFY yet");
  if (attempt.has_notify_deadline()) {
    const std::string left = SpanText(ToTime(attempt.notify_deadline()) - now_);
    parts.push_back(attempt.notified() ? absl::StrCat("more forks may come for ", left)
                                       : absl::StrCat("given up in ", left));
  }
  Row("attempt", absl::StrJoin(parts, ", "));
}

void Writer::WriteRetry(const v1::RetryExplanation& retry) {
  if (retry.failures() == 0 && !retry.has_next_attempt_time()) return;
  std::string text = Counted(static_cast<uint64_t>(retry.failures()), "failure", "failures");
  if (!retry.last_reason().empty()) {
    absl::StrAppend(&text, ", the last: ", Printable(retry.last_reason()));
    if (retry.last_sip_status() != 0) absl::StrAppend(&text, " ", retry.last_sip_status());
  }
  if (retry.has_next_attempt_time()) {
    absl::StrAppend(&text, ", next attempt ", In(retry.next_attempt_time()));
  }
  Row("retry", text);
}

void Writer::WriteExchange(const v1::SipExchange& exchange) {
  const bool sent = exchange.direction() == v1::SipExchange::SENT;
  std::vector<std::string> head;
  for (const std::string& line : exchange.head()) head.push_back(Printable(line));
  if (head.empty()) return;
  std::string first = absl::StrCat(Clock(exchange.time()), " ", head.front());
  if (!exchange.peer().empty()) {
    absl::StrAppend(&first, sent ? " to " : " from ", Printable(exchange.peer()));
  }
  Row(sent ? "sent" : "received", first);
  head.erase(head.begin());
  if (!head.empty()) Row("", absl::StrJoin(head, "; "));
  if (exchange.status() == 0) {
    Row("", "-> no answer yet");
    return;
  }
  std::string answer = absl::StrCat("-> ", exchange.status());
  if (!exchange.answer().empty()) absl::StrAppend(&answer, " ", Printable(exchange.answer()));
  if (sent) {
    const absl::Duration delay = ToDuration(exchange.answer_delay());
    absl::StrAppend(&answer, " after ",
                    delay < absl::Milliseconds(1)
                        ? "less than 1ms"
                        : absl::FormatDuration(absl::Trunc(delay, absl::Milliseconds(1))));
  }
  Row("", answer);
}

void Writer::WriteServer(const v1::ServerExplanation& server) {
  std::string text = absl::StrCat(
      Printable(server.server()), "  ",
      server.down() ? Painted("held to be down", Tone::kBad) : Painted("up", Tone::kGood));
  if (server.probing()) absl::StrAppend(&text, ", a probe is under way");
  if (server.has_next_probe_time()) {
    absl::StrAppend(&text, ", next probe ", In(server.next_probe_time()));
  }
  if (server.failures() > 0) {
    absl::StrAppend(&text, ", ",
                    Counted(static_cast<uint64_t>(server.failures()), "failure", "failures"), " (",
                    Printable(server.cause()), ")");
  }
  absl::StrAppend(&text, ", ", server.in_flight_count(), " in flight, ", server.waiting_count(),
                  " waiting");
  Row("server", text);
}

void Writer::WriteWatchers(const v1::WatcherExplanation& watchers) {
  std::string text =
      absl::StrCat(Counted(static_cast<uint64_t>(watchers.watch_count()), "watch", "watches"), ", ",
                   Counted(static_cast<uint64_t>(watchers.hold_count()), "hold", "holds"));
  for (const v1::WatcherExplanation::Hold& hold : watchers.holds()) {
    absl::StrAppend(&text, "; ", hold.caller().empty() ? "another" : Printable(hold.caller()),
                    " until ", Clock(hold.expire_time()));
  }
  if (watchers.has_linger_end_time()) {
    absl::StrAppend(&text, "; ends ", In(watchers.linger_end_time()));
  }
  Row("watchers", text);
}

void Writer::WriteCounts() {
  const v1::EventCounts& counts = all_.counts();
  Row("counts", absl::StrCat(Counted(counts.notifies_received(), "NOTIFY", "NOTIFYs"), ", ",
                             counts.events_delivered(), " delivered, ", counts.events_superseded(),
                             " superseded, ", counts.events_dropped(), " dropped, ",
                             Counted(counts.decode_errors(), "decode error", "decode errors")));
  if (!counts.last_decode_error().empty()) {
    Row("", absl::StrCat("at ", Clock(counts.last_decode_error_time()), ": ",
                         Printable(counts.last_decode_error(), kMostFindingOctets)));
  }
  std::string log =
      absl::StrCat(Counted(static_cast<uint64_t>(all_.log().entry_count()), "entry", "entries"),
                   ", ", all_.log().octets(), " octets, up to ", all_.log().head_sequence());
  if (all_.log().has_oldest_time()) {
    absl::StrAppend(&log, ", the oldest ", Ago(all_.log().oldest_time()));
  }
  Row("log", log);
  if (all_.deviations_size() > 0) {
    Row("deviations", Printable(absl::StrJoin(all_.deviations(), ", ")));
  }
}

}  // namespace

std::string ExplanationText(const v1::Explanation& explanation, absl::TimeZone zone, bool color) {
  return Writer(explanation, zone, color).Write();
}

}  // namespace sipevents::client
