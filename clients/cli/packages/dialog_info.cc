#include "absl/strings/str_cat.h"
#include "clients/cli/packages/parts.h"
#include "clients/cli/packages/summaries.h"

namespace sipevents::client {
namespace {

std::string PartyText(const v1::CallParty& party) {
  return NameText(party.display_name(),
                  party.identity().empty() ? party.target() : party.identity());
}

std::string CallText(const v1::DialogInfoDialog& call) {
  std::string text = call.state() == v1::CALL_STATE_UNSPECIFIED
                         ? "unknown state"
                         : Words(v1::CallState_Name(call.state()));
  if (const std::string party = PartyText(call.remote()); !party.empty()) {
    absl::StrAppend(&text, " with ", party);
  }
  if (call.direction() == v1::INITIATOR) absl::StrAppend(&text, " (calling)");
  if (call.direction() == v1::RECIPIENT) absl::StrAppend(&text, " (called)");
  if (call.event() != v1::CALL_EVENT_UNSPECIFIED) {
    absl::StrAppend(&text, ", ", Words(v1::CallEvent_Name(call.event())));
  }
  return text;
}

}  // namespace

Summary Summarize(const v1::DialogInfo& calls) {
  Parts texts;
  bool alive = false;
  for (const v1::DialogInfoDialog& call : calls.dialogs()) {
    alive = alive || call.state() != v1::TERMINATED;
    texts.Add(CallText(call));
  }
  if (texts.empty()) return {"idle", Tone::kGood};
  return {texts.Join("; "), alive ? Tone::kBusy : Tone::kGood};
}

}  // namespace sipevents::client
