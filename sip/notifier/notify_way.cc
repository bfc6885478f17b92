#include "sip/notifier/notify_way.h"

#include <algorithm>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/net_address.h"
#include "sip/base/uri.h"

namespace sipevents::sip {
namespace {

std::string_view WithoutBrackets(std::string_view host) {
  const bool bracketed = host.size() > 2 && host.front() == '[';
  return bracketed ? host.substr(1, host.size() - 2) : host;
}

// Whether a URI, which may stand in <>, leads to where a request came from. A name may lead
// anywhere.
bool LeadsTo(std::string_view uri, const RequestSource& source) {
  if (uri.size() > 2 && uri.front() == '<') uri = uri.substr(1, uri.find('>') - 1);
  const absl::StatusOr<Uri> parsed = ParseUri(uri);
  return parsed.ok() && EqualsIgnoreCase(WithoutBrackets(parsed->host), source.peer.host);
}

constexpr std::string_view kFlow = "flow:";
constexpr uint16_t kSipPort = 5060;

uint16_t PortOf(uint16_t named) { return named == 0 ? kSipPort : named; }

bool HasParameter(const Uri& uri, std::string_view name) {
  return std::any_of(uri.parameters.begin(), uri.parameters.end(),
                     [name](const auto& one) { return EqualsIgnoreCase(one.first, name); });
}

// The hop of what came by UDP; empty: the Contact.
std::string DatagramHop(const IncomingRequest& request, const std::string& flow) {
  const RequestSource& source = request.source;
  const absl::StatusOr<Uri> contact = ParseUri(request.contact_uri);
  if (!contact.ok() || contact->scheme != "sip") return "";
  const bool thinks_it_is_there = EqualsIgnoreCase(contact->host, source.via_host) &&
                                  PortOf(contact->port) == PortOf(source.via_port);
  const std::string_view host = WithoutBrackets(contact->host);
  if (thinks_it_is_there && IsNumericHost(host) &&
      (host != source.peer.host || PortOf(contact->port) != source.peer.port)) {
    return flow;
  }
  if (HasParameter(*contact, "transport") || !IsNumericHost(host)) return "";
  return absl::StrCat("sip:", contact->HostPort(), ";transport=udp");
}

}  // namespace

NotifyWay NotifyWayOf(const IncomingRequest& request) {
  const RequestSource& source = request.source;
  if (!request.record_route.empty()) return {"", !LeadsTo(request.record_route.front(), source)};
  const std::string flow =
      absl::StrCat(AbslView(kFlow), SipListenAddress{source.transport, source.peer}.ToString());
  if (source.transport != Transport::kUdp) return {flow, false};
  std::string hop = DatagramHop(request, flow);
  const bool elsewhere = hop != flow && !LeadsTo(request.contact_uri, source);
  return {std::move(hop), elsewhere};
}

std::optional<NotifyWay> WayAfterConnection(std::string_view first_hop,
                                            std::string_view contact_uri) {
  if (!first_hop.starts_with(kFlow)) return std::nullopt;
  const absl::StatusOr<SipListenAddress> peer =
      ParseSipListenAddress(first_hop.substr(kFlow.size()));
  const absl::StatusOr<Uri> contact = ParseUri(contact_uri);
  if (!peer.ok() || peer->transport == Transport::kUdp) return std::nullopt;
  if (!contact.ok() || HasParameter(*contact, "ob")) return std::nullopt;
  // What was asked for in secret is not told in the clear.
  const bool secure =
      contact->scheme == "sips" ||
      std::any_of(contact->parameters.begin(), contact->parameters.end(), [](const auto& one) {
        return EqualsIgnoreCase(one.first, "transport") && EqualsIgnoreCase(one.second, "tls");
      });
  if (peer->transport == Transport::kTls && !secure) return std::nullopt;
  return NotifyWay{"", !EqualsIgnoreCase(WithoutBrackets(contact->host), peer->address.host)};
}

bool HaveSameHost(std::string_view uri, std::string_view other_uri) {
  const absl::StatusOr<Uri> one = ParseUri(uri);
  const absl::StatusOr<Uri> other = ParseUri(other_uri);
  return one.ok() && other.ok() && EqualsIgnoreCase(one->host, other->host);
}

}  // namespace sipevents::sip
