#ifndef CLIENTS_CLI_DOCUMENT_TEXT_H_
#define CLIENTS_CLI_DOCUMENT_TEXT_H_

#include <string>

#include "sipevents/v1/event.pb.h"

// What a state means, in a few words for people.

namespace sipevents::client {

enum class Tone {
  kPlain,
  kGood,     // reachable, idle
  kBusy,     // on a call, away, messages waiting
  kMissing,  // closed, unknown
  kBad,      // something is wrong
};

struct Summary {
  std::string text;  // one line, safe on a terminal
  Tone tone = Tone::kPlain;
};

// "open, on-the-phone, "back at noon"". Threads: any.
Summary Summarize(const v1::Presence& presence);
// "confirmed with Bob <sip:bob@example.com> (called)"; "idle". Threads: any.
Summary Summarize(const v1::DialogInfo& calls);
// "2 new, 8 old voice". Threads: any.
Summary Summarize(const v1::MessageSummary& messages);
// Of the typed document, else of the body. Threads: any.
Summary Summarize(const v1::Event& event);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_DOCUMENT_TEXT_H_
