#ifndef CLIENTS_CLI_CALLS_H_
#define CLIENTS_CLI_CALLS_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "clients/cli/commands.h"
#include "clients/cpp/channel.h"
#include "clients/cpp/status.h"

// What commands have in common that make calls and print what they return. All functions: the main
// thread.

namespace sipevents::client {

// How long an answer may take unless --timeout says something else.
inline constexpr absl::Duration kCallTimeout = absl::Seconds(20);
// How long a stream tries to reach the gateway at first unless --connect_timeout says something
// else.
inline constexpr absl::Duration kConnectTimeout = absl::Seconds(3);

// Makes one unary call: `method` is that of a stub's interface.
template <typename Stub, typename Request, typename Response>
absl::Status Call(const CommandContext& context, const Channel& channel, absl::Duration timeout,
                  Stub& stub,
                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                  const Request& request, Response& response) {
  grpc::ClientContext call;
  const absl::Duration wait = context.arguments.Duration("timeout").value_or(timeout);
  call.set_deadline(absl::ToChronoTime(absl::Now() + wait));
  if (absl::Status authorized = channel.Authorize(call); !authorized.ok()) return authorized;
  return ToAbslStatus((stub.*method)(&call, request, &response));
}

// Tells what the gateway answered instead.
ExitStatus Report(const CommandContext& context, const absl::Status& error);

// Whether there is still somebody to print for; sets `exit_status` if not.
bool Print(const CommandContext& context, const std::string& line, ExitStatus& exit_status);

// Opens the connection that the command line names; null, with `exit_status`, if it cannot be used.
std::shared_ptr<Channel> OpenChannel(const CommandContext& context, ExitStatus& exit_status);

// Makes one call on a connection of its own; `print`, unless it is null, makes a line of what came.
template <typename Stub, typename Request, typename Response>
ExitStatus RunCall(const CommandContext& context, std::unique_ptr<Stub> (*new_stub)(const Channel&),
                   grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                   const Request& request,
                   const std::function<std::string(const Response&)>& print) {
  ExitStatus exit_status = kDone;
  const std::shared_ptr<Channel> channel = OpenChannel(context, exit_status);
  if (channel == nullptr) return exit_status;
  Response response;
  const std::unique_ptr<Stub> stub = new_stub(*channel);
  const absl::Status called =
      Call(context, *channel, kCallTimeout, *stub, method, request, response);
  if (!called.ok()) return Report(context, called);
  if (print != nullptr) Print(context, print(response), exit_status);
  return exit_status;
}

// Makes a call for each page of a list, and prints a line for each element. `elements` gives those
// of a page.
template <typename Stub, typename Request, typename Response, typename Elements>
ExitStatus RunList(const CommandContext& context, std::unique_ptr<Stub> (*new_stub)(const Channel&),
                   grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                   Request request, const Elements& lines) {
  ExitStatus exit_status = kDone;
  const std::shared_ptr<Channel> channel = OpenChannel(context, exit_status);
  if (channel == nullptr) return exit_status;
  const std::unique_ptr<Stub> stub = new_stub(*channel);
  request.set_page_size(context.arguments.Number("page_size").value_or(0));
  do {
    Response page;
    const absl::Status called = Call(context, *channel, kCallTimeout, *stub, method, request, page);
    if (!called.ok()) return Report(context, called);
    for (const std::string& line : lines(page)) {
      if (!Print(context, line, exit_status)) return exit_status;
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return exit_status;
}

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_CALLS_H_
