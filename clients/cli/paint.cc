#include "clients/cli/paint.h"

#include "absl/strings/str_cat.h"

namespace sipevents::client {
namespace {

absl::string_view CodeOf(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return "\x1b[32m";
    case Tone::kBusy:
      return "\x1b[33m";
    case Tone::kMissing:
      return "\x1b[2m";
    case Tone::kBad:
      return "\x1b[31m";
    case Tone::kPlain:
      break;
  }
  return "";
}

}  // namespace

std::string Paint(absl::string_view text, Tone tone) {
  const absl::string_view code = CodeOf(tone);
  return code.empty() ? std::string(text) : absl::StrCat(code, text, "\x1b[0m");
}

}  // namespace sipevents::client
