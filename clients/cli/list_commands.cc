#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "clients/cli/calls.h"
#include "clients/cli/commands.h"
#include "sipevents/v1/resource_lists.grpc.pb.h"

namespace sipevents::client {
namespace {

using Stub = v1::ResourceLists::StubInterface;

std::unique_ptr<Stub> NewStub(const Channel& channel) {
  return v1::ResourceLists::NewStub(channel.connection());
}

// --member="URI NAME"
void AddMembers(const CommandContext& context, v1::ResourceList& list) {
  for (const std::string& member : context.arguments.Texts("member")) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(member, absl::MaxSplits(' ', 1));
    v1::ResourceList::Member& added = *list.add_members();
    added.set_uri(parts.first);
    added.set_display_name(parts.second);
  }
}

}  // namespace

ExitStatus RunListsCreate(const CommandContext& context) {
  v1::CreateResourceListRequest request;
  request.mutable_resource_list()->set_list_uri(context.arguments.positional().at(0));
  AddMembers(context, *request.mutable_resource_list());
  return RunCall<Stub, v1::CreateResourceListRequest, v1::ResourceList>(
      context, NewStub, &Stub::CreateResourceList, request,
      [&](const v1::ResourceList& made) { return context.format.Resource(made); });
}

ExitStatus RunListsGet(const CommandContext& context) {
  v1::GetResourceListRequest request;
  request.set_name(context.arguments.positional().at(0));
  return RunCall<Stub, v1::GetResourceListRequest, v1::ResourceList>(
      context, NewStub, &Stub::GetResourceList, request,
      [&](const v1::ResourceList& found) { return context.format.Resource(found); });
}

ExitStatus RunListsList(const CommandContext& context) {
  return RunList<Stub, v1::ListResourceListsRequest, v1::ListResourceListsResponse>(
      context, NewStub, &Stub::ListResourceLists, {},
      [&](const v1::ListResourceListsResponse& page) {
        std::vector<std::string> lines;
        for (const v1::ResourceList& list : page.resource_lists()) {
          lines.push_back(context.format.Resource(list));
        }
        return lines;
      });
}

ExitStatus RunListsUpdate(const CommandContext& context) {
  v1::UpdateResourceListRequest request;
  request.mutable_resource_list()->set_name(context.arguments.positional().at(0));
  request.mutable_resource_list()->set_etag(context.arguments.Text("etag"));
  AddMembers(context, *request.mutable_resource_list());
  return RunCall<Stub, v1::UpdateResourceListRequest, v1::ResourceList>(
      context, NewStub, &Stub::UpdateResourceList, request,
      [&](const v1::ResourceList& changed) { return context.format.Resource(changed); });
}

ExitStatus RunListsDelete(const CommandContext& context) {
  v1::DeleteResourceListRequest request;
  request.set_name(context.arguments.positional().at(0));
  request.set_etag(context.arguments.Text("etag"));
  return RunCall<Stub, v1::DeleteResourceListRequest, google::protobuf::Empty>(
      context, NewStub, &Stub::DeleteResourceList, request, nullptr);
}

}  // namespace sipevents::client
