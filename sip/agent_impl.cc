#include "sip/agent_impl.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/agent_setup.h"
#include "sip/base/ascii.h"
#include "sip/base/mutex.h"
#include "sip/base/net_address.h"
#include "sip/base/status_macros.h"
#include "sip/posted_event_server.h"
#include "sip/publisher_fan.h"
#include "sip/shard.h"
#include "sip/unsolicited_fan.h"

namespace sipevents::sip {
namespace {

// In the id of a subscription to what is served here.
constexpr SubscriptionId kLocal = SubscriptionId{1} << 61;

class AgentImpl : public RunningAgent {
 public:
  static absl::StatusOr<std::unique_ptr<RunningAgent>> Start(const AgentOptions& options);

  // Threads end one by one, and must not call those that have.
  ~AgentImpl() override { unsolicited_.Close(); }

  const std::vector<std::string>& listening() const override { return listening_; }

  Publisher& publisher() override { return publisher_; }

  EventServer& event_server() override { return *event_server_; }

  SubscriptionId Subscribe(SubscribeRequest request,
                           std::shared_ptr<SubscriptionObserver> observer) override {
    if (event_server_->Serves(request.target_uri)) {
      const SubscriptionId id = kLocal | ++last_id_;
      shards_.front()->PostLocal([id, request = std::move(request),
                                  observer = std::move(observer)](LocalSubscriptions& local) {
        local.Subscribe(id, request, observer);
      });
      return id;
    }
    const size_t shard = ShardOf(request);
    const SubscriptionId id = ++last_id_ * shards_.size() + shard;
    shards_[shard]->Post(
        [id, request = std::move(request), observer = std::move(observer)](Subscriber& subscriber) {
          subscriber.Subscribe(id, request, observer);
        });
    return id;
  }

  void Unsubscribe(SubscriptionId id) override {
    if ((id & kLocal) != 0) {
      shards_.front()->PostLocal([id](LocalSubscriptions& local) { local.Unsubscribe(id); });
      return;
    }
    shards_[id % shards_.size()]->Post(
        [id](Subscriber& subscriber) { subscriber.Unsubscribe(id); });
  }

  void SetExpires(SubscriptionId id, absl::Duration expires) override {
    if ((id & kLocal) != 0) return;  // lasts as long as it is wanted
    shards_[id % shards_.size()]->Post(
        [id, expires](Subscriber& subscriber) { subscriber.SetExpires(id, expires); });
  }

  void Explain(SubscriptionId id,
               std::function<void(const SubscriptionExplanation&)> done) override {
    if ((id & kLocal) != 0) {
      shards_.front()->PostLocal(
          [id, done = std::move(done)](LocalSubscriptions& local) { done(local.Explain(id)); });
      return;
    }
    shards_[id % shards_.size()]->Post(
        [id, done = std::move(done)](Subscriber& subscriber) { done(subscriber.Explain(id)); });
  }

  void Fetch(SubscribeRequest request, std::shared_ptr<FetchObserver> observer) override {
    if (event_server_->Serves(request.target_uri)) {
      shards_.front()->PostLocal([request = std::move(request),
                                  observer = std::move(observer)](LocalSubscriptions& local) {
        local.Fetch(request, observer);
      });
      return;
    }
    Shard& shard = *shards_[ShardOf(request)];
    shard.Post([request = std::move(request), observer = std::move(observer)](
                   Subscriber& subscriber) { subscriber.StartFetch(request, observer); });
  }

  void Drain(absl::Time deadline, std::function<void()> done) override;

  void DescribeRegistrations(std::function<void(std::vector<RegistrationStatus>)> done) override;

 private:
  size_t ShardOf(const SubscribeRequest& request) const {
    return setup_.ShardOf(request.target_uri, request.identity, shards_.size());
  }

  AgentSetup setup_;
  std::vector<std::string> listening_;
  std::atomic<uint64_t> last_id_{0};
  UnsolicitedFan unsolicited_;
  std::vector<std::unique_ptr<Shard>> shards_;
  PublisherFan publisher_{shards_};
  std::unique_ptr<PostedEventServer> event_server_;
};

absl::StatusOr<std::unique_ptr<RunningAgent>> AgentImpl::Start(const AgentOptions& options) {
  auto agent = std::make_unique<AgentImpl>();
  SIPEVENTS_ASSIGN_OR_RETURN(agent->setup_, SetUpAgent(options));
  agent->setup_.tell_all = [&fan = agent->unsolicited_](const auto& state) {
    return fan.Tell(state);
  };
  for (int i = 0; i < options.shards; ++i) {
    SIPEVENTS_ASSIGN_OR_RETURN(std::unique_ptr<Shard> shard,
                               Shard::Start(i, options, agent->setup_));
    agent->shards_.push_back(std::move(shard));
  }
  agent->setup_.users.reset();  // whoever needs them has them, until there are others
  agent->unsolicited_.Open(agent->shards_);
  PostedEventServer::Post post;
  if (agent->setup_.events.has_value()) {
    post = [&shard = *agent->shards_.front()](std::function<void(EventService&)> action) {
      shard.PostEvents(std::move(action));
    };
  }
  agent->event_server_ =
      std::make_unique<PostedEventServer>(DomainSet(options.domains), std::move(post));
  const std::vector<ListenSpec>& listen = agent->setup_.endpoint.listen;
  for (size_t i = 0; i < listen.size(); ++i) {
    agent->listening_.push_back(absl::StrCat(AbslView(TransportName(listen[i].transport)), ":",
                                             listen[i].host, ":",
                                             agent->shards_.front()->ports()[i]));
  }
  return agent;
}

void AgentImpl::Drain(absl::Time deadline, std::function<void()> done) {
  struct Waiting {
    std::atomic<int> shards;
    std::atomic<bool> told{false};
    std::function<void()> done;
    void Tell() {
      if (!told.exchange(true)) done();
    }
  };
  auto waiting = std::make_shared<Waiting>();
  waiting->shards = static_cast<int>(shards_.size());
  waiting->done = std::move(done);
  for (const auto& shard : shards_) {
    shard->Drain(deadline, [waiting] {
      if (--waiting->shards == 0) waiting->Tell();
    });
  }
  shards_.front()->PostAfter(std::max(deadline - absl::Now(), absl::ZeroDuration()),
                             [waiting] { waiting->Tell(); });
}

// Each shard tells its part on its thread; the last one tells all.
void AgentImpl::DescribeRegistrations(std::function<void(std::vector<RegistrationStatus>)> done) {
  struct Gathering {
    Mutex mutex;
    size_t shards ABSL_GUARDED_BY(mutex) = 0;
    std::vector<RegistrationStatus> all ABSL_GUARDED_BY(mutex);
    std::function<void(std::vector<RegistrationStatus>)> done;
  };
  auto gathering = std::make_shared<Gathering>();
  gathering->done = std::move(done);
  {
    MutexLock lock(gathering->mutex);
    gathering->shards = shards_.size();
  }
  for (const auto& shard : shards_) {
    shard->DescribeRegistrations([gathering](std::vector<RegistrationStatus> some) {
      MutexLock lock(gathering->mutex);
      std::vector<RegistrationStatus>& all = gathering->all;
      std::move(some.begin(), some.end(), std::back_inserter(all));
      if (--gathering->shards > 0) return;
      std::sort(all.begin(), all.end(),
                [](const auto& a, const auto& b) { return a.identity < b.identity; });
      gathering->done(std::move(all));
    });
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunningAgent>> StartAgent(const AgentOptions& options) {
  return AgentImpl::Start(options);
}

}  // namespace sipevents::sip
