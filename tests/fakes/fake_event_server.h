#ifndef TESTS_FAKES_FAKE_EVENT_SERVER_H_
#define TESTS_FAKES_FAKE_EVENT_SERVER_H_

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "sip/base/ascii.h"
#include "sip/base/mutex.h"
#include "sip/event_server.h"

namespace sipevents::sip {

// An event server that keeps what it is told, and answers at once or when the test says so. Serves
// the domain example.com.
//
// Threads: any.
class FakeEventServer final : public EventServer {
 public:
  bool Serves(std::string_view uri) const override {
    return absl::EndsWith(AbslView(uri), "@example.com");
  }

  std::string NameOf(std::string_view uri) const override {
    if (!Serves(uri)) return std::string(uri);
    return "sip" + std::string(uri.substr(uri.find(':')));
  }

  const std::vector<std::string>& NotifiedPackages() const override { return packages_; }
  const std::vector<std::string>& PublishedPackages() const override { return published_; }

  void SetState(LocalPublication publication, Done done) override {
    Answer(
        [this, publication = std::move(publication)](const absl::Status& status) {
          if (status.ok()) states_[publication.id] = publication;
        },
        std::move(done));
  }
  void RemoveState(uint64_t id, Done done) override {
    Answer([this, id](const absl::Status& /*it goes anyway*/) { states_.erase(id); },
           std::move(done));
  }

  void ListWatchers(WatcherFilter filter, std::string after, size_t limit,
                    std::function<void(std::vector<WatcherRecord>)> done) override {
    std::vector<WatcherRecord> found;
    {
      MutexLock lock(mutex_);
      for (const WatcherRecord& watcher : watchers_) {
        if (watcher.id > after && Matches(filter, watcher) && found.size() < limit) {
          found.push_back(watcher);
        }
      }
    }
    done(std::move(found));
  }

  void Observe(WatcherFilter filter, std::shared_ptr<WatcherObserver> observer) override {
    std::vector<WatcherRecord> there;
    {
      MutexLock lock(mutex_);
      observers_[observer] = filter;
      there = watchers_;
    }
    for (const WatcherRecord& watcher : there) {
      if (Matches(filter, watcher)) observer->OnWatcher(watcher);
    }
    observer->OnInitialComplete();
  }
  void StopObserving(const std::shared_ptr<WatcherObserver>& observer) override {
    MutexLock lock(mutex_);
    observers_.erase(observer);
  }

  void SetRule(WatcherRule rule, Done done) override {
    Answer(
        [this, rule](const absl::Status& status) {
          if (!status.ok()) return;
          std::erase_if(rules_, [&](const WatcherRule& other) { return IsSame(rule, other); });
          rules_.push_back(rule);
        },
        std::move(done));
  }
  void RemoveRule(std::string resource_uri, std::string event_package, std::string watcher_uri,
                  Done done) override {
    const WatcherRule rule{resource_uri, event_package, watcher_uri, WatcherDecision::kPending};
    absl::Status status;
    {
      MutexLock lock(mutex_);
      const size_t removed =
          std::erase_if(rules_, [&](const WatcherRule& other) { return IsSame(rule, other); });
      if (removed == 0) status = absl::NotFoundError("no such rule");
    }
    done(status);
  }
  void ListRules(std::function<void(std::vector<WatcherRule>)> done) override { done(rules()); }

  void SetList(ServedList list, Done done) override {
    Answer(
        [this, list = std::move(list)](const absl::Status& status) {
          if (status.ok()) lists_[list.uri] = list;
        },
        std::move(done));
  }
  void RemoveList(std::string uri, Done done) override {
    Answer([this, uri](const absl::Status& /*it goes anyway*/) { lists_.erase(uri); },
           std::move(done));
  }

