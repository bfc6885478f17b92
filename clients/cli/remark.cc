#include "clients/cli/remark.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "clients/cli/printable.h"

namespace sipevents::client {

void Remark(absl::string_view text) {
  const std::string line = absl::StrCat("sipevents: ", text, "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);  // unbuffered: one system call
}

std::string UnreachableText(absl::string_view gateway, const absl::Status& why) {
  return absl::StrCat("cannot reach ", gateway, ": ", Printable(why.message(), 1000));
}

void RemarkUnreachable(absl::string_view gateway, const absl::Status& why) {
  Remark(UnreachableText(gateway, why));
}

}  // namespace sipevents::client
