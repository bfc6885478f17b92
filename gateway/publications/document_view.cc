#include "gateway/publications/document_view.h"

#include <algorithm>

#include "gateway/rpc/timestamps.h"

namespace sipevents::gateway {
namespace {

sip::CallParty ViewOf(const v1::CallParty& party) {
  sip::CallParty view;
  view.identity = party.identity();
  view.display_name = party.display_name();
  view.target = party.target();
  for (const auto& [name, value] : party.target_parameters()) {
    view.target_parameters.emplace_back(name, value);
  }
  // The map has no order of its own, and the same state must make the same octets.
  std::sort(view.target_parameters.begin(), view.target_parameters.end());
  view.session_description_type = party.session_description_type();
  view.session_description = party.session_description();
  if (party.has_cseq()) view.cseq = party.cseq();
  return view;
}

sip::Call ViewOf(const v1::DialogInfoDialog& dialog) {
  sip::Call view;
  view.id = dialog.id();
  view.call_id = dialog.call_id();
  view.local_tag = dialog.local_tag();
  view.remote_tag = dialog.remote_tag();
  view.direction = static_cast<sip::CallDirection>(dialog.direction());
  view.state = static_cast<sip::CallState>(dialog.state());
  view.event = static_cast<sip::CallEvent>(dialog.event());
  view.code = dialog.code();
  if (dialog.has_duration()) view.duration = ToDuration(dialog.duration());
  if (dialog.has_replaces()) {
    const v1::CallReference& replaced = dialog.replaces();
    view.replaces =
        sip::CallReference{replaced.call_id(), replaced.local_tag(), replaced.remote_tag()};
  }
  view.referred_by = dialog.referred_by();
  view.referred_by_display_name = dialog.referred_by_display_name();
  for (const std::string& hop : dialog.route_set()) view.route_set.emplace_back(hop);
  view.local = ViewOf(dialog.local());
  view.remote = ViewOf(dialog.remote());
  return view;
}

}  // namespace

sip::DialogInfo ViewOf(const v1::DialogInfo& info) {
  sip::DialogInfo view;
  view.entity = info.entity();
  view.version = info.version();
  for (const v1::DialogInfoDialog& dialog : info.dialogs()) view.calls.push_back(ViewOf(dialog));
  return view;
}

sip::MessageSummary ViewOf(const v1::MessageSummary& summary) {
  sip::MessageSummary view;
  view.messages_waiting = summary.messages_waiting();
  view.account = summary.account();
  for (const v1::MessageCount& count : summary.counts()) {
    view.counts.push_back({.message_class = static_cast<sip::MessageClass>(count.class_()),
                           .new_count = count.new_count(),
                           .old_count = count.old_count(),
                           .urgent_new_count = count.urgent_new_count(),
                           .urgent_old_count = count.urgent_old_count()});
  }
  for (const v1::MessageHeaders& message : summary.new_messages()) {
    sip::TextPairs& headers = view.new_messages.emplace_back();
    for (const auto& header : message.headers())
      headers.emplace_back(header.name(), header.value());
  }
  return view;
}

}  // namespace sipevents::gateway
