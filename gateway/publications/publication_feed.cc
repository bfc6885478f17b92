#include "gateway/publications/publication_feed.h"

#include <utility>

namespace sipevents::gateway {

bool PublicationScope::Covers(const PublicationIdentity& publication) const {
  return tenant == publication.tenant && (owner.empty() || owner == publication.owner) &&
         (target_uri.empty() || target_uri == publication.target_uri) &&
         (event_package.empty() || event_package == publication.event_package);
}

class PublicationFeed::Membership {
 public:
  Membership(std::shared_ptr<PublicationFeed> feed, size_t number)
      : feed_(std::move(feed)), number_(number) {}
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;
  ~Membership() { feed_->Leave(number_); }

 private:
  const std::shared_ptr<PublicationFeed> feed_;
  const size_t number_;
};

void PublicationFeed::OnChanged(std::shared_ptr<const LivePublication> publication) {
  // Who joins later reads the state as it is then.
  if (listener_count_.load(std::memory_order_seq_cst) == 0) return;
  if (publication->SetQueued(true)) return;  // so the queue holds each one once at the most
  {
    MutexLock lock(changed_mutex_);
    changed_.push_back(std::move(publication));
  }
  executor_.Schedule(*this);
}

std::shared_ptr<void> PublicationFeed::Join(PublicationScope scope, Hear hear) {
  MutexLock lock(listeners_mutex_);
  listener_count_.fetch_add(1, std::memory_order_seq_cst);
  listeners_.emplace(++last_number_, Listener{std::move(scope), std::move(hear)});
  return std::make_shared<Membership>(std::static_pointer_cast<PublicationFeed>(shared_from_this()),
                                      last_number_);
}

void PublicationFeed::Leave(size_t number) {
  MutexLock lock(listeners_mutex_);
  listeners_.erase(number);
  listener_count_.fetch_sub(1, std::memory_order_seq_cst);
}

void PublicationFeed::Run() {
  std::vector<std::shared_ptr<const LivePublication>> changed;
  {
    MutexLock lock(changed_mutex_);
    changed.swap(changed_);
  }
  MutexLock lock(listeners_mutex_);
  for (const std::shared_ptr<const LivePublication>& publication : changed) {
    publication->SetQueued(false);
    for (const auto& [number, listener] : listeners_) {
      if (listener.scope.Covers(publication->identity())) listener.hear(publication);
    }
  }
}

}  // namespace sipevents::gateway
