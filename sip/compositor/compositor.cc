#include "sip/compositor/compositor.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/bound_error.h"
#include "sip/base/log.h"

namespace sipevents::sip {
namespace {

// Expiries at one turn of the loop; more wait for the next one, a moment later, so that requests
// get their turn though a hundred thousand publications end at once.
constexpr int kMostExpiriesAtOnce = 500;
constexpr absl::Duration kNextTurn = absl::Milliseconds(1);

std::string_view OperationName(PublishOperation operation) {
  switch (operation) {
    case PublishOperation::kCreate:
      return "create";
    case PublishOperation::kRefresh:
      return "refresh";
    case PublishOperation::kModify:
      return "modify";
    case PublishOperation::kRemove:
      return "remove";
    case PublishOperation::kReport:
      return "report";
  }
  return "";
}

// What composition knows a publication by: the same as long as it lives.
std::string SourceOf(const Publication& publication) {
  return absl::StrCat("p", absl::Hex(publication.id));
}

}  // namespace

Compositor::Compositor(CompositorParts parts, PublishRules rules, PublicationLimits limits)
    : parts_(parts),
      rules_(std::move(rules)),
      tags_(parts.random),
      composer_(parts.random),
      table_(limits) {}

Compositor::~Compositor() {
  if (timer_ != 0) parts_.timers.Cancel(timer_);
}

RequestAnswer Compositor::OnPublish(const IncomingRequest& request, std::string_view identity) {
  Publication* current = nullptr;
  auto checked = CheckPublish(request, rules_, [&](const PublishOrder& order) {
    current = FindTagged(order, request.receive_time);
    return current != nullptr;
  });
  if (auto* answer = std::get_if<RequestAnswer>(&checked)) return std::move(*answer);
  const PublishOrder& order = std::get<PublishOrder>(checked);
  if (LogEnabled(LogSeverity::kDebug)) {
    Log(LogSeverity::kDebug, "compositor", "publish",
        {{"operation", AbslView(OperationName(order.operation))},
         {"resource", order.resource},
         {"package", PackageName(order.package)},
         {"from", AbslView(identity.empty() ? request.from_uri : identity)}});
  }
  switch (order.operation) {
    case PublishOperation::kCreate:
      return Create(request, order, identity);
    case PublishOperation::kModify:
      return Modify(request, order, *current);
    case PublishOperation::kRefresh:
      table_.SetExpireTime(*current, request.receive_time + order.expires);
      table_.Renew(*current);
      ArmTimer();
      return Success(order.expires, {current->slot, current->serial});
    case PublishOperation::kRemove: {
      PublishedResource& resource = *current->resource;
      // The tag is new, too, and nothing has it (ESC-15).
      const PublicationTags::Tag tag = {current->slot, table_.NewSerial()};
      Remove(*current);
      Recompose(resource);
      return Success(absl::ZeroDuration(), tag);
    }
    case PublishOperation::kReport:
      break;
  }
  Report(order.resource, order.package,
         {request.content_type, request.body, request.receive_time, request.receive_time});
  return Success(absl::ZeroDuration(), {0, table_.NewSerial()});
}

RequestAnswer Compositor::Create(const IncomingRequest& request, const PublishOrder& order,
                                 std::string_view identity) {
  Publication publication;
  publication.publisher = HashOfPublisher(request, identity);
  const PublicationTable::Room room =
      table_.FindRoom(order.resource, order.package, publication.publisher, request.body.size());
  if (!room.refused_by.empty()) return Refuse(room.refused_by);
  if (room.evicted != nullptr) {
    CountBound("publications_per_publisher");
    Remove(*room.evicted);
  }
  Publication& added = Add(order.resource, order.package, std::move(publication),
                           {request.content_type, request.body, request.receive_time,
                            request.receive_time + order.expires});
  table_.Renew(added);
  return Success(order.expires, {added.slot, added.serial});
}

RequestAnswer Compositor::Modify(const IncomingRequest& request, const PublishOrder& order,
                                 Publication& publication) {
  const PublicationTable::Room room = table_.FindRoom(publication, request.body.size());
  if (!room.refused_by.empty()) return Refuse(room.refused_by);
  Replace(publication, {request.content_type, request.body, request.receive_time,
                        request.receive_time + order.expires});
  table_.Renew(publication);
  return Success(order.expires, {publication.slot, publication.serial});
}

RequestAnswer Compositor::Refuse(std::string_view bound) const {
  CountBound(bound);
  RequestAnswer answer;
  answer.status = 503;
  answer.headers.emplace_back("Retry-After", absl::StrCat(kRetryAfterSeconds));
  return answer;
}

RequestAnswer Compositor::Success(absl::Duration expires, PublicationTags::Tag tag) const {
  RequestAnswer answer;
  answer.headers.reserve(2);
  answer.headers.emplace_back("Expires", absl::StrCat(absl::ToInt64Seconds(expires)));
  answer.headers.emplace_back("SIP-ETag", tags_.Text(tag));
  return answer;
}

// ESC-07: of this resource and package, the last one given, and not expired, though the timer may
// not have run yet.
Publication* Compositor::FindTagged(const PublishOrder& order, absl::Time now) {
  const auto tag = tags_.Parse(order.tag);
  if (!tag.has_value()) return nullptr;
  Publication* publication = table_.At(tag->slot);
  if (publication == nullptr || publication->serial != tag->serial) return nullptr;
  if (publication->expire_time <= now) return nullptr;
  const PublishedResource& resource = *publication->resource;
  return resource.package == order.package && resource.uri == order.resource ? publication
                                                                             : nullptr;
}

// Phones of one user and kind differ by where they say they are.
uint64_t Compositor::HashOfPublisher(const IncomingRequest& request,
                                     std::string_view identity) const {
  const std::string_view who = identity.empty() ? request.from_uri : identity;
  const uint64_t hash =
      composer_.Hash(absl::StrCat(AbslView(who), "\n", AbslView(request.user_agent), "\n",
                                  request.contact_uri, "\n", AbslView(request.source.via_host)));
  return hash == 0 ? 1 : hash;  // 0 is of our own callers
}

absl::Status Compositor::SetState(const LocalPublication& publication) {
  const auto resource = ResourceOf(publication.resource_uri, rules_.domains);
  if (!resource.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("resource_uri ", QuoteForMessage(publication.resource_uri),
                     " is not served here; expected sip:user@ one of the domains of sip_domains"));
  }
  const auto package = rules_.FindPackage(publication.event_package);
  if (!package.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("event_package ",
                                                   QuoteForMessage(publication.event_package),
                                                   " is none whose state is served here"));
  }
  return SetLocal(publication, *resource, *package);
}

