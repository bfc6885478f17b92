#include "sip/stack/endpoint.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/log.h"
#include "sip/base/status_macros.h"
#include "sip/dialog/refusal_log.h"
#include "sip/dispatch/dispatcher.h"
#include "sip/location/locator.h"
#include "sip/location/target_check.h"
#include "sip/stack/datagram_messages.h"
#include "sip/stack/flows.h"
#include "sip/stack/held_requests.h"
#include "sip/stack/request_checks.h"
#include "sip/stack/request_intake.h"
#include "sip/stack/request_message.h"
#include "sip/stack/server_transactions.h"
#include "sip/stack/sofia_text.h"
#include "sip/stack/stream_messages.h"
#include "sip/stack/stream_transactions.h"

namespace sipevents::sip {
namespace {

bool IsSipUri(const std::string& uri) {
  return absl::StartsWithIgnoreCase(uri, "sip:") || absl::StartsWithIgnoreCase(uri, "sips:");
}

constexpr char kRegister[] = "REGISTER";

// Has the response say which Contact it is about.
std::function<void(const Response&)> WithContact(std::function<void(const Response&)> on_final,
                                                 std::string contact) {
  return [on_final = std::move(on_final), contact = std::move(contact)](const Response& response) {
    Response named = response;
    named.own_contact = contact;
    on_final(named);
  };
}

}  // namespace

struct Endpoint::Core : public Transmitter, public MessageHandler {
  Core(EventLoop& the_loop, EndpointOptions the_options, NotifyHandler& the_handler,
       RandomSource& the_random, SipMetrics* the_metrics, RequestServer* the_server)
      : loop(the_loop),
        options(std::move(the_options)),
        handler(the_handler),
        random(the_random),
        metrics(the_metrics),
        server(the_server) {}

  EventLoop& loop;
  EndpointOptions options;
  NotifyHandler& handler;
  RandomSource& random;
  SipMetrics* metrics;
  RequestServer* server;  // null: nothing is served

  std::unique_ptr<ServerTransactions> served;  // with a server
  std::unique_ptr<HeldRequests> held;          // likewise
  std::vector<ListenSpec> listeners;           // with the ports in use
  std::unique_ptr<DatagramMessages> datagrams;
  std::unique_ptr<StreamMessages> streams;
  std::unique_ptr<Flows> flows;
  std::unique_ptr<RequestScheduler> scheduler;
  std::unique_ptr<Dispatcher> dispatcher;
  std::unique_ptr<Locator> locator;  // last: calls nobody once it is gone

  absl::Status Open();
  LocatorOptions LocatorFor() const;
  bool Has(Transport transport) const;