  // The next states, rules and lists are refused so.
  void RefuseWith(absl::Status status) {
    MutexLock lock(mutex_);
    refusal_ = std::move(status);
  }
  // From now on answers wait for AnswerHeld(), or DropHeld().
  void HoldAnswers() {
    MutexLock lock(mutex_);
    holds_ = true;
  }
  size_t held() const {
    MutexLock lock(mutex_);
    return held_.size();
  }
  void AnswerHeld() {
    for (const auto& answer : TakeHeld()) answer();
  }
  void DropHeld() { TakeHeld(); }

  std::map<uint64_t, LocalPublication> states() const {
    MutexLock lock(mutex_);
    return states_;
  }
  std::vector<WatcherRule> rules() const {
    MutexLock lock(mutex_);
    return rules_;
  }
  std::map<std::string, ServedList> lists() const {
    MutexLock lock(mutex_);
    return lists_;
  }
  size_t observers() const {
    MutexLock lock(mutex_);
    return observers_.size();
  }

  // There is this watcher, or it has changed; in the order of ids.
  void TellWatcher(const WatcherRecord& watcher) {
    std::vector<std::shared_ptr<WatcherObserver>> hear;
    {
      MutexLock lock(mutex_);
      std::erase_if(watchers_, [&](const WatcherRecord& other) { return other.id == watcher.id; });
      if (watcher.status != WatcherStatus::kTerminated) watchers_.push_back(watcher);
      std::sort(watchers_.begin(), watchers_.end(),
                [](const auto& one, const auto& next) { return one.id < next.id; });
      for (const auto& [observer, filter] : observers_) {
        if (Matches(filter, watcher)) hear.push_back(observer);
      }
    }
    for (const auto& observer : hear) observer->OnWatcher(watcher);
  }

 private:
  static bool Matches(const WatcherFilter& filter, const WatcherRecord& watcher) {
    return (filter.id.empty() || filter.id == watcher.id) &&
           (filter.resource_uri.empty() || filter.resource_uri == watcher.resource_uri) &&
           (filter.event_package.empty() || filter.event_package == watcher.event_package) &&
           (filter.watcher_uri.empty() || filter.watcher_uri == watcher.watcher_uri);
  }
  static bool IsSame(const WatcherRule& one, const WatcherRule& other) {
    return one.resource_uri == other.resource_uri && one.event_package == other.event_package &&
           one.watcher_uri == other.watcher_uri;
  }

  // `apply` is called with the lock held.
  void Answer(std::function<void(const absl::Status&)> apply, Done done) {
    std::function<void()> answer = [this, apply = std::move(apply), done = std::move(done),
                                    status = refusal()] {
      {
        MutexLock lock(mutex_);
        apply(status);
      }
      done(status);
    };
    {
      MutexLock lock(mutex_);
      if (holds_) {
        held_.push_back(std::move(answer));
        return;
      }
    }
    answer();
  }
  absl::Status refusal() const {
    MutexLock lock(mutex_);
    return refusal_;
  }
  std::vector<std::function<void()>> TakeHeld() {
    MutexLock lock(mutex_);
    holds_ = false;
    return std::exchange(held_, {});
  }

  const std::vector<std::string> published_ = {"presence", "dialog", "message-summary",
                                               "vq-rtcpxr"};
  const std::vector<std::string> packages_ = {"presence", "dialog", "presence.winfo"};
  mutable Mutex mutex_;
  absl::Status refusal_ ABSL_GUARDED_BY(mutex_);
  bool holds_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::function<void()>> held_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, LocalPublication> states_ ABSL_GUARDED_BY(mutex_);
  std::vector<WatcherRecord> watchers_ ABSL_GUARDED_BY(mutex_);
  std::map<std::shared_ptr<WatcherObserver>, WatcherFilter> observers_ ABSL_GUARDED_BY(mutex_);
  std::vector<WatcherRule> rules_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, ServedList> lists_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipevents::sip

#endif  // TESTS_FAKES_FAKE_EVENT_SERVER_H_
