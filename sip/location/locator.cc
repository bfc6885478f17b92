#include "sip/location/locator.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/location/dns_resolver.h"
#include "sip/location/location.h"
#include "sip/location/resolv_conf.h"

namespace sipevents::sip {
namespace {

// No resolver, and so no remembered answer, grows older.
constexpr absl::Duration kLongestMemory = absl::Hours(1);

// What tells one version of a file from the next.
struct FileVersion {
  bool there = false;
  timespec changed = {};
  off_t size = 0;
  ino_t inode = 0;

  static FileVersion Of(const std::string& path) {
    struct stat found = {};
    if (stat(path.empty() ? "/etc/resolv.conf" : path.c_str(), &found) != 0) return {};
    return {true, found.st_mtim, found.st_size, found.st_ino};
  }
  bool operator==(const FileVersion& other) const {
    return there == other.there && changed.tv_sec == other.changed.tv_sec &&
           changed.tv_nsec == other.changed.tv_nsec && size == other.size && inode == other.inode;
  }
};

// Something to try: a host, still a name, over a transport.
struct Target {
  Transport transport;
  std::string host;
  uint16_t port;
};

uint16_t DefaultPort(Transport transport) {
  return transport == Transport::kTls ? kSipsPort : kSipPort;
}

// One URI on its way.
struct Lookup {
  LocationPlan plan;
  Locator::Done done;
  DnsResolver* resolver = nullptr;  // the same for all its questions
  size_t open_questions = 0;
  std::vector<SipService> services;
  std::map<std::string, DnsAnswer> srv;                         // by service name
  std::vector<Target> targets;                                  // in the order to try
  std::map<std::pair<std::string, DnsQuestion>, DnsAnswer> at;  // by host
  absl::Status failure;  // the first question that DNS failed to answer
};

absl::Status Failure(const Lookup& lookup, DnsQuestion question, const std::string& name,
                     const std::string& why) {
  const ResolvConf& servers = lookup.resolver->servers();
  return absl::UnavailableError(
      absl::StrCat("cannot look up ", QuoteForMessage(name), " (", DnsQuestionName(question),
                   "): ", why, " from the DNS server ", servers.ServerList(),
                   servers.why_default.empty() ? "" : "; ", servers.why_default));
}

}  // namespace

struct Locator::Core : std::enable_shared_from_this<Locator::Core> {
  Core(EventLoop& event_loop, LocatorOptions with)
      : loop(event_loop),
        options(std::move(with)),
        means{options.udp, options.tcp, options.tls, options.ipv4, options.ipv6},
        random(options.random != nullptr ? *options.random : system_random) {}

  using LookupPtr = std::shared_ptr<Lookup>;
  using Take = std::function<void(const DnsAnswer&)>;
  using Next = void (Core::*)(const LookupPtr&);

  void Locate(std::string_view uri, bool large, Done done);
  absl::Status RenewResolver();
  void Ask(const LookupPtr& lookup, DnsQuestion question, const std::string& name, Take take,
           Next next);
  void Proceed(const LookupPtr& lookup, Next next);
  void AskNaptr(const LookupPtr& lookup);
  void AskServices(const LookupPtr& lookup);
  void ChooseTargets(const LookupPtr& lookup);
  void UseHostItself(const LookupPtr& lookup, const std::vector<Transport>& denied);
  void AskAddresses(const LookupPtr& lookup);
  void Conclude(const LookupPtr& lookup);
  std::vector<std::string> AddressesOf(const Lookup& lookup, const std::string& host) const;
  void Finish(const LookupPtr& lookup, absl::StatusOr<std::vector<NextHop>> result);
  void Close();

