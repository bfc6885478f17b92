#include "sip/agent_impl.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sip/base/ascii.h"
#include "sip/base/net_address.h"
#include "sip/base/random_id.h"
#include "sip/base/status_macros.h"
#include "sip/base/uri.h"
#include "sip/packages/decode_scratch.h"
#include "sip/packages/package_table.h"
#include "sip/stack/credentials.h"
#include "sip/stack/dialog_table.h"
#include "sip/stack/endpoint.h"
#include "sip/stack/event_loop.h"
#include "sip/subscriber/subscriber.h"

namespace sipevents::sip {
namespace {

constexpr int kMaxShards = 64;

std::string TypedPackageNames() {
  std::vector<std::string> names;
  for (const EventPackage* package : TypedPackages()) names.emplace_back(package->name());
  return absl::StrJoin(names, ", ");
}

std::string TypedPackageBodies() {
  std::vector<std::string> types;
  for (const EventPackage* package : TypedPackages()) {
    types.insert(types.end(), package->accept().begin(), package->accept().end());
  }
  return absl::StrJoin(types, ", ");
}

std::string Bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : absl::StrCat("[", host, "]");
}

absl::Status BadOption(std::string_view flag, std::string_view value, std::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat(AbslView(flag), ": ", QuoteForMessage(value),
                                                 ": expected ", AbslView(expected)));
}

// The host that Via and Contact show for one listener.
absl::StatusOr<std::string> AdvertisedHost(const std::string& text, const SipListenAddress& bound) {
  if (text.empty()) {
    if (IsWildcard(bound.address.host)) {
      return BadOption("--sip_advertise", "", "an address, since --sip_listen has a wildcard");
    }
    return Bracketed(bound.address.host);
  }
  if (IsSipHost(text) && !IsWildcard(text)) return text;
  const absl::StatusOr<HostPort> parsed = ParseHostPort(text);
  if (!parsed.ok() || IsWildcard(parsed->host)) {
    return BadOption("--sip_advertise", text, "host or host:port, such as 192.0.2.7:5060");
  }
  if (parsed->port != 0 && parsed->port != bound.address.port) {
    return BadOption("--sip_advertise", text,
                     absl::StrCat("the port of its listener (", bound.address.port, ")"));
  }
  return Bracketed(parsed->host);
}

absl::StatusOr<std::vector<ListenSpec>> ListenSpecs(const AgentOptions& options) {
  if (options.listen.empty()) return BadOption("--sip_listen", "", "at least one address");
  if (options.advertise.size() > 1 && options.advertise.size() != options.listen.size()) {
    return BadOption("--sip_advertise", absl::StrJoin(options.advertise, ","),
                     "one address for all listeners, or one for each");
  }
  std::vector<ListenSpec> specs;
  for (size_t i = 0; i < options.listen.size(); ++i) {
    const absl::StatusOr<SipListenAddress> address = ParseSipListenAddress(options.listen[i]);
    if (!address.ok()) {
      return BadOption("--sip_listen", options.listen[i], "udp:HOST:PORT or tcp:HOST:PORT");
    }
    if (address->transport == Transport::kTls || !IsNumericHost(address->address.host)) {
      return BadOption("--sip_listen", options.listen[i],
                       "udp or tcp with a numeric address, such as udp:127.0.0.1:5060");
    }
    const std::string shown =
        options.advertise.empty() ? "" : options.advertise[options.advertise.size() == 1 ? 0 : i];
    ListenSpec spec;
    spec.transport = std::string(TransportName(address->transport));
    spec.host = Bracketed(address->address.host);
    spec.port = address->address.port;
    SIPEVENTS_ASSIGN_OR_RETURN(spec.advertise, AdvertisedHost(shown, *address));
    specs.push_back(std::move(spec));
  }
  return specs;
}

