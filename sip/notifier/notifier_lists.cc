#include <utility>

#include "sip/base/ascii.h"
#include "sip/compose/resource_list_reader.h"
#include "sip/notifier/notifier.h"

// The part of Notifier that serves lists (RFC 4662, RFC 5367).

namespace sipevents::sip {

Notifier::WantedList Notifier::FindList(const IncomingRequest& request,
                                        const std::string& resource) const {
  WantedList wanted;
  const bool required = HasTag(request.require, "recipient-list-subscribe");
  const bool named = required || EqualsIgnoreCase(request.content_disposition, "recipient-list");
  const bool brings_list = named && IsResourceLists(request.content_type);
  // No package here gives a body another meaning (PKG-03); RFC 4660's filters are not known.
  if (!request.body.empty() && !brings_list && !request.body_is_optional) return {RefuseBody(), {}};
  if (!request.body.empty() && brings_list) {
    const auto entries = ReadResourceLists(request.body, ListTable::kMaxMembers);
    if (!entries.ok()) return {RefuseList(entries.status()), {}};
    auto list = std::make_shared<ServedList>();
    list->uri = resource;
    for (const ResourceListEntry& entry : *entries)
      list->members.push_back({entry.uri, entry.name});
    wanted.list = std::move(list);
  } else if (required || (named && request.body.empty())) {
    return {RequestAnswer{400, {}, "Missing List"}, {}};
  } else {
    wanted.list = lists_.Find(resource);
  }
  if (wanted.list == nullptr) return wanted;
  if (!HasTag(request.supported, "eventlist") && !HasTag(request.require, "eventlist")) {
    wanted.refusal = RequestAnswer{421, {{"Require", "eventlist"}}};  // RLS-02
  } else if (request.has_accept && (WantedQ(request, "multipart/related") == 0 ||
                                    WantedQ(request, "application/rlmi+xml") == 0)) {
    wanted.refusal = RequestAnswer{406, {}};
  }
  return wanted;
}

std::unique_ptr<ListView> Notifier::NewView(const std::shared_ptr<const ServedList>& list,
                                            Watcher& watcher) {
  const std::string& package = watcher.audience().event_package();
  return std::make_unique<ListView>(
      list, package,
      ListView::Parts{.states = parts_.states,
                      .watcher_uri = watcher.watcher_uri(),
                      .audience_of = [this, &package](const std::string& uri) -> Audience* {
                        const std::optional<std::string> resource =
                            ResourceOf(uri, options_.domains);
                        return resource.has_value() ? &AudienceOf(*resource, package) : nullptr;
                      },
                      .on_left = [this](Audience& audience) { LeaveAudience(audience); },
                      .decide =
                          [this, &package, &watcher](const std::string& resource) {
                            return parts_.policy.Decide(resource, package, watcher.watcher_uri());
                          },
                      .on_changed = [&watcher] { watcher.OnPartChanged(); }});
}

absl::Status Notifier::SetList(const ServedList& list) {
  const std::shared_ptr<const ServedList> before = lists_.Find(list.uri);
  if (absl::Status set = lists_.Set(list); !set.ok()) return set;
  const std::shared_ptr<const ServedList> served = lists_.Find(list.uri);
  ForEachOfList(before.get(), [&](Watcher& watcher) { watcher.list()->Replace(served); });
  return absl::OkStatus();
}

void Notifier::RemoveList(const std::string& uri) {
  const std::shared_ptr<const ServedList> before = lists_.Find(uri);
  lists_.Remove(uri);
  ForEachOfList(before.get(), [](Watcher& watcher) { watcher.End(WatcherEnd::kNoResource); });
}

// Those who watch it by its name; not those who brought a list of their own to the same name.
void Notifier::ForEachOfList(const ServedList* list, const std::function<void(Watcher&)>& visit) {
  if (list == nullptr) return;
  for (const std::string& package : options_.limits.packages) {
    Audience* const audience = FindAudience(list->uri, package);
    if (audience == nullptr) continue;
    audience->ForEach([&](AudienceMember& member) {
      auto* const watcher = dynamic_cast<Watcher*>(&member);
      if (watcher == nullptr || watcher->list() == nullptr || watcher->is_over()) return;
      if (&watcher->list()->list() == list) visit(*watcher);
    });
  }
}

}  // namespace sipevents::sip
