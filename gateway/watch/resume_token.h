#ifndef GATEWAY_WATCH_RESUME_TOKEN_H_
#define GATEWAY_WATCH_RESUME_TOKEN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sipevents::gateway {

// Which life of which Subscription a log tells of.
struct LogIdentity {
  std::string name;    // `subscriptions/{id}`
  std::string uid;     // new at each incarnation of the name
  uint64_t epoch = 0;  // of the names: another epoch has others
};

// A place in a log, as a client holds it: opaque, URL-safe text of kTextSize characters. Stable
// over processes. Not a secret and no permission: each attach is authorised anew.
//
// Threads: any; a value.
class ResumeToken {
 public:
  static constexpr size_t kTextSize = 48;

  // Reads a token. INVALID_ARGUMENT if it does not decode: wrong length, alphabet, version or
  // checksum.
  static absl::StatusOr<ResumeToken> Decode(std::string_view text);

  // Whether it is of a Subscription of this name. If not, though it is of the same epoch, the
  // caller made a mistake (INVALID_ARGUMENT), unlike with another incarnation.
  bool IsForName(std::string_view name) const;
  // LogIdentity::epoch. Of another one, as of a process that has ended, it is not known what it is
  // of.
  uint64_t epoch() const { return epoch_; }
  // Whether it is of this very log. If not: gap LOG_REPLACED.
  bool IsForLog(const LogIdentity& log) const;
  // The sequence of the last entry that the client has; 0: none.
  uint64_t sequence() const { return sequence_; }

 private:
  uint64_t name_hash_ = 0;
  uint64_t uid_hash_ = 0;
  uint64_t epoch_ = 0;
  uint64_t sequence_ = 0;
};

// Writes the tokens of one log; what does not vary is encoded once.
//
// Threads: any; immutable.
class ResumeTokenEncoder {
 public:
  explicit ResumeTokenEncoder(const LogIdentity& log);

  // Appends kTextSize characters to `out`.
  void AppendTo(uint64_t sequence, std::string& out) const;
  std::string Encode(uint64_t sequence) const;

 private:
  std::array<char, 32> prefix_text_;  // of the first 24 octets
  uint64_t prefix_checksum_;
  uint8_t epoch_low_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_RESUME_TOKEN_H_
