#include "sip/packages/call_table.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/status_macros.h"
#include "sip/packages/dialog_info.h"

namespace sipevents::sip {
namespace {

template <typename F>
void ForEachText(CallParty& party, const F& visit) {
  visit(party.identity);
  visit(party.display_name);
  visit(party.target);
  for (auto& [name, value] : party.target_parameters) {
    visit(name);
    visit(value);
  }
  visit(party.session_description_type);
  visit(party.session_description);
}

// Calls visit(std::string_view&) for each text of the call.
template <typename F>
void ForEachText(Call& call, const F& visit) {
  visit(call.id);
  visit(call.call_id);
  visit(call.local_tag);
  visit(call.remote_tag);
  if (call.replaces) {
    visit(call.replaces->call_id);
    visit(call.replaces->local_tag);
    visit(call.replaces->remote_tag);
  }
  visit(call.referred_by);
  visit(call.referred_by_display_name);
  for (std::string_view& hop : call.route_set) visit(hop);
  ForEachText(call.local, visit);
  ForEachText(call.remote, visit);
}

void InheritText(std::string_view& text, std::string_view old) {
  if (text.empty()) text = old;
}

void InheritParty(CallParty& party, const PartyParts& parts, const CallParty& old) {
  if (!parts.identity) {
    party.identity = old.identity;
    party.display_name = old.display_name;
  }
  if (!parts.target) {
    party.target = old.target;
    party.target_parameters = old.target_parameters;
  }
  if (!parts.session_description) {
    party.session_description_type = old.session_description_type;
    party.session_description = old.session_description;
  }
  if (!party.cseq) party.cseq = old.cseq;
}

// Takes over what a partial document leaves out because it cannot change or has not. State,
// event, code and duration are those of the document alone.
void Inherit(const IncomingCall& incoming, const Call& old, Call& call) {
  InheritText(call.call_id, old.call_id);
  InheritText(call.local_tag, old.local_tag);
  InheritText(call.remote_tag, old.remote_tag);
  if (call.direction == CallDirection::kUnspecified) call.direction = old.direction;
  if (!call.replaces) call.replaces = old.replaces;
  if (call.referred_by.empty()) {
    call.referred_by = old.referred_by;
    call.referred_by_display_name = old.referred_by_display_name;
  }
  if (call.route_set.empty()) call.route_set = old.route_set;
  InheritParty(call.local, incoming.local, old.local);
  InheritParty(call.remote, incoming.remote, old.remote);
}

// PBXs give each call of an extension the same id; the Call-ID tells them apart.
bool IsSameCall(const Call& a, const Call& b) {
  return a.call_id.empty() || b.call_id.empty() || a.call_id == b.call_id;
}

}  // namespace

CallTable::Row CallTable::MakeRow(const IncomingCall& incoming, bool partial, const Row* old) {
  Row row;
  row.call = incoming.call;
  if (old != nullptr && IsSameCall(incoming.call, old->call)) {
    const bool old_ended = old->call.state == CallState::kTerminated;
    if (partial && !old_ended) Inherit(incoming, old->call, row.call);
    row.shown = !(old_ended && row.call.state == CallState::kTerminated);
  }
  size_t size = 0;
  ForEachText(row.call, [&](std::string_view& text) { size += text.size(); });
  row.text = std::make_unique<char[]>(size);
  char* end = row.text.get();
  ForEachText(row.call, [&](std::string_view& text) {
    if (!text.empty()) std::memcpy(end, text.data(), text.size());
    text = {end, text.size()};
    end += text.size();
  });
  const size_t parameters =
      row.call.local.target_parameters.size() + row.call.remote.target_parameters.size();
  row.octets = sizeof(Row) + size + parameters * sizeof(TextPairs::value_type) +
               row.call.route_set.size() * sizeof(std::string_view);
  return row;
}

std::vector<CallTable::Row> CallTable::MakeRows(const IncomingDialogInfo& incoming) const {
  Index old_index;
  for (size_t i = 0; i < rows_.size(); ++i) old_index[rows_[i].call.id] = i;
  Index new_index;
  std::vector<Row> rows;
  rows.reserve(incoming.calls.size());
  for (const IncomingCall& call : incoming.calls) {
    const auto old = old_index.find(call.call.id);
    Row row =
        MakeRow(call, incoming.partial, old == old_index.end() ? nullptr : &rows_[old->second]);
    // An id that a document names twice: the last one counts.
    const auto [place, is_new] = new_index.try_emplace(call.call.id, rows.size());
    if (is_new) {
      rows.push_back(std::move(row));
    } else {
      rows[place->second] = std::move(row);
    }
  }
  return rows;
}

absl::Status CallTable::CheckBounds(const std::vector<Row>& updated, const Index& updated_index,
                                    bool partial) const {
  size_t calls = updated.size();
  size_t octets = 0;
  for (const Row& row : updated) octets += row.octets;
  for (const Row& row : rows_) {
    if (!partial || !Remains(row) || updated_index.contains(row.call.id)) continue;
    ++calls;
    octets += row.octets;
  }
  if (calls > kMaxCalls) {
    return absl::ResourceExhaustedError(absl::StrCat("more than ", kMaxCalls, " calls"));
  }
  if (octets > kMaxCallTableOctets) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the calls take more than ", kMaxCallTableOctets, " octets"));
  }
  return absl::OkStatus();
}

absl::Status CallTable::Apply(const IncomingDialogInfo& incoming) {
  // Said again after the merge, but before it costs memory.
  if (incoming.calls.size() > kMaxCalls) {
    return absl::ResourceExhaustedError(absl::StrCat("more than ", kMaxCalls, " calls"));
  }
  std::vector<Row> updated = MakeRows(incoming);
  Index updated_index;
  for (size_t i = 0; i < updated.size(); ++i) updated_index[updated[i].call.id] = i;
  SIPEVENTS_RETURN_IF_ERROR(CheckBounds(updated, updated_index, incoming.partial));
  if (!incoming.entity.empty()) entity_ = incoming.entity;
  if (!incoming.partial) {
    rows_ = std::move(updated);
    return absl::OkStatus();
  }
  // Calls keep their places; new ones come last.
  std::vector<Row> merged;
  std::vector<bool> placed(updated.size());
  for (Row& row : rows_) {
    const auto found = updated_index.find(row.call.id);
    if (found != updated_index.end()) {
      placed[found->second] = true;
      merged.push_back(std::move(updated[found->second]));
    } else if (Remains(row)) {
      merged.push_back(std::move(row));
    }
  }
  for (size_t i = 0; i < updated.size(); ++i) {
    if (!placed[i]) merged.push_back(std::move(updated[i]));
  }
  rows_ = std::move(merged);
  return absl::OkStatus();
}

DialogInfo CallTable::Show() const {
  DialogInfo info;
  info.entity = entity_;
  for (const Row& row : rows_) {
    if (row.shown) info.calls.push_back(row.call);
  }
  return info;
}

}  // namespace sipevents::sip
