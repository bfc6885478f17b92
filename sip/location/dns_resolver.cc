#include "sip/location/dns_resolver.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "sip/base/log.h"
#include "sip/base/status_macros.h"
#include "sip/location/dns_message_check.h"
#include "sip/location/dns_records.h"

// sofia-sip hands these types back in its callbacks.
struct SipEventsDnsQuery;
#define SRES_CONTEXT_T SipEventsDnsQuery
#define SRES_ASYNC_T sipevents::sip::DnsResolver::Core

#include <sofia-resolv/sres.h>
#include <sofia-resolv/sres_async.h>

namespace sipevents::sip {
namespace {

// How often sofia-sip's resolver wants to look at its questions.
constexpr absl::Duration kTick = absl::Milliseconds(500);

using Key = std::pair<DnsQuestion, std::string>;

// With a final dot: it is the whole name.
std::string Rooted(const std::string& name) { return absl::StrCat(name, "."); }

}  // namespace
}  // namespace sipevents::sip

// One question under way. It stays until sofia-sip is done with it, if need be without anyone
// who waits: there is no other way to take a question back.
struct SipEventsDnsQuery {
  sipevents::sip::DnsResolver::Core* core = nullptr;
  sipevents::sip::Key key;
  std::vector<sipevents::sip::DnsResolver::Callback> waiters;
  sipevents::TimerQueue::TimerId deadline = 0;
  bool over = false;  // its waiters were told, or will be
};

namespace sipevents::sip {

// Its resolver's: what outlives that keeps a weak pointer.
struct DnsResolver::Core : std::enable_shared_from_this<DnsResolver::Core> {
  Core(EventLoop& event_loop, DnsResolverOptions with, SipMetrics* to)
      : loop(event_loop), options(std::move(with)), metrics(to) {}

  absl::Status Open();
  void Close();
  void Start(SipEventsDnsQuery* query);
  void OnSofiaAnswer(SipEventsDnsQuery* query, sres_record_t** records);
  void OnTimeout(SipEventsDnsQuery* query);
  void Finish(SipEventsDnsQuery* query, DnsAnswer answer);
  void StartWaiting();
  void OnReadable(int descriptor, DescriptorEvents events);
  int OnSocket(int opened, int closed);
  void Tick();

