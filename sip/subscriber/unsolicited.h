#ifndef SIP_SUBSCRIBER_UNSOLICITED_H_
#define SIP_SUBSCRIBER_UNSOLICITED_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "sip/agent.h"
#include "sip/base/network_list.h"
#include "sip/dialog/message.h"

// NOTIFYs outside of any subscription (DEV-09): RFC 3265 section 3.2 knows no such thing, but many
// PBXs tell whoever registered how many messages wait, and take a peer for dead that refuses it.

namespace sipevents::sip {

// What stands for the id of a dialog in what is told of such state.
inline constexpr std::string_view kUnsolicitedDialog = "unsolicited";

// What such a NOTIFY said, on its way to whichever SIP thread follows the resource.
struct UnsolicitedState {
  std::vector<std::string> resources;  // whom it may be about, see UnsolicitedKey()
  std::string content_type;
  std::string body;
  absl::Time receive_time;
  // For people, as IncomingNotify has them:
  std::string via_host;
  std::string via_port;
  std::string substate;
  uint32_t cseq = 0;
};

// Names a resource: "user@host", the host in lower case. Port, scheme and parameters are left out,
// since who sends unasked writes where the phone is, not how it was asked for. Empty: there is no
// user or no host.
std::string UnsolicitedKey(std::string_view user, std::string_view host);
// The same of a URI; empty: it is none.
std::string UnsolicitedKey(std::string_view uri);

// Whether Subscriptions of this event package get such state.
bool TakesUnsolicited(std::string_view event_package);

// Decides what to do with a NOTIFY that has no To tag.
//
// Threads: the SIP thread.
class UnsolicitedDoor {
 public:
  struct Parts {
    NetworkList peers;  // who may send such (--sip_unsolicited_notify)
    // Hands the state to all SIP threads; false: too much is on the way already. Thread-safe.
    std::function<bool(std::shared_ptr<const UnsolicitedState>)> tell_all;
    // Which identity is registered with a Contact of this user; empty: none.
    std::function<std::string(std::string_view user)> identity_of;
    SipMetrics* metrics = nullptr;  // may be null
  };

  explicit UnsolicitedDoor(Parts parts) : parts_(std::move(parts)) {}

  // The answer; nullopt: it does not come in here, and is one of no subscription (SUB-23). 200 to
  // `message-summary`, whose state is handed on, and to the names by which phones are kept alive,
  // told to read their settings or to restart: nothing comes of these. 413 above kMaxBodyOctets,
  // 503 if too much is on the way.
  //
  // One that was taken before, or is older than one of the same Call-ID, is answered 200 and not
  // handed on, for kMemory after the newest (a retransmission, RFC 3261 section 17.2.2) or while no
  // more than kMaxRemembered others came since.
  std::optional<NotifyAnswer> Take(const IncomingNotify& notify);

  static constexpr absl::Duration kMemory = absl::Minutes(1);
  static constexpr size_t kMaxRemembered = 10'000;
  static constexpr size_t kMaxBodyOctets = size_t{64} << 10;

 private:
  struct Seen {
    std::string call;  // Call-ID and From tag
    absl::Time at;
  };

  std::vector<std::string> ResourcesOf(const IncomingNotify& notify) const;
  bool IsRepeated(const IncomingNotify& notify) const;
  void Remember(const IncomingNotify& notify);

  Parts parts_;
  absl::flat_hash_map<std::string, uint32_t> newest_;  // CSeq, by call
  std::deque<Seen> seen_;                              // the calls in newest_, the oldest first
};

// Which Subscriptions follow a resource.
//
// Threads: the SIP thread.
class UnsolicitedIndex {
 public:
  void Add(std::string_view target_uri, SubscriptionId id);
  void Remove(std::string_view target_uri, SubscriptionId id);
  // Each once.
  std::vector<SubscriptionId> Find(const std::vector<std::string>& resources) const;

 private:
  absl::flat_hash_map<std::string, std::vector<SubscriptionId>> by_resource_;
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_UNSOLICITED_H_
