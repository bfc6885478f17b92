#include "sip/dialog/dialog_table.h"

#include <charconv>
#include <optional>

#include "absl/strings/str_cat.h"

namespace sipevents::sip {
namespace {

constexpr size_t kHexDigits = 16;

std::string Hex(uint64_t value) { return absl::StrCat(absl::Hex(value, absl::kZeroPad16)); }

std::optional<uint64_t> ParseHex(std::string_view text) {
  if (text.size() != kHexDigits) return std::nullopt;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  // Call-ID and tag are compared byte by byte: upper case is somebody else's.
  for (const char c : text) {
    if (c >= 'A' && c <= 'F') return std::nullopt;
  }
  return value;
}

}  // namespace

DialogTable::DialogTable(RandomSource& random)
    : random_(random), suffix_(absl::StrCat("-", RandomHex(random, 8))) {}

DialogTable::Id DialogTable::Add(DialogOwner& owner) {
  Id id{random_.Next(), random_.Next()};
  while (!entries_.try_emplace(id.call, Entry{id.tag, &owner}).second) id.call = random_.Next();
  return id;
}

void DialogTable::Remove(Id id) { entries_.erase(id.call); }

DialogOwner* DialogTable::Find(std::string_view call_id, std::string_view local_tag) const {
  if (call_id.size() != kHexDigits + suffix_.size() || call_id.substr(kHexDigits) != suffix_) {
    return nullptr;
  }
  const std::optional<uint64_t> call = ParseHex(call_id.substr(0, kHexDigits));
  const std::optional<uint64_t> tag = ParseHex(local_tag);
  if (!call.has_value() || !tag.has_value()) return nullptr;
  const auto it = entries_.find(*call);
  return it == entries_.end() || it->second.tag != *tag ? nullptr : it->second.owner;
}

std::string DialogTable::CallId(Id id) const { return absl::StrCat(Hex(id.call), suffix_); }

std::string DialogTable::LocalTag(Id id) const { return Hex(id.tag); }

}  // namespace sipevents::sip
