#include "sip/notifier/watcher.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sip/base/ascii.h"
#include "sip/base/uri.h"

namespace sipevents::sip {
namespace {

// The Event header of NOTIFYs: type and id as the SUBSCRIBE had them (NOT-33), other parameters of
// the package too, but not those that ask for a rate.
std::string EventText(const IncomingRequest& request) {
  std::string text(request.event_type);
  for (const std::string_view parameter : request.event_parameters) {
    if (IsRateWish(parameter)) continue;
    absl::StrAppend(&text, ";", AbslView(parameter));
  }
  return text;
}

std::string RoutesText(const std::vector<std::string>& record_route) {
  // As the one who is called, in the order received (RFC 3261 section 12.1.1).
  return absl::StrJoin(record_route, "\n");
}

// A first router that does not know of loose routing finds itself in the Request-URI, and the
// target last among the routes (RFC 3261 section 12.2.1.1).
void GoByStrictRouter(OutgoingRequest& request) {
  const std::string& first = request.route_set.front();
  const absl::StatusOr<Uri> router = ParseUri(std::string_view(first).substr(1, first.size() - 2));
  if (!router.ok() ||
      std::any_of(router->parameters.begin(), router->parameters.end(),
                  [](const auto& one) { return EqualsIgnoreCase(one.first, "lr"); })) {
    return;
  }
  request.route_set.push_back(absl::StrCat("<", request.request_uri, ">"));
  request.request_uri = router->ToString();
  request.route_set.erase(request.route_set.begin());
}

}  // namespace

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
      local_tag_(birth.local_tag),
      watcher_uri_(birth.watcher_uri),
      own_contact_(birth.contact),
      subscribe_time_(host.means().clock.Now()) {
  state_.rate = NotifyRate(birth.package_interval);
}

Watcher::~Watcher() {
  host_.means().timers.Cancel(timer_);
  if (request_ != 0) host_.means().sender.Forget(request_);
}

bool Watcher::TakeDialog(const IncomingRequest& request, const NotifyWay& way) {
  remote_cseq_ = request.cseq;
  unproven_ = way.elsewhere;
  const std::string event = EventText(request);
  const std::string routes = RoutesText(request.record_route);
  std::array<std::string_view, kTextCount> texts;
  texts[kCallId] = request.call_id;
  texts[kRemoteTag] = request.from_tag;
  texts[kLocalUri] = request.to_uri;
  texts[kRemoteUri] = request.from_uri;
  texts[kContact] = request.contact_uri;
  texts[kRoutes] = routes;
  texts[kEvent] = event;
  texts[kFirstHop] = way.first_hop;
  texts[kDisplayName] = request.from_name;
  texts[kUserAgent] = request.user_agent;
  return texts_.Set(texts);
}

bool Watcher::IsDialogOf(const IncomingRequest& request) const {
  return texts_[kCallId] == request.call_id && texts_[kRemoteTag] == request.from_tag;
}

bool Watcher::TakeNumber(const IncomingRequest& request) {
  if (request.cseq <= remote_cseq_) return false;  // RFC 3261 section 12.2.2
  remote_cseq_ = request.cseq;
  return true;
}

void Watcher::TakeTarget(const IncomingRequest& request, const NotifyWay& way) {
  takes_no_body_ = false;
  // SUBSCRIBE is a target refresh request (RFC 6665 section 3.1).
  const bool moved = texts_[kContact] != request.contact_uri || texts_[kFirstHop] != way.first_hop;
  if (!moved) return;
  texts_.Replace(kContact, request.contact_uri);
  texts_.Replace(kFirstHop, way.first_hop);
  // A route is taken from the first SUBSCRIBE only.
  if (texts_[kRoutes].empty()) unproven_ = way.elsewhere;
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
  const WatcherStep step =
      Next(state_, input, {means.clock.Now(), means.t1, means.random.Uniform()});
  if (state_.waits && !waited) state_.waits = remembered_ = host_.KeepsWaiting(*this);
  const bool is_new = !announced_ && status() != WatcherStatus::kTerminated;
  announced_ |= is_new;
  if (is_new || (announced_ && status() != before)) host_.OnWatcherChanged(*this);
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
  const RequestPriority priority =
      is_over() ? RequestPriority::kFinalNotify : RequestPriority::kNotify;
  request_ = host_.means().sender.Send(FirstHop(), priority, *this);
}

OutgoingRequest Watcher::Fill() {
  OutgoingRequest request;
  request.method = "NOTIFY";
  NotifyContent content = host_.ContentFor(*this);
  request.request_uri = std::string(texts_[kContact]);
  request.from_uri = std::string(texts_[kLocalUri]);
  request.from_tag = LocalTagText();
  request.to_uri = std::string(texts_[kRemoteUri]);
  request.to_tag = std::string(texts_[kRemoteTag]);
  request.call_id = std::string(texts_[kCallId]);
  request.cseq = ++local_cseq_;
  request.contact = *own_contact_;
  request.event = std::string(texts_[kEvent]);
  request.subscription_state = SubscriptionStateText();
  if (const std::string_view routes = texts_[kRoutes]; !routes.empty()) {
    request.route_set = absl::StrSplit(AbslView(routes), '\n');
  }
  const bool more = content.more;
  AddBody(std::move(content), request);
  if (rare_ != nullptr && !rare_->redirect_to.empty()) {
    rare_->led_to = std::exchange(rare_->redirect_to, "");
    request.request_uri = rare_->led_to;
  }
  if (!request.route_set.empty()) GoByStrictRouter(request);
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
  withheld_ = content.body.size() > kMostUnproven && !IsProven();
  if (content.is_part || rare_ != nullptr) {
    rare().part_told = content.is_part ? content.entity_tag : std::string();
  }
  if (withheld_ || (takes_no_body_ && !content.body.empty())) {
    request.entity_tag = kNoStateTag;  // of what it has now (CEN-01)
    return;
  }
  request.entity_tag = std::move(content.entity_tag);
  request.content_type = std::move(content.content_type);
  request.body = std::move(content.body);
}

// Whether somebody has answered at where the next NOTIFY goes, or it is where the watcher is.
bool Watcher::IsProven() const {
  if (unproven_ || rare_ == nullptr || rare_->redirect_to.empty()) return !unproven_;
  return rare_->redirect_to == rare_->proven || HaveSameHost(rare_->redirect_to, texts_[kContact]);
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
  last_taken_ = response.status / 100 == 2 && !withheld_;
  if (response.status / 100 == 2) {
    answered.withheld = withheld_;
    unproven_ = false;
    last_notify_time_ = host_.means().clock.Now();
    ++notify_count_;
    TakeRates(response);
    if (std::exchange(was_too_large_, false)) takes_no_body_ = false;  // the next may be smaller
    if (rare_ != nullptr) {
      rare_->digest.OnAnswered();
      rare_->redirected = false;
      rare_->proven = rare_->led_to;
    }
  } else if (response.failure == SendFailure::kTransport && LeaveConnection()) {
    answered.failure = SendFailure::kNone;
    answered.can_retry = true;
  } else {
    answered.can_retry = CanRetry(response);
  }
  Apply(answered);  // may end it
}

// Goes on without the connection that the watcher had opened; false: there is no other way.
bool Watcher::LeaveConnection() {
  const std::optional<NotifyWay> way = WayAfterConnection(texts_[kFirstHop], texts_[kContact]);
  if (!way.has_value()) return false;
  texts_.Replace(kFirstHop, way->first_hop);
  unproven_ = way->elsewhere;
  return true;
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

std::string Watcher::FirstHop() const {
  std::string_view routes = texts_[kRoutes];
  if (rare_ != nullptr && !rare_->redirect_to.empty() && routes.empty()) return rare_->redirect_to;
  if (!texts_[kFirstHop].empty()) return std::string(texts_[kFirstHop]);
  if (routes.empty()) return std::string(texts_[kContact]);
  routes = routes.substr(0, routes.find('\n'));
  return std::string(routes.substr(1, routes.size() - 2));  // without <>
}

Watcher::Rare& Watcher::rare() {
  if (rare_ == nullptr) rare_ = std::make_unique<Rare>(host_.means().random);
  return *rare_;
}

std::string Watcher::LocalTagText() const {
  return absl::StrCat(absl::Hex(local_tag_, absl::kZeroPad16));
}

std::string_view Watcher::event_parameters() const {
  const std::string_view event = texts_[kEvent];
  return event.substr(std::min(event.find(';'), event.size()));
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
