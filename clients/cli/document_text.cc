#include "clients/cli/document_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "clients/cli/message_text.h"
#include "clients/cli/printable.h"

namespace sipevents::client {
namespace {

constexpr int kMaxParts = 8;  // of a line; a document may have thousands
constexpr size_t kMaxBodyOctets = 60;

void AddOnce(std::string part, std::vector<std::string>& parts) {
  if (!part.empty() && parts.size() < kMaxParts && !absl::c_linear_search(parts, part)) {
    parts.push_back(std::move(part));
  }
}

void AddRich(const v1::RichPresence& rich, std::vector<std::string>& words) {
  for (const v1::RichElement* element : {&rich.activities(), &rich.mood(), &rich.place_type()}) {
    for (const std::string& value : element->values()) AddOnce(Printable(value), words);
    AddOnce(Printable(element->other()), words);
  }
}

template <typename Notes>
void AddNotes(const Notes& notes, std::vector<std::string>& words) {
  for (const v1::PresenceNote& note : notes) {
    if (note.text().empty()) continue;
    AddOnce(absl::StrCat("\"", Printable(note.text()), "\""), words);
  }
}

// The name of an enum value as words: ON_HOLD -> "on hold".
std::string Words(const std::string& enum_name) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(enum_name), {{"_", " "}});
}

std::string PartyText(const v1::CallParty& party) {
  const std::string name = Printable(party.display_name());
  std::string uri = Printable(party.identity().empty() ? party.target() : party.identity());
  if (name.empty()) return uri;
  return uri.empty() ? name : absl::StrCat(name, " <", uri, ">");
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

std::string CountText(const v1::MessageCount& count) {
  std::string text = absl::StrCat(count.new_count(), " new, ", count.old_count(), " old");
  if (count.urgent_new_count() > 0)
    absl::StrAppend(&text, ", ", count.urgent_new_count(), " urgent");
  const std::string name = Words(v1::MessageClass_Name(count.class_()));
  const std::string kind = name.substr(0, name.find(' '));
  if (kind == "none" || count.class_() == v1::MESSAGE_CLASS_UNSPECIFIED) return text;
  return absl::StrCat(text, " ", kind);
}

Summary BodyText(const v1::Event& event) {
  if (!event.has_body()) return {"no state yet", Tone::kMissing};
  return {absl::StrCat(Printable(event.body().content_type()), ", ", event.body().data().size(),
                       " octets: ", Printable(event.body().data(), kMaxBodyOctets)),
          Tone::kPlain};
}

// Of a document that has no words of its own here.
std::string PlainText(const v1::Event& event) {
  const auto* reflection = event.GetReflection();
  const auto* field = reflection->GetOneofFieldDescriptor(
      event, v1::Event::descriptor()->FindOneofByName("document"));
  std::string text = MessageText(reflection->GetMessage(event, field));
  return text.empty() ? "nothing to tell" : text;
}

Summary DocumentText(const v1::Event& event) {
  switch (event.document_case()) {
    case v1::Event::kPresence:
      return Summarize(event.presence());
    case v1::Event::kDialogInfo:
      return Summarize(event.dialog_info());
    case v1::Event::kMessageSummary:
      return Summarize(event.message_summary());
    case v1::Event::DOCUMENT_NOT_SET:
      return BodyText(event);
    default:
      return {PlainText(event), Tone::kPlain};
  }
}

}  // namespace

Summary Summarize(const v1::Presence& presence) {
  const auto has = [&](v1::PresenceBasic basic) {
    return absl::c_any_of(presence.tuples(),
                          [&](const auto& tuple) { return tuple.basic() == basic; });
  };
  const bool open = has(v1::OPEN);
  const bool closed = has(v1::CLOSED);
  std::vector<std::string> rich;
  for (const auto& person : presence.persons()) AddRich(person.rich(), rich);
  for (const auto& tuple : presence.tuples()) AddRich(tuple.rich(), rich);
  std::vector<std::string> notes;
  for (const auto& person : presence.persons()) AddNotes(person.notes(), notes);
  for (const auto& tuple : presence.tuples()) AddNotes(tuple.notes(), notes);
  AddNotes(presence.notes(), notes);

  std::vector<std::string> words = {open ? "open" : closed ? "closed" : "unknown"};
  const bool busy = !rich.empty();
  words.insert(words.end(), rich.begin(), rich.end());
  words.insert(words.end(), notes.begin(), notes.end());
  const Tone tone = !open ? Tone::kMissing : busy ? Tone::kBusy : Tone::kGood;
  return {absl::StrJoin(words, ", "), tone};
}

Summary Summarize(const v1::DialogInfo& calls) {
  std::vector<std::string> texts;
  bool alive = false;
  for (const v1::DialogInfoDialog& call : calls.dialogs()) {
    alive = alive || call.state() != v1::TERMINATED;
    AddOnce(CallText(call), texts);
  }
  if (texts.empty()) return {"idle", Tone::kGood};
  if (calls.dialogs_size() > kMaxParts) {
    texts.push_back(absl::StrCat(calls.dialogs_size(), " calls in all"));
  }
  return {absl::StrJoin(texts, "; "), alive ? Tone::kBusy : Tone::kGood};
}

Summary Summarize(const v1::MessageSummary& messages) {
  std::vector<std::string> texts;
  for (const v1::MessageCount& count : messages.counts()) AddOnce(CountText(count), texts);
  std::string text = messages.messages_waiting() ? "messages waiting" : "no messages waiting";
  if (!texts.empty()) absl::StrAppend(&text, ": ", absl::StrJoin(texts, "; "));
  return {text, messages.messages_waiting() ? Tone::kBusy : Tone::kGood};
}

Summary Summarize(const v1::Event& event) {
  Summary summary = DocumentText(event);
  if (!event.decode_error().empty()) {
    summary.text = absl::StrCat("cannot decode: ", Printable(event.decode_error()),
                                "; last known: ", summary.text);
    summary.tone = Tone::kBad;
  }
  return summary;
}

}  // namespace sipevents::client
