#include "gateway/rpc/subscription_service_explain.h"

#include <utility>

#include "gateway/rpc/grpc_status.h"

namespace sipevents::gateway {

// What the agent holds: hands on what it hears, and gives the slot back with its end.
class ExplainCall::Awaited {
 public:
  Awaited(std::shared_ptr<ExplainCall> call, std::shared_ptr<FetchSlots> slots)
      : call_(std::move(call)), slots_(std::move(slots)) {}
  Awaited(const Awaited&) = delete;
  Awaited& operator=(const Awaited&) = delete;
  ~Awaited() {
    // The agent went away without a word; a call that is finished does not mind.
    call_->Take({});
    slots_->GiveBack();
  }

  void Take(const sip::SubscriptionExplanation& sip_side) { call_->Take(sip_side); }

 private:
  const std::shared_ptr<ExplainCall> call_;
  const std::shared_ptr<FetchSlots> slots_;
};

ExplainCall* ExplainCall::Start(SubscriptionRegistry::Keepers keepers, Asker asker,
                                const Parts& parts, std::shared_ptr<FetchSlots> slots,
                                v1::Explanation& response) {
  const sip::SubscriptionId id = keepers.sip_id;
  const std::shared_ptr<ExplainCall> call(
      new ExplainCall(std::move(keepers), std::move(asker), parts, response));
  call->self_ = call;
  parts.agent.Explain(
      id, [awaited = std::make_shared<Awaited>(call, std::move(slots))](
              const sip::SubscriptionExplanation& sip_side) { awaited->Take(sip_side); });
  return call.get();
}

ExplainCall::ExplainCall(SubscriptionRegistry::Keepers keepers, Asker asker, const Parts& parts,
                         v1::Explanation& response)
    : keepers_(std::move(keepers)), asker_(std::move(asker)), parts_(parts), response_(response) {}

void ExplainCall::Take(sip::SubscriptionExplanation sip_side) {
  {
    MutexLock lock(mutex_);
    if (sip_side_.has_value()) return;
    sip_side_ = std::move(sip_side);
  }
  parts_.executor.Schedule(*this);
}

void ExplainCall::Run() {
  {
    MutexLock lock(mutex_);
    if (std::exchange(finished_, true)) return;
    response_ = ComposeExplanation(keepers_, *sip_side_, asker_, parts_.clock.Now());
  }
  Finish(grpc::Status::OK);
}

void ExplainCall::OnCancel() {
  {
    MutexLock lock(mutex_);
    if (std::exchange(finished_, true)) return;
  }
  Finish(ToGrpcStatus(absl::CancelledError("the caller has gone")));
}

void ExplainCall::OnDone() { const std::shared_ptr<ExplainCall> self = std::move(self_); }

}  // namespace sipevents::gateway
