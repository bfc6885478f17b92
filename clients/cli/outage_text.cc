#include "clients/cli/outage_text.h"

#include "absl/strings/str_cat.h"
#include "clients/cli/printable.h"
#include "clients/cpp/status.h"

namespace sipevents::client {

std::string OutageText(absl::string_view gateway, const absl::Status& why, bool was_connected) {
  const absl::string_view what = !IsUnreachable(why) ? "interrupted by "
                                 : was_connected     ? "lost the connection to "
                                                     : "cannot reach ";
  return absl::StrCat(what, gateway, " (", absl::StatusCodeToString(why.code()), ": ",
                      Printable(why.message()), "); trying again");
}

std::string ConnectedText(absl::string_view gateway) {
  return absl::StrCat("connected to ", gateway);
}

}  // namespace sipevents::client
