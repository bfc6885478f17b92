#include "sip/transport/listen_spec.h"

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {

std::string ListenSpec::Shown() const {
  return absl::StrCat(advertise.empty() ? host : advertise, ":", port);
}

const ListenSpec& ListenerFor(const std::vector<ListenSpec>& listeners, const NextHop& hop) {
  const bool ipv6 = hop.address.host.find(':') != std::string::npos;
  const ListenSpec* best = &listeners.front();
  int best_score = -1;
  for (const ListenSpec& listener : listeners) {
    const int score =
        (listener.transport == hop.transport ? 2 : 0) + (listener.is_ipv6() == ipv6 ? 1 : 0);
    if (score > best_score) {
      best = &listener;
      best_score = score;
    }
  }
  return *best;
}

std::string ContactOf(const ListenSpec& listener, bool secure, std::string_view user) {
  const bool sips = secure && listener.transport == Transport::kTls;
  std::string contact = absl::StrCat(
      sips ? "sips:" : "sip:", AbslView(user.empty() ? "gateway" : user), "@", listener.Shown());
  if (!sips && listener.transport != Transport::kUdp) {
    absl::StrAppend(&contact, ";transport=", AbslView(TransportName(listener.transport)));
  }
  return contact;
}

}  // namespace sipevents::sip
