#ifndef CLIENTS_CLI_SUMMARY_H_
#define CLIENTS_CLI_SUMMARY_H_

#include <string>

namespace sipevents::client {

enum class Tone {
  kPlain,
  kGood,     // reachable, idle
  kBusy,     // on a call, away, messages waiting
  kMissing,  // closed, unknown
  kBad,      // something is wrong
};

// What something means, in a few words for people.
struct Summary {
  std::string text;  // one line, safe on a terminal
  Tone tone = Tone::kPlain;
};

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_SUMMARY_H_