absl::StatusOr<std::string> OutboundRoute(const std::string& proxy) {
  if (proxy.empty()) return std::string();
  absl::StatusOr<Uri> uri = ParseUri(proxy);
  if (!uri.ok() || (uri->scheme != "sip" && uri->scheme != "sips")) {
    return BadOption("--sip_outbound_proxy", proxy, "a SIP URI such as sip:192.0.2.1:5060;lr");
  }
  const bool loose = std::any_of(uri->parameters.begin(), uri->parameters.end(),
                                 [](const auto& parameter) { return parameter.first == "lr"; });
  if (!loose) uri->parameters.emplace_back("lr", "");
  return absl::StrCat("<", uri->ToString(), ">");
}

// One SIP thread with all that it owns. Threads: created and destroyed from outside, where it
// waits for its thread; everything else runs on that thread.
class Shard {
 public:
  static absl::StatusOr<std::unique_ptr<Shard>> Start(int index, const AgentOptions& options,
                                                      std::vector<ListenSpec> listen,
                                                      std::string outbound_route,
                                                      const CredentialTable& credentials) {
    std::unique_ptr<Shard> shard(new Shard(index));
    absl::Status status;
    shard->loop_.Run([&] {
      status = shard->Open(options, std::move(listen), std::move(outbound_route), credentials);
    });
    if (!status.ok()) return status;
    return shard;
  }

  ~Shard() {
    loop_.Run([this] {
      subscriber_.reset();
      endpoint_.reset();
      dialogs_.reset();
    });
  }

  void Post(std::function<void(Subscriber&)> action) {
    loop_.Post([this, action = std::move(action)] { action(*subscriber_); });
  }

  // On the shard's thread, `delay` from now; dropped if the shard goes before.
  void PostAfter(absl::Duration delay, std::function<void()> action) {
    loop_.Post([this, delay, action = std::move(action)]() mutable {
      loop_.timers().At(loop_.clock().Now() + delay, std::move(action));
    });
  }

  const std::vector<int>& ports() const { return ports_; }

 private:
  // Subscriber and endpoint need each other; this is what the endpoint holds first.
  class Relay : public NotifyHandler {
   public:
    NotifyAnswer OnNotify(const IncomingNotify& notify) override {
      return target->OnNotify(notify);
    }
    NotifyHandler* target = nullptr;
  };

  explicit Shard(int index) : loop_(absl::StrCat("sip-", index)) {}

  absl::Status Open(const AgentOptions& options, std::vector<ListenSpec> listen,
                    std::string outbound_route, const CredentialTable& credentials) {
    EndpointOptions endpoint_options;
    endpoint_options.listen = std::move(listen);
    endpoint_options.t1 = options.t1;
    endpoint_options.allow_events = TypedPackageNames();
    endpoint_options.accept = TypedPackageBodies();
    SIPEVENTS_ASSIGN_OR_RETURN(
        endpoint_, Endpoint::Open(loop_, std::move(endpoint_options), relay_, options.metrics));
    ports_ = endpoint_->ports();
    dialogs_ = std::make_unique<DialogTable>(random_);
    subscriber_ =
        std::make_unique<Subscriber>(SubscriberContext{.sender = *endpoint_,
                                                       .clock = loop_.clock(),
                                                       .timers = loop_.timers(),
                                                       .random = random_,
                                                       .dialogs = *dialogs_,
                                                       .credentials = credentials,
                                                       .scratch = scratch_,
                                                       .metrics = options.metrics,
                                                       .t1 = options.t1,
                                                       .outbound_route = std::move(outbound_route),
                                                       .identity = options.identity,
                                                       .expires = options.expires,
                                                       .strict = options.strict});
    relay_.target = subscriber_.get();
    return absl::OkStatus();
  }

  SystemRandom random_;
  DecodeScratch scratch_;
  Relay relay_;
  std::vector<int> ports_;
  std::unique_ptr<Endpoint> endpoint_;
  std::unique_ptr<DialogTable> dialogs_;
  std::unique_ptr<Subscriber> subscriber_;
  EventLoop loop_;  // last: its thread must be gone before what it uses
};

class AgentImpl : public RunningAgent {
 public:
  static absl::StatusOr<std::unique_ptr<RunningAgent>> Start(AgentOptions options);

  const std::vector<std::string>& listening() const override { return listening_; }