  EventLoop& loop;
  const LocatorOptions options;
  const SendingMeans means;
  SystemRandom system_random;
  RandomSource& random;
  bool closed = false;
  size_t lookups = 0;
  std::shared_ptr<DnsResolver> resolver;
  std::vector<std::shared_ptr<DnsResolver>> retired;  // still have lookups to serve
  absl::Time resolver_made = absl::InfinitePast();
  absl::Time last_look = absl::InfinitePast();
  FileVersion file;
};

// Makes a resolver where there is none, or where the one there should not be asked any more; the
// lookups that it serves keep it until they end.
absl::Status Locator::Core::RenewResolver() {
  std::erase_if(retired, [](const std::shared_ptr<DnsResolver>& old) { return old->idle(); });
  const absl::Time now = loop.clock().Now();
  bool changed = false;
  if (resolver == nullptr || now >= last_look + options.look_interval || now < last_look) {
    last_look = now;
    const FileVersion version = FileVersion::Of(options.resolv_conf);
    changed = !(version == file);
    file = version;
  }
  if (resolver != nullptr && !changed && !resolver->worn_out() &&
      now < resolver_made + kLongestMemory) {
    return absl::OkStatus();
  }
  DnsResolverOptions asking;
  asking.servers = ReadResolvConf(options.resolv_conf);
  asking.timeout = options.question_timeout;
  absl::StatusOr<std::shared_ptr<DnsResolver>> made =
      DnsResolver::Create(loop, std::move(asking), options.metrics);
  if (!made.ok()) return made.status();
  if (resolver != nullptr) retired.push_back(std::move(resolver));
  resolver = *std::move(made);
  resolver_made = now;
  return absl::OkStatus();
}

void Locator::Core::Locate(std::string_view uri, bool large, Done done) {
  absl::StatusOr<LocationPlan> plan = PlanLocation(uri, means, large);
  if (!plan.ok()) {
    done(plan.status());
    return;
  }
  auto lookup = std::make_shared<Lookup>();
  lookup->plan = *std::move(plan);
  lookup->done = std::move(done);
  ++lookups;
  if (lookup->plan.numeric || IsLocalhost(lookup->plan.name)) {
    UseHostItself(lookup, {});
    return;
  }
  if (lookups > options.max_lookups) {
    if (options.metrics != nullptr) options.metrics->OnBoundReached("lookups");
    Finish(lookup, absl::ResourceExhaustedError("too many lookups in DNS are under way"));
    return;
  }
  if (absl::Status renewed = RenewResolver(); !renewed.ok()) {
    Finish(lookup, std::move(renewed));
    return;
  }
  lookup->resolver = resolver.get();
  if (lookup->plan.ask_naptr) {
    AskNaptr(lookup);
  } else if (!lookup->plan.services.empty()) {
    lookup->services = lookup->plan.services;
    AskServices(lookup);
  } else {
    UseHostItself(lookup, {});
  }
}

// Has `take` hear the answer to one question, and `next` follow once no question is open. What is
// remembered is taken at once; then Proceed() is up to the caller.
void Locator::Core::Ask(const LookupPtr& lookup, DnsQuestion question, const std::string& name,
                        Take take, Next next) {
  auto hear = [lookup, question, name, taken = std::move(take)](const DnsAnswer& answer) {
    if (answer.kind == DnsAnswer::Kind::kFailed && lookup->failure.ok()) {
      lookup->failure = Failure(*lookup, question, name, answer.failure);
    }
    taken(answer);
  };
  if (const std::optional<DnsAnswer> known = lookup->resolver->Remembered(question, name)) {
    hear(*known);
    return;
  }
  ++lookup->open_questions;
  lookup->resolver->Ask(
      question, name,
      [weak = weak_from_this(), lookup, next, heard = std::move(hear)](const DnsAnswer& answer) {
        const std::shared_ptr<Core> core = weak.lock();
        if (core == nullptr || core->closed) return;
        --lookup->open_questions;
        heard(answer);
        core->Proceed(lookup, next);
      });
}

void Locator::Core::Proceed(const LookupPtr& lookup, Next next) {
  if (lookup->open_questions == 0) (this->*next)(lookup);
}

void Locator::Core::AskNaptr(const LookupPtr& lookup) {
  lookup->services = lookup->plan.services;
  Ask(
      lookup, DnsQuestion::kNaptr, lookup->plan.name,
      [this, lookup](const DnsAnswer& answer) {
        // A server that does not know NAPTR, or a network that swallows it, is no reason to stop.
        lookup->failure = absl::OkStatus();
        std::vector<SipService> chosen = ChooseServices(answer.naptr, lookup->plan, means);
        if (!chosen.empty()) lookup->services = std::move(chosen);
      },
      &Core::AskServices);
  Proceed(lookup, &Core::AskServices);
}

void Locator::Core::AskServices(const LookupPtr& lookup) {
  for (const SipService& service : lookup->services) {
    Ask(
        lookup, DnsQuestion::kSrv, service.name,
        [lookup, name = service.name](const DnsAnswer& answer) { lookup->srv[name] = answer; },
        &Core::ChooseTargets);
  }
  Proceed(lookup, &Core::ChooseTargets);
}

void Locator::Core::ChooseTargets(const LookupPtr& lookup) {
  std::vector<Transport> denied;
  for (const SipService& service : lookup->services) {
    const DnsAnswer& answer = lookup->srv[service.name];
    if (answer.kind != DnsAnswer::Kind::kRecords) continue;
    if (DeniesService(answer.srv)) denied.push_back(service.transport);
    for (const SrvRecord& server : OrderServers(answer.srv, random)) {
      if (lookup->targets.size() == kMaxServers) break;
      lookup->targets.push_back({service.transport, server.target, server.port});
    }
  }
  if (!lookup->targets.empty()) {
    AskAddresses(lookup);
  } else if (!lookup->failure.ok()) {
    // Whether there are SIP servers is not known: the host itself may be something else.
    Finish(lookup, lookup->failure);
  } else {
    UseHostItself(lookup, denied);
  }
}

// Without SRV, the host of the URI is the server.
void Locator::Core::UseHostItself(const LookupPtr& lookup, const std::vector<Transport>& denied) {
  const LocationPlan& plan = lookup->plan;
  for (const Transport transport : plan.transports) {
    if (std::find(denied.begin(), denied.end(), transport) != denied.end()) continue;
    lookup->targets.push_back(
        {transport, plan.name, plan.port != 0 ? plan.port : DefaultPort(transport)});
  }
  if (lookup->targets.empty()) {
    Finish(lookup, absl::NotFoundError(absl::StrCat(QuoteForMessage(plan.name),
                                                    " says in DNS that it has no SIP server")));
    return;
  }
  AskAddresses(lookup);
}

void Locator::Core::AskAddresses(const LookupPtr& lookup) {
  for (const Target& target : lookup->targets) {
    if (lookup->plan.numeric || IsLocalhost(target.host)) continue;
    for (const DnsQuestion question : {DnsQuestion::kAaaa, DnsQuestion::kA}) {
      const std::pair<std::string, DnsQuestion> key = {target.host, question};
      if (!(question == DnsQuestion::kA ? means.ipv4 : means.ipv6)) continue;
      if (!lookup->at.try_emplace(key).second) continue;  // asked already
      Ask(
          lookup, question, target.host,
          [lookup, key](const DnsAnswer& answer) { lookup->at[key] = answer; }, &Core::Conclude);
    }
  }
  Proceed(lookup, &Core::Conclude);
}

// The first to try first, at most kMaxAddresses.
std::vector<std::string> Locator::Core::AddressesOf(const Lookup& lookup,
                                                    const std::string& host) const {
  std::vector<std::string> addresses;
  if (lookup.plan.numeric) {
    addresses = {host};
  } else if (IsLocalhost(host)) {
    // Most programs that listen on loopback do so on IPv4.
    addresses = {"127.0.0.1", "::1"};
  } else {
    for (const DnsQuestion question : {DnsQuestion::kAaaa, DnsQuestion::kA}) {
      const auto it = lookup.at.find({host, question});
      if (it == lookup.at.end()) continue;
      const std::vector<std::string>& found = it->second.addresses;
      addresses.insert(addresses.end(), found.begin(), found.end());
    }
    OrderAddresses(addresses);
  }
  std::erase_if(addresses, [this](const std::string& address) {
    return !(IsIpv6(address) ? means.ipv6 : means.ipv4);
  });
  if (addresses.size() > kMaxAddresses) addresses.resize(kMaxAddresses);
  return addresses;
}

void Locator::Core::Conclude(const LookupPtr& lookup) {
  std::vector<NextHop> hops;
  for (const Target& target : lookup->targets) {
    for (std::string& address : AddressesOf(*lookup, target.host)) {
      NextHop hop = {target.transport, {std::move(address), target.port}, lookup->plan.name};
      if (hops.size() == kMaxServers) break;
      if (std::find(hops.begin(), hops.end(), hop) == hops.end()) hops.push_back(std::move(hop));
    }
  }
  if (!hops.empty()) {
    Finish(lookup, std::move(hops));
  } else if (!lookup->failure.ok()) {
    Finish(lookup, lookup->failure);
  } else {
    Finish(lookup, absl::NotFoundError(absl::StrCat("there is no address for ",
                                                    QuoteForMessage(lookup->targets[0].host))));
  }
}

// The last that is done with a lookup: whoever hears of it may destroy the locator.
void Locator::Core::Finish(const LookupPtr& lookup, absl::StatusOr<std::vector<NextHop>> result) {
  --lookups;
  const Done done = std::move(lookup->done);
  done(std::move(result));
}

void Locator::Core::Close() {
  closed = true;
  resolver.reset();
  retired.clear();
}

Locator::Locator(EventLoop& loop, LocatorOptions options)
    : core_(std::make_shared<Core>(loop, std::move(options))) {}

Locator::~Locator() { core_->Close(); }

void Locator::Locate(std::string_view uri, bool large, Done done) {
  const std::shared_ptr<Core> core = core_;
  core->Locate(uri, large, std::move(done));
}

}  // namespace sipevents::sip
