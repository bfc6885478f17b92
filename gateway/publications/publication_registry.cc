#include "gateway/publications/publication_registry.h"

#include "absl/strings/str_cat.h"
#include "gateway/rpc/errors.h"
#include "sip/base/status_macros.h"

namespace sipevents::gateway {
namespace {

std::string RequestKey(const ResourceAsker& asker, const std::string& request_id) {
  // Only the last one may have blanks: it may be out of a certificate.
  return absl::StrCat(request_id, " ", asker.tenant, " ", asker.caller);
}

}  // namespace

// A row of the table. Guarded by the registry's mutex, but for `publication`.
struct PublicationRegistry::Entry {
  std::shared_ptr<LivePublication> publication;
  sip::PublicationId sip_id = 0;  // REMOTE
  std::string request_key;        // empty: none
  size_t bytes = 0;
  TimerQueue::TimerId expiry = 0;
  bool in_table = true;
  // LOCAL: being created, and who else waits for that.
  bool creating = false;
  std::vector<Done> waiting;
};

// Hears of one round of a REMOTE Publication, on the SIP thread.
class PublicationRegistry::RemoteObserver final : public sip::PublicationObserver {
 public:
  RemoteObserver(std::shared_ptr<LivePublication> publication, uint64_t round,
                 std::shared_ptr<PublicationFeed> feed)
      : publication_(std::move(publication)), round_(round), feed_(std::move(feed)) {}

  void OnStatus(const sip::PublicationStatus& status) override {
    if (publication_->TakeStatus(round_, status)) feed_->OnChanged(publication_);
  }
  void OnEnded() override {}

