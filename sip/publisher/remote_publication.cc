#include "sip/publisher/remote_publication.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sip/base/ascii.h"
#include "sip/base/log.h"
#include "sip/base/uri.h"

namespace sipevents::sip {
namespace {

constexpr char kMethod[] = "PUBLISH";
constexpr size_t kCallIdDigits = 32;
constexpr size_t kTagDigits = 16;
constexpr absl::Duration kDefaultExpires = absl::Hours(1);

std::string HostOf(const std::string& uri) {
  absl::StatusOr<Uri> parsed = ParseUri(uri);
  return parsed.ok() ? parsed->host : std::string();
}

PublicationState StateOf(EpaPhase phase, bool is_held) {
  switch (phase) {
    case EpaPhase::kPublishing:
      return PublicationState::kPublishing;
    case EpaPhase::kActive:
      return PublicationState::kActive;
    case EpaPhase::kRetrying:
      return PublicationState::kRetrying;
    case EpaPhase::kRemoving:
      return is_held ? PublicationState::kActive : PublicationState::kRetrying;
    case EpaPhase::kEnded:
      break;
  }
  return PublicationState::kEnded;
}

// Whether an observer who was told one status should be told the other.
bool IsNews(const PublicationStatus& told, const PublicationStatus& now) {
  PublicationStatus same = now;
  if (absl::AbsDuration(now.sip_expire_time - told.sip_expire_time) < absl::Seconds(2)) {
    same.sip_expire_time = told.sip_expire_time;
  }
  return same != told;
}

}  // namespace

RemotePublication::RemotePublication(const PublisherParts& parts, PublishTurns& turns,
                                     DigestCache& digests, PublishRequest request,
                                     std::shared_ptr<PublicationObserver> observer,
                                     std::function<void()> on_ended)
    : parts_(parts),
      turns_(turns),
      digests_(digests),
      request_(std::move(request)),
      observer_(std::move(observer)),
      on_ended_(std::move(on_ended)),
      wire_uri_(WireRequestUri(request_.target_uri)),
      host_(HostOf(wire_uri_)),
      call_id_(RandomHex(parts.random, kCallIdDigits)),
      tag_(RandomHex(parts.random, kTagDigits)) {
  if (request_.identity.empty()) request_.identity = parts_.identity;
}

RemotePublication::~RemotePublication() {
  Cancel();
  parts_.timers.Cancel(timer_);
  if (digest_is_good_) digests_.Put(DigestKey(), std::move(digest_));
  if (began_ && state_.phase != EpaPhase::kEnded && parts_.metrics != nullptr) {
    parts_.metrics->OnPublishing(EpaPhaseName(state_.phase), -1);
  }
}

EpaContext RemotePublication::Context() const {
  return {parts_.clock.Now(), parts_.t1, parts_.retry_base, parts_.random};
}

void RemotePublication::Start() {
  digest_ = digests_.Take(DigestKey());
  const absl::Duration expires =
      parts_.expires > absl::ZeroDuration() ? parts_.expires : kDefaultExpires;
  const bool is_event = parts_.is_event && parts_.is_event(request_.event_package);
  Apply(BeginPublication(expires, request_.expire_time, is_event, Context()));
}

void RemotePublication::Refuse(std::string_view reason) {
  EpaState state;
  state.phase = EpaPhase::kEnded;
  state.reason = std::string(reason);
  Apply({std::move(state), false, /*failed=*/true});
}

void RemotePublication::Modify(std::string content_type, std::string body) {
  request_.content_type = std::move(content_type);
  request_.body = std::move(body);
  Apply(OnModified(state_, Context()));
}

void RemotePublication::RefuseModify() { Apply(OnModifyRefused(state_, "overload")); }

void RemotePublication::SetExpireTime(absl::Time expire_time) {
  Apply(OnExpireTimeMoved(state_, expire_time, Context()));
}

void RemotePublication::Unpublish(absl::Time latest) {
  // One that still waits for its turn need not be sent.
  if (state_.outstanding && !filled_ && !state_.removing) {
    Cancel();
    OnPublishCancelled(state_);
  }
  Apply(OnUnpublished(state_, latest, Context()));
}

void RemotePublication::Cancel() {
  if (request_id_ != 0) parts_.sender.Forget(std::exchange(request_id_, 0));
  waiting_since_ = absl::InfinitePast();
  turns_.Leave(wire_uri_, *this);
}

void RemotePublication::Apply(EpaStep step) {
  const EpaState before = std::exchange(state_, std::move(step.state));
  if (parts_.metrics != nullptr && (before.phase != state_.phase || !began_)) {
    if (began_) parts_.metrics->OnPublishing(EpaPhaseName(before.phase), -1);
    if (state_.phase != EpaPhase::kEnded) {
      parts_.metrics->OnPublishing(EpaPhaseName(state_.phase), 1);
    }
  }
  began_ = true;
  LogStep(before, step.failed);
  ArmTimer();
  if (step.send) {
    challenges_ = 0;
    filled_ = false;
    waiting_since_ = parts_.clock.Now();
    turns_.Ask(wire_uri_, *this);
  }
  TellStatus();
  if (state_.phase != EpaPhase::kEnded || observer_ == nullptr) return;
  std::exchange(observer_, nullptr)->OnEnded();
  const std::function<void()> on_ended = std::move(on_ended_);
  on_ended();  // may destroy this
}

void RemotePublication::ArmTimer() {
  parts_.timers.Cancel(std::exchange(timer_, 0));
  const absl::Time deadline = NextDeadline(state_);
  if (deadline == absl::InfiniteFuture()) return;
  timer_ = parts_.timers.At(deadline, [this] {
    timer_ = 0;
    Apply(OnEpaTick(state_, Context()));
  });
}

// ---- Sending

void RemotePublication::OnTurn() { Transmit(); }

void RemotePublication::Transmit() {
  filled_ = false;
  waiting_since_ = parts_.clock.Now();
  const RequestPriority priority =
      state_.removing ? RequestPriority::kUnsubscribe : RequestPriority::kPublish;
  // OnSent() may come first.
  request_id_ = parts_.sender.Send(FirstHop(), priority, *this);
}

std::string RemotePublication::FirstHop() const {
  if (const std::string& route = parts_.outbound_route; route.size() > 2) {
    return route.substr(1, route.size() - 2);
  }
  return target_.empty() ? wire_uri_ : target_;
}

OutgoingRequest RemotePublication::Fill() {
  filled_ = true;
  PublishContent content = FillPublish(state_, parts_.clock.Now());
  OutgoingRequest request;
  request.method = kMethod;
  request.request_uri = target_.empty() ? wire_uri_ : target_;
  request.from_uri = request_.identity;
  request.from_tag = tag_;
  request.to_uri = wire_uri_;
  request.call_id = call_id_;
  request.cseq = ++cseq_;
  request.event = request_.event_package;
  request.expires = content.expires;
  request.if_match = std::move(content.if_match);
  if (content.with_body) {
    request.content_type = request_.content_type;
    request.body = request_.body;
  }
  if (!parts_.outbound_route.empty()) request.route_set = {parts_.outbound_route};
  // Whoever a redirection leads to is not who the credentials are for.
  if (digest_ == nullptr || !target_.empty()) return request;
  for (const auto& header : digest_->Authorize(kMethod, request.request_uri, request.body)) {
    request.authorization.emplace_back(header.proxy ? "Proxy-Authorization" : "Authorization",
                                       header.value);
  }
  return request;
}

void RemotePublication::OnServer(std::string_view server) {
  if (server_ != server) server_ = std::string(server);
}

void RemotePublication::OnSent() {
  waiting_since_ = absl::InfinitePast();
  // From within Apply() the status is told there.
  if (told_.has_value() && told_->waiting_since != absl::InfinitePast()) TellStatus();
}

// ---- Answers

void RemotePublication::OnFinal(const Response& response) {
  request_id_ = 0;
  waiting_since_ = absl::InfinitePast();
  if (GoesAgain(response)) {
    Transmit();
    return;
  }
  LogRefusal(response);
  CountDeviations(response);
  PublishAnswered answer{.status = response.status,
                         .failure = FailureOf(response),
                         .tag = std::string(response.entity_tag),
                         .granted = response.expires,
                         .min_expires = response.min_expires,
                         .retry_after = response.retry_after};
  // Where a redirection led to nobody, it is the redirection that was refused.
  if (redirections_ != nullptr && response.made_here) {
    answer.status = 300;
    answer.failure = SendFailure::kNone;
  }
  redirections_.reset();
  target_.clear();
  turns_.Leave(wire_uri_, *this);
  Apply(OnPublishAnswered(state_, answer, Context()));
}

bool RemotePublication::GoesAgain(const Response& response) {
  // Nothing would be left to say (see FillPublish()).
  if (state_.removing && state_.tag.empty()) return false;
  const bool challenged = response.status == 401 || response.status == 407;
  if (!response.made_here && !challenged && digest_ != nullptr && target_.empty()) {
    digest_->OnAnswered();
    digest_is_good_ = true;
  }
  if (challenged) return !response.made_here && target_.empty() && MeetsChallenge(response);
  return FollowsRedirection(response);
}

bool RemotePublication::MeetsChallenge(const Response& response) {
  digest_is_good_ = false;
  if (challenges_ >= kMostChallenges) return false;
  ++challenges_;
  if (digest_ == nullptr) digest_ = std::make_unique<ClientDigestSession>(parts_.random);
  const absl::Status met = digest_->Accept(response.challenges, [this](std::string_view realm) {
    return parts_.credentials.Lookup(realm, host_, request_.identity);
  });
  if (met.ok()) return true;
  Log(LogSeverity::kWarning, "publisher", "challenge not met",
      {{"target", request_.target_uri}, {"error", met.message()}});
  return false;
}

// Goes to the next place that a 3xx named: of this response, or of an earlier one whose place
// turned out to fail.
bool RemotePublication::FollowsRedirection(const Response& response) {
  const bool redirected =
      !response.made_here && response.status / 100 == 3 && response.status != 305;
  if (redirected) {
    if (redirections_ == nullptr) redirections_ = std::make_unique<Redirections>(wire_uri_);
    redirections_->Offer(response.redirect_to);
  }
  if (redirections_ == nullptr || (!redirected && !response.made_here)) return false;
  std::optional<std::string> next = redirections_->Next();
  if (!next.has_value()) return false;
  Log(LogSeverity::kInfo, "publisher", "redirected",
      {{"target", request_.target_uri}, {"to", *next}});
  target_ = *std::move(next);
  return true;
}

// Who asks whom: what a session of the digest cache is good for.
std::string RemotePublication::DigestKey() const {
  return absl::StrCat(host_, " ", request_.identity);
}

void RemotePublication::CountDeviations(const Response& response) const {
  const bool removed = state_.under_way == EpaOperation::kRemove;
  if (parts_.metrics == nullptr || response.status / 100 != 2 || removed) return;
  if (response.entity_tag.empty()) parts_.metrics->OnDeviation("EPA-17");
  if (!response.expires.has_value()) parts_.metrics->OnDeviation("EPA-12");
}

// ---- What others see

PublicationStatus RemotePublication::Status() const {
  PublicationStatus status;
  status.state = StateOf(state_.phase, parts_.clock.Now() < state_.held_until);
  status.reason = state_.reason;
  status.sip_status = state_.sip_status;
  status.retry_time = state_.retry_at;
  status.sip_expire_time = state_.held_until;
  status.waiting_since = waiting_since_;
  status.accepted_revision = state_.accepted_revision;
  return status;
}

void RemotePublication::TellStatus() {
  if (observer_ == nullptr) return;
  PublicationStatus status = Status();
  if (told_.has_value() && !IsNews(*told_, status)) return;
  told_ = std::move(status);
  observer_->OnStatus(*told_);
}

void RemotePublication::LogRefusal(const Response& response) const {
  if (response.status < 300 || response.made_here || !LogEnabled(LogSeverity::kInfo)) return;
  Log(LogSeverity::kInfo, "publisher", "refused",
      {{"target", request_.target_uri},
       {"event", request_.event_package},
       {"operation", AbslView(EpaOperationName(state_.under_way.value_or(EpaOperation::kInitial)))},
       {"sip_status", response.status},
       {"accept", absl::StrJoin(response.accept, ", ")},
       {"allow", response.allow},
       {"allow_events", response.allow_events}});
}

void RemotePublication::LogStep(const EpaState& before, bool failed) const {
  if (failed) {
    const absl::Duration wait = state_.retry_at - parts_.clock.Now();
    const bool tries_again = state_.phase != EpaPhase::kEnded && wait > absl::ZeroDuration();
    Log(LogSeverity::kWarning, "publisher", "publish failed",
        {{"target", request_.target_uri},
         {"event", request_.event_package},
         {"server", server_},
         {"reason", state_.reason},
         {"sip_status", state_.sip_status},
         {"retry_in", tries_again ? absl::FormatDuration(absl::Ceil(wait, absl::Milliseconds(100)))
                                  : "never"}});
  }
  if (before.phase == state_.phase || !LogEnabled(LogSeverity::kInfo)) return;
  Log(LogSeverity::kInfo, "publisher", "moved",
      {{"target", request_.target_uri},
       {"event", request_.event_package},
       {"from", AbslView(EpaPhaseName(before.phase))},
       {"to", AbslView(EpaPhaseName(state_.phase))}});
}

}  // namespace sipevents::sip
