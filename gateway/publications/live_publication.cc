#include "gateway/publications/live_publication.h"

#include <optional>
#include <utility>

#include "gateway/rpc/timestamps.h"
#include "sip/base/utf8.h"

namespace sipevents::gateway {
namespace {

v1::Publication::State StateOf(sip::PublicationState state) {
  switch (state) {
    case sip::PublicationState::kPublishing:
      return v1::Publication::PUBLISHING;
    case sip::PublicationState::kActive:
      return v1::Publication::ACTIVE;
    case sip::PublicationState::kRetrying:
      return v1::Publication::RETRYING;
    case sip::PublicationState::kEnded:
      return v1::Publication::ENDED;
  }
  return v1::Publication::STATE_UNSPECIFIED;
}

void ShowWord(const PublicationWord& word, v1::Publication& publication) {
  word.content->ShowIn(publication);
  publication.set_etag(word.etag);
  SetTime(word.expire_time, publication.mutable_expire_time());
  SetTime(word.update_time, publication.mutable_update_time());
}

void ShowStatus(const sip::PublicationStatus& status, v1::Publication& publication) {
  publication.set_state(StateOf(status.state));
  publication.set_reason(ToUtf8(status.reason));
  publication.set_sip_status(status.sip_status);
  if (status.retry_time != absl::InfinitePast()) {
    SetTime(status.retry_time, publication.mutable_retry_time());
  }
  if (status.sip_expire_time != absl::InfinitePast()) {
    SetTime(status.sip_expire_time, publication.mutable_sip_expire_time());
  }
  if (status.waiting_since != absl::InfinitePast()) {
    SetTime(status.waiting_since, publication.mutable_waiting_since());
  }
}

// Streams need not hear of each refresh, nor that one waits for its turn; but that the newest state
// does (`changing`).
bool IsNews(sip::PublicationStatus before, const sip::PublicationStatus& now, bool changing) {
  before.sip_expire_time = now.sip_expire_time;
  if (now.state == sip::PublicationState::kActive && !changing) {
    before.waiting_since = now.waiting_since;
  }
  return before != now;
}

}  // namespace

LivePublication::LivePublication(PublicationIdentity identity, PublicationWord word,
                                 Metrics& metrics)
    : identity_(std::move(identity)), metrics_(metrics), word_(std::move(word)) {
  metrics_.MovePublication(identity_.local, identity_.event_package, std::nullopt,
                           sip::PublicationState::kPublishing);
}

LivePublication::~LivePublication() {
  if (gone()) return;
  MutexLock lock(mutex_);
  metrics_.MovePublication(identity_.local, identity_.event_package, status_.state, std::nullopt);
}

v1::Publication LivePublication::Describe() const {
  v1::Publication publication;
  publication.set_name(identity_.name);
  publication.set_uid(identity_.uid);
  publication.set_target_uri(identity_.target_uri);
  publication.set_event_package(identity_.event_package);
  publication.set_route(identity_.local ? v1::Publication::LOCAL : v1::Publication::REMOTE);
  publication.set_identity(identity_.identity);
  SetTime(identity_.create_time, publication.mutable_create_time());
  PublicationWord word;
  sip::PublicationStatus status;
  bool reconciling = false;
  {
    MutexLock lock(mutex_);
    word = word_;
    status = status_;
    reconciling = identity_.local ? accepted_.revision < word_.revision
                                  : status_.accepted_revision < round_changes_;
  }
  ShowWord(word, publication);
  ShowStatus(status, publication);
  publication.set_reconciling(reconciling && status.state != sip::PublicationState::kEnded);
  return publication;
}

std::string LivePublication::EncodeItem() const {
  v1::PublicationItem item;
  *item.mutable_publication() = Describe();
  return item.SerializeAsString();
}

PublicationWord LivePublication::word() const {
  MutexLock lock(mutex_);
  return word_;
}

bool LivePublication::has_ended() const {
  MutexLock lock(mutex_);
  return status_.state == sip::PublicationState::kEnded;
}

void LivePublication::SetState(sip::PublicationState state) {
  if (!gone() && status_.state != state) {
    metrics_.MovePublication(identity_.local, identity_.event_package, status_.state, state);
  }
  status_.state = state;
}

void LivePublication::Say(PublicationWord word) {
  MutexLock lock(mutex_);
  word_ = std::move(word);
}

void LivePublication::Accept(const PublicationWord& word) {
  MutexLock lock(mutex_);
  if (word.revision <= accepted_.revision) return;
  accepted_ = word;
  if (!gone()) SetState(sip::PublicationState::kActive);
}

void LivePublication::RollBack(uint64_t revision) {
  MutexLock lock(mutex_);
  if (word_.revision == revision && accepted_.revision > 0) word_ = accepted_;
}

uint64_t LivePublication::BeginRound() {
  MutexLock lock(mutex_);
  SetState(sip::PublicationState::kPublishing);
  status_ = {};
  round_changes_ = 1;
  return ++round_;
}

void LivePublication::CountChange() {
  MutexLock lock(mutex_);
  ++round_changes_;
}

bool LivePublication::TakeStatus(uint64_t round, const sip::PublicationStatus& status) {
  MutexLock lock(mutex_);
  if (round != round_ || gone()) return false;
  const bool news = IsNews(status_, status, status.accepted_revision < round_changes_);
  SetState(status.state);
  status_ = status;
  return news;
}

void LivePublication::End(const std::string& reason) {
  MutexLock lock(mutex_);
  if (gone()) return;
  metrics_.MovePublication(identity_.local, identity_.event_package, status_.state, std::nullopt);
  status_ = {};
  status_.state = sip::PublicationState::kEnded;
  status_.reason = reason;
  gone_.store(true, std::memory_order_release);
}

}  // namespace sipevents::gateway
