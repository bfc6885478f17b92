#ifndef SIP_PUBLISHER_PUBLISH_TURNS_H_
#define SIP_PUBLISHER_PUBLISH_TURNS_H_

#include <deque>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"

namespace sipevents::sip {

// Lets one publication of a Request-URI at a time have a PUBLISH under way (EPA-03, RFC 3903
// section 4), whatever the packages; the others wait in the order they came.
//
// Threads: the SIP thread.
class PublishTurns {
 public:
  // Whoever has a turn. Threads: the SIP thread.
  class Client {
   public:
    virtual ~Client() = default;
    // It may send now, until it leaves. Maybe from within Ask(), or another one's Leave().
    virtual void OnTurn() = 0;
  };

  // `client` must live until it leaves; it has no turn and waits for none.
  void Ask(std::string_view request_uri, Client& client);

  // Gives up the turn, or the place among those who wait; who has neither is ignored.
  void Leave(std::string_view request_uri, Client& client);

  // Nobody has a turn or waits for one any more.
  void Clear() { lines_.clear(); }

  // Request-URIs with a PUBLISH under way.
  size_t size() const { return lines_.size(); }

 private:
  // The first one has the turn.
  absl::flat_hash_map<std::string, std::deque<Client*>> lines_;
};

}  // namespace sipevents::sip

#endif  // SIP_PUBLISHER_PUBLISH_TURNS_H_
