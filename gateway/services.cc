#include "gateway/services.h"

#include <algorithm>
#include <string>

#include "sip/base/status_macros.h"
#include "sip/base/uri.h"

namespace sipevents::gateway {
namespace {

std::shared_ptr<SubscriptionRegistry> NewSubscriptionRegistry(const Settings& settings,
                                                              const Services::Parts& parts) {
  SubscriptionRegistry::Options options;
  options.linger = settings.linger;
  options.max_subscriptions = static_cast<size_t>(settings.max_subscriptions);
  options.max_watches = static_cast<size_t>(settings.max_watches);
  return std::make_shared<SubscriptionRegistry>(
      options, SubscriptionRegistry::Parts{parts.agent, parts.clock, parts.random, parts.executor,
                                           parts.budget, parts.metrics});
}

SubscriptionService::Options SubscriptionOptions(const Settings& settings,
                                                 const std::string& own_identity) {
  SubscriptionService::Options options;
  options.tel_domain = settings.tel_domain;
  options.own_identity = own_identity;
  return options;
}

std::shared_ptr<PublicationRegistry> NewPublicationRegistry(const Services::Parts& parts) {
  return std::make_shared<PublicationRegistry>(
      PublicationRegistry::Options{},
      PublicationRegistry::Parts{parts.publisher, parts.server, parts.clock, parts.random,
                                 parts.executor, parts.metrics});
}

template <typename Service>
GrpcServer::NamedService Named(const char* name, Service& service) {
  return {name, &service};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Services>> Services::Build(const Settings& settings,
                                                          const Parts& parts) {
  SIPEVENTS_ASSIGN_OR_RETURN(const std::string own_identity,
                             CanonicalTarget(settings.sip_identity, settings.tel_domain));
  return std::unique_ptr<Services>(new Services(settings, own_identity, parts));
}

Services::Services(const Settings& settings, const std::string& own_identity, const Parts& parts)
    : subscriptions_(NewSubscriptionRegistry(settings, parts)),
      publications_(NewPublicationRegistry(parts)),
      lists_(std::make_shared<ResourceListTable>(
          ResourceListTable::Options{},
          ResourceListTable::Parts{parts.server, parts.clock, parts.random, parts.executor})),
      subscription_service_(
          SubscriptionOptions(settings, own_identity),
          SubscriptionService::Parts{*subscriptions_, parts.agent, namer_, parts.authenticator,
                                     authorizer_, parts.clock, parts.executor, parts.metrics}),
      publication_service_(
          {.tel_domain = settings.tel_domain, .own_identity = own_identity},
          PublicationService::Parts{*publications_, parts.server, parts.authenticator, authorizer_,
                                    parts.clock, parts.executor, parts.metrics}),
      watcher_service_(settings.tel_domain,
                       WatcherService::Parts{parts.server, parts.authenticator, authorizer_,
                                             parts.clock, parts.executor, parts.metrics}),
      list_service_(settings.tel_domain,
                    ResourceListService::Parts{*lists_, parts.server, parts.authenticator,
                                               authorizer_, parts.executor, parts.metrics}) {}

std::vector<GrpcServer::NamedService> Services::All() {
  return {Named(v1::Subscriptions::service_full_name(), subscription_service_),
          Named(v1::Publications::service_full_name(), publication_service_),
          Named(v1::Watchers::service_full_name(), watcher_service_),
          Named(v1::ResourceLists::service_full_name(), list_service_)};
}

std::vector<Drainable*> Services::Drainables() {
  return {&subscription_service_, &publication_service_, &watcher_service_, &list_service_};
}

void Services::BeginDrain() {
  for (Drainable* service : Drainables()) service->BeginDrain();
}

bool Services::AwaitDrained(absl::Time deadline) {
  const std::vector<Drainable*> services = Drainables();
  return std::all_of(services.begin(), services.end(),
                     [&](Drainable* service) { return service->AwaitDrained(deadline); });
}

}  // namespace sipevents::gateway
