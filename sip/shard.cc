#include "sip/shard.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "sip/auth/digest.h"
#include "sip/base/status_macros.h"

namespace sipevents::sip {
namespace {

constexpr double kSubscriptionShare = 0.7;

// The Contact with the parameter that makes it a GRUU (RFC 5627), made from the Contact itself.
std::string GruuOf(const std::string& contact) {
  const std::string hash = DigestHash(DigestAlgorithm::kMd5, contact);
  const absl::string_view hex = hash;
  return absl::StrCat(contact, ";gr=urn:uuid:", hex.substr(0, 8), "-", hex.substr(8, 4), "-",
                      hex.substr(12, 4), "-", hex.substr(16, 4), "-", hex.substr(20));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Shard>> Shard::Start(int index, const AgentOptions& options,
                                                    const AgentSetup& setup) {
  std::unique_ptr<Shard> shard(new Shard(index));
  absl::Status status;
  shard->loop_.Run([&] { status = shard->Open(index, options, setup); });
  if (absl::IsInvalidArgument(status)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--sip_tls_cert, --sip_tls_key, --sip_tls_ca: ", status.message()));
  }
  if (!status.ok()) return status;
  return shard;
}

Shard::Shard(int index) : loop_(absl::StrCat("sip-", index)) {}

Shard::~Shard() {
  user_file_.reset();
  loop_.Run([this] {
    events_.reset();
    local_.reset();
    subscriber_.reset();
    publications_.reset();
    registrations_.reset();
    endpoint_.reset();
    dialogs_.reset();
  });
}

void Shard::Post(std::function<void(Subscriber&)> action) {
  loop_.Post([this, action = std::move(action)] { action(*subscriber_); });
}

void Shard::PostPublications(std::function<void(Publications&)> action) {
  loop_.Post([this, action = std::move(action)] { action(*publications_); });
}

void Shard::PostEvents(std::function<void(EventService&)> action) {
  loop_.Post([this, action = std::move(action)] {
    // An action that posts the next one may do so while the shard goes.
    if (events_ != nullptr) action(*events_);
  });
}

void Shard::PostLocal(std::function<void(LocalSubscriptions&)> action) {
  loop_.Post([this, action = std::move(action)] { action(*local_); });
}

void Shard::Drain(absl::Time deadline, std::function<void()> done) {
  const absl::Time now = absl::Now();
  loop_.Post([this, wait = (deadline - now) * kSubscriptionShare, done = std::move(done)] {
    const auto unregister = [this, done] { registrations_->End(done); };  // the first one counts
    const auto roles = std::make_shared<int>(3);
    const auto on_idle = [roles, unregister] {
      if (--*roles == 0) unregister();
    };
    subscriber_->Drain(on_idle);
    publications_->Drain(on_idle);
    if (events_ != nullptr) {
      events_->notifier().Drain(on_idle);
    } else {
      on_idle();
    }
    loop_.timers().At(loop_.clock().Now() + wait, unregister);
  });
}

void Shard::DescribeRegistrations(std::function<void(std::vector<RegistrationStatus>)> done) {
  loop_.Post([this, done = std::move(done)] { done(registrations_->Describe()); });
}

void Shard::PostAfter(absl::Duration delay, std::function<void()> action) {
  loop_.Post([this, delay, action = std::move(action)]() mutable {
    loop_.timers().At(loop_.clock().Now() + delay, std::move(action));
  });
}

absl::Status Shard::Open(int index, const AgentOptions& options, const AgentSetup& setup) {
  EndpointOptions endpoint_options = setup.endpoint;
  endpoint_options.listen = ListenersOf(setup, options, index);
  const bool serves = index == 0 && setup.events.has_value();
  SIPEVENTS_ASSIGN_OR_RETURN(endpoint_,
                             Endpoint::Open(loop_, std::move(endpoint_options), relay_, random_,
                                            options.metrics, serves ? &relay_ : nullptr));
  ports_ = endpoint_->ports();
  dialogs_ = std::make_unique<DialogTable>(random_);
  if (options.authenticate_notify) notify_auth_ = std::make_unique<DigestServer>(random_);
  OpenRegistrations(static_cast<size_t>(index), options, setup);
  OpenPublications(options, setup);
  if (!setup.unsolicited_peers.empty()) {
    unsolicited_ = std::make_unique<UnsolicitedDoor>(UnsolicitedDoor::Parts{
        .peers = setup.unsolicited_peers,
        .tell_all = setup.tell_all,
        .identity_of = [this](std::string_view user) { return registrations_->OfUser(user); },
        .metrics = options.metrics});
  }
  subscriber_ = std::make_unique<Subscriber>(SubscriberContextOf(options, setup));
  if (serves) OpenEvents(options, setup);
  relay_.target = subscriber_.get();
  return absl::OkStatus();
}

SubscriberContext Shard::SubscriberContextOf(const AgentOptions& options, const AgentSetup& setup) {
  return SubscriberContext{
      .sender = *endpoint_,
      .clock = loop_.clock(),
      .timers = loop_.timers(),
      .random = random_,
      .dialogs = *dialogs_,
      .credentials = setup.credentials,
      .scratch = scratch_,
      .metrics = options.metrics,
      .notify_auth = notify_auth_.get(),
      .t1 = options.t1,
      .retry_base = options.retry_base,
      .outbound_route = setup.outbound_route,
      .identity = setup.identity,
      .expires = options.expires,
      .strict = options.strict,
      .contact_of = [this](std::string_view from) { return registrations_->PublicGruu(from); },
      .unsolicited = unsolicited_.get()};
}

void Shard::OpenEvents(const AgentOptions& options, const AgentSetup& setup) {
  // NOT-35: a name of ours that leads back here, and stays the same over restarts.
  const auto contact_for = [this](const RequestSource& source, bool secure) {
    return GruuOf(endpoint_->ContactFor(source, secure, ""));
  };
  local_ = std::make_unique<LocalSubscriptions>(SubscriberContextOf(options, setup));
  events_ = std::make_unique<EventService>(
      *setup.events,
      EventService::Parts{
          .means = {.sender = *local_,
                    .clock = loop_.clock(),
                    .timers = loop_.timers(),
                    .random = random_,
                    .credentials = setup.credentials,
                    .t1 = options.t1},
          .contact_for = contact_for,
          .metrics = options.metrics,
          .directory = options.user_directory,
          .post = [this](std::function<void()> action) { loop_.Post(std::move(action)); },
          .resume = [this](uint64_t waits_for) { endpoint_->Resume(waits_for); }});
  local_->SetNotifier(&events_->notifier());
  relay_.server = events_.get();
  if (setup.users == nullptr) return;
  events_->SetUsers(setup.users);
  user_file_ = std::make_unique<UserFile>(
      options.users_file, UserFile::kInterval, setup.users, [this](UserFile::Users users) {
        PostEvents([users = std::move(users)](EventService& events) { events.SetUsers(users); });
      });
}

void Shard::OpenPublications(const AgentOptions& options, const AgentSetup& setup) {
  publications_ = std::make_unique<Publications>(PublisherParts{
      .sender = *endpoint_,
      .clock = loop_.clock(),
      .timers = loop_.timers(),
      .random = random_,
      .credentials = setup.credentials,
      .metrics = options.metrics,
      .t1 = options.t1,
      .retry_base = options.retry_base,
      .outbound_route = setup.outbound_route,
      .identity = setup.identity,
      .expires = options.expires,
      .is_event = [](std::string_view name) { return DescribePackage(name).every_event; }});
}

void Shard::OpenRegistrations(size_t index, const AgentOptions& options, const AgentSetup& setup) {
  registrations_ =
      std::make_unique<Registrations>(RegistrationParts{.sender = *endpoint_,
                                                        .flows = endpoint_->flows(),
                                                        .clock = loop_.clock(),
                                                        .timers = loop_.timers(),
                                                        .random = random_,
                                                        .credentials = setup.credentials,
                                                        .metrics = options.metrics,
                                                        .t1 = options.t1,
                                                        .retry_base = options.retry_base,
                                                        .outbound_route = setup.outbound_route});
  for (const RegistrationSpec& spec : setup.registrations) {
    const size_t shards = static_cast<size_t>(options.shards);
    if (setup.ShardOf(spec.aor, spec.aor, shards) == index) registrations_->Add(spec);
  }
}

}  // namespace sipevents::sip
