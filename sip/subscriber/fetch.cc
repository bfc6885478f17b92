#include "sip/subscriber/fetch.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/packages/package_table.h"
#include "sip/subscriber/notify_checks.h"
#include "sip/subscriber/response_table.h"
#include "sip/subscriber/retry_policy.h"

namespace sipevents::sip {
namespace {

constexpr size_t kMaxForks = 64;
constexpr size_t kMaxTagOctets = 256;

// What a peer that refuses Expires 0 is asked for: long enough to be granted by most, short
// enough to be forgotten soon if the unsubscribe is lost.
constexpr absl::Duration kBriefInterval = absl::Seconds(60);

constexpr uint32_t kMostRetryAfter = 24 * 60 * 60;  // seconds

// How long further forks are waited for, at least.
constexpr absl::Duration kForkWait = absl::Milliseconds(500);

// What a final NOTIFY without a body says instead of a state; 0: nothing.
int StatusOfRefusal(std::string_view reason) {
  if (EqualsIgnoreCase(reason, "rejected")) return 403;
  return EqualsIgnoreCase(reason, "noresource") ? 404 : 0;
}

// Who asks whom: what a session of the digest cache is good for.
std::string DigestKey(const SubscribeTemplate& subscribe) {
  return absl::StrCat(subscribe.host(), " ", subscribe.identity());
}

}  // namespace

Fetch::Fetch(SubscriberContext& context, DigestCache& digests, SubscribeRequest request,
             std::shared_ptr<FetchObserver> observer, std::function<void()> on_done)
    : context_(context),
      digests_(digests),
      subscribe_(context, std::move(request)),
      package_(FindPackage(subscribe_.request().event_package)),
      intake_(context, package_),
      observer_(std::move(observer)),
      on_done_(std::move(on_done)),
      id_(context.dialogs.Add(*this)),
      exchange_(context, subscribe_, static_cast<SubscribeExchange::Owner&>(*this)) {
  subscribe_.UseDigest(digests_.Take(DigestKey(subscribe_)));
}

Fetch::~Fetch() {
  context_.dialogs.Remove(id_);
  context_.timers.Cancel(timer_);
}

void Fetch::Start() {
  SubscribeExchange::Leg& leg = exchange_.leg();
  leg.call_id = context_.dialogs.CallId(id_);
  leg.local_tag = context_.dialogs.LocalTag(id_);
  if (!context_.outbound_route.empty()) leg.route_set = {context_.outbound_route};
  OnResend(exchange_);
  exchange_.Send(0, RequestPriority::kFetch);
}

void Fetch::Abandon() { Finish({503, "transport", 0}); }

void Fetch::OnResend(SubscribeExchange& exchange) {
  if (&exchange != &exchange_ || observer_ == nullptr || !forks_.empty()) return;
  sent_ = false;
  timer_n_end_ = context_.clock.Now() + TimerN(context_.t1);
  ArmTimer(TimerN(context_.t1), [this] { OnTimeout(); });
}

void Fetch::OnSent(SubscribeExchange& exchange) {
  OnResend(exchange);
  if (&exchange == &exchange_) sent_ = true;
}

void Fetch::OnTimeout() {
  if (!sent_) {
    Finish({503, "overload", 0});
  } else if (accepted_) {
    Finish({408, "no-notify", 0});
  } else {
    Finish({408, "timeout", 0});
  }
}

void Fetch::OnAnswer(SubscribeExchange& exchange, const Response& response) {
  if (&exchange != &exchange_) return;  // of an unsubscribe
  if (response.status < 300) {
    accepted_ = true;
    return;
  }
  if (!forks_.empty()) return;  // it arrived all the same (SUB-12)
  if (SubscribesBriefly(response)) {
    OnResend(exchange_);
    exchange_.Send(static_cast<uint32_t>(absl::ToInt64Seconds(interval_)), RequestPriority::kFetch);
    return;
  }
  Finish({response.status, std::string(FailureReason(FailureOf(response))),
          static_cast<int>(std::min(response.retry_after.value_or(0), kMostRetryAfter))});
}

bool Fetch::SubscribesBriefly(const Response& response) {
  if (response.made_here || context_.strict ||
      ResponseRowOf(response.status).fetch != FetchAction::kSubscribeBriefly) {
    return false;
  }
  std::optional<absl::Duration> next;
  if (response.status == 423) {
    next = LongerInterval(std::max(interval_, kBriefInterval), interval_retries_++,
                          response.min_expires, context_.strict);
    if (!next.has_value() && interval_ == absl::ZeroDuration()) next = kBriefInterval;
  } else if (interval_ == absl::ZeroDuration()) {
    next = kBriefInterval;
  }
  if (!next.has_value()) return false;
  interval_ = *next;
  if (context_.metrics != nullptr) context_.metrics->OnDeviation("DEV-07");
  return true;
}

NotifyAnswer Fetch::OnNotify(const IncomingNotify& notify) {
  if (!EventMatches(subscribe_, notify)) return {481, {}};
  for (Fork& fork : forks_) {
    if (fork.tag == notify.from_tag) return OnLaterNotify(fork, notify);
  }
  if (!MayAdd(notify.from_tag) || (!forks_.empty() && intake_.ExcludesFork(notify))) {
    return {481, {}};
  }
  if (auto challenge = ChallengeNotify(context_, subscribe_, notify)) return *challenge;
  if (std::optional<NotifyAnswer> refusal = RefuseNotify(context_, subscribe_, notify)) {
    return *refusal;
  }
  forks_.push_back({std::string(notify.from_tag), notify.cseq, {200, {}}, nullptr});
  const bool is_over = EqualsIgnoreCase(notify.substate, "terminated");
  if (interval_ > absl::ZeroDuration() && !is_over) EndFork(forks_.back(), notify);
  if (observer_ == nullptr) return {200, {}};  // too late to tell
  if (is_over && notify.body.empty() && StatusOfRefusal(notify.reason) != 0) {
    refusal_ = {StatusOfRefusal(notify.reason), ToLower(notify.reason), 0};
  } else {
    Deliver(notify, static_cast<uint32_t>(forks_.size()));
    told_ = true;
  }
  // From the loop, so that this answer is on its way before the result is.
  const absl::Duration wait =
      package_.allows_forks ? std::max(context_.t1, kForkWait) : absl::ZeroDuration();
  if (forks_.size() == 1) ArmTimer(wait, [this] { Finish(told_ ? FetchResult() : refusal_); });
  return {200, {}};
}

// Whether the sender of a NOTIFY becomes a fork. One that comes when the caller has the answer is
// no stray until Timer N ends: it is a fork of what was asked (SUB-54).
bool Fetch::MayAdd(std::string_view tag) const {
  if (tag.empty() || tag.size() > kMaxTagOctets || forks_.size() >= kMaxForks) return false;
  if (forks_.empty()) return observer_ != nullptr;
  return package_.allows_forks && context_.clock.Now() < timer_n_end_;
}

// Of a fork that has answered: its first NOTIFY again, or the last one of a short subscription.
NotifyAnswer Fetch::OnLaterNotify(Fork& fork, const IncomingNotify& notify) {
  if (fork.cseq == notify.cseq) return fork.answer;
  if (fork.exchange == nullptr || notify.cseq < fork.cseq) return {481, {}};
  if (auto challenge = ChallengeNotify(context_, subscribe_, notify)) return *challenge;
  fork.cseq = notify.cseq;
  if (EqualsIgnoreCase(notify.substate, "terminated")) fork.exchange.reset();
  return fork.answer;
}

void Fetch::EndFork(Fork& fork, const IncomingNotify& notify) {
  fork.exchange = std::make_unique<SubscribeExchange>(
      context_, subscribe_, static_cast<SubscribeExchange::Owner&>(*this));
  SubscribeExchange::Leg& leg = fork.exchange->leg();
  const SubscribeExchange::Leg& first = exchange_.leg();
  leg.call_id = first.call_id;
  leg.local_tag = first.local_tag;
  leg.remote_tag = fork.tag;
  leg.cseq = first.cseq;
  leg.redirected = first.redirected;
  TakeRoute(leg, notify);
  fork.exchange->Send(0, RequestPriority::kUnsubscribe);
}

void Fetch::Deliver(const IncomingNotify& notify, uint32_t index) {
  const std::string name = absl::StrCat(AbslView(notify.call_id), ";", AbslView(notify.from_tag));
  const StateIntake::Taken taken = intake_.Take(
      notify, index, name, [this](const Notification& news) { observer_->OnNotification(news); },
      [](const StateIntake::MemberGone&) {});  // what is not there, is not in the result
  if (!taken.quiet) return;
  // The answer is that there is no state.
  observer_->OnNotification(MakeNotification(context_, name, notify, {}));
}

void Fetch::Finish(const FetchResult& result) {
  if (observer_ == nullptr) return;
  exchange_.Cancel();
  const bool unsubscribing = std::any_of(forks_.begin(), forks_.end(),
                                         [](const Fork& fork) { return fork.exchange != nullptr; });
  if (!unsubscribing) KeepDigest();
  // Repeated NOTIFYs are told what they were told before, and late forks 200, for so long.
  ArmTimer(TimerN(context_.t1), [this] {
    KeepDigest();
    const std::function<void()> on_done = std::move(on_done_);
    on_done();  // destroys this
  });
  std::exchange(observer_, nullptr)->OnDone(result);
}

// What was accepted is worth presenting again.
void Fetch::KeepDigest() {
  if (accepted_ || !forks_.empty()) digests_.Put(DigestKey(subscribe_), subscribe_.ReleaseDigest());
}

void Fetch::ArmTimer(absl::Duration delay, std::function<void()> action) {
  context_.timers.Cancel(timer_);
  timer_ = context_.timers.At(context_.clock.Now() + delay, [this, action = std::move(action)] {
    timer_ = 0;
    action();
  });
}

}  // namespace sipevents::sip
