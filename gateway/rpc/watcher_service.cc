#include "gateway/rpc/watcher_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/rpc/reactors.h"
#include "gateway/rpc/refusal_count.h"
#include "gateway/rpc/watcher_messages.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "sip/base/status_macros.h"

namespace sipevents::gateway {
namespace {

using WatchReactor = grpc::ServerWriteReactor<grpc::ByteBuffer>;

// As ChangeStream writes them.
static_assert(v1::WatchWatchersResponse::kItemsFieldNumber == 1);
static_assert(v1::WatcherItem::kBookmarkFieldNumber == 2);

bool Fits(const sip::WatcherFilter& filter, const sip::WatcherRule& rule) {
  return (filter.resource_uri.empty() || filter.resource_uri == rule.resource_uri) &&
         (filter.event_package.empty() || filter.event_package == rule.event_package) &&
         (filter.watcher_uri.empty() || filter.watcher_uri == rule.watcher_uri);
}

// One state of a watcher.
class SeenWatcher final : public Changing {
 public:
  explicit SeenWatcher(const sip::WatcherRecord& record) : record_(record) {}

  const std::string& name() const override { return record_.id; }
  bool gone() const override { return record_.status == sip::WatcherStatus::kTerminated; }
  std::string EncodeItem() const override {
    v1::WatcherItem item;
    *item.mutable_watcher() = ToMessage(record_);
    return item.SerializeAsString();
  }

 private:
  const sip::WatcherRecord record_;
};

}  // namespace

// Puts watchers into a stream, on the SIP thread.
class WatcherService::Observer final : public sip::WatcherObserver {
 public:
  Observer(const WatcherService& service, Caller caller, std::weak_ptr<ChangeStream> stream)
      : service_(service), caller_(std::move(caller)), stream_(std::move(stream)) {}

  void OnWatcher(const sip::WatcherRecord& watcher) override {
    const std::shared_ptr<ChangeStream> stream = stream_.lock();
    if (stream == nullptr) return;
    if (!service_.Authorize(caller_, watcher.resource_uri, watcher.event_package).ok()) return;
    stream->Put(std::make_shared<SeenWatcher>(watcher));
  }
  void OnInitialComplete() override {
    if (const std::shared_ptr<ChangeStream> stream = stream_.lock()) stream->CompleteInitial();
  }

