#include "gateway/telemetry/registration_lines.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace sipevents::gateway {
namespace {

void AppendTime(std::string& line, const char* name, absl::Time time) {
  if (time == absl::InfinitePast() || time == absl::InfiniteFuture()) return;
  absl::StrAppend(&line, " ", name, "=",
                  absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()));
}

void AppendText(std::string& line, const char* name, const std::string& text) {
  if (!text.empty()) absl::StrAppend(&line, " ", name, "=", text);
}

}  // namespace

std::string RegistrationLines(const std::vector<sip::RegistrationStatus>& registrations) {
  std::string page;
  for (const sip::RegistrationStatus& registration : registrations) {
    absl::StrAppend(&page, registration.identity, " state=", registration.state);
    AppendText(page, "reason", registration.reason);
    if (registration.sip_status != 0) {
      absl::StrAppend(&page, " sip_status=", registration.sip_status);
    }
    AppendTime(page, "until", registration.bound_until);
    AppendTime(page, "next", registration.next_time);
    AppendText(page, "registrar", registration.registrar);
    AppendText(page, "server", registration.server);
    if (registration.outbound) page += " outbound";
    AppendText(page, "gruu", registration.gruu);
    page += '\n';
  }
  return page;
}

}  // namespace sipevents::gateway
