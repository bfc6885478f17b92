#include "sip/stack/held_requests.h"

#include <utility>

namespace sipevents::sip {

HeldRequests::~HeldRequests() {
  timers_.Cancel(timer_);
  CountHeld(-static_cast<int>(count_));
}

bool HeldRequests::HasRoom(size_t octets) {
  if (count_ < kMostRequests && octets_ + octets <= kMostOctets) return true;
  if (metrics_ != nullptr) metrics_->OnBoundReached("sip_held_requests");
  return false;
}

void HeldRequests::Hold(uint64_t waits_for, std::string text, Again again) {
  ++count_;
  octets_ += text.size();
  CountHeld(+1);
  waiting_[waits_for].push_back({std::move(text), std::move(again)});
}

void HeldRequests::Resume(uint64_t waits_for) {
  auto node = waiting_.extract(waits_for);
  if (node.empty()) return;
  for (Held& held : node.mapped()) ready_.push_back(std::move(held));
  if (timer_ == 0) Arm();
}

void HeldRequests::Arm() {
  timer_ = timers_.At(clock_.Now(), [this] {
    timer_ = 0;
    HandBackSome();
    if (!ready_.empty() && timer_ == 0) Arm();
  });
}

void HeldRequests::HandBackSome() {
  for (int i = 0; i < kBatch && !ready_.empty(); ++i) {
    const Held held = std::move(ready_.front());
    ready_.pop_front();
    --count_;
    octets_ -= held.text.size();
    CountHeld(-1);
    held.again(held.text);
  }
}

void HeldRequests::CountHeld(int change) {
  if (metrics_ != nullptr && change != 0) metrics_->OnRequestsHeld(change);
}

}  // namespace sipevents::sip
