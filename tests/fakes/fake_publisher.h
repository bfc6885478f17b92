#ifndef TESTS_FAKES_FAKE_PUBLISHER_H_
#define TESTS_FAKES_FAKE_PUBLISHER_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "sip/base/mutex.h"
#include "sip/publication.h"

namespace sipevents::sip {

// A publisher that says what the test makes it say. The publications are numbered from 1 on.
//
// Threads: any.
class FakePublisher final : public Publisher {
 public:
  PublicationId Publish(PublishRequest request,
                        std::shared_ptr<PublicationObserver> observer) override {
    MutexLock lock(mutex_);
    requests_.push_back(request);
    const PublicationId id = requests_.size();
    observers_[id] = std::move(observer);
    return id;
  }

  void Modify(PublicationId id, std::string content_type, std::string body) override {
    MutexLock lock(mutex_);
    requests_.at(id - 1).content_type = std::move(content_type);
    requests_.at(id - 1).body = std::move(body);
    ++changes_[id];
  }

  void SetExpireTime(PublicationId id, absl::Time expire_time) override {
    MutexLock lock(mutex_);
    requests_.at(id - 1).expire_time = expire_time;
  }

  void Unpublish(PublicationId id) override {
    MutexLock lock(mutex_);
    unpublished_.push_back(id);
  }

  // What was asked for, with what it was changed to since.
  std::vector<PublishRequest> requests() const {
    MutexLock lock(mutex_);
    return requests_;
  }
  // How often it was changed.
  int changes(PublicationId id) const {
    MutexLock lock(mutex_);
    const auto found = changes_.find(id);
    return found == changes_.end() ? 0 : found->second;
  }
  std::vector<PublicationId> unpublished() const {
    MutexLock lock(mutex_);
    return unpublished_;
  }

  // SIP says this.
  void Tell(PublicationId id, const PublicationStatus& status) { ObserverOf(id)->OnStatus(status); }
  // The compositor has taken this many states.
  void TellActive(PublicationId id, uint64_t accepted_revision) {
    PublicationStatus status;
    status.state = PublicationState::kActive;
    status.accepted_revision = accepted_revision;
    Tell(id, status);
  }
  void TellEnded(PublicationId id, std::string reason, int sip_status) {
    PublicationStatus status;
    status.state = PublicationState::kEnded;
    status.reason = std::move(reason);
    status.sip_status = sip_status;
    Tell(id, status);
    ObserverOf(id)->OnEnded();
  }

 private:
  std::shared_ptr<PublicationObserver> ObserverOf(PublicationId id) const {
    MutexLock lock(mutex_);
    return observers_.at(id);
  }

  mutable Mutex mutex_;
  std::vector<PublishRequest> requests_ ABSL_GUARDED_BY(mutex_);
  std::map<PublicationId, std::shared_ptr<PublicationObserver>> observers_ ABSL_GUARDED_BY(mutex_);
  std::map<PublicationId, int> changes_ ABSL_GUARDED_BY(mutex_);
  std::vector<PublicationId> unpublished_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipevents::sip

#endif  // TESTS_FAKES_FAKE_PUBLISHER_H_