absl::Status Compositor::SetLocal(const LocalPublication& local, const std::string& resource,
                                  size_t package) {
  const NewState state = {local.content_type, local.body, parts_.clock.Now(), local.expire_time};
  if (!rules_.packages[package].keeps_state) {
    if (!local.only_time) Report(resource, package, state);
    return absl::OkStatus();
  }
  if (state.expire_time <= state.now) {
    RemoveState(local.id);
    return absl::OkStatus();
  }
  Publication* before = table_.FindLocal(local.id);
  const bool same = before != nullptr && before->resource->package == package &&
                    before->resource->uri == resource;
  const PublicationTable::Room room =
      same ? table_.FindRoom(*before, local.body.size())
           : table_.FindRoom(resource, package, /*publisher=*/0, local.body.size());
  if (!room.refused_by.empty()) {  // the caller counts it
    return BoundError(
        room.refused_by,
        absl::StrCat("the bound ", AbslView(room.refused_by), " is reached; expected room for ",
                     local.body.size(), " octets of ", PackageName(package), " of ", resource));
  }
  if (same && local.only_time) {
    table_.SetExpireTime(*before, state.expire_time);
    ArmTimer();
    return absl::OkStatus();
  }
  if (same) {
    Replace(*before, state);
    return absl::OkStatus();
  }
  RemoveState(local.id);
  Publication publication;
  publication.is_local = true;
  publication.local_id = local.id;
  Add(resource, package, std::move(publication), state);
  return absl::OkStatus();
}

void Compositor::RemoveState(uint64_t id) {
  Publication* publication = table_.FindLocal(id);
  if (publication == nullptr) return;
  PublishedResource& resource = *publication->resource;
  Remove(*publication);
  Recompose(resource);
}

Publication& Compositor::Add(std::string_view resource, size_t package, Publication publication,
                             const NewState& state) {
  publication.content_type = state.content_type;
  publication.body = std::make_shared<const std::string>(state.body);
  publication.expire_time = state.expire_time;
  Publication& added = table_.Add(resource, package, std::move(publication), state.now);
  if (parts_.metrics != nullptr) parts_.metrics->OnServedPublications(PackageName(package), 1);
  ArmTimer();
  Recompose(*added.resource);
  return added;
}

void Compositor::Replace(Publication& publication, const NewState& state) {
  table_.SetBody(publication, state.content_type, std::make_shared<const std::string>(state.body),
                 state.now);
  table_.SetExpireTime(publication, state.expire_time);
  ArmTimer();
  Recompose(*publication.resource);
}

void Compositor::Remove(Publication& publication) {
  if (parts_.metrics != nullptr) {
    parts_.metrics->OnServedPublications(PackageName(publication.resource->package), -1);
  }
  table_.Remove(publication);
}

void Compositor::Report(std::string_view resource, size_t package, const NewState& state) {
  if (rules_.packages[package].keeps_state) return;
  const std::string& name = PackageName(package);
  const uint64_t serial = table_.NewSerial();
  const std::string source = absl::StrCat("r", absl::Hex(serial));
  const ComposedStatePtr report =
      composer_.Report(name, resource, {source, state.content_type, state.body, state.now}, serial);
  if (!reports_.Put(resource, name, report, state.now)) CountBound("sip_reports");
  if (listener_ != nullptr) listener_->OnStateChanged(resource, name, report);
}

