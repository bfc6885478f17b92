#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/calls.h"
#include "clients/cli/commands.h"
#include "clients/cli/remark.h"
#include "clients/cli/requests.h"
#include "clients/cpp/channel.h"

namespace sipevents::client {
namespace {

using Stub = v1::Subscriptions::StubInterface;

// Longer than a SIP transaction and the wait for its NOTIFY: 64 T1 each (RFC 6665, 4.1.2.4).
constexpr absl::Duration kFetchTimeout = absl::Seconds(75);
// Subscriptions of one target that are looked for.
constexpr size_t kMostExplained = 100;

// Makes one call and prints the Subscription that it returns.
template <typename Request>
ExitStatus PrintSubscription(const CommandContext& context,
                             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                          v1::Subscription*),
                             const Request& request) {
  auto channel = Channel::Open(ConnectionFrom(context.arguments));
  if (!channel.ok()) return ReportUsage(context, channel.status());
  v1::Subscription response;
  const absl::Status called = Call(context, **channel, kCallTimeout, (*channel)->subscriptions(),
                                   method, request, response);
  if (!called.ok()) return Report(context, called);
  ExitStatus exit_status = kDone;
  Print(context, context.format.Subscription(response), exit_status);
  return exit_status;
}

// The names of the Subscriptions of a target; NOT_FOUND if there is none.
absl::Status FindNames(const CommandContext& context, Channel& channel, const std::string& target,
                       std::vector<std::string>& names) {
  v1::ListSubscriptionsRequest request = ListRequestFor(context.arguments, target);
  do {
    v1::ListSubscriptionsResponse page;
    absl::Status called = Call(context, channel, kCallTimeout, channel.subscriptions(),
                               &Stub::ListSubscriptions, request, page);
    if (!called.ok()) return called;
    for (const v1::Subscription& subscription : page.subscriptions()) {
      names.push_back(subscription.name());
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && names.size() < kMostExplained);
  if (!names.empty()) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat("nothing follows ", target, "; see 'sipevents subscriptions list'"));
}

}  // namespace

ExitStatus RunFetch(const CommandContext& context) {
  absl::StatusOr<v1::FetchStateRequest> request = FetchRequestFrom(context.arguments);
  if (!request.ok()) return ReportUsage(context, request.status());
  auto channel = Channel::Open(ConnectionFrom(context.arguments));
  if (!channel.ok()) return ReportUsage(context, channel.status());
  v1::FetchStateResponse response;
  const absl::Status called = Call(context, **channel, kFetchTimeout, (*channel)->subscriptions(),
                                   &Stub::FetchState, *request, response);
  if (!called.ok()) return Report(context, called);
  ExitStatus exit_status = kDone;
  for (const v1::Event& event : response.events()) {
    if (!Print(context, context.format.Event(event), exit_status)) break;
  }
  return exit_status;
}

ExitStatus RunSubscriptionsList(const CommandContext& context) {
  auto channel = Channel::Open(ConnectionFrom(context.arguments));
  if (!channel.ok()) return ReportUsage(context, channel.status());
  v1::ListSubscriptionsRequest request;
  request.set_filter(context.arguments.Text("filter"));
  request.set_page_size(context.arguments.Number("page_size").value_or(0));
  ExitStatus exit_status = kDone;
  int waiting = 0;
  do {
    v1::ListSubscriptionsResponse page;
    const absl::Status called = Call(context, **channel, kCallTimeout, (*channel)->subscriptions(),
                                     &Stub::ListSubscriptions, request, page);
    if (!called.ok()) return Report(context, called);
    for (const v1::Subscription& subscription : page.subscriptions()) {
      const std::string line = context.format.Subscription(subscription);
      if (!Print(context, line, exit_status)) return exit_status;
    }
    request.set_page_token(page.next_page_token());
    waiting = page.waiting_count();
  } while (!request.page_token().empty());
  if (waiting > 0 && !context.format.PrintsErrors()) {
    Remark(absl::StrCat("Subscriptions with a request that waits to be sent: ", waiting));
  }
  return exit_status;
}

ExitStatus RunSubscriptionsGet(const CommandContext& context) {
  v1::GetSubscriptionRequest request;
  request.set_name(context.arguments.positional().at(0));
  return PrintSubscription(context, &Stub::GetSubscription, request);
}

ExitStatus RunSubscriptionsCreate(const CommandContext& context) {
  absl::StatusOr<v1::CreateSubscriptionRequest> request = CreateRequestFrom(context.arguments);
  if (!request.ok()) return ReportUsage(context, request.status());
  return PrintSubscription(context, &Stub::CreateSubscription, *request);
}

ExitStatus RunSubscriptionsExplain(const CommandContext& context) {
  const std::string& what = context.arguments.positional().at(0);
  auto channel = Channel::Open(ConnectionFrom(context.arguments));
  if (!channel.ok()) return ReportUsage(context, channel.status());
  std::vector<std::string> names;
  if (absl::StartsWith(what, "subscriptions/")) {
    names.push_back(what);
  } else if (const absl::Status found = FindNames(context, **channel, what, names); !found.ok()) {
    return Report(context, found);
  }
  ExitStatus exit_status = kDone;
  for (const std::string& name : names) {
    v1::ExplainSubscriptionRequest request;
    request.set_name(name);
    v1::Explanation response;
    const absl::Status called = Call(context, **channel, kCallTimeout, (*channel)->subscriptions(),
                                     &Stub::ExplainSubscription, request, response);
    if (!called.ok()) return Report(context, called);
    const absl::string_view gap =
        name == names.front() || context.format.PrintsErrors() ? "" : "\n";
    if (!Print(context, absl::StrCat(gap, context.format.Explanation(response)), exit_status))
      break;
  }
  return exit_status;
}

ExitStatus RunSubscriptionsDelete(const CommandContext& context) {
  auto channel = Channel::Open(ConnectionFrom(context.arguments));
  if (!channel.ok()) return ReportUsage(context, channel.status());
  v1::DeleteSubscriptionRequest request;
  request.set_name(context.arguments.positional().at(0));
  request.set_force(context.arguments.Switch("force"));
  google::protobuf::Empty response;
  const absl::Status called = Call(context, **channel, kCallTimeout, (*channel)->subscriptions(),
                                   &Stub::DeleteSubscription, request, response);
  return called.ok() ? kDone : Report(context, called);
}

}  // namespace sipevents::client
