#ifndef SIP_DIALOG_REASON_PHRASE_H_
#define SIP_DIALOG_REASON_PHRASE_H_

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace sipevents::sip {

// Octets of a reason phrase that says what is wrong.
inline constexpr size_t kMaxPhraseOctets = 120;

// Words for people as the reason phrase of an answer (RFC 3261 section 25.1): they may name what
// the peer sent, and so are cut, and what may not stand there is replaced. Threads: any.
inline std::string ReasonPhrase(absl::string_view words) {
  constexpr std::string_view kAllowed = " ;/?:@&=+$,-_.!~*'()";
  constexpr std::string_view kQuotes = "\"<>[]{}";
  std::string phrase(words.substr(0, kMaxPhraseOctets));
  std::transform(phrase.begin(), phrase.end(), phrase.begin(), [&](char c) {
    const bool allowed = absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                         kAllowed.find(c) != std::string_view::npos;
    if (allowed) return c;
    return kQuotes.find(c) != std::string_view::npos ? '\'' : '?';
  });
  return phrase;
}

}  // namespace sipevents::sip

#endif  // SIP_DIALOG_REASON_PHRASE_H_