  EventLoop& loop;
  const DnsResolverOptions options;
  SipMetrics* const metrics;
  sres_resolver_t* sofia = nullptr;
  int file = -1;  // the configuration, in memory
  std::map<int, std::unique_ptr<DescriptorWatch>> watches;
  // By what is asked, for as long as someone waits.
  std::map<Key, SipEventsDnsQuery*> asked;
  std::deque<SipEventsDnsQuery*> waiting;  // not sent yet
  // Everything: sent, waiting, abandoned.
  std::map<SipEventsDnsQuery*, std::unique_ptr<SipEventsDnsQuery>> queries;
  size_t in_flight = 0;  // with sofia-sip
  size_t abandoned = 0;  // of these
  size_t answers = 0;    // so far
  size_t untold = 0;     // answers that are on their way to those who wait
  TimerQueue::TimerId tick = 0;
};

// The configuration is a file that nobody can change: sofia-sip looks at it every few seconds,
// and having fewer servers than before makes it fail an assertion.
absl::Status DnsResolver::Core::Open() {
  const std::string text = options.servers.ToText();
  file = memfd_create("resolv.conf", MFD_CLOEXEC);
  if (file < 0 || write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return absl::UnavailableError(absl::StrCat("cannot ask DNS: ", std::strerror(errno)));
  }
  const std::string path = absl::StrCat("/proc/self/fd/", file);
  if (access(path.c_str(), R_OK) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot ask DNS: ", path, ": ", std::strerror(errno)));
  }
  sofia = sres_resolver_new(path.c_str());
  if (sofia == nullptr) return absl::UnavailableError("cannot ask DNS: no resolver");
  const auto on_socket = [](sres_async_t* core, sres_socket_t opened, sres_socket_t closed) {
    return core == nullptr ? 0 : core->OnSocket(opened, closed);
  };
  sres_resolver_set_async(sofia, on_socket, this, 0);
  return absl::OkStatus();
}

void DnsResolver::Core::Close() {
  loop.timers().Cancel(tick);
  for (const auto& [key, query] : asked) loop.timers().Cancel(query->deadline);
  if (sofia != nullptr) sres_resolver_unref(sofia);  // reports its sockets as closed
  sofia = nullptr;
  watches.clear();
  asked.clear();
  queries.clear();
  if (file >= 0) close(file);
  file = -1;
}

// Says that sofia-sip opened a socket, or is about to close one.
int DnsResolver::Core::OnSocket(int opened, int closed) {
  if (closed >= 0) watches.erase(closed);
  if (opened < 0) return 0;
  fcntl(opened, F_SETFD, FD_CLOEXEC);
  fcntl(opened, F_SETFL, O_NONBLOCK);
  absl::StatusOr<std::unique_ptr<DescriptorWatch>> watch =
      loop.Watch(opened, {.readable = true},
                 [this, opened](DescriptorEvents events) { OnReadable(opened, events); });
  if (!watch.ok()) return -1;
  watches[opened] = *std::move(watch);
  return 0;
}

void DnsResolver::Core::OnReadable(int descriptor, DescriptorEvents events) {
  if (events.hangup) sres_resolver_error(sofia, descriptor);
  // What an error makes sofia-sip do may close the socket.
  if (!events.readable || watches.count(descriptor) == 0) return;
  std::array<char, kMaxDnsMessageOctets + 1> datagram;
  const ssize_t length =
      recv(descriptor, datagram.data(), datagram.size(), MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
  if (length < 0) return;
  absl::Status safe = absl::InvalidArgumentError("too long");
  if (static_cast<size_t>(length) <= datagram.size()) {
    safe = CheckDnsResponse({datagram.data(), static_cast<size_t>(length)});
  }
  if (safe.ok()) {
    sres_resolver_receive(sofia, descriptor);
    return;
  }
  recv(descriptor, datagram.data(), datagram.size(), MSG_DONTWAIT);  // away with it
  if (metrics != nullptr) metrics->OnBoundReached("dns_bad_answer");
  Log(LogSeverity::kWarning, "locator", "answer from DNS dropped",
      {{"fault", std::string(safe.message())}, {"servers", options.servers.ServerList()}});
}

void DnsResolver::Core::Tick() {
  sres_resolver_timer(sofia, 0);
  tick = 0;
  if (in_flight > 0) tick = loop.timers().At(loop.clock().Now() + kTick, [this] { Tick(); });
}

void DnsResolver::Core::Start(SipEventsDnsQuery* query) {
  ++in_flight;
  const auto on_answer = [](sres_context_t* context, sres_query_t* /*query*/,
                            sres_record_t** records) {
    context->core->OnSofiaAnswer(context, records);
  };
  const sres_query_t* sent = sres_query(sofia, on_answer, query, DnsTypeOf(query->key.first),
                                        Rooted(query->key.second).c_str());
  if (sent == nullptr) {
    --in_flight;
    DnsAnswer answer;
    answer.failure = absl::StrCat(NoDnsAnswer(), " (", std::strerror(errno), ")");
    Finish(query, std::move(answer));
    queries.erase(query);
    return;
  }
  if (tick == 0) tick = loop.timers().At(loop.clock().Now() + kTick, [this] { Tick(); });
}

// Called from deep within sofia-sip, which may be walking over its questions: nothing is asked
// and nobody is told before it is done.
void DnsResolver::Core::OnSofiaAnswer(SipEventsDnsQuery* query, sres_record_t** records) {
  --in_flight;
  ++answers;
  if (query->over) {
    --abandoned;
  } else {
    Finish(query, ToDnsAnswer(query->key.first, records));
  }
  sres_free_answers(sofia, records);
  queries.erase(query);
  if (waiting.empty()) return;
  loop.timers().At(loop.clock().Now(), [weak = weak_from_this()] {
    if (const auto core = weak.lock()) core->StartWaiting();
  });
}

// Tells those who wait, from the loop. Any of them may destroy the resolver, and then the others
// are not told.
void DnsResolver::Core::Finish(SipEventsDnsQuery* query, DnsAnswer answer) {
  loop.timers().Cancel(query->deadline);
  query->over = true;
  asked.erase(query->key);
  ++untold;
  loop.timers().At(
      loop.clock().Now(),
      [weak = weak_from_this(), waiters = std::move(query->waiters), told = std::move(answer)] {
        const auto core = weak.lock();
        for (const Callback& waiter : waiters) {
          if (core == nullptr || core->sofia == nullptr) return;
          waiter(told);
        }
        --core->untold;
      });
}

void DnsResolver::Core::StartWaiting() {
  while (sofia != nullptr && !waiting.empty() && in_flight < options.max_in_flight) {
    SipEventsDnsQuery* query = waiting.front();
    waiting.pop_front();
    Start(query);
  }
}

void DnsResolver::Core::OnTimeout(SipEventsDnsQuery* query) {
  DnsAnswer answer;
  answer.failure = NoDnsAnswer();
  Finish(query, std::move(answer));
  const auto place = std::find(waiting.begin(), waiting.end(), query);
  if (place == waiting.end()) {
    // It stays with sofia-sip, which may yet learn the answer and remember it.
    ++abandoned;
    return;
  }
  waiting.erase(place);
  queries.erase(query);
}

absl::StatusOr<std::shared_ptr<DnsResolver>> DnsResolver::Create(EventLoop& loop,
                                                                 DnsResolverOptions options,
                                                                 SipMetrics* metrics) {
  std::shared_ptr<DnsResolver> resolver(
      new DnsResolver(std::make_shared<Core>(loop, std::move(options), metrics)));
  SIPEVENTS_RETURN_IF_ERROR(resolver->core_->Open());
  return resolver;
}

DnsResolver::~DnsResolver() { core_->Close(); }

std::optional<DnsAnswer> DnsResolver::Remembered(DnsQuestion question,
                                                 const std::string& name) const {
  sres_record_t** records =
      sres_cached_answers(core_->sofia, DnsTypeOf(question), Rooted(name).c_str());
  if (records == nullptr) return std::nullopt;
  DnsAnswer answer = ToDnsAnswer(question, records);
  sres_free_answers(core_->sofia, records);
  return answer;
}

void DnsResolver::Ask(DnsQuestion question, const std::string& name, Callback callback) {
  const Key key = {question, name};
  if (const auto it = core_->asked.find(key); it != core_->asked.end()) {
    it->second->waiters.push_back(std::move(callback));
    return;
  }
  auto owned = std::make_unique<SipEventsDnsQuery>();
  SipEventsDnsQuery* query = owned.get();
  query->core = core_.get();
  query->key = key;
  query->waiters.push_back(std::move(callback));
  query->deadline =
      core_->loop.timers().At(core_->loop.clock().Now() + core_->options.timeout,
                              [core = core_.get(), query] { core->OnTimeout(query); });
  core_->queries.emplace(query, std::move(owned));
  core_->asked.emplace(key, query);
  core_->waiting.push_back(query);
  core_->StartWaiting();
}

bool DnsResolver::idle() const { return core_->asked.empty() && core_->untold == 0; }

bool DnsResolver::worn_out() const {
  return core_->answers >= core_->options.max_answers ||
         core_->abandoned >= core_->options.max_abandoned;
}

const ResolvConf& DnsResolver::servers() const { return core_->options.servers; }

}  // namespace sipevents::sip
