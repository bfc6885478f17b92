#include "gateway/lists/resource_list_table.h"

#include "absl/strings/str_cat.h"
#include "gateway/rpc/errors.h"
#include "gateway/rpc/timestamps.h"
#include "sip/base/status_macros.h"

namespace sipevents::gateway {

ResourceListTable::ResourceListTable(const Options& options, const Parts& parts)
    : options_(options), parts_(parts), tasks_(std::make_shared<ExecutorTasks>(parts.executor)) {}

v1::ResourceList ResourceListTable::Describe(const Entry& entry) {
  v1::ResourceList list;
  list.set_name(entry.name);
  list.set_list_uri(entry.list_uri);
  for (const sip::ServedList::Member& member : entry.word.members) {
    v1::ResourceList::Member& shown = *list.add_members();
    shown.set_uri(member.uri);
    shown.set_display_name(member.name);
  }
  list.set_etag(entry.word.etag);
  SetTime(entry.create_time, list.mutable_create_time());
  SetTime(entry.word.update_time, list.mutable_update_time());
  return list;
}

absl::Status ResourceListTable::Admit(size_t members_before, size_t members_now) const {
  if (members_ - members_before + members_now <= options_.max_members) return absl::OkStatus();
  return BoundReached("max_resource_list_members", static_cast<int64_t>(options_.max_members));
}

absl::StatusOr<ResourceListTable::EntryPtr> ResourceListTable::FindLocked(
    const ResourceAsker& asker, const std::string& name, const std::string& etag) const {
  const auto found = table_.find({asker.tenant, name});
  if (found == table_.end() || !asker.MaySee(found->second->owner)) {
    return ResourceListNotFound(name);
  }
  if (!etag.empty() && etag != found->second->word.etag) return EtagMismatch(name);
  return found->second;
}

// ---- Create and Update

absl::Status ResourceListTable::CreateLocked(const ResourceAsker& asker, sip::ServedList list,
                                             const Done& done) {
  if (uris_.contains(list.uri)) return ResourceListExists(list.uri);
  if (table_.size() >= options_.max_lists) {
    return BoundReached("max_resource_lists", static_cast<int64_t>(options_.max_lists));
  }
  SIPEVENTS_RETURN_IF_ERROR(Admit(0, list.members.size()));
  const absl::Time now = parts_.clock.Now();
  auto entry = std::make_shared<Entry>();
  entry->name = absl::StrCat("resourceLists/", RandomBase32(parts_.random, 26));
  entry->tenant = asker.tenant;
  entry->owner = asker.caller;
  entry->list_uri = std::move(list.uri);
  entry->create_time = now;
  entry->word = {.members = std::move(list.members),
                 .etag = RandomBase32(parts_.random, 16),
                 .update_time = now,
                 .revision = 1};
  members_ += entry->word.members.size();
  uris_.insert(entry->list_uri);
  table_.emplace(std::make_pair(entry->tenant, entry->name), entry);
  Serve(entry, done);
  return absl::OkStatus();
}

void ResourceListTable::Create(const ResourceAsker& asker, sip::ServedList list, const Done& done) {
  absl::Status refused;
  {
    MutexLock lock(mutex_);
    refused = CreateLocked(asker, std::move(list), done);
  }
  if (!refused.ok()) done(refused);
}

void ResourceListTable::Update(const ResourceAsker& asker, const std::string& name,
                               std::vector<sip::ServedList::Member> members,
                               const std::string& etag, const Done& done) {
  absl::Status refused;
  {
    MutexLock lock(mutex_);
    const absl::StatusOr<EntryPtr> found = FindLocked(asker, name, etag);
    refused = found.status();
    if (refused.ok()) refused = Admit((*found)->word.members.size(), members.size());
    if (refused.ok()) {
      Word& word = (*found)->word;
      members_ += members.size() - word.members.size();
      word.members = std::move(members);
      word.etag = RandomBase32(parts_.random, 16);
      word.update_time = parts_.clock.Now();
      ++word.revision;
      Serve(*found, done);
    }
  }
  if (!refused.ok()) done(refused);
}

void ResourceListTable::Serve(const EntryPtr& entry, const Done& done) {
  parts_.server.SetList(
      {.uri = entry->list_uri, .members = entry->word.members},
      [weak = weak_from_this(), entry, word = entry->word, done](const absl::Status& status) {
        const std::shared_ptr<ResourceListTable> table = weak.lock();
        if (table == nullptr) return;
        table->tasks_->Post([weak, entry, word, status, done] {
          if (const auto alive = weak.lock()) alive->OnServed(entry, word, status, done);
        });
      });
}

void ResourceListTable::OnServed(const EntryPtr& entry, const Word& word,
                                 const absl::Status& status, const Done& done) {
  absl::StatusOr<v1::ResourceList> answer;
  if (!status.ok()) answer = ServingError(status);
  {
    MutexLock lock(mutex_);
    if (status.ok()) {
      if (word.revision > entry->accepted.revision) entry->accepted = word;
      answer = Describe(*entry);
    } else if (entry->in_table && entry->accepted.revision == 0) {
      Forget(*entry);
      // A change may be on its way already.
      parts_.server.RemoveList(entry->list_uri, [](const absl::Status&) {});
    } else if (entry->in_table && entry->word.revision == word.revision) {
      members_ += entry->accepted.members.size() - entry->word.members.size();
      entry->word = entry->accepted;
    }
  }
  done(std::move(answer));
}

// ---- Look-ups

absl::StatusOr<v1::ResourceList> ResourceListTable::Find(const ResourceAsker& asker,
                                                         const std::string& name) const {
  MutexLock lock(mutex_);
  SIPEVENTS_ASSIGN_OR_RETURN(const EntryPtr entry, FindLocked(asker, name, /*etag=*/""));
  return Describe(*entry);
}

std::vector<v1::ResourceList> ResourceListTable::ListAfter(const ResourceAsker& asker,
                                                           const std::string& after,
                                                           size_t limit) const {
  std::vector<v1::ResourceList> found;
  MutexLock lock(mutex_);
  for (auto row = table_.upper_bound({asker.tenant, after});
       row != table_.end() && row->first.first == asker.tenant && found.size() < limit; ++row) {
    if (asker.MaySee(row->second->owner)) found.push_back(Describe(*row->second));
  }
  return found;
}

// ---- The end

void ResourceListTable::Delete(const ResourceAsker& asker, const std::string& name,
                               const std::string& etag, const Done& done) {
  absl::Status refused;
  {
    MutexLock lock(mutex_);
    const absl::StatusOr<EntryPtr> found = FindLocked(asker, name, etag);
    refused = found.status();
    if (found.ok()) {
      Forget(**found);
      parts_.server.RemoveList((*found)->list_uri, [tasks = tasks_, last = Describe(**found),
                                                    done](const absl::Status& /*it is gone*/) {
        tasks->Post([last, done] { done(last); });
      });
    }
  }
  if (!refused.ok()) done(refused);
}

void ResourceListTable::Forget(Entry& entry) {
  entry.in_table = false;
  members_ -= entry.word.members.size();
  uris_.erase(entry.list_uri);
  table_.erase({entry.tenant, entry.name});
}

}  // namespace sipevents::gateway
