#include "sip/transport/stream_transport.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/log.h"
#include "sip/base/status_macros.h"
#include "sip/transport/stream_connection.h"
#include "sip/transport/stream_listener.h"
#include "sip/transport/tls_context.h"

namespace sipevents::sip {
namespace {

// By which a connection that a peer opened is found (NextHop::flow).
std::string FlowKey(const NextHop& peer) {
  return absl::StrCat("flow:", SipListenAddress{peer.transport, peer.address}.ToString());
}

constexpr size_t kReadBufferOctets = 64 << 10;

}  // namespace

struct StreamTransport::Core : public StreamConnection::Owner {
  // A connection, and who wants to hear of its end.
  struct Entry {
    std::unique_ptr<StreamConnection> connection;
    absl::flat_hash_set<WatchId> watches;
    size_t keepers = 0;  // of the watches: those that have it kept open
  };
  struct Watched {
    ConnectionId connection = 0;  // 0: it has failed, and waits to be told
    bool keeps = false;
    Failed failed;
    absl::Status cause;
  };

  Core(EventLoop& event_loop, StreamTransportOptions transport_options,
       StreamHandler& stream_handler, SipMetrics* sip_metrics);
  ~Core() override;

  absl::StatusOr<int> Listen(const SipListenAddress& address);
  void OnAccepted(Transport transport, Accepted accepted);
  void OnPause(int error);
  absl::StatusOr<StreamConnection*> ConnectionTo(const NextHop& hop);
  absl::StatusOr<StreamConnection*> Add(const NextHop& peer, bool accepted,
                                        std::unique_ptr<StreamChannel> channel);
  bool MakeRoom();
  void Fail(WatchId id, const absl::Status& cause);
  void Later();
  void RunLater();
  // `severity`: what we wanted and did not get matters more than what strangers tried.
  void Refuse(LogSeverity severity, const char* cause, const NextHop& peer,
              const absl::AlphaNum& detail);

  // StreamConnection::Owner:
  void OnOpen(StreamConnection& connection) override;
  void OnMessage(StreamConnection& connection, std::string_view message) override;
  void OnBadFrame(StreamConnection& connection, const StreamFrame& frame) override;
  void OnNoPong(StreamConnection& connection) override;
  void OnEnding(StreamConnection& connection, const absl::Status& cause) override;
  void OnClosed(StreamConnection& connection) override;
  absl::Span<char> ReadBuffer() override { return absl::MakeSpan(read_buffer); }

