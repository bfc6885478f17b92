#include "sip/notifier/watcher.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {

WatcherView ViewOf(WatcherDecision decision) {
  switch (decision) {
    case WatcherDecision::kAllow:
      return WatcherView::kState;
    case WatcherDecision::kPoliteBlock:
      return WatcherView::kNeutral;
    case WatcherDecision::kPending:
    case WatcherDecision::kDeny:
      break;
  }
  return WatcherView::kNothing;
}

// What most watchers never need.
struct Watcher::Rare {
  explicit Rare(RandomSource& random) : digest(random) {}
  ClientDigestSession digest;
  std::string condition;    // Suppress-If-Match
  std::string part_told;    // see part_told()
  std::string redirect_to;  // of a 3xx: for one try
  std::string led_to;       // where a 3xx led the last NOTIFY that it led
  std::string proven;       // one of those where somebody took it
  bool redirected = false;  // was followed since a NOTIFY was taken
  WatcherInfoSource::Progress progress;
  ReportProgress reports;
};

Watcher::Watcher(Audience& audience, WatcherHost& host, const Birth& birth)
    : AudienceMember(audience),
      host_(host),
      birth_number_(birth.number),
      watcher_uri_(birth.watcher_uri),
      own_contact_(birth.contact),
      dialog_(birth.local_tag),
      subscribe_time_(host.means().clock.Now()) {
  state_.rate = NotifyRate(birth.package_interval);
}

Watcher::~Watcher() {
  host_.means().timers.Cancel(timer_);
  if (request_ != 0) host_.means().sender.Forget(request_);
}

void Watcher::TakeTarget(const IncomingRequest& request, const NotifyWay& way) {
  takes_no_body_ = false;
  dialog_.TakeTarget(request, way);
}

void Watcher::Subscribed(const Grant& grant) {
  view_ = grant.view;
  format_ = grant.format;
  state_.rate.Wish(grant.rate, grant.duration);
  if (!grant.condition.empty() || rare_ != nullptr) rare().condition = grant.condition;
  Apply(SubscribeGranted{grant.duration, grant.view != WatcherView::kNothing, grant.quiet});
}

void Watcher::Decide(WatcherView view) {
  if (view_ == view) return;
  approved_ |= view_ == WatcherView::kNothing;
  view_ = view;
  Apply(WatcherDecided{view != WatcherView::kNothing});
}

void Watcher::LimitView(WatcherView view) {
  if (view != WatcherView::kState && view_ != WatcherView::kNothing) view_ = view;
}

void Watcher::End(WatcherEnd end) { Apply(WatcherEnding{end}); }

void Watcher::OnPartChanged() {
  if (rare_ != nullptr && !host_.IsNews(*this)) return;
  Apply(StateChanged{});
}

void Watcher::OnStateChanged() {
  if (view_ == WatcherView::kState && list_ == nullptr) OnPartChanged();
}

void Watcher::Apply(const WatcherInput& input) {
  const WatcherHost::Means& means = host_.means();
  const WatcherStatus before = status();
  const bool waited = state_.waits;
  const bool was_over = is_over();
  const WatcherStep step =
      Next(state_, input, {means.clock.Now(), means.t1, means.random.Uniform()});
  if (is_over() && !was_over) LogEnd(input);
  if (state_.waits && !waited) state_.waits = remembered_ = host_.KeepsWaiting(*this);
  const bool is_new = !announced_ && status() != WatcherStatus::kTerminated;
  announced_ |= is_new;
  const bool was_polite = std::exchange(told_polite_, view_ == WatcherView::kNeutral);
  if (is_new || (announced_ && status() != before)) {
    host_.OnWatcherChanged(*this);
  } else if (announced_ && told_polite_ != was_polite) {
    host_.OnViewChanged(*this);
  }
  if (state_.phase == WatcherPhase::kGone) {
    host_.OnGone(*this);
    return;
  }
  if (state_.phase == WatcherPhase::kWaiting) list_.reset();
  Rearm(step.wake);
  if (step.send) host_.SendSoon(*this);
}

