#ifndef TESTS_FAKES_FAKE_REQUEST_SENDER_H_
#define TESTS_FAKES_FAKE_REQUEST_SENDER_H_

#include <functional>
#include <utility>
#include <vector>

#include "sip/stack/request_sender.h"

namespace sipevents::sip {

// A RequestSender without a network: it records requests, and the test answers them.
//
// Threads: one.
class FakeRequestSender : public RequestSender {
 public:
  struct Sent {
    RequestId id = 0;
    OutgoingRequest request;
    std::function<void(const Response&)> on_final;  // empty: answered or forgotten
  };

  RequestId Send(OutgoingRequest request, std::function<void(const Response&)> on_final) override {
    sent.push_back({sent.size() + 1, std::move(request), std::move(on_final)});
    return sent.size();
  }

  void Forget(RequestId id) override { sent.at(id - 1).on_final = nullptr; }

  // Answers the `index`th request.
  void Answer(size_t index, const Response& response) {
    const auto on_final = std::exchange(sent.at(index).on_final, nullptr);
    if (on_final) on_final(response);
  }

  const OutgoingRequest& last() const { return sent.back().request; }

  std::vector<Sent> sent;
};

}  // namespace sipevents::sip

#endif  // TESTS_FAKES_FAKE_REQUEST_SENDER_H_