 private:
  const WatcherService& service_;  // lives as long as a stream of it does
  const Caller caller_;
  const std::weak_ptr<ChangeStream> stream_;
};

WatcherService::WatcherService(const std::string& tel_domain, const Parts& parts)
    : parts_(parts), checks_(tel_domain, parts.server) {}

absl::StatusOr<Caller> WatcherService::Admit(const grpc::CallbackServerContext& context) const {
  if (streams_.draining()) return Draining();
  return parts_.authenticator.Authenticate(context);
}

template <typename Request>
absl::StatusOr<WatcherPage> WatcherService::AdmitPage(const grpc::CallbackServerContext& context,
                                                      const Request& request,
                                                      Caller& caller) const {
  SIPEVENTS_ASSIGN_OR_RETURN(caller, Admit(context));
  return checks_.Check(request, caller.tenant);
}

template <typename Request>
absl::StatusOr<WatcherSelection> WatcherService::AdmitSelection(
    const grpc::CallbackServerContext& context, const Request& request, Caller& caller) const {
  SIPEVENTS_ASSIGN_OR_RETURN(caller, Admit(context));
  SIPEVENTS_ASSIGN_OR_RETURN(WatcherSelection selection, checks_.Check(request));
  if (selection.id.empty()) {
    SIPEVENTS_RETURN_IF_ERROR(
        Authorize(caller, selection.key.resource_uri, selection.key.event_package));
  }
  return selection;
}

absl::Status WatcherService::Authorize(const Caller& caller, const std::string& resource_uri,
                                       const std::string& event_package) const {
  return parts_.authorizer.Authorize(caller, {.action = Action::kPublish,
                                              .target = resource_uri,
                                              .event_package = event_package,
                                              .identity = ""});
}

// ---- ListWatchers

grpc::ServerUnaryReactor* WatcherService::ListWatchers(grpc::CallbackServerContext* context,
                                                       const v1::ListWatchersRequest* request,
                                                       v1::ListWatchersResponse* response) {
  Caller caller;
  const absl::StatusOr<WatcherPage> page = AdmitPage(*context, *request, caller);
  if (!page.ok()) return FinishWith(*context, page.status());
  auto [reactor, right] = DeferredAnswer::Begin(parts_.executor);
  const auto limit = static_cast<size_t>(page->page_size);
  parts_.server.ListWatchers(
      page->filter, page->after, limit,
      [this, caller, limit, request, response,
       right = std::move(right)](std::vector<sip::WatcherRecord> watchers) {
        right->AnswerLater(
            [this, caller, limit, request, response, watchers = std::move(watchers)] {
              for (const sip::WatcherRecord& watcher : watchers) {
                if (!Authorize(caller, watcher.resource_uri, watcher.event_package).ok()) continue;
                *response->add_watchers() = ToMessage(watcher);
              }
              if (watchers.size() == limit) {
                response->set_next_page_token(
                    checks_.NextPageToken(*request, caller.tenant, watchers.back().id));
              }
              return absl::OkStatus();
            });
      });
  return reactor;
}

// ---- WatchWatchers

WatchReactor* WatcherService::WatchWatchers(grpc::CallbackServerContext* context,
                                            const grpc::ByteBuffer* request) {
  const absl::StatusOr<Caller> caller = Admit(*context);
  if (!caller.ok()) return Refused<WatchReactor>::Start(caller.status());
  v1::WatchWatchersRequest parsed;
  grpc::ByteBuffer copy(*request);  // references; the parser consumes it
  if (!grpc::SerializationTraits<v1::WatchWatchersRequest>::Deserialize(&copy, &parsed).ok()) {
    return Refused<WatchReactor>::Start(
        InvalidField("", "", "an encoded sipevents.v1.WatchWatchersRequest"));
  }
  ChangeStream::Options options;
  const absl::StatusOr<sip::WatcherFilter> filter =
      checks_.Check(parsed, options.heartbeat_interval);
  if (!filter.ok()) return Refused<WatchReactor>::Start(filter.status());
  const auto stream =
      std::make_shared<ChangeStream>(options, ChangeStream::Parts{.executor = parts_.executor,
                                                                  .clock = parts_.clock,
                                                                  .metrics = parts_.metrics,
                                                                  .streams = streams_});
  const auto observer = std::make_shared<Observer>(*this, *caller, stream);
  // As long as the stream holds this, the event server tells the observer.
  const std::shared_ptr<void> observation(
      observer.get(),
      [observer, &server = parts_.server](void* /*observer*/) { server.StopObserving(observer); });
  parts_.server.Observe(*filter, observer);
  return stream->Start(observation);
}

// ---- AuthorizeWatcher

void WatcherService::Decide(const Caller& caller, const sip::WatcherRule& rule, const Right& right,
                            v1::WatcherRule* response) {
  absl::Status authorized = Authorize(caller, rule.resource_uri, rule.event_package);
  if (!authorized.ok()) {
    right->AnswerLater([authorized = std::move(authorized)] { return authorized; });
    return;
  }
  parts_.server.SetRule(rule, [this, rule, right, response](const absl::Status& status) {
    right->AnswerLater([this, rule, response, status] {
      absl::Status answer = ServingError(status);
      CountRefusal(answer, parts_.metrics);
      *response = ToMessage(rule, absl::StrCat("watcherRules/", checks_.RuleId(rule)));
      return answer;
    });
  });
}

grpc::ServerUnaryReactor* WatcherService::AuthorizeWatcher(
    grpc::CallbackServerContext* context, const v1::AuthorizeWatcherRequest* request,
    v1::WatcherRule* response) {
  Caller caller;
  const absl::StatusOr<WatcherSelection> selection = AdmitSelection(*context, *request, caller);
  if (!selection.ok()) return FinishWith(*context, selection.status());
  auto [reactor, right] = DeferredAnswer::Begin(parts_.executor);
  const sip::WatcherDecision decision = ToDecision(request->decision());
  if (selection->id.empty()) {
    const sip::WatcherFilter& key = selection->key;
    Decide(caller, {key.resource_uri, key.event_package, key.watcher_uri, decision}, right,
           response);
    return reactor;
  }
  sip::WatcherFilter filter;
  filter.id = selection->id;
  parts_.server.ListWatchers(
      filter, "", 1,
      [this, caller, decision, name = request->name(), response,
       right = std::move(right)](const std::vector<sip::WatcherRecord>& watchers) {
        // One that he may not decide about looks like one that is not there.
        if (watchers.empty() ||
            !Authorize(caller, watchers[0].resource_uri, watchers[0].event_package).ok()) {
          right->AnswerLater([name] { return WatcherNotFound(name); });
          return;
        }
        const sip::WatcherRecord& watcher = watchers[0];
        Decide(caller, {watcher.resource_uri, watcher.event_package, watcher.watcher_uri, decision},
               right, response);
      });
  return reactor;
}

// ---- ListWatcherRules

void WatcherService::ShowRules(const Caller& caller, const v1::ListWatcherRulesRequest& request,
                               const WatcherPage& page, const std::vector<sip::WatcherRule>& rules,
                               v1::ListWatcherRulesResponse& response) const {
  std::vector<std::pair<std::string, const sip::WatcherRule*>> by_id;
  for (const sip::WatcherRule& rule : rules) {
    if (!Fits(page.filter, rule)) continue;
    if (!Authorize(caller, rule.resource_uri, rule.event_package).ok()) continue;
    std::string id = checks_.RuleId(rule);
    if (id > page.after) by_id.emplace_back(std::move(id), &rule);
  }
  std::sort(by_id.begin(), by_id.end());
  for (const auto& [id, rule] : by_id) {
    if (response.rules_size() == page.page_size) {
      const std::string& last = by_id[static_cast<size_t>(page.page_size) - 1].first;
      response.set_next_page_token(checks_.NextPageToken(request, caller.tenant, last));
      return;
    }
    *response.add_rules() = ToMessage(*rule, absl::StrCat("watcherRules/", id));
  }
}

grpc::ServerUnaryReactor* WatcherService::ListWatcherRules(
    grpc::CallbackServerContext* context, const v1::ListWatcherRulesRequest* request,
    v1::ListWatcherRulesResponse* response) {
  Caller caller;
  const absl::StatusOr<WatcherPage> page = AdmitPage(*context, *request, caller);
  if (!page.ok()) return FinishWith(*context, page.status());
  auto [reactor, right] = DeferredAnswer::Begin(parts_.executor);
  parts_.server.ListRules([this, caller, page = *page, request, response,
                           right = std::move(right)](std::vector<sip::WatcherRule> rules) {
    right->AnswerLater([this, caller, page, request, response, rules = std::move(rules)] {
      ShowRules(caller, *request, page, rules, *response);
      return absl::OkStatus();
    });
  });
  return reactor;
}

// ---- DeleteWatcherRule

void WatcherService::Remove(const Caller& caller, const sip::WatcherRule& rule,
                            const Right& right) {
  const std::string name = absl::StrCat("watcherRules/", checks_.RuleId(rule));
  if (!Authorize(caller, rule.resource_uri, rule.event_package).ok()) {
    right->AnswerLater([name] { return WatcherRuleNotFound(name); });
    return;
  }
  parts_.server.RemoveRule(rule.resource_uri, rule.event_package, rule.watcher_uri,
                           [name, right](const absl::Status& status) {
                             right->AnswerLater([name, status] {
                               return absl::IsNotFound(status) ? WatcherRuleNotFound(name) : status;
                             });
                           });
}

grpc::ServerUnaryReactor* WatcherService::DeleteWatcherRule(
    grpc::CallbackServerContext* context, const v1::DeleteWatcherRuleRequest* request,
    google::protobuf::Empty* /*response*/) {
  Caller caller;
  const absl::StatusOr<WatcherSelection> selection = AdmitSelection(*context, *request, caller);
  if (!selection.ok()) return FinishWith(*context, selection.status());
  auto [reactor, right] = DeferredAnswer::Begin(parts_.executor);
  if (selection->id.empty()) {
    const sip::WatcherFilter& key = selection->key;
    Remove(caller,
           {key.resource_uri, key.event_package, key.watcher_uri, sip::WatcherDecision::kPending},
           right);
    return reactor;
  }
  parts_.server.ListRules([this, caller, name = request->name(), id = selection->id,
                           right = std::move(right)](const std::vector<sip::WatcherRule>& rules) {
    for (const sip::WatcherRule& rule : rules) {
      if (checks_.RuleId(rule) == id) return Remove(caller, rule, right);
    }
    right->AnswerLater([name] { return WatcherRuleNotFound(name); });
  });
  return reactor;
}

// ---- Drainable

void WatcherService::BeginDrain() { streams_.BeginDrain(); }

bool WatcherService::AwaitDrained(absl::Time deadline) { return streams_.AwaitNone(deadline); }

}  // namespace sipevents::gateway