// A timer that fires early does no harm, and leaving it costs nothing.
void Watcher::Rearm(absl::Time wake) {
  if (timer_ != 0 && armed_for_ <= wake) return;
  TimerQueue& timers = host_.means().timers;
  if (timer_ != 0) timers.Cancel(timer_);
  timer_ = 0;
  armed_for_ = wake;
  if (wake == absl::InfiniteFuture()) return;
  timer_ = timers.At(wake, [this] {
    timer_ = 0;
    Apply(WatcherTimer{});
  });
}

void Watcher::Send() {
  last_attempt_time_ = absl::ToUnixMicros(host_.means().clock.Now());
  const RequestPriority priority =
      is_over() ? RequestPriority::kFinalNotify : RequestPriority::kNotify;
  request_ = host_.means().sender.Send(dialog_.FirstHop(RedirectTo()), priority, *this);
}

OutgoingRequest Watcher::Fill() {
  NotifyContent content = host_.ContentFor(*this);
  OutgoingRequest request = dialog_.NextNotify(RedirectTo());
  request.contact = *own_contact_;
  request.subscription_state = SubscriptionStateText();
  const bool more = content.more;
  AddBody(std::move(content), request);
  if (!RedirectTo().empty()) rare_->led_to = std::exchange(rare_->redirect_to, "");
  if (rare_ != nullptr) {
    for (auto& header :
         rare_->digest.Authorize(request.method, request.request_uri, request.body)) {
      request.authorization.emplace_back(header.proxy ? "Proxy-Authorization" : "Authorization",
                                         std::move(header.value));
    }
  }
  // Of what is written now nothing is news any more. A timer of its own is not due: `outstanding`.
  const WatcherHost::Means& means = host_.means();
  Next(state_, NotifyWritten{}, {means.clock.Now(), means.t1, 0});
  state_.changed = more;
  return request;
}

void Watcher::AddBody(NotifyContent content, OutgoingRequest& request) {
  // It is another state by now, which may fit.
  const auto tag = static_cast<uint32_t>(absl::HashOf(content.entity_tag));
  if (was_too_large_ && tag != sent_tag_ && !content.is_list) {
    takes_no_body_ = was_too_large_ = false;
  }
  sent_tag_ = tag;
  if (content.is_list) request.require = "eventlist";
  omission_ = BodyOmission::kNone;
  if (content.body.size() > kMostUnproven && !IsProven()) {
    omission_ = BodyOmission::kUnproven;
  } else if (takes_no_body_ && !content.body.empty()) {
    omission_ = was_too_large_ ? BodyOmission::kTooLarge : BodyOmission::kRefused;
  }
  if (content.is_part || rare_ != nullptr) {
    rare().part_told = content.is_part ? content.entity_tag : std::string();
  }
  if (omission_ != BodyOmission::kNone) {
    request.entity_tag = kNoStateTag;  // of what it has now (CEN-01)
    return;
  }
  request.entity_tag = std::move(content.entity_tag);
  request.content_type = std::move(content.content_type);
  request.body = std::move(content.body);
}

// Whether somebody has answered at where the next NOTIFY goes, or it is where the watcher is.
bool Watcher::IsProven() const {
  if (dialog_.is_unproven() || RedirectTo().empty()) return !dialog_.is_unproven();
  return RedirectTo() == rare_->proven || HaveSameHost(RedirectTo(), dialog_.contact_uri());
}

std::string Watcher::SubscriptionStateText() const {
  switch (state_.phase) {
    case WatcherPhase::kPending:
    case WatcherPhase::kActive: {
      const absl::Duration left = state_.expire_time - host_.means().clock.Now();
      const int64_t seconds = std::max<int64_t>(0, absl::ToInt64Seconds(left + absl::Seconds(0.5)));
      return absl::StrCat(state_.phase == WatcherPhase::kActive ? "active" : "pending",
                          ";expires=", seconds, RateParameters(state_.rate.wishes()));
    }
    case WatcherPhase::kTerminated:
    case WatcherPhase::kWaiting:
    case WatcherPhase::kGone:
      break;
  }
  return absl::StrCat("terminated;reason=", AbslView(WatcherEndToken(state_.end)));
}

