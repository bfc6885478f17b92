#ifndef SIP_POSTED_EVENT_SERVER_H_
#define SIP_POSTED_EVENT_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sip/compositor/resource_uri.h"
#include "sip/event_server.h"
#include "sip/event_service.h"

namespace sipevents::sip {

// The EventServer of an agent: has each call carried out by the service on its SIP thread.
//
// Threads: any.
class PostedEventServer final : public EventServer {
 public:
  using Post = std::function<void(std::function<void(EventService&)>)>;

  // `post` carries an action out on the thread of the service; null: there is none.
  PostedEventServer(DomainSet domains, Post post);

  bool Serves(std::string_view uri) const override;
  std::string NameOf(std::string_view uri) const override;
  const std::vector<std::string>& NotifiedPackages() const override {
    return EventService::NotifiedPackages();
  }
  const std::vector<std::string>& PublishedPackages() const override {
    return EventService::PublishedPackages();
  }
  void SetState(LocalPublication publication, Done done) override;
  void RemoveState(uint64_t id, Done done) override;
  void ListWatchers(WatcherFilter filter, std::string after, size_t limit,
                    std::function<void(std::vector<WatcherRecord>)> done) override;
  void Observe(WatcherFilter filter, std::shared_ptr<WatcherObserver> observer) override;
  void StopObserving(const std::shared_ptr<WatcherObserver>& observer) override;
  void SetRule(WatcherRule rule, Done done) override;
  void RemoveRule(std::string resource_uri, std::string event_package, std::string watcher_uri,
                  Done done) override;
  void ListRules(std::function<void(std::vector<WatcherRule>)> done) override;
  void SetList(ServedList list, Done done) override;
  void RemoveList(std::string uri, Done done) override;

 private:
  // Without a service `done` hears that nothing is served.
  void Run(const Done& done, std::function<void(EventService&)> action);

  const DomainSet domains_;
  const Post post_;
};

}  // namespace sipevents::sip

#endif  // SIP_POSTED_EVENT_SERVER_H_