  SubscriptionId Subscribe(SubscribeRequest request,
                           std::shared_ptr<SubscriptionObserver> observer) override {
    const size_t shard = ShardOf(request);
    const SubscriptionId id = ++last_id_ * shards_.size() + shard;
    shards_[shard]->Post(
        [id, request = std::move(request), observer = std::move(observer)](Subscriber& subscriber) {
          subscriber.Subscribe(id, request, observer);
        });
    return id;
  }

  void Unsubscribe(SubscriptionId id) override {
    shards_[id % shards_.size()]->Post(
        [id](Subscriber& subscriber) { subscriber.Unsubscribe(id); });
  }

  void SetExpires(SubscriptionId id, absl::Duration expires) override {
    shards_[id % shards_.size()]->Post(
        [id, expires](Subscriber& subscriber) { subscriber.SetExpires(id, expires); });
  }

  void Fetch(SubscribeRequest request, std::shared_ptr<FetchObserver> observer) override {
    Shard& shard = *shards_[ShardOf(request)];
    shard.Post([request = std::move(request), observer = std::move(observer)](
                   Subscriber& subscriber) { subscriber.StartFetch(request, observer); });
  }

  void Drain(absl::Time deadline, std::function<void()> done) override;

 private:
  // Spread by the resource, so that all of its packages are told by one thread.
  size_t ShardOf(const SubscribeRequest& request) const {
    return std::hash<std::string>()(request.target_uri) % shards_.size();
  }

  CredentialTable credentials_;
  std::vector<std::string> listening_;
  std::atomic<uint64_t> last_id_{0};
  std::vector<std::unique_ptr<Shard>> shards_;
};

absl::StatusOr<std::unique_ptr<RunningAgent>> AgentImpl::Start(AgentOptions options) {
  if (options.shards < 1 || options.shards > kMaxShards) {
    return BadOption("--sip_shards", absl::StrCat(options.shards),
                     absl::StrCat("1 to ", kMaxShards));
  }
  if (!options.shard_ports.empty() &&
      options.shard_ports.size() + 1 != static_cast<size_t>(options.shards)) {
    return BadOption("--sip_shard_ports", absl::StrJoin(options.shard_ports, ","),
                     absl::StrCat(options.shards - 1, " ports, one for each further shard"));
  }
  auto agent = std::make_unique<AgentImpl>();
  if (!options.credentials_file.empty()) {
    absl::StatusOr<CredentialTable> loaded = CredentialTable::Load(options.credentials_file);
    if (!loaded.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--sip_credentials_file: ", loaded.status().message()));
    }
    agent->credentials_ = *std::move(loaded);
  }
  SIPEVENTS_ASSIGN_OR_RETURN(const std::vector<ListenSpec> listen, ListenSpecs(options));
  SIPEVENTS_ASSIGN_OR_RETURN(const std::string route, OutboundRoute(options.outbound_proxy));
  for (int i = 0; i < options.shards; ++i) {
    std::vector<ListenSpec> own = listen;
    if (i > 0) {
      own.resize(1);
      own.front().port = options.shard_ports.empty() ? 0 : options.shard_ports[i - 1];
    }
    SIPEVENTS_ASSIGN_OR_RETURN(
        std::unique_ptr<Shard> shard,
        Shard::Start(i, options, std::move(own), route, agent->credentials_));
    agent->shards_.push_back(std::move(shard));
  }
  for (size_t i = 0; i < listen.size(); ++i) {
    agent->listening_.push_back(absl::StrCat(listen[i].transport, ":", listen[i].host, ":",
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
    shard->Post([waiting](Subscriber& subscriber) {
      subscriber.Drain([waiting] {
        if (--waiting->shards == 0) waiting->Tell();
      });
    });
  }
  shards_.front()->PostAfter(std::max(deadline - absl::Now(), absl::ZeroDuration()),
                             [waiting] { waiting->Tell(); });
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunningAgent>> StartAgent(AgentOptions options) {
  return AgentImpl::Start(std::move(options));
}

}  // namespace sipevents::sip