 private:
  const std::shared_ptr<LivePublication> publication_;
  const uint64_t round_;
  const std::shared_ptr<PublicationFeed> feed_;
};

PublicationRegistry::PublicationRegistry(const Options& options, const Parts& parts)
    : options_(options),
      parts_(parts),
      feed_(std::make_shared<PublicationFeed>(parts.executor)),
      tasks_(std::make_shared<ExecutorTasks>(parts.executor)),
      request_ids_(options.request_id_lifetime, options.max_request_ids) {}

PublicationRegistry::~PublicationRegistry() {
  // The SIP side withdraws what is left by itself: see sip::Agent::Drain().
  MutexLock lock(mutex_);
  timer_.Cancel(parts_.executor);
}

std::string PublicationRegistry::NewEtag() { return RandomBase32(parts_.random, 16); }

// ---- Create

void PublicationRegistry::Create(const ResourceAsker& asker, PublicationOrder order, Done done) {
  absl::StatusOr<Publication> answer;
  {
    MutexLock lock(mutex_);
    answer = CreateLocked(asker, order, done);
  }
  if (!answer.ok() || *answer != nullptr) done(std::move(answer));
}

absl::StatusOr<PublicationRegistry::Publication> PublicationRegistry::CreateLocked(
    const ResourceAsker& asker, PublicationOrder& order, Done& done) {
  const absl::Time now = parts_.clock.Now();
  std::string key;
  if (!order.request_id.empty()) {
    key = RequestKey(asker, order.request_id);
    if (const auto* made = request_ids_.Find(key, now); made != nullptr) {
      return RepeatLocked(*made, asker, order, done);
    }
    if (!request_ids_.HasRoom(now)) {
      return BoundReached("max_request_ids", static_cast<int64_t>(options_.max_request_ids));
    }
  }
  if (table_.size() >= options_.max_publications) {
    return BoundReached("max_publications", static_cast<int64_t>(options_.max_publications));
  }
  SIPEVENTS_RETURN_IF_ERROR(AdmitBytes(0, order.content.octets()));
  const EntryPtr entry = Insert(asker, order, now);
  if (!key.empty()) {
    request_ids_.Remember(key, {.digest = order.digest, .name = entry->publication->name()}, now);
    entry->request_key = std::move(key);
  }
  if (order.local) {
    entry->creating = true;
    PublishLocal(entry, /*only_time=*/false, std::move(done));
    return nullptr;
  }
  PublishRemote(*entry);
  feed_->OnChanged(entry->publication);
  return entry->publication;
}

absl::StatusOr<PublicationRegistry::Publication> PublicationRegistry::RepeatLocked(
    const RequestIds::Made& made, const ResourceAsker& asker, const PublicationOrder& order,
    Done& done) {
  if (made.digest != order.digest) {
    return InvalidField("request_id", order.request_id,
                        "one that was not used for another request in the last ten minutes");
  }
  SIPEVENTS_ASSIGN_OR_RETURN(const EntryPtr entry, FindLocked(asker, made.name));
  if (!entry->creating) return entry->publication;
  entry->waiting.push_back(std::move(done));
  return nullptr;
}

absl::Status PublicationRegistry::AdmitBytes(size_t before, size_t now) const {
  if (bytes_ - before + now <= options_.max_publication_bytes) return absl::OkStatus();
  return BoundReached("max_publication_bytes",
                      static_cast<int64_t>(options_.max_publication_bytes));
}

PublicationRegistry::EntryPtr PublicationRegistry::Insert(const ResourceAsker& asker,
                                                          const PublicationOrder& order,
                                                          absl::Time now) {
  PublicationIdentity identity{
      .name = absl::StrCat("publications/", RandomBase32(parts_.random, 26)),
      .uid = RandomBase32(parts_.random, 16),
      .tenant = asker.tenant,
      .owner = asker.caller,
      .target_uri = order.target_uri,
      .event_package = order.event_package,
      .identity = order.identity,
      .local = order.local,
      .number = ++last_number_,
      .create_time = now};
  PublicationWord word{.content = std::make_shared<const PublishedContent>(order.content),
                       .etag = NewEtag(),
                       .update_time = now,
                       .expire_time = order.expire_time,
                       .revision = 1};
  auto entry = std::make_shared<Entry>();
  entry->bytes = word.content->octets();
  entry->publication =
      std::make_shared<LivePublication>(std::move(identity), std::move(word), parts_.metrics);
  bytes_ += entry->bytes;
  table_.emplace(std::make_pair(asker.tenant, entry->publication->name()), entry);
  ArmExpiry(entry, order.expire_time, now);
  return entry;
}

// ---- To SIP, and what it says

void PublicationRegistry::PublishRemote(Entry& entry) {
  const PublicationWord word = entry.publication->word();
  const PublicationIdentity& identity = entry.publication->identity();
  const uint64_t round = entry.publication->BeginRound();
  entry.sip_id =
      parts_.publisher.Publish({.target_uri = identity.target_uri,
                                .event_package = identity.event_package,
                                .identity = identity.identity,
                                .content_type = word.content->content_type,
                                .body = word.content->body,
                                .expire_time = word.expire_time},
                               std::make_shared<RemoteObserver>(entry.publication, round, feed_));
}

void PublicationRegistry::PublishLocal(const EntryPtr& entry, bool only_time, Done done) {
  const PublicationWord word = entry->publication->word();
  const PublicationIdentity& identity = entry->publication->identity();
  const std::weak_ptr<Runnable> weak = weak_from_this();
  parts_.server.SetState(
      {.id = identity.number,
       .resource_uri = identity.target_uri,
       .event_package = identity.event_package,
       .content_type = word.content->content_type,
       .body = word.content->body,
       .expire_time = word.expire_time,
       .only_time = only_time},
      [this, weak, entry, word, done = std::move(done)](const absl::Status& status) {
        const std::shared_ptr<Runnable> alive = weak.lock();
        if (alive == nullptr) return;
        tasks_->Post([this, weak, entry, word, status, done] {
          const std::shared_ptr<Runnable> still_alive = weak.lock();
          if (still_alive != nullptr) OnServed(entry, word, status, done);
        });
      });
}

void PublicationRegistry::OnServed(const EntryPtr& entry, const PublicationWord& word,
                                   const absl::Status& status, const Done& done) {
  std::vector<Done> waiting;
  {
    MutexLock lock(mutex_);
    if (status.ok()) {
      entry->publication->Accept(word);
    } else if (entry->creating && entry->in_table) {
      request_ids_.Forget(entry->request_key);
      EndLocked(entry, "refused");  // an Update may be on its way already
    } else {
      entry->publication->RollBack(word.revision);
    }
    entry->creating = false;
    waiting.swap(entry->waiting);
  }
  feed_->OnChanged(entry->publication);
  absl::StatusOr<Publication> answer = entry->publication;
  if (!status.ok()) answer = ServingError(status);
  done(answer);
  for (const Done& other : waiting) other(answer);
}

// ---- Look-ups

absl::StatusOr<PublicationRegistry::EntryPtr> PublicationRegistry::FindLocked(
    const ResourceAsker& asker, const std::string& name) const {
  const auto found = table_.find({asker.tenant, name});
  if (found == table_.end() || !asker.MaySee(found->second->publication->identity().owner)) {
    return PublicationNotFound(name);
  }
  return found->second;
}

absl::StatusOr<PublicationRegistry::Publication> PublicationRegistry::Find(
    const ResourceAsker& asker, const std::string& name) const {
  MutexLock lock(mutex_);
  SIPEVENTS_ASSIGN_OR_RETURN(const EntryPtr entry, FindLocked(asker, name));
  return entry->publication;
}

std::vector<PublicationRegistry::Publication> PublicationRegistry::ListAfter(
    const std::string& tenant, const std::string& after, size_t limit) const {
  std::vector<Publication> found;
  MutexLock lock(mutex_);
  for (auto row = table_.upper_bound({tenant, after});
       row != table_.end() && row->first.first == tenant && found.size() < limit; ++row) {
    found.push_back(row->second->publication);
  }
  return found;
}

size_t PublicationRegistry::size() const {
  MutexLock lock(mutex_);
  return table_.size();
}

// ---- Update

void PublicationRegistry::Update(const ResourceAsker& asker, const std::string& name,
                                 PublicationChange change, Done done) {
  absl::StatusOr<Publication> answer;
  {
    MutexLock lock(mutex_);
    answer = UpdateLocked(asker, name, change, done);
  }
  if (!answer.ok() || *answer != nullptr) done(std::move(answer));
}

absl::StatusOr<PublicationRegistry::Publication> PublicationRegistry::UpdateLocked(
    const ResourceAsker& asker, const std::string& name, PublicationChange& change, Done& done) {
  SIPEVENTS_ASSIGN_OR_RETURN(const EntryPtr entry, FindLocked(asker, name));
  LivePublication& publication = *entry->publication;
  PublicationWord word = publication.word();
  if (!change.etag.empty() && change.etag != word.etag) return EtagMismatch(name);
  const absl::Time now = parts_.clock.Now();
  const bool has_content = change.content.has_value();
  if (has_content) {
    SIPEVENTS_RETURN_IF_ERROR(AdmitBytes(entry->bytes, change.content->octets()));
    word.content = std::make_shared<const PublishedContent>(*std::move(change.content));
    bytes_ += word.content->octets() - entry->bytes;
    entry->bytes = word.content->octets();
  }
  if (change.expire_time.has_value()) {
    word.expire_time = *change.expire_time;
    ArmExpiry(entry, word.expire_time, now);
  }
  word.etag = NewEtag();
  word.update_time = now;
  ++word.revision;
  publication.Say(word);
  if (publication.identity().local) {
    PublishLocal(entry, /*only_time=*/!has_content, std::move(done));
    return nullptr;
  }
  if (publication.has_ended()) {
    PublishRemote(*entry);
  } else {
    if (change.expire_time.has_value()) {
      parts_.publisher.SetExpireTime(entry->sip_id, word.expire_time);
    }
    if (has_content) {
      publication.CountChange();
      parts_.publisher.Modify(entry->sip_id, word.content->content_type, word.content->body);
    }
  }
  feed_->OnChanged(entry->publication);
  return entry->publication;
}

// ---- The end

void PublicationRegistry::Delete(const ResourceAsker& asker, const std::string& name,
                                 const std::string& etag, const Done& done) {
  absl::StatusOr<Publication> answer;
  {
    MutexLock lock(mutex_);
    const absl::StatusOr<EntryPtr> entry = FindLocked(asker, name);
    if (!entry.ok()) {
      answer = entry.status();
    } else if (!etag.empty() && etag != (*entry)->publication->word().etag) {
      answer = EtagMismatch(name);
    } else if ((*entry)->publication->identity().local) {
      const Publication publication = (*entry)->publication;
      EndLocked(*entry, "deleted",
                [tasks = tasks_, publication, done](const absl::Status& /*it is gone either way*/) {
                  tasks->Post([done, publication] { done(publication); });
                });
      return;
    } else {
      answer = (*entry)->publication;
      EndLocked(*entry, "deleted");
    }
  }
  done(std::move(answer));
}

void PublicationRegistry::EndLocked(const EntryPtr& entry, const std::string& reason,
                                    sip::EventServer::Done removed) {
  const bool sip_ended = entry->publication->has_ended();
  entry->publication->End(reason);
  Forget(entry);
  if (entry->publication->identity().local) {
    parts_.server.RemoveState(entry->publication->identity().number, std::move(removed));
  } else if (!sip_ended) {
    parts_.publisher.Unpublish(entry->sip_id);
  }
  feed_->OnChanged(entry->publication);
}

void PublicationRegistry::Forget(const EntryPtr& entry) {
  const PublicationIdentity& identity = entry->publication->identity();
  expiries_.Cancel(entry->expiry);
  entry->in_table = false;
  bytes_ -= entry->bytes;
  table_.erase({identity.tenant, identity.name});
}

void PublicationRegistry::ArmExpiry(const EntryPtr& entry, absl::Time when, absl::Time now) {
  expiries_.Cancel(entry->expiry);
  entry->expiry =
      expiries_.At(when, [this, entry]() ABSL_NO_THREAD_SAFETY_ANALYSIS { due_.push_back(entry); });
  ArmTimer(now);
}

void PublicationRegistry::ArmTimer(absl::Time now) {
  timer_.ArmFor(expiries_.NextDue(), now, weak_from_this(), parts_.executor);
}

void PublicationRegistry::Run() {
  MutexLock lock(mutex_);
  const absl::Time now = parts_.clock.Now();
  timer_.OnRun();
  expiries_.RunDue(now);
  for (const EntryPtr& entry : std::exchange(due_, {})) EndLocked(entry, "expired");
  ArmTimer(now);
}

}  // namespace sipevents::gateway
