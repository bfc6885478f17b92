#ifndef TESTS_SCENARIOS_SCRIPTED_WATCHER_H_
#define TESTS_SCENARIOS_SCRIPTED_WATCHER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/peer/raw_request.h"
#include "tests/peer/sip_peer.h"
#include "tests/scenarios/notify_check.h"

namespace sipevents::testing {

// How long a server on this machine may take to answer, or to notify what it should at once.
inline constexpr absl::Duration kServerPatience = absl::Seconds(5 * kSlowdown);
// How long nothing must come where nothing may.
inline constexpr absl::Duration kQuiet = absl::Milliseconds(400);

// What a first SUBSCRIBE asks for.
struct WatchSpec {
  std::string resource = "sip:alice@example.com";
  std::string event = "presence";
  std::optional<std::string> expires = "600";  // absent: no header
  std::string accept = "";                     // empty: no header
  std::string from = "sip:bob@example.com";
  std::string content_type = "";
  std::string body = "";
  std::vector<std::string> headers = {};  // whole lines, without CRLF
};

// A phone with one subscription to a notifier, over UDP: it says what the script says, and judges
// each NOTIFY (CheckNotify). It answers none by itself; retransmissions are not seen.
//
// Threads: one.
class ScriptedWatcher {
 public:
  // At a free port of its own; the notifier is at 127.0.0.1:`server_port`.
  static absl::StatusOr<std::unique_ptr<ScriptedWatcher>> Start(int server_port);

  SipPeer& peer() { return *peer_; }
  const WatcherDialog& dialog() const { return dialog_; }

  // A first SUBSCRIBE that was not sent yet.
  RawRequest NewSubscribe(const WatchSpec& spec = {}) const;
  // Another SUBSCRIBE in the dialog, not sent yet.
  RawRequest NextSubscribe(const std::string& expires,
                           const std::vector<std::string>& headers = {});

  // Sends any request and takes its final response.
  absl::StatusOr<Received> Ask(const RawRequest& request);
  // The same for a SUBSCRIBE: a 2xx makes, or refreshes, the dialog.
  absl::StatusOr<Received> Subscribe(const RawRequest& subscribe);
  absl::StatusOr<Received> Subscribe(const WatchSpec& spec = {}) {
    return Subscribe(NewSubscribe(spec));
  }
  // In the dialog.
  absl::StatusOr<Received> Refresh(const std::string& expires = "600",
                                   const std::vector<std::string>& headers = {}) {
    return Subscribe(NextSubscribe(expires, headers));
  }
  // Subscribes, is accepted, takes the first NOTIFY and answers it.
  absl::StatusOr<Received> Begin(const WatchSpec& spec = {});

  // Takes the next NOTIFY, which must be as it should; leaves it unanswered.
  absl::StatusOr<Received> TakeNotify(absl::Duration patience = kServerPatience);
  // The same, and answers 200.
  absl::StatusOr<Received> NextNotify(absl::Duration patience = kServerPatience);
  // Answers NOTIFYs with 200 until one has a body that contains `text`.
  absl::StatusOr<Received> NotifyWith(const std::string& text,
                                      absl::Duration patience = kServerPatience);
  // OK if no NOTIFY is there or comes within `span`.
  absl::Status ExpectNoNotify(absl::Duration span = kQuiet);
  // OK if the notifier has let go of the subscription: SUBSCRIBE in the dialog gets 481.
  absl::Status ExpectGone();
  // OK if it still serves the subscription: a refresh gets 200 and a NOTIFY.
  absl::Status ExpectAlive();

 private:
  ScriptedWatcher(std::unique_ptr<SipPeer> peer, int server_port)
      : peer_(std::move(peer)), server_port_(server_port) {}

  std::unique_ptr<SipPeer> peer_;
  const int server_port_;
  WatcherDialog dialog_;
  std::string remote_target_;
};

}  // namespace sipevents::testing

#endif  // TESTS_SCENARIOS_SCRIPTED_WATCHER_H_
