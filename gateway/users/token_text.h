#ifndef GATEWAY_USERS_TOKEN_TEXT_H_
#define GATEWAY_USERS_TOKEN_TEXT_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sip/base/clock.h"
#include "sip/base/mutex.h"

namespace sipevents::gateway {

// A token that stands in a file, to be shown to a service. Who put it there may change it: tokens
// that a cluster hands out last an hour.
//
// Threads: any.
class TokenText {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(10);

  // Reads the file: one word of up to 16 KiB of printable ASCII. `clock` must outlive it. Errors:
  // INVALID_ARGUMENT, without the token.
  static absl::StatusOr<std::unique_ptr<TokenText>> Open(const std::string& path,
                                                         const Clock& clock);

  // Does not look at the file.
  std::string Current() const;

  // Reads the file again, at most once in kInterval; may block. What cannot be used is logged, and
  // the token stays.
  void LookAgain();

 private:
  TokenText(std::string path, const Clock& clock) : path_(std::move(path)), clock_(clock) {}
  absl::StatusOr<std::string> Read() const;

  const std::string path_;
  const Clock& clock_;
  mutable Mutex mutex_;
  absl::Time looked_ ABSL_GUARDED_BY(mutex_);
  std::string token_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_USERS_TOKEN_TEXT_H_