  EventLoop& loop;
  const StreamTransportOptions options;
  StreamConnectionLimits limits;
  StreamHandler& handler;
  SipMetrics* const metrics;
  std::unique_ptr<TlsContext> tls;
  std::vector<char> read_buffer;
  std::vector<std::unique_ptr<StreamListener>> listeners;
  absl::flat_hash_map<ConnectionId, Entry> connections;
  absl::flat_hash_map<std::string, ConnectionId> by_hop;  // NextHop::Key()
  absl::flat_hash_map<std::string, int> accepted_from;    // by AddressGroup()
  int accepted_count = 0;
  int opened_count = 0;
  absl::flat_hash_map<WatchId, Watched> watches;
  ConnectionId last_connection = 0;
  WatchId last_watch = 0;
  // What must not happen within the call that brings it about.
  std::deque<WatchId> failed;
  std::vector<std::unique_ptr<StreamConnection>> closed;
  std::shared_ptr<Core*> self;  // gone when this is; posted actions look
  bool later_is_posted = false;
};

StreamTransport::Core::Core(EventLoop& event_loop, StreamTransportOptions transport_options,
                            StreamHandler& stream_handler, SipMetrics* sip_metrics)
    : loop(event_loop),
      options(std::move(transport_options)),
      handler(stream_handler),
      metrics(sip_metrics),
      read_buffer(kReadBufferOctets),
      self(std::make_shared<Core*>(this)) {
  limits.message.max_message_octets = options.max_message_octets;
  limits.max_unsent_octets = options.max_unsent_octets;
  limits.connect_timeout = options.connect_timeout;
  limits.message_timeout = options.message_timeout;
  limits.idle_timeout = options.idle_timeout;
  limits.pong_timeout = options.pong_timeout;
}

StreamTransport::Core::~Core() {
  if (metrics == nullptr) return;
  for (const auto& [id, entry] : connections) {
    const StreamConnection& connection = *entry.connection;
    if (!connection.was_open()) continue;
    metrics->OnStreamOpen(TransportName(connection.peer().transport), connection.accepted(), -1);
  }
}

absl::StatusOr<int> StreamTransport::Core::Listen(const SipListenAddress& address) {
  if (address.transport == Transport::kTls && !tls->can_accept()) {
    return absl::InvalidArgumentError(
        absl::StrCat(address.ToString(), " needs a certificate and its key"));
  }
  SIPEVENTS_ASSIGN_OR_RETURN(std::unique_ptr<StreamListener> listener,
                             StreamListener::Open(
                                 loop, address.address, options.message_timeout,
                                 [this, transport = address.transport](Accepted accepted) {
                                   OnAccepted(transport, std::move(accepted));
                                 },
                                 [this](int error) { OnPause(error); }));
  const int port = listener->port();
  listeners.push_back(std::move(listener));
  return port;
}

void StreamTransport::Core::OnPause(int error) {
  if (metrics != nullptr) metrics->OnStreamRefused("descriptors");
  Log(LogSeverity::kWarning, "stream", "accepting pauses", {{"error", std::strerror(error)}});
}

void StreamTransport::Core::Refuse(LogSeverity severity, const char* cause, const NextHop& peer,
                                   const absl::AlphaNum& detail) {
  if (metrics != nullptr) metrics->OnStreamRefused(cause);
  Log(severity, "stream", "no connection",
      {{"peer", peer.Key()}, {"cause", cause}, {"detail", detail}});
}

void StreamTransport::Core::OnAccepted(Transport transport, Accepted accepted) {
  const NextHop peer{transport, accepted.peer, accepted.peer.host};
  if (accepted_count >= options.max_accepted) {
    return Refuse(LogSeverity::kInfo, "accepted", peer, "too many connections");
  }
  const auto from = accepted_from.find(AddressGroup(peer.address.host));
  if (from != accepted_from.end() && from->second >= options.max_accepted_per_address) {
    return Refuse(LogSeverity::kInfo, "address", peer, "too many connections from this address");
  }
  absl::StatusOr<std::unique_ptr<StreamChannel>> channel =
      transport == Transport::kTls ? tls->NewServerChannel(std::move(accepted.socket))
                                   : NewTcpChannel(std::move(accepted.socket));
  const absl::Status added =
      channel.ok() ? Add(peer, /*accepted=*/true, *std::move(channel)).status() : channel.status();
  if (!added.ok()) Refuse(LogSeverity::kWarning, "descriptors", peer, added.message());
}

absl::StatusOr<StreamConnection*> StreamTransport::Core::Add(
    const NextHop& peer, bool accepted, std::unique_ptr<StreamChannel> channel) {
  auto connection =
      std::make_unique<StreamConnection>(loop, limits, *this, ++last_connection, peer, accepted);
  SIPEVENTS_RETURN_IF_ERROR(connection->Start(std::move(channel)));
  StreamConnection* raw = connection.get();
  connections[raw->id()].connection = std::move(connection);
  if (!accepted || peer.transport == Transport::kTcp) by_hop.emplace(peer.Key(), raw->id());
  if (accepted) by_hop.emplace(FlowKey(peer), raw->id());
  ++(accepted ? accepted_count : opened_count);
  if (accepted) ++accepted_from[AddressGroup(peer.address.host)];
  return raw;
}

absl::StatusOr<StreamConnection*> StreamTransport::Core::ConnectionTo(const NextHop& hop) {
  const auto known = by_hop.find(hop.flow ? FlowKey(hop) : hop.Key());
  if (known != by_hop.end()) return connections.at(known->second).connection.get();
  if (hop.flow) return absl::UnavailableError("the connection that the peer opened has ended");
  if (opened_count >= options.max_opened && !MakeRoom()) {
    Refuse(LogSeverity::kWarning, "opened", hop, "too many connections");
    return absl::UnavailableError("too many connections are open");
  }
  SIPEVENTS_ASSIGN_OR_RETURN(Descriptor socket, BeginConnect(hop.address, options.message_timeout));
  if (hop.transport != Transport::kTls) {
    return Add(hop, /*accepted=*/false, NewTcpChannel(std::move(socket)));
  }
  SIPEVENTS_ASSIGN_OR_RETURN(std::unique_ptr<StreamChannel> channel,
                             tls->NewClientChannel(std::move(socket), hop.name));
  return Add(hop, /*accepted=*/false, std::move(channel));
}

// Closes the connection that was not used for longest and that nobody waits for. Looks at all of
// them, which is cheap beside the connection that follows.
bool StreamTransport::Core::MakeRoom() {
  StreamConnection* oldest = nullptr;
  for (const auto& [id, entry] : connections) {
    StreamConnection* candidate = entry.connection.get();
    if (candidate->accepted() || !entry.watches.empty()) continue;
    if (oldest == nullptr || candidate->last_use() < oldest->last_use()) oldest = candidate;
  }
  if (oldest == nullptr) return false;
  oldest->Abort(absl::UnavailableError("closed to make room for another connection"));
  return true;
}

void StreamTransport::Core::OnOpen(StreamConnection& connection) {
  if (metrics == nullptr) return;
  metrics->OnStreamOpen(TransportName(connection.peer().transport), connection.accepted(), +1);
}

void StreamTransport::Core::OnMessage(StreamConnection& connection, std::string_view message) {
  handler.OnMessage(connection.id(), connection.peer(), message);
}

void StreamTransport::Core::OnBadFrame(StreamConnection& connection, const StreamFrame& frame) {
  if (metrics != nullptr) metrics->OnBadStream(frame.status);
  Log(LogSeverity::kInfo, "stream", "not a SIP message",
      {{"peer", connection.peer().Key()}, {"problem", frame.problem}});
  handler.OnBadMessage(connection.id(), connection.peer(), frame.octets, frame.status);
}

void StreamTransport::Core::OnNoPong(StreamConnection& connection) {
  if (metrics != nullptr) metrics->OnKeepAliveFailed();
  Log(LogSeverity::kWarning, "stream", "keep-alive not answered",
      {{"peer", connection.peer().Key()}});
}

void StreamTransport::Core::OnEnding(StreamConnection& connection, const absl::Status& cause) {
  const NextHop& peer = connection.peer();
  if (!connection.was_open()) {
    const bool handshake = connection.accepted() || connection.is_handshaking();
    Refuse(connection.accepted() ? LogSeverity::kInfo : LogSeverity::kWarning,
           handshake ? "handshake" : "connect", peer, cause.message());
  }
  for (const std::string& key : {peer.Key(), FlowKey(peer)}) {
    const auto known = by_hop.find(key);
    if (known != by_hop.end() && known->second == connection.id()) by_hop.erase(known);
  }
  Entry& entry = connections.at(connection.id());
  if (connection.was_open() && entry.watches.size() > entry.keepers) {
    Log(LogSeverity::kWarning, "stream", "connection ended before the answers",
        {{"peer", peer.Key()}, {"cause", cause.message()}});
  }
  for (const WatchId id : entry.watches) Fail(id, cause);
  entry.watches.clear();
}

void StreamTransport::Core::OnClosed(StreamConnection& connection) {
  const NextHop& peer = connection.peer();
  if (connection.was_open() && metrics != nullptr) {
    metrics->OnStreamOpen(TransportName(peer.transport), connection.accepted(), -1);
  }
  --(connection.accepted() ? accepted_count : opened_count);
  if (connection.accepted()) {
    const auto from = accepted_from.find(AddressGroup(peer.address.host));
    if (--from->second == 0) accepted_from.erase(from);
  }
  const auto entry = connections.find(connection.id());
  closed.push_back(std::move(entry->second.connection));
  connections.erase(entry);
  Later();
}

// The watch is already out of its connection, or goes out with it.
void StreamTransport::Core::Fail(WatchId id, const absl::Status& cause) {
  Watched& watched = watches.at(id);
  watched.connection = 0;
  watched.cause = cause;
  failed.push_back(id);
  Later();
}

// Posted rather than set as a timer: that also works at once from within sofia-sip's timers.
void StreamTransport::Core::Later() {
  if (std::exchange(later_is_posted, true)) return;
  loop.Post([weak = std::weak_ptr<Core*>(self)] {
    if (const std::shared_ptr<Core*> core = weak.lock()) (*core)->RunLater();
  });
}

void StreamTransport::Core::RunLater() {
  later_is_posted = false;
  closed.clear();
  for (size_t count = failed.size(); count > 0; --count) {
    const auto node = watches.extract(failed.front());
    failed.pop_front();
    if (!node.empty()) node.mapped().failed(node.mapped().cause);
  }
}

StreamTransport::StreamTransport(std::unique_ptr<Core> core) : core_(std::move(core)) {}
StreamTransport::~StreamTransport() = default;

absl::StatusOr<std::unique_ptr<StreamTransport>> StreamTransport::Open(
    EventLoop& loop, StreamTransportOptions options, StreamHandler& handler, SipMetrics* metrics) {
  SIPEVENTS_ASSIGN_OR_RETURN(std::unique_ptr<TlsContext> tls, TlsContext::Create(options.tls));
  auto core = std::make_unique<Core>(loop, std::move(options), handler, metrics);
  core->tls = std::move(tls);
  return std::unique_ptr<StreamTransport>(new StreamTransport(std::move(core)));
}

absl::StatusOr<int> StreamTransport::Listen(const SipListenAddress& address) {
  return core_->Listen(address);
}

StreamTransport::WatchId StreamTransport::Send(const NextHop& hop, std::string message,
                                               Failed failed) {
  const WatchId id = ++core_->last_watch;
  Core::Watched& watched = core_->watches[id];
  watched.failed = std::move(failed);
  const absl::StatusOr<StreamConnection*> connection = core_->ConnectionTo(hop);
  if (!connection.ok()) {
    core_->Fail(id, connection.status());
    return id;
  }
  const ConnectionId connection_id = (*connection)->id();
  watched.connection = connection_id;
  core_->connections.at(connection_id).watches.insert(id);
  const absl::Status sent = (*connection)->Send(std::move(message));
  const auto still_watched = core_->watches.find(id);
  if (sent.ok() || still_watched->second.connection == 0) return id;  // 0: the connection ended
  core_->connections.at(connection_id).watches.erase(id);
  if (core_->metrics != nullptr) core_->metrics->OnStreamDropped();
  core_->Fail(id, sent);
  return id;
}

void StreamTransport::StopWatching(WatchId id) {
  const auto node = core_->watches.extract(id);
  if (node.empty()) return;
  const auto entry = core_->connections.find(node.mapped().connection);
  if (entry == core_->connections.end()) return;
  entry->second.watches.erase(id);
  if (!node.mapped().keeps || --entry->second.keepers > 0) return;
  entry->second.connection->KeepOpen({});
}

StreamTransport::WatchId StreamTransport::Keep(std::string_view server, KeepAlive keep_alive,
                                               Failed failed) {
  const WatchId id = ++core_->last_watch;
  Core::Watched& watched = core_->watches[id];
  watched.failed = std::move(failed);
  watched.keeps = true;
  const auto known = core_->by_hop.find(AbslView(server));
  if (known == core_->by_hop.end()) {
    core_->Fail(id, absl::UnavailableError("there is no connection"));
    return id;
  }
  watched.connection = known->second;
  Core::Entry& entry = core_->connections.at(known->second);
  entry.watches.insert(id);
  ++entry.keepers;
  entry.connection->KeepOpen(std::move(keep_alive));
  return id;
}

void StreamTransport::Reply(ConnectionId connection, std::string message) {
  const auto entry = core_->connections.find(connection);
  const bool sent =
      entry != core_->connections.end() && entry->second.connection->Send(std::move(message)).ok();
  if (!sent && core_->metrics != nullptr) core_->metrics->OnStreamDropped();
}

void StreamTransport::Close(ConnectionId connection) {
  const auto entry = core_->connections.find(connection);
  if (entry == core_->connections.end()) return;
  entry->second.connection->End(absl::UnavailableError("closed"));
}

}  // namespace sipevents::sip
