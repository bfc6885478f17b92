#include <algorithm>
#include <string>
#include <vector>

#include "clients/cli/calls.h"
#include "clients/cli/commands.h"
#include "clients/cli/item_stream.h"
#include "clients/cli/kept_publication.h"
#include "clients/cli/publication_requests.h"
#include "clients/cli/stop_signal.h"
#include "clients/cli/times.h"
#include "sipevents/v1/publications.grpc.pb.h"

namespace sipevents::client {
namespace {

using Stub = v1::Publications::StubInterface;

// What --keep asks for each time: if this program is killed, the state is soon gone.
constexpr absl::Duration kKeptTtl = absl::Minutes(1);

std::unique_ptr<Stub> NewStub(const Channel& channel) {
  return v1::Publications::NewStub(channel.connection());
}

// The target that a list is about; empty: all.
std::string TargetOf(const CommandContext& context) {
  const std::vector<std::string>& words = context.arguments.positional();
  return words.empty() ? "" : words.front();
}

}  // namespace

ExitStatus RunPublish(const CommandContext& context) {
  absl::StatusOr<v1::CreatePublicationRequest> request = CreatePublicationFrom(context.arguments);
  if (!request.ok()) return ReportUsage(context, request.status());
  const bool keep = context.arguments.Switch("keep");
  const absl::Duration ttl = context.arguments.Duration("ttl").value_or(kKeptTtl);
  if (keep) SetDuration(ttl, *request->mutable_publication()->mutable_ttl());
  std::optional<StopSignal> stop;
  if (keep) stop.emplace();  // before threads are made
  ExitStatus exit_status = kDone;
  const std::shared_ptr<Channel> channel = OpenChannel(context, exit_status);
  if (channel == nullptr) return exit_status;
  const std::unique_ptr<Stub> stub = NewStub(*channel);
  v1::Publication made;
  const absl::Status called =
      Call(context, *channel, kCallTimeout, *stub, &Stub::CreatePublication, *request, made);
  if (!called.ok()) return Report(context, called);
  Print(context, context.format.Resource(made), exit_status);
  if (!keep) return exit_status;
  KeptPublication kept(context, *channel, *stub, *stop, *std::move(request), made.name(), ttl);
  return std::max(exit_status, kept.Run());
}

ExitStatus RunPublicationsList(const CommandContext& context) {
  v1::ListPublicationsRequest request;
  request.set_target_uri(TargetOf(context));
  request.set_event_package(context.arguments.Text("event"));
  return RunList<Stub, v1::ListPublicationsRequest, v1::ListPublicationsResponse>(
      context, NewStub, &Stub::ListPublications, request,
      [&](const v1::ListPublicationsResponse& page) {
        std::vector<std::string> lines;
        for (const v1::Publication& publication : page.publications()) {
          lines.push_back(context.format.Resource(publication));
        }
        return lines;
      });
}

ExitStatus RunPublicationsGet(const CommandContext& context) {
  v1::GetPublicationRequest request;
  request.set_name(context.arguments.positional().at(0));
  return RunCall<Stub, v1::GetPublicationRequest, v1::Publication>(
      context, NewStub, &Stub::GetPublication, request,
      [&](const v1::Publication& found) { return context.format.Resource(found); });
}

ExitStatus RunPublicationsUpdate(const CommandContext& context) {
  const absl::StatusOr<v1::UpdatePublicationRequest> request =
      UpdatePublicationFrom(context.arguments);
  if (!request.ok()) return ReportUsage(context, request.status());
  return RunCall<Stub, v1::UpdatePublicationRequest, v1::Publication>(
      context, NewStub, &Stub::UpdatePublication, *request,
      [&](const v1::Publication& changed) { return context.format.Resource(changed); });
}

ExitStatus RunPublicationsDelete(const CommandContext& context) {
  v1::DeletePublicationRequest request;
  request.set_name(context.arguments.positional().at(0));
  request.set_etag(context.arguments.Text("etag"));
  return RunCall<Stub, v1::DeletePublicationRequest, google::protobuf::Empty>(
      context, NewStub, &Stub::DeletePublication, request, nullptr);
}

ExitStatus RunPublicationsWatch(const CommandContext& context) {
  v1::WatchPublicationsRequest request;
  request.set_target_uri(TargetOf(context));
  request.set_event_package(context.arguments.Text("event"));
  const StopSignal stop;  // before threads are made
  ExitStatus exit_status = kDone;
  const std::shared_ptr<Channel> channel = OpenChannel(context, exit_status);
  if (channel == nullptr) return exit_status;
  const std::unique_ptr<Stub> stub = NewStub(*channel);
  return PrintItems<v1::WatchPublicationsResponse>(
      context, channel, stop, [&](auto* call) { return stub->WatchPublications(call, request); });
}

}  // namespace sipevents::client
