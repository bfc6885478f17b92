#include "gateway/explain/explanation_message.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "gateway/explain/findings.h"
#include "gateway/watch/event_log.h"
#include "google/protobuf/util/time_util.h"
#include "sip/base/redact.h"
#include "sip/base/utf8.h"

namespace sipevents::gateway {
namespace {

using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;

constexpr size_t kMostHoldsShown = 16;
// To say what forks show: more than that is no document of a single resource.
constexpr size_t kMostEventsRead = 64;
constexpr size_t kMostEventOctets = size_t{64} << 10;

// Leaves the field away for times that do not apply.
template <typename Message>
void SetTime(absl::Time time, Message& message, Timestamp* (Message::*mutable_field)()) {
  if (time == absl::InfinitePast() || time == absl::InfiniteFuture()) return;
  *(message.*mutable_field)() = TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(time));
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  return TimeUtil::NanosecondsToDuration(absl::ToInt64Nanoseconds(duration));
}

v1::DialogExplanation::State StateOf(sip::ExplainedDialog::State state) {
  switch (state) {
    case sip::ExplainedDialog::State::kPending:
      return v1::DialogExplanation::PENDING;
    case sip::ExplainedDialog::State::kActive:
      return v1::DialogExplanation::ACTIVE;
    case sip::ExplainedDialog::State::kUnsubscribing:
      return v1::DialogExplanation::UNSUBSCRIBING;
    case sip::ExplainedDialog::State::kEnded:
      return v1::DialogExplanation::ENDED;
  }
  return v1::DialogExplanation::STATE_UNSPECIFIED;
}

v1::DialogExplanation ToProto(const sip::ExplainedDialog& dialog) {
  using Dialog = v1::DialogExplanation;
  Dialog shown;
  shown.set_id(ToUtf8(dialog.id));
  shown.set_state(StateOf(dialog.state));
  shown.set_substate(ToUtf8(dialog.substate));
  shown.set_remote_contact(ToUtf8(dialog.remote_contact));
  for (const std::string& route : dialog.route) shown.add_route(ToUtf8(route));
  shown.set_server(ToUtf8(dialog.server));
  SetTime(dialog.made, shown, &Dialog::mutable_create_time);
  SetTime(dialog.last_notify, shown, &Dialog::mutable_last_notify_time);
  SetTime(dialog.last_state, shown, &Dialog::mutable_last_state_time);
  shown.set_body_unusable(dialog.body_unusable);
  shown.set_local_cseq(dialog.local_cseq);
  shown.set_remote_cseq(dialog.remote_cseq);
  SetTime(dialog.refresh_at, shown, &Dialog::mutable_next_refresh_time);
  SetTime(dialog.expires_at, shown, &Dialog::mutable_expire_time);
  shown.set_request_outstanding(dialog.request_outstanding);
  SetTime(dialog.waiting_since, shown, &Dialog::mutable_waiting_since);
  SetTime(dialog.request_sent, shown, &Dialog::mutable_request_time);
  SetTime(dialog.notify_deadline, shown, &Dialog::mutable_notify_deadline);
  shown.set_refresh_failure(dialog.refresh_failure);
  shown.set_refresh_sip_status(dialog.refresh_status);
  SetTime(dialog.stale_since, shown, &Dialog::mutable_stale_since);
  return shown;
}

v1::AttemptExplanation ToProto(const sip::ExplainedAttempt& attempt) {
  using Attempt = v1::AttemptExplanation;
  Attempt shown;
  SetTime(attempt.sent, shown, &Attempt::mutable_request_time);
  SetTime(attempt.waiting_since, shown, &Attempt::mutable_waiting_since);
  SetTime(attempt.notify_deadline, shown, &Attempt::mutable_notify_deadline);
  shown.set_accepted(attempt.accepted);
  shown.set_notified(attempt.notified);
  *shown.mutable_expires() = ToProto(attempt.expires);
  shown.set_server(ToUtf8(attempt.server));
  return shown;
}

v1::SipExchange ToProto(const sip::ExplainedExchange& exchange) {
  v1::SipExchange shown;
  SetTime(exchange.time, shown, &v1::SipExchange::mutable_time);
  shown.set_direction(exchange.incoming ? v1::SipExchange::RECEIVED : v1::SipExchange::SENT);
  shown.set_peer(ToUtf8(exchange.peer));
  shown.set_dialog(ToUtf8(exchange.dialog));
  for (const std::string& line : exchange.head) shown.add_head(ToUtf8(line));
  shown.set_status(exchange.status);
  shown.set_answer(ToUtf8(exchange.answer));
  if (exchange.status != 0) *shown.mutable_answer_delay() = ToProto(exchange.delay);
  return shown;
}

v1::ServerExplanation ToProto(const sip::ServerState& server) {
  v1::ServerExplanation shown;
  shown.set_server(ToUtf8(server.server));
  shown.set_down(server.down);
  shown.set_probing(server.probing);
  SetTime(server.probe_time, shown, &v1::ServerExplanation::mutable_next_probe_time);
  shown.set_cause(std::string(server.cause));
  shown.set_failures(server.failures);
  shown.set_in_flight_count(server.in_flight);
  shown.set_waiting_count(static_cast<int32_t>(server.waiting));
  return shown;
}

void AddSipSide(const sip::SubscriptionExplanation& sip_side, v1::Explanation& shown) {
  shown.set_sip_side_known(sip_side.known);
  if (!sip_side.known) return;
  for (const sip::ExplainedDialog& dialog : sip_side.dialogs) {
    *shown.add_dialogs() = ToProto(dialog);
  }
  if (sip_side.attempt.has_value()) *shown.mutable_attempt() = ToProto(*sip_side.attempt);
  v1::RetryExplanation& retry = *shown.mutable_retry();
  retry.set_failures(sip_side.failures);
  SetTime(sip_side.next_attempt, retry, &v1::RetryExplanation::mutable_next_attempt_time);
  retry.set_last_reason(ToUtf8(sip_side.last_reason));
  retry.set_last_sip_status(sip_side.last_status);
  for (const sip::ExplainedExchange& exchange : sip_side.exchanges) {
    *shown.add_exchanges() = ToProto(exchange);
  }
  for (const std::string& row : sip_side.deviations) shown.add_deviations(row);
  for (const sip::ServerState& server : sip_side.servers) *shown.add_servers() = ToProto(server);
  SetTime(sip_side.unsolicited_time, shown, &v1::Explanation::mutable_unsolicited_time);
  v1::EventCounts& counts = *shown.mutable_counts();
  counts.set_notifies_received(sip_side.notifies);
  counts.set_decode_errors(sip_side.decode_errors);
  counts.set_last_decode_error(ToUtf8(sip_side.last_decode_error));
  SetTime(sip_side.last_decode_error_time, counts,
          &v1::EventCounts::mutable_last_decode_error_time);
}

void AddKeepers(const SubscriptionRegistry::Keepers& keepers, const Asker& asker,
                v1::WatcherExplanation& shown) {
  shown.set_watch_count(static_cast<int32_t>(keepers.watches));
  shown.set_hold_count(static_cast<int32_t>(keepers.holds.size()));
  auto holds = keepers.holds;
  std::stable_partition(holds.begin(), holds.end(),
                        [&](const auto& hold) { return hold.first == asker.caller; });
  holds.resize(std::min(holds.size(), kMostHoldsShown));
  for (const auto& [caller, until] : holds) {
    v1::WatcherExplanation::Hold& hold = *shown.add_holds();
    if (asker.admin || caller == asker.caller) hold.set_caller(ToUtf8(caller));
    SetTime(until, hold, &v1::WatcherExplanation::Hold::mutable_expire_time);
  }
  if (keepers.watches == 0 && keepers.holds.empty()) {
    SetTime(keepers.linger_until, shown, &v1::WatcherExplanation::mutable_linger_end_time);
  }
}

void AddLog(EventLog& log, v1::Explanation& shown) {
  v1::LogExplanation& facts = *shown.mutable_log();
  {
    const LogView view(log);
    view.CatchUp();
    facts.set_entry_count(static_cast<int32_t>(view.size()));
    facts.set_octets(static_cast<int64_t>(view.octets()));
    facts.set_head_sequence(view.head());
    if (view.oldest() != nullptr) {
      SetTime(view.oldest()->receive_time(), facts, &v1::LogExplanation::mutable_oldest_time);
    }
  }
  const EventLog::ReadCounts& read = log.read_counts();
  v1::EventCounts& counts = *shown.mutable_counts();
  counts.set_events_delivered(read.delivered.load(std::memory_order_relaxed));
  counts.set_events_superseded(read.superseded.load(std::memory_order_relaxed));
  counts.set_events_dropped(read.dropped.load(std::memory_order_relaxed));
}

// The version of the typed document, where it has one.
std::optional<uint32_t> DocumentVersion(const v1::Event& event) {
  const auto* document = event.GetReflection()->GetOneofFieldDescriptor(
      event, v1::Event::descriptor()->FindOneofByName("document"));
  if (document == nullptr || document->message_type() == nullptr) return std::nullopt;
  const auto* version = document->message_type()->FindFieldByName("version");
  using Field = google::protobuf::FieldDescriptor;
  if (version == nullptr || version->type() != Field::TYPE_UINT32) return std::nullopt;
  const google::protobuf::Message& message = event.GetReflection()->GetMessage(event, document);
  return message.GetReflection()->GetUInt32(message, version);
}

// What each fork shows.
void AddShown(const Incarnation& incarnation, v1::Explanation& shown) {
  const std::vector<EntryRef> newest = incarnation.NewestEvents();
  shown.set_has_state(!newest.empty());
  if (newest.size() > kMostEventsRead || shown.dialogs_size() == 0) return;
  std::map<std::string, v1::DialogExplanation> by_dialog;
  for (const EntryRef& entry : newest) {
    const std::string_view payload = entry->payload();
    v1::Event event;
    if (payload.size() > kMostEventOctets ||
        !event.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
      continue;
    }
    v1::DialogExplanation& fork = by_dialog[event.dialog()];
    fork.set_shows(ShownBy(event));
    if (const auto version = DocumentVersion(event)) fork.set_document_version(*version);
  }
  for (v1::DialogExplanation& dialog : *shown.mutable_dialogs()) {
    const auto found = by_dialog.find(dialog.id());
    if (found != by_dialog.end()) dialog.MergeFrom(found->second);
  }
}

}  // namespace