void Watcher::OnFinal(const Response& response) {
  request_ = 0;
  NotifyAnswered answered;
  answered.status = response.status;
  answered.failure = response.failure;
  answered.retry_after = response.retry_after.value_or(0);
  answered.required = list_ != nullptr;
  const bool withheld = omission_ == BodyOmission::kUnproven;
  last_status_ = static_cast<int16_t>(response.status);
  last_taken_ = response.status / 100 == 2 && !withheld;
  LogAnswer(response);
  if (response.status / 100 == 2) {
    answered.withheld = withheld;
    dialog_.OnAnswered();
    last_notify_time_ = absl::ToUnixMicros(host_.means().clock.Now());
    ++notify_count_;
    TakeRates(response);
    if (std::exchange(was_too_large_, false)) takes_no_body_ = false;  // the next may be smaller
    if (rare_ != nullptr) {
      rare_->digest.OnAnswered();
      rare_->redirected = false;
      rare_->proven = rare_->led_to;
    }
  } else if (response.failure == SendFailure::kTransport && dialog_.LeaveConnection()) {
    answered.failure = SendFailure::kNone;
    answered.can_retry = true;
  } else {
    answered.can_retry = CanRetry(response);
  }
  Apply(answered);  // may end it
}

// RATE-01: a 2xx may change the rates, as a SUBSCRIBE does. One that says nothing of them changes
// nothing: who answers with our own Event header, which has none, does not mean to take them back.
void Watcher::TakeRates(const Response& response) {
  const std::vector<std::string_view>& parameters = response.event_parameters;
  if (std::none_of(parameters.begin(), parameters.end(), IsRateWish)) return;
  state_.rate.Wish(ReadRateWishes(parameters), state_.expire_time - host_.means().clock.Now());
}

// NOT-27.
bool Watcher::CanRetry(const Response& response) {
  switch (response.status) {
    case 401:
    case 407: {
      const std::string& resource = audience().resource();
      const auto credentials = [&](std::string_view realm) {
        // AUTH-08: as whoever the resource belongs to.
        return host_.means().credentials.Lookup(
            realm, std::string_view(resource).substr(resource.find('@') + 1), resource);
      };
      return rare().digest.Accept(response.challenges, credentials).ok();
    }
    case 413:
    case 513:
      was_too_large_ = true;
      [[fallthrough]];
    case 406:
    case 415:
      return !std::exchange(takes_no_body_, true);
    default:
      break;
  }
  if (response.status / 100 != 3 || response.redirect_to.empty() || rare().redirected) return false;
  rare().redirected = true;
  rare().redirect_to = response.redirect_to.front();
  return true;
}

std::string_view Watcher::RedirectTo() const {
  return rare_ == nullptr ? std::string_view() : rare_->redirect_to;
}

Watcher::Rare& Watcher::rare() {
  if (rare_ == nullptr) rare_ = std::make_unique<Rare>(host_.means().random);
  return *rare_;
}

void Watcher::SetList(std::unique_ptr<ListView> list) { list_ = std::move(list); }

WatcherInfoSource::Progress& Watcher::progress() { return rare().progress; }

Watcher::ReportProgress& Watcher::reports() { return rare().reports; }

uint64_t Watcher::reports_taken() const {
  if (rare_ == nullptr) return 0;
  return last_taken_ ? rare_->reports.told : rare_->reports.taken;
}

std::string_view Watcher::part_told() const {
  return rare_ == nullptr || !last_taken_ ? std::string_view() : rare_->part_told;
}

std::string_view Watcher::condition() const {
  return rare_ == nullptr ? std::string_view() : rare_->condition;
}

void Watcher::DropCondition() {
  if (rare_ != nullptr) rare_->condition.clear();
}

}  // namespace sipevents::sip
