#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/packages/parts.h"
#include "clients/cli/packages/summaries.h"
#include "clients/cli/printable.h"

namespace sipevents::client {
namespace {

void AddRich(const v1::RichPresence& rich, Parts& words) {
  for (const v1::RichElement* element : {&rich.activities(), &rich.mood(), &rich.place_type()}) {
    for (const std::string& value : element->values()) words.Add(Printable(value));
    words.Add(Printable(element->other()));
  }
}

template <typename Notes>
void AddNotes(const Notes& notes, Parts& words) {
  for (const v1::PresenceNote& note : notes) {
    if (!note.text().empty()) words.Add(absl::StrCat("\"", Printable(note.text()), "\""));
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
  Parts rich;
  for (const auto& person : presence.persons()) AddRich(person.rich(), rich);
  for (const auto& tuple : presence.tuples()) AddRich(tuple.rich(), rich);
  Parts notes;
  for (const auto& person : presence.persons()) AddNotes(person.notes(), notes);
  for (const auto& tuple : presence.tuples()) AddNotes(tuple.notes(), notes);
  AddNotes(presence.notes(), notes);

  std::string text = open ? "open" : closed ? "closed" : "unknown";
  for (const Parts* words : {&rich, &notes}) {
    if (!words->empty()) absl::StrAppend(&text, ", ", words->Join(", "));
  }
  return {text, !open ? Tone::kMissing : rich.empty() ? Tone::kGood : Tone::kBusy};
}

}  // namespace sipevents::client
