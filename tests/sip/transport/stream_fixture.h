#ifndef TESTS_SIP_TRANSPORT_STREAM_FIXTURE_H_
#define TESTS_SIP_TRANSPORT_STREAM_FIXTURE_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "sip/base/mutex.h"
#include "sip/transport/event_loop.h"
#include "sip/transport/stream_transport.h"

namespace sipevents::sip {

// What the transport handed over.
struct Heard {
  ConnectionId connection = 0;
  NextHop peer;
  std::string octets;
  int bad_status = 0;  // 0: a message
};

// Keeps what it is given until a test takes it. Threads: any.
template <typename T>
class Mailbox {
 public:
  void Put(T value) {
    MutexLock lock(mutex_);
    values_.push_back(std::move(value));
    arrived_.NotifyAll();
  }

  // DeadlineExceeded if nothing comes.
  absl::StatusOr<T> Take(absl::Duration patience = absl::Seconds(20)) {
    const auto deadline = absl::ToChronoTime(absl::Now() + patience);
    MutexLock lock(mutex_);
    while (values_.empty()) {
      if (!arrived_.WaitUntil(mutex_, deadline) && values_.empty()) {
        return absl::DeadlineExceededError("nothing came");
      }
    }
    T value = std::move(values_.front());
    values_.pop_front();
    return value;
  }

  size_t size() const {
    MutexLock lock(mutex_);
    return values_.size();
  }

 private:
  mutable Mutex mutex_;
  CondVar arrived_;
  std::deque<T> values_ ABSL_GUARDED_BY(mutex_);
};

// Counts what the transport tells of itself. Threads: any.
class StreamCounts : public SipMetrics {
 public:
  void OnRequestAnswered(std::string_view, int) override {}
  void OnResponse(std::string_view, int) override {}
  void OnInFlight(int) override {}
  void OnDecodeError(std::string_view) override {}
  void OnDeviation(std::string_view) override {}
  void OnStreamOpen(std::string_view transport, bool accepted, int change) override {
    Add(std::string(transport) + (accepted ? " accepted" : " opened"), change);
  }
  void OnStreamRefused(std::string_view cause) override { Add("refused " + std::string(cause), 1); }
  void OnBadStream(int status) override { Add("bad " + std::to_string(status), 1); }
  void OnStreamDropped() override { Add("dropped", 1); }
  void OnKeepAliveFailed() override { Add("no pong", 1); }

  // E.g. "tcp accepted", "refused address", "bad 400", "dropped", "no pong".
  int operator[](const std::string& name) const {
    MutexLock lock(mutex_);
    const auto found = counts_.find(name);
    return found == counts_.end() ? 0 : found->second;
  }

 private:
  void Add(const std::string& name, int change) {
    MutexLock lock(mutex_);
    counts_[name] += change;
  }

  mutable Mutex mutex_;
  std::map<std::string, int> counts_ ABSL_GUARDED_BY(mutex_);
};

// A transport in a loop of its own, whose messages go to mailboxes.
class StreamFixture : public ::testing::Test, public StreamHandler {
 protected:
  StreamFixture() : loop_(std::make_unique<EventLoop>("stream")) {}
  ~StreamFixture() override { Stop(); }

  // From here on there is a transport. To be called once.
  absl::Status Start(StreamTransportOptions options = {});
  // Ends the transport and its loop.
  void Stop();
  // The port of a listener on 127.0.0.1.
  absl::StatusOr<int> Listen(Transport transport = Transport::kTcp,
                             const std::string& host = "127.0.0.1");
  static NextHop Hop(int port, Transport transport = Transport::kTcp,
                     const std::string& name = "127.0.0.1");
  // Puts a failure into failures_, as one that shares nothing with the loop: Abseil's counting of
  // references is not visible to ThreadSanitizer.
  void Fail(const absl::Status& status) {
    failures_.Put(absl::Status(status.code(), status.message()));
  }
  // Sends from the loop; a failure goes to failures_.
  StreamTransport::WatchId Send(const NextHop& hop, const std::string& message);
  void Reply(ConnectionId connection, const std::string& message);
  // Waits until `count` has this value; fails the test if it never has.
  void ExpectCount(const std::string& count, int value);

  // StreamHandler: to the mailboxes, and to on_message_ and on_bad_ in the loop.
  void OnMessage(ConnectionId connection, const NextHop& peer, std::string_view message) override;
  void OnBadMessage(ConnectionId connection, const NextHop& peer, std::string_view message,
                    int status) override;

  std::unique_ptr<EventLoop> loop_;
  StreamCounts counts_;
  std::unique_ptr<StreamTransport> transport_;
  std::function<void(const Heard&)> on_message_;  // set before Start()
  Mailbox<Heard> heard_;
  Mailbox<absl::Status> failures_;
};

// A request of this size, or somewhat larger; `id` tells it apart.
std::string Request(const std::string& id, size_t body = 0);

}  // namespace sipevents::sip

#endif  // TESTS_SIP_TRANSPORT_STREAM_FIXTURE_H_
