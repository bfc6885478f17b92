#include "sip/notifier/notifier.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/uri.h"
#include "sip/compose/composition.h"

namespace sipevents::sip {
namespace {

constexpr int kRetryAfterSeconds = 60;
constexpr size_t kTagDigits = 16;
// PKG-04, PKG-11: what the packages say of time.
// A caller of ours watches until it says that it does no more.
constexpr absl::Duration kLocalDuration = absl::Hours(24 * 365 * 10);
constexpr absl::Duration kPackageDefault = absl::Hours(1);
constexpr absl::Duration kPresenceInterval = absl::Seconds(5);
constexpr absl::Duration kUsualInterval = absl::Seconds(1);

RequestAnswer Unavailable() { return {503, {{"Retry-After", absl::StrCat(kRetryAfterSeconds)}}}; }

// The `id` among parameters like `;id=7;x=y`; nullopt: none.
std::optional<std::string_view> IdOf(std::string_view parameters) {
  const size_t at = parameters.find(";id=");
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = parameters.substr(at + 4);
  return rest.substr(0, rest.find(';'));
}

}  // namespace

Notifier::Notifier(NotifierOptions options, Parts parts)
    : options_(std::move(options)),
      parts_(std::move(parts)),
      watcher_info_(
          [this](const std::string& resource, const std::string& event_package,
                 const std::string& after, size_t limit) {
            return List({resource, event_package, ""}, after, limit);
          },
          [this](const std::string& resource, std::string_view event_package) {
            const Audience* const audience = FindAudience(resource, event_package);
            return audience == nullptr ? 0 : audience->revision();
          }),
      contents_(parts_.states, watcher_info_, parts_.means.clock),
      // Numbers of this process follow those of the one before.
      last_number_(static_cast<uint64_t>(absl::ToUnixMillis(parts_.means.clock.Now())) << 8),
      last_revision_(last_number_),
      observers_(parts_.means.clock, parts_.means.timers,
                 [this](const WatcherFilter& filter, uint64_t number) {
                   return SliceAfter(filter, number);
                 }) {}

Notifier::~Notifier() {
  parts_.means.timers.Cancel(flush_timer_);
  watchers_.clear();  // before their audiences
}

RequestAnswer Notifier::OnSubscribe(const IncomingRequest& request, const std::string& identity) {
  if (!request.to_tag.empty()) return OnRefresh(request, identity);
  return Begin(request,
               {.watcher_uri = WatcherUriOf(request, identity), .way = NotifyWayOf(request)});
}

RequestAnswer Notifier::OnLocalSubscribe(const IncomingRequest& request,
                                         const std::string& first_hop) {
  return Begin(request,
               {.watcher_uri = WatcherUriOf(request, ""), .way = {first_hop}, .local = true});
}

void Notifier::Drop(uint64_t local_tag) {
  const auto it = watchers_.find(local_tag);
  if (it != watchers_.end()) it->second->Subscribed({.view = it->second->view(), .quiet = true});
}

RequestAnswer Notifier::Begin(const IncomingRequest& request, const Origin& origin) {
  if (auto refusal = RefuseEvent(request, options_.limits)) return *std::move(refusal);
  const std::optional<std::string> resource = ResourceOf(request.request_uri, options_.domains);
  if (!resource.has_value()) return {404, {}};
  Watcher::Grant grant;
  if (auto refusal = Judge(request, request.event_type, grant)) return *std::move(refusal);
  const bool led = origin.local || !request.record_route.empty();
  if (auto refusal = RefuseWay(request, origin.way, led)) return *std::move(refusal);
  if (origin.local && grant.duration > absl::ZeroDuration()) grant.duration = kLocalDuration;
  WantedList wanted = FindList(request, *resource);
  if (wanted.refusal.has_value()) return *std::move(wanted.refusal);
  const WatcherDecision decision =
      parts_.policy.Decide(*resource, std::string(request.event_type), origin.watcher_uri);
  if (decision == WatcherDecision::kDeny) return {403, {}};
  grant.view = ViewOf(decision);
  if (on_idle_ != nullptr) return Unavailable();
  Audience& audience = AudienceOf(*resource, request.event_type);
  if (auto refusal = MakeRoom(audience, origin.watcher_uri)) {
    LeaveAudience(audience);
    return *std::move(refusal);
  }
  Watcher& watcher = AddWatcher(request, origin, audience);
  if (!watcher.dialog().Begin(request, origin.way)) {
    OnGone(watcher);
    return {513, {}};
  }
  ReplaceWaiting(watcher);
  if (!parts_.states.KeepsState(audience.event_package())) {
    watcher.SkipReports(parts_.states.LastReport());
  }
  if (wanted.list != nullptr) watcher.SetList(NewView(wanted.list, watcher));
  watcher.Subscribed(grant);
  return Accepted(watcher, grant);
}

Watcher& Notifier::AddWatcher(const IncomingRequest& request, const Origin& origin,
                              Audience& audience) {
  const bool secure = absl::StartsWithIgnoreCase(request.request_uri, "sips:");
  const Watcher::Birth birth{
      .number = ++last_number_,
      .local_tag = parts_.means.random.Next(),
      .watcher_uri = Intern(origin.watcher_uri),
      .contact = Intern(origin.local ? "" : parts_.contact_for(request.source, secure)),
      .package_interval =
          origin.local ? absl::ZeroDuration() : IntervalOf(audience.event_package())};
  auto made = std::make_unique<Watcher>(audience, *this, birth);
  Watcher& watcher = *made;
  watchers_.emplace(birth.local_tag, std::move(made));
  by_number_.emplace(birth.number, &watcher);
  ++counts_[{birth.watcher_uri, &audience}];
  if (parts_.metrics != nullptr) parts_.metrics->OnWatchers(audience.event_package(), 1);
  if (const auto base = BaseOfTemplate(audience.event_package()); !base.empty()) {
    watcher_info_.Keep(audience.resource(), std::string(base), true);
  }
  return watcher;
}

RequestAnswer Notifier::OnRefresh(const IncomingRequest& request, const std::string& identity) {
  Watcher* const watcher = FindWatcher(request);
  if (watcher == nullptr || watcher->is_over()) return {481, {}};  // NOT-39, TOR-16
  if (auto refusal = RefuseEvent(request, options_.limits)) return *std::move(refusal);
  if (request.event_type != watcher->audience().event_package() ||
      request.event_id != IdOf(watcher->dialog().event_parameters())) {
    return {403, {}, "Dialog Sharing Unsupported"};  // NOT-37
  }
  if (!identity.empty() && identity != watcher->watcher_uri()) return {403, {}};
  if (!watcher->dialog().TakeNumber(request)) return {500, {}, "CSeq out of order"};
  Watcher::Grant grant;
  const Audience& audience = watcher->audience();
  if (auto refusal = Judge(request, audience.event_package(), grant)) return *std::move(refusal);
  if (!request.body.empty() && !request.body_is_optional) return RefuseBody();
  const WatcherDecision decision =
      parts_.policy.Decide(audience.resource(), audience.event_package(), watcher->watcher_uri());
  if (decision == WatcherDecision::kDeny) {  // NOT-40
    watcher->End(WatcherEnd::kRejected);
    return {403, {}};
  }
  const NotifyWay way = NotifyWayOf(request);
  if (auto refusal = RefuseWay(request, way, watcher->dialog().is_routed()))
    return *std::move(refusal);
  watcher->TakeTarget(request, way);
  grant.view = ViewOf(decision);
  const bool same_view = grant.view == watcher->view();
  RequestAnswer answer = Accepted(*watcher, grant);
  grant.quiet = same_view && contents_.Holds(grant.condition, *watcher, grant.view);
  if (grant.quiet) answer.status = 204;
  watcher->Subscribed(grant);  // may end it
  return answer;
}

std::optional<RequestAnswer> Notifier::Judge(const IncomingRequest& request,
                                             std::string_view package,
                                             Watcher::Grant& grant) const {
  const std::optional<WatcherFormat> format =
      ChooseFormat(request, NotifiedTypes(package), options_.limits.strict);
  if (!format.has_value()) return RequestAnswer{406, {}};
  GrantedTime time = GrantTime(request, kPackageDefault, options_.limits);
  if (time.refusal.has_value()) return std::move(time.refusal);
  Condition condition = ReadCondition(request);
  if (condition.refusal.has_value()) return std::move(condition.refusal);
  grant.duration = time.duration;
  grant.format = *format;
  grant.rate = ReadRateWishes(request.event_parameters);
  grant.condition = std::move(condition.tag);
  return std::nullopt;
}

// Of NOTIFYs that would get nowhere. `led`: somebody takes them on who knows where the Contact is.
std::optional<RequestAnswer> Notifier::RefuseWay(const IncomingRequest& request,
                                                 const NotifyWay& way, bool led) const {
  if (led) return std::nullopt;
  const std::string& first_hop = way.first_hop.empty() ? request.contact_uri : way.first_hop;
  return RefuseTarget(parts_.means.sender.CheckFirstHop(first_hop));
}

RequestAnswer Notifier::Accepted(const Watcher& watcher, const Watcher::Grant& grant) const {
  RequestAnswer answer;
  answer.headers = {{"Contact", absl::StrCat("<", watcher.own_contact(), ">")},
                    {"Expires", absl::StrCat(absl::ToInt64Seconds(grant.duration))},
                    {"Allow-Events", options_.limits.allow_events}};
  if (watcher.list() != nullptr) answer.headers.emplace_back("Require", "eventlist");
  answer.to_tag = watcher.dialog().LocalTagText();
  return answer;
}

// SEC-08.
std::optional<RequestAnswer> Notifier::MakeRoom(const Audience& audience,
                                                const std::string& watcher_uri) {
  if (watchers_.size() >= options_.max_watchers) {
    if (parts_.metrics != nullptr) parts_.metrics->OnBoundReached("sip_watchers");
    return Unavailable();
  }
  const auto text = texts_.find(watcher_uri);
  if (text == texts_.end()) return std::nullopt;
  const auto count = counts_.find({&text->first, &audience});
  if (count == counts_.end() || count->second < options_.max_per_watcher) return std::nullopt;
  if (parts_.metrics != nullptr) parts_.metrics->OnBoundReached("sip_subscriptions_of_watcher");
  Watcher* oldest = nullptr;
  const_cast<Audience&>(audience).ForEach([&](AudienceMember& member) {
    auto* const watcher = dynamic_cast<Watcher*>(&member);
    if (watcher == nullptr || watcher->is_over() || &watcher->watcher_uri() != &text->first) return;
    if (oldest == nullptr || watcher->number() < oldest->number()) oldest = watcher;
  });
  if (oldest != nullptr) oldest->End(WatcherEnd::kTimeout);
  return std::nullopt;
}

// Without a proof it is whom From says.
std::string Notifier::WatcherUriOf(const IncomingRequest& request,
                                   const std::string& identity) const {
  if (!identity.empty()) return identity;
  if (const auto ours = ResourceOf(request.from_uri, options_.domains)) return *ours;
  const absl::StatusOr<std::string> canonical = CanonicalTarget(request.from_uri, "");
  return canonical.ok() ? *canonical : request.from_uri;
}

absl::Duration Notifier::IntervalOf(std::string_view event_package) const {
  // Of reports each is told: to wait would only make them more.
  if (!parts_.states.KeepsState(event_package)) return absl::ZeroDuration();
  if (options_.notify_interval.has_value()) return *options_.notify_interval;
  if (event_package == "presence" || event_package.ends_with(".winfo")) return kPresenceInterval;
  return kUsualInterval;
}

Watcher* Notifier::FindWatcher(const IncomingRequest& request) const {
  uint64_t tag = 0;
  if (request.to_tag.size() != kTagDigits || !absl::SimpleHexAtoi(AbslView(request.to_tag), &tag)) {
    return nullptr;
  }
  const auto it = watchers_.find(tag);
  if (it == watchers_.end() || !it->second->dialog().IsDialogOf(request)) return nullptr;
  return it->second.get();
}

}  // namespace sipevents::sip