std::string ShownBy(const v1::Event& event) {
  if (event.has_presence()) {
    bool is_closed = false;
    for (const auto& tuple : event.presence().tuples()) {
      if (tuple.basic() == v1::OPEN) return "open";
      is_closed = is_closed || tuple.basic() == v1::CLOSED;
    }
    return is_closed ? "closed" : "";
  }
  if (!event.has_dialog_info()) return "";
  std::vector<std::string> states;
  for (const auto& call : event.dialog_info().dialogs()) {
    std::string state = absl::AsciiStrToLower(v1::CallState_Name(call.state()));
    if (state == "terminated") continue;
    if (std::find(states.begin(), states.end(), state) == states.end()) {
      states.push_back(std::move(state));
    }
  }
  return states.empty() ? "idle" : absl::StrJoin(states, ", ");
}

v1::Explanation ComposeExplanation(const SubscriptionRegistry::Keepers& keepers,
                                   const sip::SubscriptionExplanation& sip_side, const Asker& asker,
                                   absl::Time now) {
  v1::Explanation shown;
  SetTime(now, shown, &v1::Explanation::mutable_explain_time);
  *shown.mutable_subscription() = keepers.incarnation->Describe();
  AddSipSide(sip_side, shown);
  AddKeepers(keepers, asker, *shown.mutable_watchers());
  AddLog(*keepers.incarnation->log(), shown);
  AddShown(*keepers.incarnation, shown);
  for (const Incarnation::MissingMember& member : keepers.incarnation->MissingMembers()) {
    v1::MissingMember& missing = *shown.add_missing_members();
    missing.set_member_uri(ToUtf8(sip::RedactUri(member.uri)));
    missing.set_reason(member.reason);
  }
  for (v1::Finding& finding : FindFindings(shown)) *shown.add_findings() = std::move(finding);
  return shown;
}

}  // namespace sipevents::gateway