  void Transmit(const NextHop& hop, const OutgoingRequest& request,
                std::function<void(const Response&)> on_final) override;
  size_t DatagramOctets(const OutgoingRequest& request) const override;
  std::optional<NotifyAnswer> OnRequest(const sip_t& sip, std::string_view text,
                                        const NextHop& source) override;
  std::optional<NotifyAnswer> Judge(const sip_t& sip, std::string_view text, const NextHop& source);
  RequestAnswer Serve(const sip_t& sip, std::string_view text, const NextHop& source);
};

bool Endpoint::Core::Has(Transport transport) const {
  return std::any_of(listeners.begin(), listeners.end(), [transport](const ListenSpec& listener) {
    return listener.transport == transport;
  });
}

absl::Status Endpoint::Core::Open() {
  if (server != nullptr) {
    served = std::make_unique<ServerTransactions>(loop.clock(), loop.timers(), 64 * options.t1,
                                                  random, metrics);
    held = std::make_unique<HeldRequests>(loop.clock(), loop.timers(), metrics);
  }
  datagrams = std::make_unique<DatagramMessages>(loop, options.t1, random, *this, metrics,
                                                 served.get(), held.get());
  SIPEVENTS_ASSIGN_OR_RETURN(
      streams, StreamMessages::Open(loop, options.streams, options.t1, random, *this, metrics,
                                    served.get(), held.get()));
  for (ListenSpec listener : options.listen) {
    SIPEVENTS_ASSIGN_OR_RETURN(listener.port, listener.transport == Transport::kUdp
                                                  ? datagrams->Listen(listener)
                                                  : streams->Listen(listener));
    listeners.push_back(std::move(listener));
  }
  flows = std::make_unique<Flows>(loop, random, *streams, [this](const HostPort& peer) {
    const NextHop hop{Transport::kUdp, peer, peer.host};
    datagrams->SendKeepAlive(hop, ListenerFor(listeners, hop));
  });
  options.scheduler.t1 = options.t1;
  options.scheduler.metrics = metrics;
  scheduler = std::make_unique<RequestScheduler>(options.scheduler, random);
  locator = std::make_unique<Locator>(loop, LocatorFor());
  dispatcher = std::make_unique<Dispatcher>(Dispatcher::Parts{
      .clock = loop.clock(),
      .timers = loop.timers(),
      .policy = options.destinations,
      .scheduler = *scheduler,
      .transmitter = *this,
      .locate = [this](std::string_view uri, bool large,
                       Locator::Done done) { locator->Locate(uri, large, std::move(done)); },
      .metrics = metrics});
  return absl::OkStatus();
}

// Only what a peer can answer over: the Contact names a listener.
LocatorOptions Endpoint::Core::LocatorFor() const {
  LocatorOptions located;
  located.resolv_conf = options.resolv_conf;
  located.udp = Has(Transport::kUdp);
  located.tcp = Has(Transport::kTcp);
  located.tls = Has(Transport::kTls);
  const auto ipv6 = [](const ListenSpec& listener) { return listener.is_ipv6(); };
  located.ipv6 = std::any_of(listeners.begin(), listeners.end(), ipv6);
  located.ipv4 = !std::all_of(listeners.begin(), listeners.end(), ipv6);
  return located;
}

void Endpoint::Core::Transmit(const NextHop& hop, const OutgoingRequest& request,
                              std::function<void(const Response&)> on_final) {
  const ListenSpec& listener = ListenerFor(listeners, hop);
  const std::string& first =
      request.route_set.empty() ? request.request_uri : request.route_set.front();
  const bool secure =
      absl::StartsWithIgnoreCase(request.request_uri, "sips:") ||
      absl::StrContains(absl::string_view(first).substr(0, 6), "sips:");  // "<sips:"
  // A sips: request has a sips: Contact (RFC 3261 section 8.1.1.8).
  const bool named =
      !request.contact.empty() && (!secure || absl::StartsWithIgnoreCase(request.contact, "sips:"));
  const std::string contact =
      named ? request.contact : ContactOf(listener, secure, request.contact_user);
  OwnHeaders own{.contact = absl::StrCat("<", contact, ">", request.contact_parameters),
                 .allow_events = options.allow_events,
                 .allow = server != nullptr ? kServedMethods : kAllowedMethods};
  if (request.method == kRegister) on_final = WithContact(std::move(on_final), contact);
  if (hop.transport == Transport::kUdp) {
    datagrams->Send(hop, listener, request, std::move(own), std::move(on_final));
  } else {
    streams->Send(hop, listener, request, std::move(own), std::move(on_final));
  }
}

size_t Endpoint::Core::DatagramOctets(const OutgoingRequest& request) const {
  return EstimatedOctets(request, options.allow_events);
}

std::optional<NotifyAnswer> Endpoint::Core::OnRequest(const sip_t& sip, std::string_view text,
                                                      const NextHop& source) {
  std::optional<NotifyAnswer> answer = Judge(sip, text, source);
  const bool later = answer.has_value() && answer->waits_for != 0;
  if (metrics != nullptr && !later) {
    metrics->OnRequestAnswered(View(sip.sip_request->rq_method_name),
                               answer.has_value() ? answer->status : 0);
  }
  return answer;
}

std::optional<NotifyAnswer> Endpoint::Core::Judge(const sip_t& sip, std::string_view text,
                                                  const NextHop& source) {
  if (std::optional<NotifyAnswer> refusal = RefuseRepeated(sip)) return refusal;
  const sip_method_t method = sip.sip_request->rq_method;
  if (server != nullptr && (method == sip_method_subscribe || method == sip_method_publish)) {
    return Serve(sip, text, source);
  }
  if (method != sip_method_notify) {
    const bool serves = server != nullptr && !options.served_events.empty();
    return AnswerOther(sip, options.accept, serves ? options.served_events : options.allow_events,
                       server != nullptr);
  }
  if (std::optional<NotifyAnswer> refusal = RefuseBadNotify(sip)) return refusal;
  IncomingNotify notify = ToNotify(sip, text, loop.clock().Now());
  notify.source_host = source.address.host;
  if (!IsSipUri(notify.contact_uri)) return NotifyAnswer{400, {}, "Bad Contact"};
  return handler.OnNotify(notify);
}

RequestAnswer Endpoint::Core::Serve(const sip_t& sip, std::string_view text,
                                    const NextHop& source) {
  std::optional<RequestAnswer> answer = RefuseBadRequest(sip);
  if (answer.has_value() && !LogEnabled(LogSeverity::kDebug)) return *std::move(answer);
  const IncomingRequest request = ToIncomingRequest(sip, text, source, loop.clock().Now());
  if (!answer.has_value()) {
    answer = sip.sip_request->rq_method == sip_method_subscribe ? server->OnSubscribe(request)
                                                                : server->OnPublish(request);
  }
  LogRefusal(request, *answer);
  return *std::move(answer);
}

absl::StatusOr<std::unique_ptr<Endpoint>> Endpoint::Open(EventLoop& loop, EndpointOptions options,
                                                         NotifyHandler& handler,
                                                         RandomSource& random, SipMetrics* metrics,
                                                         RequestServer* server) {
  auto core = std::make_unique<Core>(loop, std::move(options), handler, random, metrics, server);
  Core* raw = core.get();
  std::unique_ptr<Endpoint> endpoint(new Endpoint(std::move(core)));
  if (absl::Status status = raw->Open(); !status.ok()) return status;
  return endpoint;
}

Endpoint::Endpoint(std::unique_ptr<Core> core) : core_(std::move(core)) {}

Endpoint::~Endpoint() = default;

RequestId Endpoint::Send(std::string first_hop, RequestPriority priority, RequestClient& client) {
  return core_->dispatcher->Send(std::move(first_hop), priority, client);
}

void Endpoint::Forget(RequestId id) { core_->dispatcher->Forget(id); }

absl::Status Endpoint::CheckFirstHop(std::string_view first_hop) const {
  // What the peer opened itself leads back to it.
  if (first_hop.starts_with(kFlowScheme)) return absl::OkStatus();
  const LocatorOptions has = core_->LocatorFor();
  return CheckTarget(first_hop, {has.udp, has.tcp, has.tls, has.ipv4, has.ipv6},
                     core_->options.destinations);
}

ServerState Endpoint::StateOf(std::string_view server) const {
  return core_->dispatcher->StateOf(server);
}

std::string Endpoint::ContactFor(const RequestSource& source, bool secure,
                                 std::string_view user) const {
  const NextHop hop{source.transport, source.peer, source.peer.host};
  return ContactOf(ListenerFor(core_->listeners, hop), secure, user);
}

void Endpoint::Resume(uint64_t waits_for) {
  if (core_->held != nullptr) core_->held->Resume(waits_for);
}

FlowKeeper& Endpoint::flows() { return *core_->flows; }

std::vector<int> Endpoint::ports() const {
  std::vector<int> ports;
  for (const ListenSpec& listener : core_->listeners) ports.push_back(listener.port);
  return ports;
}

}  // namespace sipevents::sip
