#include "gateway/users/token_text.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "gateway/config/read_file.h"
#include "sip/base/log.h"
#include "sip/base/status_macros.h"

namespace sipevents::gateway {
namespace {

constexpr size_t kMaxOctets = 16 << 10;

}  // namespace

absl::StatusOr<std::unique_ptr<TokenText>> TokenText::Open(const std::string& path,
                                                           const Clock& clock) {
  std::unique_ptr<TokenText> made(new TokenText(path, clock));
  SIPEVENTS_ASSIGN_OR_RETURN(std::string token, made->Read());
  MutexLock lock(made->mutex_);
  made->token_ = std::move(token);
  made->looked_ = clock.Now();
  return made;
}

std::string TokenText::Current() const {
  MutexLock lock(mutex_);
  return token_;
}

void TokenText::LookAgain() {
  {
    MutexLock lock(mutex_);
    const absl::Time now = clock_.Now();
    // Also when the clock was set back.
    if (now - looked_ < kInterval && now >= looked_) return;
    looked_ = now;
  }
  absl::StatusOr<std::string> token = Read();
  if (!token.ok()) {
    Log(LogSeverity::kError, "users", "the token file cannot be used; the old token stays",
        {{"file", path_}, {"error", token.status().message()}});
    return;
  }
  MutexLock lock(mutex_);
  token_ = *std::move(token);
}

absl::StatusOr<std::string> TokenText::Read() const {
  SIPEVENTS_ASSIGN_OR_RETURN(std::string text, ReadFile(path_, kMaxOctets));
  absl::StripAsciiWhitespace(&text);
  const bool is_token = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
  if (!is_token) return absl::InvalidArgumentError("expected one word of printable ASCII");
  return text;
}

}  // namespace sipevents::gateway