ComposedStatePtr Compositor::ComposedOf(const PublishedResource& resource,
                                        absl::Span<const PublishedState> states,
                                        const ComposedStatePtr& before) {
  const std::string& package = PackageName(resource.package);
  const auto known = shown_ids_.find(&resource);
  // Most resources have one publication, whose ids stay.
  if (states.size() == 1 && known == shown_ids_.end()) {
    return composer_.Composed(package, resource.uri, states, before, nullptr);
  }
  ShownIds shown;
  if (known != shown_ids_.end()) {
    shown = std::move(known->second);
    shown_ids_.erase(known);
  }
  if (states.empty()) return composer_.Neutral(package, resource.uri);
  ComposedStatePtr composed = composer_.Composed(package, resource.uri, states, before, &shown);
  if (!shown.empty()) shown_ids_.emplace(&resource, std::move(shown));
  return composed;
}

void Compositor::Recompose(PublishedResource& resource) {
  const std::string& package = PackageName(resource.package);
  absl::InlinedVector<std::string, 4> sources;
  absl::InlinedVector<PublishedState, 4> states;
  sources.reserve(resource.slots.size());  // `states` has views of these
  for (const uint32_t slot : resource.slots) {
    const Publication& publication = *table_.At(slot);
    sources.push_back(SourceOf(publication));
    states.push_back(
        {sources.back(), publication.content_type, *publication.body, publication.publish_time});
  }
  const ComposedStatePtr before =
      resource.composed != nullptr ? resource.composed : composer_.Neutral(package, resource.uri);
  resource.composed = ComposedOf(resource, states, before);
  if (states.size() == 1) {
    Publication& only = *table_.At(resource.slots.front());
    const std::string& body = resource.composed->full.body;
    if (*only.body == body) only.body = {resource.composed, &body};
  }
  if (resource.composed->entity_tag != before->entity_tag) Tell(resource);
  table_.DropIfEmpty(resource);
}

void Compositor::Tell(const PublishedResource& resource) {
  if (listener_ == nullptr) return;
  listener_->OnStateChanged(resource.uri, PackageName(resource.package), resource.composed);
}

void Compositor::CountBound(std::string_view bound) const {
  if (parts_.metrics != nullptr) parts_.metrics->OnBoundReached(bound);
}

ComposedStatePtr Compositor::Current(std::string_view resource, std::string_view event_package) {
  const auto package = rules_.FindPackage(event_package);
  if (!package.has_value()) return Neutral(resource, event_package);
  if (!rules_.packages[*package].keeps_state) {
    const auto report = reports_.Newest(resource, event_package, parts_.clock.Now());
    return report != nullptr ? report : Neutral(resource, event_package);
  }
  const PublishedResource* published = table_.FindResource(resource, *package);
  return published != nullptr ? published->composed : Neutral(resource, event_package);
}

ComposedStatePtr Compositor::Neutral(std::string_view resource, std::string_view event_package) {
  return composer_.Neutral(event_package, resource);
}

bool Compositor::KeepsState(std::string_view event_package) const {
  const auto package = rules_.FindPackage(event_package);
  return !package.has_value() || rules_.packages[*package].keeps_state;
}

NumberedReport Compositor::NextReport(std::string_view resource, std::string_view event_package,
                                      uint64_t after) const {
  return reports_.Next(resource, event_package, after, parts_.clock.Now());
}

// A timer that runs before its time costs less than one that is set anew at each refresh.
void Compositor::ArmTimer() {
  const absl::Time next = table_.NextExpireTime();
  if (next == absl::InfiniteFuture() || (timer_ != 0 && timer_due_ <= next)) return;
  if (timer_ != 0) parts_.timers.Cancel(timer_);
  timer_due_ = next;
  timer_ = parts_.timers.At(next, [this] { Expire(); });
}

// ESC-20.
void Compositor::Expire() {
  timer_ = 0;
  const absl::Time now = parts_.clock.Now();
  for (int i = 0; i < kMostExpiriesAtOnce && table_.NextExpireTime() <= now; ++i) {
    PublishedResource& resource = *table_.FirstToExpire()->resource;
    // Those of one resource that end together are told of together.
    const auto slots = resource.slots;
    for (const uint32_t slot : slots) {
      if (table_.At(slot)->expire_time <= now) Remove(*table_.At(slot));
    }
    Recompose(resource);
  }
  const absl::Time next = table_.NextExpireTime();
  if (next == absl::InfiniteFuture()) return;
  timer_due_ = std::max(next, now + kNextTurn);
  timer_ = parts_.timers.At(timer_due_, [this] { Expire(); });
}

}  // namespace sipevents::sip
