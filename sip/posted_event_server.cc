#include "sip/posted_event_server.h"

#include <utility>

namespace sipevents::sip {
namespace {

// A ListWatchers() under way. It may outlive the server.
struct Listing {
  PostedEventServer::Post post;
  WatcherFilter filter;
  size_t limit = 0;
  std::function<void(std::vector<WatcherRecord>)> done;
  std::vector<WatcherRecord> records;
};

// A step at a time, and requests get their turn in between.
void ListFrom(const std::shared_ptr<Listing>& listing, std::string after) {
  listing->post([listing, after = std::move(after)](EventService& service) {
    std::string next =
        service.notifier().ListSome(listing->filter, after, listing->limit, listing->records);
    if (next.empty()) {
      listing->done(std::move(listing->records));
    } else {
      ListFrom(listing, std::move(next));
    }
  });
}

}  // namespace

PostedEventServer::PostedEventServer(DomainSet domains, Post post)
    : domains_(std::move(domains)), post_(std::move(post)) {}

bool PostedEventServer::Serves(std::string_view uri) const {
  return ResourceOf(uri, domains_).has_value();
}

std::string PostedEventServer::NameOf(std::string_view uri) const {
  return ResourceOf(uri, domains_).value_or(std::string(uri));
}

void PostedEventServer::Run(const Done& done, std::function<void(EventService&)> action) {
  if (post_ == nullptr) {
    done(absl::FailedPreconditionError("no domain is served here: --sip_domains is empty"));
    return;
  }
  post_(std::move(action));
}

void PostedEventServer::SetState(LocalPublication publication, Done done) {
  Run(done, [publication = std::move(publication), done](EventService& service) {
    done(service.compositor().SetState(publication));
  });
}

void PostedEventServer::RemoveState(uint64_t id, Done done) {
  Run(done, [id, done](EventService& service) {
    service.compositor().RemoveState(id);
    done(absl::OkStatus());
  });
}

void PostedEventServer::ListWatchers(WatcherFilter filter, std::string after, size_t limit,
                                     std::function<void(std::vector<WatcherRecord>)> done) {
  if (post_ == nullptr) {
    done({});
    return;
  }
  auto listing = std::make_shared<Listing>();
  listing->post = post_;
  listing->filter = std::move(filter);
  listing->limit = limit;
  listing->done = std::move(done);
  ListFrom(listing, std::move(after));
}

void PostedEventServer::Observe(WatcherFilter filter, std::shared_ptr<WatcherObserver> observer) {
  if (post_ == nullptr) {
    observer->OnInitialComplete();
    return;
  }
  post_([filter = std::move(filter), observer = std::move(observer)](EventService& service) {
    service.notifier().Observe(filter, observer);
  });
}

void PostedEventServer::StopObserving(const std::shared_ptr<WatcherObserver>& observer) {
  if (post_ == nullptr) return;
  post_([observer](EventService& service) { service.notifier().StopObserving(observer); });
}

void PostedEventServer::SetRule(WatcherRule rule, Done done) {
  Run(done, [rule = std::move(rule), done](EventService& service) {
    const absl::Status status = service.policy().Set(rule);
    if (status.ok()) {
      service.notifier().OnRule(rule.resource_uri, rule.event_package, rule.watcher_uri);
    }
    done(status);
  });
}

void PostedEventServer::RemoveRule(std::string resource_uri, std::string event_package,
                                   std::string watcher_uri, Done done) {
  Run(done, [resource_uri = std::move(resource_uri), event_package = std::move(event_package),
             watcher_uri = std::move(watcher_uri), done](EventService& service) {
    done(service.policy().Remove(resource_uri, event_package, watcher_uri));
  });
}

void PostedEventServer::ListRules(std::function<void(std::vector<WatcherRule>)> done) {
  if (post_ == nullptr) {
    done({});
    return;
  }
  post_([done = std::move(done)](EventService& service) { done(service.policy().List()); });
}

void PostedEventServer::SetList(ServedList list, Done done) {
  Run(done, [list = std::move(list), done](EventService& service) {
    done(service.notifier().SetList(list));
  });
}

void PostedEventServer::RemoveList(std::string uri, Done done) {
  Run(done, [uri = std::move(uri), done](EventService& service) {
    service.notifier().RemoveList(uri);
    done(absl::OkStatus());
  });
}

}  // namespace sipevents::sip
