#ifndef TESTS_SCENARIOS_BODIES_H_
#define TESTS_SCENARIOS_BODIES_H_

#include <string>

// Documents that peers tell in the scenarios.

namespace sipevents::testing {

// PIDF (RFC 3863) with one tuple, `open` or `closed`, and a note.
std::string Pidf(const std::string& basic, const std::string& note = "");

// Full dialog-info (RFC 4235) with one call of this id and state.
std::string DialogInfo(int version, const std::string& call, const std::string& state);

// Message summary (RFC 3842) with this many new and old voice messages.
std::string MessageSummary(int new_messages, int old_messages);

// A PIDF whose entities would unfold to a thousand million words (TOR-14).
extern const char kXmlBomb[];

}  // namespace sipevents::testing

#endif  // TESTS_SCENARIOS_BODIES_H_
