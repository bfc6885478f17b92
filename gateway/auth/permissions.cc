#include "gateway/auth/permissions.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"

namespace sipevents::gateway {
namespace {

constexpr size_t kMaxPermissions = 64;
constexpr size_t kMaxPermissionOctets = 512;

// The part after `prefix`; empty if `word` does not begin with it, or nothing follows.
std::string_view After(std::string_view word, std::string_view prefix) {
  return word.substr(0, prefix.size()) == prefix ? word.substr(prefix.size()) : "";
}

}  // namespace

bool GlobMatches(std::string_view pattern, std::string_view text) {
  constexpr size_t kNone = std::string_view::npos;
  size_t p = 0;
  size_t t = 0;
  size_t star = kNone;   // the last `*` seen,
  size_t star_text = 0;  // and where in `text` what it stands for ends
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != kNone) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Permissions Permissions::All() {
  Permissions all;
  all.admin = true;
  all.identities = {"*"};
  return all;
}

absl::StatusOr<Permissions> Permissions::Parse(absl::Span<const std::string> words) {
  if (words.size() > kMaxPermissions) {
    return absl::InvalidArgumentError(
        absl::StrCat(words.size(), " permissions: expected at most ", kMaxPermissions));
  }
  Permissions permissions;
  for (const std::string& word : words) {
    if (word.size() > kMaxPermissionOctets) {
      return absl::InvalidArgumentError(absl::StrCat(
          "a permission of ", word.size(), " octets: expected at most ", kMaxPermissionOctets));
    }
    if (word == "admin") {
      permissions.admin = true;
    } else if (const auto target = After(word, "target="); !target.empty()) {
      permissions.targets.emplace_back(target);
    } else if (const auto published = After(word, "publish="); !published.empty()) {
      permissions.published.emplace_back(published);
    } else if (const auto package = After(word, "package="); !package.empty()) {
      permissions.packages.emplace_back(package);
    } else if (const auto identity = After(word, "identity="); !identity.empty()) {
      permissions.identities.emplace_back(identity);
    } else {
      return absl::InvalidArgumentError(absl::StrCat(
          "permission \"", word,
          "\": expected admin, target=GLOB, publish=GLOB, package=GLOB or identity=GLOB"));
    }
  }
  return permissions;
}

}  // namespace sipevents::gateway
