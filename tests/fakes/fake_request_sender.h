#ifndef TESTS_FAKES_FAKE_REQUEST_SENDER_H_
#define TESTS_FAKES_FAKE_REQUEST_SENDER_H_

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "sip/dialog/request_sender.h"

namespace sipevents::sip {

// A RequestSender without a network: it records requests, and the test answers them. Requests
// leave at once, unless `hold` is set: then they wait until Release().
//
// Threads: one.
class FakeRequestSender : public RequestSender {
 public:
  struct Sent {
    RequestId id = 0;
    std::string first_hop;
    RequestPriority priority = RequestPriority::kSubscribe;
    OutgoingRequest request;
    RequestClient* client = nullptr;  // null: answered or forgotten
  };

  RequestId Send(std::string first_hop, RequestPriority priority, RequestClient& client) override {
    Sent entry{++last_id_, std::move(first_hop), priority, {}, &client};
    client.OnServer(server);
    if (hold) {
      waiting.push_back(std::move(entry));
    } else {
      Leave(std::move(entry));
    }
    return last_id_;
  }

  void Forget(RequestId id) override {
    for (Sent& entry : sent) {
      if (entry.id == id) entry.client = nullptr;
    }
    std::erase_if(waiting, [id](const Sent& entry) { return entry.id == id; });
  }

  absl::Status CheckFirstHop(std::string_view first_hop) const override {
    const auto it = unreachable.find(std::string(first_hop));
    return it == unreachable.end() ? absl::OkStatus() : it->second;
  }

  ServerState StateOf(std::string_view name) const override {
    ServerState state = server_state;
    state.server = std::string(name);
    return state;
  }

  // Lets the requests that wait leave, in the order they came.
  void Release() {
    for (Sent& entry : std::exchange(waiting, {})) Leave(std::move(entry));
  }

  // Answers the oldest request that waits, which never leaves.
  void FailWaiting(const Response& response) {
    RequestClient* const client = waiting.front().client;
    waiting.erase(waiting.begin());
    client->OnFinal(response);
  }

  // The `index`th request leaves once more, for another server.
  void FailOver(size_t index) { sent.at(index).client->OnSent(); }

  // Answers the `index`th request.
  void Answer(size_t index, const Response& response) {
    RequestClient* const client = std::exchange(sent.at(index).client, nullptr);
    if (client != nullptr) client->OnFinal(response);
  }

  const OutgoingRequest& last() const { return sent.back().request; }

  bool hold = false;
  std::string server = "udp:192.0.2.1:5060";        // where all requests go
  ServerState server_state;                         // of each server, but for its name
  std::map<std::string, absl::Status> unreachable;  // first hops, and why
  std::vector<Sent> sent;
  std::vector<Sent> waiting;

 private:
  void Leave(Sent entry) {
    RequestClient* const client = entry.client;
    entry.request = client->Fill();
    sent.push_back(std::move(entry));
    client->OnSent();
  }

  RequestId last_id_ = 0;
};

}  // namespace sipevents::sip

#endif  // TESTS_FAKES_FAKE_REQUEST_SENDER_H_
