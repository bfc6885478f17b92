#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/notifier/notifier.h"

// The part of Notifier that knows who watches what, and tells them.

namespace sipevents::sip {
namespace {

// NOTIFYs that are written in one go, before what came in meanwhile is looked at.
constexpr size_t kMostAtOnce = 128;
// Watchers that an observer is told of in one go: about a millisecond.
constexpr size_t kMostObserved = 1000;

// Of a watcher with this id; 0, which none has: there is no such id.
uint64_t NumberOf(std::string_view id) {
  uint64_t number = 0;
  return id.starts_with('w') && absl::SimpleAtoi(AbslView(id.substr(1)), &number) ? number : 0;
}

}  // namespace

Audience* Notifier::FindAudience(std::string_view resource, std::string_view event_package) const {
  const auto it = audiences_.find(AudienceView(resource, event_package));
  return it == audiences_.end() ? nullptr : it->second.get();
}

Audience& Notifier::AudienceOf(std::string_view resource, std::string_view event_package) {
  if (Audience* const found = FindAudience(resource, event_package)) return *found;
  AudienceKey key(resource, event_package);
  auto made = std::make_unique<Audience>(key.first, key.second);
  return *audiences_.emplace(std::move(key), std::move(made)).first->second;
}

const std::string* Notifier::Intern(const std::string& text) {
  const auto it = texts_.try_emplace(text, 0).first;
  ++it->second;
  return &it->first;
}

void Notifier::Release(const std::string* text) {
  const auto it = texts_.find(*text);
  if (--it->second == 0) texts_.erase(it);
}

void Notifier::OnRule(const std::string& resource_uri, const std::string& event_package,
                      const std::string& watcher_uri) {
  Audience* const audience = FindAudience(resource_uri, event_package);
  if (audience == nullptr) return;
  const WatcherDecision decision = parts_.policy.Decide(resource_uri, event_package, watcher_uri);
  audience->ForEach([&](AudienceMember& member) {
    if (!member.IsOf(watcher_uri)) return;
    auto* const watcher = dynamic_cast<Watcher*>(&member);
    if (watcher == nullptr) {
      member.OnDecided();  // it stands in a list, which shows another state of it now
      return;
    }
    if (watcher->is_over() && !watcher->waits()) {
      watcher->LimitView(ViewOf(decision));
      return;
    }
    if (decision == WatcherDecision::kDeny) {
      watcher->End(WatcherEnd::kRejected);
    } else {
      if (!parts_.states.KeepsState(event_package)) {
        watcher->SkipReports(parts_.states.LastReport());
      }
      watcher->Decide(ViewOf(decision));
    }
  });
}

void Notifier::OnStateChanged(std::string_view resource, std::string_view event_package,
                              const ComposedStatePtr& /*state*/) {
  if (Audience* const audience = FindAudience(resource, event_package)) {
    audience->TellStateChanged();
  }
}

NotifyContent Notifier::ContentFor(Watcher& watcher) { return contents_.For(watcher); }

bool Notifier::IsNews(const Watcher& watcher) { return contents_.IsNews(watcher); }

bool Notifier::KeepsWaiting(const Watcher& watcher) {
  uint32_t& count = waiting_[&watcher.watcher_uri()];
  if (waiting_count_ >= options_.max_waiting || count >= options_.max_waiting_per_watcher) {
    if (parts_.metrics != nullptr) parts_.metrics->OnBoundReached("sip_waiting_watchers");
    if (count == 0) waiting_.erase(&watcher.watcher_uri());
    return false;
  }
  ++count;
  ++waiting_count_;
  return true;
}

// One who subscribes again waits no longer as the one before (RFC 3857 section 4.7.1).
void Notifier::ReplaceWaiting(const Watcher& by) {
  if (!waiting_.contains(&by.watcher_uri())) return;
  by.audience().ForEach([&](AudienceMember& member) {
    auto* const watcher = dynamic_cast<Watcher*>(&member);
    if (watcher == nullptr || !watcher->waits() || &watcher->watcher_uri() != &by.watcher_uri()) {
      return;
    }
    watcher->End(WatcherEnd::kGiveUp);
  });
}

void Notifier::SendSoon(Watcher& watcher) {
  due_.push_back(watcher.dialog().local_tag());
  if (flush_timer_ != 0) return;
  flush_timer_ = parts_.means.timers.At(parts_.means.clock.Now(), [this] {
    flush_timer_ = 0;
    Flush();
  });
}

void Notifier::Flush() {
  const size_t end = std::min(due_.size(), flushed_ + kMostAtOnce);
  while (flushed_ < end) {
    const auto it = watchers_.find(due_[flushed_++]);
    if (it != watchers_.end()) it->second->Send();
  }
  if (flushed_ == due_.size()) {
    due_.clear();
    flushed_ = 0;
    return;
  }
  flush_timer_ = parts_.means.timers.At(parts_.means.clock.Now(), [this] {
    flush_timer_ = 0;
    Flush();
  });
}

void Notifier::OnWatcherChanged(const Watcher& watcher) {
  observers_.OnChanged(watcher);
  Audience& audience = watcher.audience();
  audience.SetRevision(++last_revision_);
  Audience* const told =
      FindAudience(audience.resource(), absl::StrCat(audience.event_package(), ".winfo"));
  if (told == nullptr) return;
  watcher_info_.OnChange(watcher.Describe());
  told->TellStateChanged();
}

void Notifier::OnViewChanged(const Watcher& watcher) { observers_.OnChanged(watcher); }

void Notifier::LeaveAudience(Audience& audience) {
  if (audience.size() > 0) return;
  if (const auto base = BaseOfTemplate(audience.event_package()); !base.empty()) {
    watcher_info_.Keep(audience.resource(), std::string(base), false);
  }
  audiences_.erase(audiences_.find(AudienceView(audience.resource(), audience.event_package())));
}

void Notifier::OnGone(Watcher& watcher) {
  Audience& audience = watcher.audience();
  const std::string* const watcher_uri = &watcher.watcher_uri();
  const std::string* const contact = &watcher.own_contact();
  if (parts_.metrics != nullptr) parts_.metrics->OnWatchers(audience.event_package(), -1);
  const auto count = counts_.find({watcher_uri, &audience});
  if (--count->second == 0) counts_.erase(count);
  if (watcher.is_remembered()) {
    const auto waiting = waiting_.find(watcher_uri);
    if (--waiting->second == 0) waiting_.erase(waiting);
    --waiting_count_;
  }
  by_number_.erase(watcher.number());
  watchers_.erase(watcher.dialog().local_tag());
  Release(watcher_uri);
  Release(contact);
  LeaveAudience(audience);
  if (watchers_.empty() && on_idle_ != nullptr) on_idle_();
}

void Notifier::Drain(std::function<void()> on_idle) {
  on_idle_ = std::move(on_idle);
  if (watchers_.empty()) {
    on_idle_();
    return;
  }
  std::vector<Watcher*> all;
  all.reserve(watchers_.size());
  for (const auto& [tag, watcher] : watchers_) all.push_back(watcher.get());
  for (Watcher* const watcher : all) watcher->End(WatcherEnd::kDeactivated);
}

// One by its id, those of a resource by its audiences, else in the order of numbers: a page of all
// watchers costs no more than the page.
std::vector<const Watcher*> Notifier::FindAfter(const WatcherFilter& filter, uint64_t number,
                                                size_t limit) const {
  std::vector<const Watcher*> found;
  if (!filter.id.empty()) {
    const auto it = by_number_.find(NumberOf(filter.id));
    if (it != by_number_.end() && it->first > number && Fits(filter, *it->second)) {
      found.push_back(it->second);
    }
    return found;
  }
  if (filter.resource_uri.empty()) {
    for (auto it = by_number_.upper_bound(number); it != by_number_.end() && found.size() < limit;
         ++it) {
      if (Fits(filter, *it->second)) found.push_back(it->second);
    }
    return found;
  }
  for (const std::string& package : options_.limits.packages) {
    Audience* const audience = FindAudience(filter.resource_uri, package);
    if (audience == nullptr) continue;
    audience->ForEach([&](AudienceMember& member) {
      const auto* const watcher = dynamic_cast<const Watcher*>(&member);
      if (watcher == nullptr || watcher->number() <= number || !Fits(filter, *watcher)) return;
      found.push_back(watcher);
    });
  }
  const auto end = found.begin() + static_cast<ptrdiff_t>(std::min(limit, found.size()));
  std::partial_sort(found.begin(), end, found.end(), [](const Watcher* left, const Watcher* right) {
    return left->number() < right->number();
  });
  found.erase(end, found.end());
  return found;
}

std::vector<WatcherRecord> Notifier::List(const WatcherFilter& filter, std::string_view after,
                                          size_t limit) const {
  const uint64_t number = NumberOf(after);
  if (number == 0 && !after.empty()) return {};
  std::vector<WatcherRecord> records;
  for (const Watcher* const watcher : FindAfter(filter, number, limit)) {
    records.push_back(watcher->Describe());
  }
  return records;
}

std::string Notifier::ListSome(const WatcherFilter& filter, std::string_view after, size_t limit,
                               std::vector<WatcherRecord>& records) const {
  const uint64_t number = NumberOf(after);
  if (number == 0 && !after.empty()) return "";
  const WatcherObservers::Slice slice = SliceAfter(filter, number);
  for (const Watcher* const watcher : slice.watchers) {
    if (records.size() == limit) return "";
    records.push_back(watcher->Describe());
  }
  return slice.end == 0 || records.size() == limit ? "" : WatcherId(slice.end);
}

// Of a resource with few watchers all at once. Else of all watchers, by how many are looked at: a
// filter may pass few of them.
WatcherObservers::Slice Notifier::SliceAfter(const WatcherFilter& filter, uint64_t number) const {
  WatcherObservers::Slice slice;
  if (!filter.id.empty()) {
    slice.watchers = FindAfter(filter, number, 1);
    return slice;
  }
  if (!filter.resource_uri.empty() && number == 0) {
    size_t there = 0;
    for (const std::string& package : options_.limits.packages) {
      const Audience* const audience = FindAudience(filter.resource_uri, package);
      if (audience != nullptr) there += audience->size();
    }
    if (there <= kMostObserved) {
      slice.watchers = FindAfter(filter, number, there);
      return slice;
    }
  }
  auto it = by_number_.upper_bound(number);
  for (size_t seen = 0; it != by_number_.end() && seen < kMostObserved; ++it, ++seen) {
    if (Fits(filter, *it->second)) slice.watchers.push_back(it->second);
    slice.end = it->first;
  }
  if (it == by_number_.end()) slice.end = 0;
  return slice;
}

void Notifier::Observe(const WatcherFilter& filter, std::shared_ptr<WatcherObserver> observer) {
  observers_.Add(filter, std::move(observer), last_number_);
}

void Notifier::StopObserving(const std::shared_ptr<WatcherObserver>& observer) {
  observers_.Remove(observer);
}

}  // namespace sipevents::sip
