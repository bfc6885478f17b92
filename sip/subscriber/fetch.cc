#include "sip/subscriber/fetch.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/packages/package_table.h"
#include "sip/subscriber/notify_checks.h"

namespace sipevents::sip {
namespace {

constexpr size_t kMaxForks = 64;
constexpr size_t kMaxTagOctets = 256;

}  // namespace

Fetch::Fetch(SubscriberContext& context, SubscribeRequest request,
             std::shared_ptr<FetchObserver> observer, std::function<void()> on_done)
    : context_(context),
      subscribe_(context, std::move(request)),
      package_(FindPackage(subscribe_.request().event_package)),
      merger_(package_.NewMerger()),
      observer_(std::move(observer)),
      on_done_(std::move(on_done)),
      id_(context.dialogs.Add(*this)),
      exchange_(
          context, subscribe_, [this](const Response& response) { OnAnswer(response); },
          [this] { ArmTimer(64 * context_.t1, [this] {
                     Finish({408, "timeout", 0});
                   }); }) {}

Fetch::~Fetch() {
  context_.dialogs.Remove(id_);
  context_.timers.Cancel(timer_);
}

void Fetch::Start() {
  SubscribeExchange::Leg& leg = exchange_.leg();
  leg.call_id = context_.dialogs.CallId(id_);
  leg.local_tag = context_.dialogs.LocalTag(id_);
  if (!context_.outbound_route.empty()) leg.route_set = {context_.outbound_route};
  ArmTimer(64 * context_.t1, [this] { Finish({408, "timeout", 0}); });
  exchange_.Send(0);
}

void Fetch::Abandon() { Finish({503, "transport", 0}); }

void Fetch::OnAnswer(const Response& response) {
  if (response.status >= 300) {
    if (!forks_.empty()) return;  // it arrived all the same (SUB-12)
    const std::string reason = !response.made_here      ? "response"
                               : response.status == 408 ? "timeout"
                                                        : "transport";
    Finish({response.status, reason, static_cast<int>(response.retry_after.value_or(0))});
    return;
  }
  accepted_ = true;
  if (forks_.empty()) {
    ArmTimer(64 * context_.t1, [this] { Finish({408, "no-notify", 0}); });
  }
}

NotifyAnswer Fetch::OnNotify(const IncomingNotify& notify) {
  if (!EventMatches(subscribe_, notify)) return {481, {}};
  for (const Fork& fork : forks_) {
    if (fork.tag != notify.from_tag) continue;
    return fork.cseq == notify.cseq ? fork.answer : NotifyAnswer{481, {}};
  }
  const bool another = !forks_.empty() && !package_.allows_forks();
  if (observer_ == nullptr || another || forks_.size() >= kMaxForks || notify.from_tag.empty() ||
      notify.from_tag.size() > kMaxTagOctets) {
    return {481, {}};
  }
  if (std::optional<NotifyAnswer> refusal = RefuseNotify(context_, subscribe_, notify)) {
    return *refusal;
  }
  forks_.push_back({std::string(notify.from_tag), notify.cseq, {200, {}}});
  Deliver(notify, static_cast<uint32_t>(forks_.size()));
  // From the loop, so that this answer is on its way before the result is.
  const absl::Duration wait = package_.allows_forks() ? context_.t1 : absl::ZeroDuration();
  if (forks_.size() == 1) ArmTimer(wait, [this] { Finish({}); });
  return {200, {}};
}

void Fetch::Deliver(const IncomingNotify& notify, uint32_t index) {
  const MergeResult result = merger_->Merge({.dialog = index,
                                             .content_type = notify.content_type,
                                             .body = notify.body,
                                             .cseq = notify.cseq,
                                             .lenient = !context_.strict},
                                            context_.scratch);
  const std::string name = absl::StrCat(AbslView(notify.call_id), ";", AbslView(notify.from_tag));
  observer_->OnNotification(MakeNotification(context_, name, notify, result));
}

void Fetch::Finish(const FetchResult& result) {
  if (observer_ == nullptr) return;
  std::exchange(observer_, nullptr)->OnDone(result);
  // Late NOTIFYs are told 481, repeated ones what they were told before, for so long.
  ArmTimer(64 * context_.t1, [this] { on_done_(); });
}

void Fetch::ArmTimer(absl::Duration delay, std::function<void()> action) {
  context_.timers.Cancel(timer_);
  timer_ = context_.timers.At(context_.clock.Now() + delay, [this, action = std::move(action)] {
    timer_ = 0;
    action();
  });
}

}  // namespace sipevents::sip
