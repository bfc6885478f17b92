#ifndef GATEWAY_RPC_PUBLICATION_SERVICE_H_
#define GATEWAY_RPC_PUBLICATION_SERVICE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/auth/authenticator.h"
#include "gateway/auth/authorizer.h"
#include "gateway/publications/publication_registry.h"
#include "gateway/rpc/deferred_answer.h"
#include "gateway/rpc/drainable.h"
#include "gateway/rpc/publication_checks.h"
#include "gateway/telemetry/metrics.h"
#include "gateway/watch/change_stream.h"
#include "gateway/watch/fanout_executor.h"
#include "gateway/watch/live_streams.h"
#include "sip/base/clock.h"
#include "sip/event_server.h"
#include "sipevents/v1/publications.grpc.pb.h"

namespace sipevents::gateway {

// The callback API for every rpc; WatchPublications deals in octets, as all streams here.
using PublicationsCallbackBase = v1::Publications::WithCallbackMethod_CreatePublication<
    v1::Publications::WithCallbackMethod_GetPublication<
        v1::Publications::WithCallbackMethod_ListPublications<
            v1::Publications::WithCallbackMethod_UpdatePublication<
                v1::Publications::WithCallbackMethod_DeletePublication<
                    v1::Publications::WithRawCallbackMethod_WatchPublications<
                        v1::Publications::Service>>>>>>;

// Serves sipevents.v1.Publications. In every rpc: who calls, is the request well formed, may the
// caller do this, and only then whether the thing is there. What is of somebody else looks like
// what is not there.
//
// Threads: any; gRPC's.
// Ends: after the server has shut down and AwaitDrained() or the last stream's end.
class PublicationService final : public PublicationsCallbackBase, public Drainable {
 public:
  using Options = PublicationChecks::Options;
  // All must outlive the service.
  struct Parts {
    PublicationRegistry& registry;
    const sip::EventServer& server;
    const Authenticator& authenticator;
    const Authorizer& authorizer;
    const Clock& clock;
    FanoutExecutor& executor;
    Metrics& metrics;
  };

  PublicationService(const Options& options, const Parts& parts);

  grpc::ServerUnaryReactor* CreatePublication(grpc::CallbackServerContext* context,
                                              const v1::CreatePublicationRequest* request,
                                              v1::Publication* response) override;
  grpc::ServerUnaryReactor* GetPublication(grpc::CallbackServerContext* context,
                                           const v1::GetPublicationRequest* request,
                                           v1::Publication* response) override;
  grpc::ServerUnaryReactor* ListPublications(grpc::CallbackServerContext* context,
                                             const v1::ListPublicationsRequest* request,
                                             v1::ListPublicationsResponse* response) override;
  grpc::ServerUnaryReactor* UpdatePublication(grpc::CallbackServerContext* context,
                                              const v1::UpdatePublicationRequest* request,
                                              v1::Publication* response) override;
  grpc::ServerUnaryReactor* DeletePublication(grpc::CallbackServerContext* context,
                                              const v1::DeletePublicationRequest* request,
                                              google::protobuf::Empty* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchPublications(
      grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) override;

  // Drainable:
  void BeginDrain() override;
  bool AwaitDrained(absl::Time deadline) override;

 private:
  absl::Status Get(const grpc::CallbackServerContext& context,
                   const v1::GetPublicationRequest& request, v1::Publication& response) const;
  absl::Status List(const grpc::CallbackServerContext& context,
                    const v1::ListPublicationsRequest& request,
                    v1::ListPublicationsResponse& response) const;
  absl::StatusOr<std::shared_ptr<ChangeStream>> BeginWatch(
      const grpc::CallbackServerContext& context, const grpc::ByteBuffer& octets,
      PublicationScope& scope) const;
  void ShowAll(const PublicationScope& scope, ChangeStream& stream) const;

  // What Create and Update ask of the registry; an error otherwise.
  absl::StatusOr<PublicationOrder> AdmitCreate(const grpc::CallbackServerContext& context,
                                               const v1::CreatePublicationRequest& request,
                                               ResourceAsker& asker) const;
  absl::StatusOr<PublicationChange> AdmitUpdate(const grpc::CallbackServerContext& context,
                                                const v1::UpdatePublicationRequest& request,
                                                ResourceAsker& asker) const;
  absl::StatusOr<ResourceAsker> AdmitDelete(const grpc::CallbackServerContext& context,
                                            const v1::DeletePublicationRequest& request) const;
  // What the registry has to say becomes the answer of a call.
  PublicationRegistry::Done AnswerWith(std::shared_ptr<DeferredAnswer::Right> right,
                                       v1::Publication* response) const;

  // Who calls; DRAINING once the drain has begun.
  absl::StatusOr<Caller> Admit(const grpc::CallbackServerContext& context) const;
  absl::Status Authorize(const Caller& caller, const std::string& target_uri,
                         const std::string& event_package, const std::string& identity) const;

  const Parts parts_;
  const PublicationChecks checks_;
  mutable LiveStreams streams_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_RPC_PUBLICATION_SERVICE_H_
