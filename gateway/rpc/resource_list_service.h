#ifndef GATEWAY_RPC_RESOURCE_LIST_SERVICE_H_
#define GATEWAY_RPC_RESOURCE_LIST_SERVICE_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/auth/authenticator.h"
#include "gateway/auth/authorizer.h"
#include "gateway/lists/resource_list_table.h"
#include "gateway/registry/page_token.h"
#include "gateway/rpc/deferred_answer.h"
#include "gateway/rpc/drainable.h"
#include "gateway/rpc/field_checks.h"
#include "gateway/telemetry/metrics.h"
#include "gateway/watch/fanout_executor.h"
#include "sip/event_server.h"
#include "sipevents/v1/resource_lists.grpc.pb.h"

namespace sipevents::gateway {

// The callback API for every rpc.
using ResourceListsCallbackBase = v1::ResourceLists::WithCallbackMethod_CreateResourceList<
    v1::ResourceLists::WithCallbackMethod_GetResourceList<
        v1::ResourceLists::WithCallbackMethod_ListResourceLists<
            v1::ResourceLists::WithCallbackMethod_UpdateResourceList<
                v1::ResourceLists::WithCallbackMethod_DeleteResourceList<
                    v1::ResourceLists::Service>>>>>;

// Serves sipevents.v1.ResourceLists. A list may be made by who may publish for its URI, in the
// event package of lists, which is any. What is of somebody else looks like what is not there.
//
// Threads: any; gRPC's.
class ResourceListService final : public ResourceListsCallbackBase, public Drainable {
 public:
  // All must outlive the service.
  struct Parts {
    ResourceListTable& table;
    const sip::EventServer& server;
    const Authenticator& authenticator;
    const Authorizer& authorizer;
    FanoutExecutor& executor;
    Metrics& metrics;
  };

  // `tel_domain` is for tel: URIs; empty: they are refused.
  ResourceListService(std::string tel_domain, const Parts& parts);

  grpc::ServerUnaryReactor* CreateResourceList(grpc::CallbackServerContext* context,
                                               const v1::CreateResourceListRequest* request,
                                               v1::ResourceList* response) override;
  grpc::ServerUnaryReactor* GetResourceList(grpc::CallbackServerContext* context,
                                            const v1::GetResourceListRequest* request,
                                            v1::ResourceList* response) override;
  grpc::ServerUnaryReactor* ListResourceLists(grpc::CallbackServerContext* context,
                                              const v1::ListResourceListsRequest* request,
                                              v1::ListResourceListsResponse* response) override;
  grpc::ServerUnaryReactor* UpdateResourceList(grpc::CallbackServerContext* context,
                                               const v1::UpdateResourceListRequest* request,
                                               v1::ResourceList* response) override;
  grpc::ServerUnaryReactor* DeleteResourceList(grpc::CallbackServerContext* context,
                                               const v1::DeleteResourceListRequest* request,
                                               google::protobuf::Empty* response) override;

  // Drainable; there are no streams.
  void BeginDrain() override { draining_.store(true); }
  bool AwaitDrained(absl::Time /*deadline*/) override { return true; }

 private:
  absl::StatusOr<sip::ServedList> AdmitCreate(const grpc::CallbackServerContext& context,
                                              const v1::CreateResourceListRequest& request,
                                              ResourceAsker& asker) const;
  absl::StatusOr<sip::ServedList> AdmitUpdate(const grpc::CallbackServerContext& context,
                                              const v1::UpdateResourceListRequest& request,
                                              ResourceAsker& asker) const;
  absl::StatusOr<ResourceAsker> AdmitName(const grpc::CallbackServerContext& context,
                                          const std::string& name) const;
  absl::Status List(const grpc::CallbackServerContext& context,
                    const v1::ListResourceListsRequest& request,
                    v1::ListResourceListsResponse& response) const;

  void CheckMembers(const v1::ResourceList& list, sip::ServedList& served,
                    FieldViolations& violations) const;
  // What the table has to say becomes the answer of a call.
  ResourceListTable::Done AnswerWith(std::shared_ptr<DeferredAnswer::Right> right,
                                     v1::ResourceList* response) const;
  // Who calls; DRAINING once the drain has begun.
  absl::StatusOr<Caller> Admit(const grpc::CallbackServerContext& context) const;
  absl::Status Authorize(const Caller& caller, const std::string& list_uri) const;

  const std::string tel_domain_;
  const Parts parts_;
  const PageTokens page_tokens_;
  std::atomic<bool> draining_{false};
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_RESOURCE_LIST_SERVICE_H_
