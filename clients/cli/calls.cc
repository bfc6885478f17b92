#include "clients/cli/calls.h"

#include "absl/strings/str_cat.h"
#include "clients/cli/remark.h"
#include "clients/cli/requests.h"

namespace sipevents::client {

ExitStatus ReportUsage(const CommandContext& context, const absl::Status& error) {
  Remark(error.message());
  Remark(absl::StrCat("see 'sipevents ", context.arguments.command()->name, " --help'"));
  return kUsage;
}

ExitStatus Report(const CommandContext& context, const absl::Status& error) {
  if (IsUnreachable(error)) {
    RemarkUnreachable(ConnectionFrom(context.arguments).gateway, error);
    return kUnreachable;
  }
  const std::string text = context.format.Error("", error);
  if (context.format.PrintsErrors()) {
    context.out.WriteLine(text).IgnoreError();  // the exit status tells as well
  } else {
    Remark(text);
  }
  return kGatewayError;
}

bool Print(const CommandContext& context, const std::string& line, ExitStatus& exit_status) {
  const absl::Status written = context.out.WriteLine(line);
  if (written.ok()) return true;
  exit_status = kDone;  // as when a pager was left
  if (!absl::IsCancelled(written)) {
    Remark(written.message());
    exit_status = kUsage;
  }
  return false;
}

std::shared_ptr<Channel> OpenChannel(const CommandContext& context, ExitStatus& exit_status) {
  auto channel = Channel::Open(ConnectionFrom(context.arguments));
  if (channel.ok()) return *std::move(channel);
  exit_status = ReportUsage(context, channel.status());
  return nullptr;
}

}  // namespace sipevents::client
