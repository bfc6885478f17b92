#ifndef SIP_NOTIFIER_AUDIENCE_H_
#define SIP_NOTIFIER_AUDIENCE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace sipevents::sip {

class Audience;

// One who wants to know when a state changes; in the list of an audience while it lives.
//
// Threads: the SIP thread that serves.
class AudienceMember {
 public:
  explicit AudienceMember(Audience& audience);
  AudienceMember(const AudienceMember&) = delete;
  AudienceMember& operator=(const AudienceMember&) = delete;

  Audience& audience() const { return *audience_; }

  // Whether it is this watcher, or a list that it watches.
  virtual bool IsOf(const std::string& watcher_uri) const = 0;
  // Somebody has decided whether it may see the state. A watcher by itself is told otherwise.
  virtual void OnDecided() {}

  // The state of the resource is another one. Must not end any member.
  virtual void OnStateChanged() = 0;

 protected:
  virtual ~AudienceMember();

 private:
  friend class Audience;
  Audience* audience_;
  AudienceMember* previous_ = nullptr;
  AudienceMember* next_ = nullptr;
};

// All who watch one package of one resource.
//
// Threads: the SIP thread that serves.
class Audience {
 public:
  Audience(std::string resource, std::string event_package)
      : resource_(std::move(resource)), event_package_(std::move(event_package)) {}
  Audience(const Audience&) = delete;
  Audience& operator=(const Audience&) = delete;

  const std::string& resource() const { return resource_; }
  const std::string& event_package() const { return event_package_; }
  size_t size() const { return size_; }

  // Stands for who watches now, and how; 0: nobody yet. To be another one with each change.
  uint64_t revision() const { return revision_; }
  void SetRevision(uint64_t revision) { revision_ = revision; }

  void TellStateChanged() {
    for (AudienceMember* member = first_; member != nullptr; member = member->next_) {
      member->OnStateChanged();
    }
  }

  // Calls `visit` with each member; it may end the one that it is called with.
  template <typename Visit>
  void ForEach(Visit visit) {
    for (AudienceMember* member = first_; member != nullptr;) {
      AudienceMember* const next = member->next_;
      visit(*member);
      member = next;
    }
  }

 private:
  friend class AudienceMember;
  const std::string resource_;
  const std::string event_package_;
  AudienceMember* first_ = nullptr;
  size_t size_ = 0;
  uint64_t revision_ = 0;
};

inline AudienceMember::AudienceMember(Audience& audience) : audience_(&audience) {
  next_ = audience.first_;
  if (next_ != nullptr) next_->previous_ = this;
  audience.first_ = this;
  ++audience.size_;
}

inline AudienceMember::~AudienceMember() {
  if (previous_ != nullptr) {
    previous_->next_ = next_;
  } else {
    audience_->first_ = next_;
  }
  if (next_ != nullptr) next_->previous_ = previous_;
  --audience_->size_;
}

}  // namespace sipevents::sip

#endif  // SIP_NOTIFIER_AUDIENCE_H_
