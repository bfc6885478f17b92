#include "gateway/rpc/subscription_service_fetch.h"

#include <string_view>
#include <utility>

#include "gateway/registry/event_encoder.h"
#include "gateway/registry/subscribe_request.h"
#include "gateway/rpc/grpc_status.h"

namespace sipevents::gateway {

bool FetchSlots::TryTake() {
  if (taken_.fetch_add(1, std::memory_order_relaxed) < limit_) return true;
  GiveBack();
  return false;
}

// What the agent holds: hands on what it hears, and gives the slot back with its end.
class FetchCall::Listener final : public sip::FetchObserver {
 public:
  Listener(std::shared_ptr<FetchCall> call, std::shared_ptr<FetchSlots> slots)
      : call_(std::move(call)), slots_(std::move(slots)) {}
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() override {
    // The agent went away without a word; a call that is finished does not mind.
    call_->Conclude(Draining());
    slots_->GiveBack();
  }

  void OnNotification(const sip::Notification& notification) override { call_->Take(notification); }

  void OnDone(const sip::FetchResult& result) override {
    if (result.sip_status == 0) {
      call_->Conclude(absl::OkStatus());
    } else {
      call_->Conclude(
          SipError(result.sip_status, result.reason, absl::Seconds(result.retry_after)));
    }
  }

 private:
  const std::shared_ptr<FetchCall> call_;
  const std::shared_ptr<FetchSlots> slots_;
};

FetchCall* FetchCall::Start(const WantedSubscription& wanted, sip::Agent& agent,
                            std::shared_ptr<FetchSlots> slots, v1::FetchStateResponse& response) {
  const std::shared_ptr<FetchCall> call(new FetchCall(wanted, response));
  call->self_ = call;
  agent.Fetch(SubscribeRequestFor(wanted), std::make_shared<Listener>(call, std::move(slots)));
  return call.get();
}

FetchCall::FetchCall(const WantedSubscription& wanted, v1::FetchStateResponse& response)
    : event_head_(EventEncoder::EncodeHead("", wanted.key.target_uri, wanted.key.event_package)),
      response_(response) {}

void FetchCall::Take(const sip::Notification& notification) {
  EventEncoder encoder;
  const std::string_view event = encoder.Encode(event_head_, notification, "").event;
  bool is_over_bound = false;
  {
    MutexLock lock(mutex_);
    if (finished_) return;
    octets_ += event.size();
    const auto [known, is_new] =
        events_.try_emplace({std::string(notification.dialog), std::string(notification.member_uri),
                             notification.member_instance},
                            response_.events_size());
    if (is_new && !notification.member_uri.empty()) ++members_;
    is_over_bound =
        octets_ > kMaxOctets || members_ > kMaxMembers || events_.size() - members_ > kMaxForks;
    if (!is_over_bound) {
      v1::Event& target =
          is_new ? *response_.add_events() : *response_.mutable_events(known->second);
      target.ParseFromArray(event.data(), static_cast<int>(event.size()));
    }
  }
  if (is_over_bound) Conclude(BoundReached("fetch_octets", static_cast<int64_t>(kMaxOctets)));
}

void FetchCall::Conclude(const absl::Status& status) {
  {
    MutexLock lock(mutex_);
    if (std::exchange(finished_, true)) return;
  }
  Finish(ToGrpcStatus(status));
}

void FetchCall::OnCancel() { Conclude(absl::CancelledError("the caller has gone")); }

void FetchCall::OnDone() { const std::shared_ptr<FetchCall> self = std::move(self_); }

}  // namespace sipevents::gateway
