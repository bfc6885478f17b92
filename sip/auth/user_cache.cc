#include "sip/auth/user_cache.h"

#include <algorithm>

#include "sip/base/ascii.h"
#include "sip/base/log.h"
#include "sip/base/utf8.h"

namespace sipevents::sip {
namespace {

constexpr char kComponent[] = "users";

}  // namespace

UserCache::UserCache(Parts parts) : parts_(std::move(parts)), inbox_(std::make_shared<Inbox>()) {
  MutexLock lock(inbox_->mutex);
  inbox_->cache = this;
}

UserCache::~UserCache() {
  {
    MutexLock lock(inbox_->mutex);
    inbox_->cache = nullptr;
  }
  for (const auto& [id, lookup] : lookups_) parts_.timers.Cancel(lookup.timer);
}

UserCache::Finding UserCache::Find(std::string_view user, std::string_view realm) {
  const User* const listed = table_ == nullptr ? nullptr : table_->Find(user, realm);
  if (listed != nullptr) return {Verdict::kKnown, listed, 0};
  if (parts_.directory == nullptr || user.empty() || user.size() > kMaxNameOctets ||
      realm.size() > kMaxNameOctets || !IsUtf8(user)) {
    return {};
  }
  const Key key(user, ToLower(realm));
  const absl::Time now = parts_.clock.Now();
  const Known* const known = known_.Find(key);
  if (known != nullptr && now < known->until) return {Verdict::kKnown, &known->user, 0};
  if (const absl::Time* until = nobody_.Find(key); until != nullptr && now < *until) return {};
  if (const auto asked = asked_.find(key); asked != asked_.end()) {
    return {Verdict::kAsked, nullptr, asked->second};
  }
  if (HasFailed(key, now)) return FindWithoutAnswer(known, now);
  if (lookups_.size() >= kMostLookups) {
    OnBound("sip_user_lookups");
    return FindWithoutAnswer(known, now);
  }
  return {Verdict::kAsked, nullptr, Ask(key, now)};
}

bool UserCache::HasFailed(const Key& key, absl::Time now) const {
  const absl::Time* const until = failed_.Find(key);
  return until != nullptr && now < *until;
}

UserCache::LookupId UserCache::AskAgain(std::string_view user, std::string_view realm) {
  const Key key(user, ToLower(realm));
  const absl::Time now = parts_.clock.Now();
  const Known* const known = known_.Find(key);
  if (known == nullptr || now < known->since + kFresh || HasFailed(key, now)) return 0;
  if (const auto asked = asked_.find(key); asked != asked_.end()) return asked->second;
  if (lookups_.size() < kMostLookups) return Ask(key, now);
  OnBound("sip_user_lookups");
  return 0;
}

UserCache::Finding UserCache::FindWithoutAnswer(const Known* known, absl::Time now) {
  if (known == nullptr || now >= known->until + kGrace) return {Verdict::kUnavailable, nullptr, 0};
  Log(LogSeverity::kWarning, kComponent, "the user directory fails; its last answer is used",
      {{"expired", absl::FormatDuration(now - known->until)}});
  if (parts_.metrics != nullptr) parts_.metrics->OnOldUserUsed();
  return {Verdict::kKnown, &known->user, 0};
}

UserCache::LookupId UserCache::Ask(const Key& key, absl::Time now) {
  const LookupId id = ++last_id_;
  Lookup& lookup = lookups_[id];
  lookup.key = key;
  lookup.since = now;
  lookup.timer = parts_.timers.At(now + kPatience, [this, id] {
    OnAnswer(id, absl::DeadlineExceededError(
                     absl::StrCat("no answer within ", absl::FormatDuration(kPatience))));
  });
  asked_.emplace(key, id);
  parts_.directory->Ask(key.first, key.second,
                        [inbox = inbox_, id](absl::StatusOr<UserDirectory::Answer> answer) {
                          // While this is locked the cache is there, and so is the thread that it
                          // belongs to.
                          MutexLock lock(inbox->mutex);
                          if (inbox->cache == nullptr) return;
                          inbox->cache->parts_.post([inbox, id, answer = std::move(answer)] {
                            UserCache* cache = nullptr;
                            {
                              MutexLock again(inbox->mutex);
                              cache = inbox->cache;
                            }
                            // It goes away on this thread only.
                            if (cache != nullptr) cache->OnAnswer(id, answer);
                          });
                        });
  return id;
}

void UserCache::OnAnswer(LookupId id, const absl::StatusOr<UserDirectory::Answer>& answer) {
  const auto node = lookups_.extract(id);
  if (node.empty()) return;  // after kPatience
  const Lookup& lookup = node.mapped();
  parts_.timers.Cancel(lookup.timer);
  asked_.erase(lookup.key);
  Keep(lookup, answer);
  parts_.on_answer(id);
}

void UserCache::Keep(const Lookup& lookup, const absl::StatusOr<UserDirectory::Answer>& answer) {
  const absl::Time now = parts_.clock.Now();
  std::string_view result = "failed";
  if (answer.ok()) {
    result = "found";
    const absl::Duration keep = answer->keep.value_or(kUsualKeep);
    // Secrets are not left lying about: what is of no use any more goes, the oldest first.
    while (!known_.empty() && known_.oldest().until + kGrace <= now) known_.DropOldest();
    const bool dropped =
        known_.Put(lookup.key, {.user = answer->user,
                                .since = now,
                                .until = now + std::clamp(keep, kLeastKeep, kMostKeep)});
    if (dropped) OnBound("sip_users");
    nobody_.Erase(lookup.key);
    failed_.Erase(lookup.key);
  } else if (absl::IsNotFound(answer.status())) {
    result = "none";
    known_.Erase(lookup.key);
    nobody_.Put(lookup.key, now + kNobodyKeep);
    failed_.Erase(lookup.key);
  } else {
    failed_.Put(lookup.key, now + kFailureKeep);
    Log(LogSeverity::kWarning, kComponent, "a user could not be looked up",
        {{"user", QuoteForMessage(lookup.key.first)},
         {"realm", lookup.key.second},
         {"error", answer.status().message()}});
  }
  if (parts_.metrics != nullptr) parts_.metrics->OnUserLookup(result, now - lookup.since);
}

void UserCache::OnBound(std::string_view name) {
  if (parts_.metrics != nullptr) parts_.metrics->OnBoundReached(name);
}

}  // namespace sipevents::sip
