#include "clients/cli/packages/parts.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "clients/cli/printable.h"

namespace sipevents::client {
namespace {

constexpr size_t kMaxParts = 8;

}  // namespace

void Parts::Add(std::string part) {
  if (part.empty()) return;
  ++added_;
  if (absl::c_linear_search(parts_, part)) return;
  if (parts_.size() == kMaxParts) {
    left_out_ = true;
  } else {
    parts_.push_back(std::move(part));
  }
}

std::string Parts::Join(absl::string_view separator) const {
  std::string text = absl::StrJoin(parts_, separator);
  if (left_out_) absl::StrAppend(&text, separator, "… ", added_, " in all");
  return text;
}

std::string Parts::Under(absl::string_view head) const {
  return empty() ? "" : absl::StrCat(head, ": ", Join(", "));
}

std::string Words(absl::string_view enum_name) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(enum_name), {{"_", " "}});
}

std::string NameText(absl::string_view display_name, absl::string_view uri) {
  const std::string name = Printable(display_name);
  std::string address = Printable(uri);
  if (name.empty()) return address;
  return address.empty() ? name : absl::StrCat(name, " <", address, ">");
}

}  // namespace sipevents::client
