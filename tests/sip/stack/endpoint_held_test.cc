#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "sip/base/mutex.h"
#include "sip/stack/endpoint.h"
#include "tests/base/status_asserts.h"
#include "tests/peer/sip_peer.h"

// Requests that their server puts off, over real sockets.

namespace sipevents::sip {
namespace {

using ::sipevents::testing::Flow;
using ::sipevents::testing::kPatience;
using ::sipevents::testing::NewRequest;
using ::sipevents::testing::Received;
using ::sipevents::testing::Sent;
using ::sipevents::testing::SipPeer;

constexpr uint64_t kAwaited = 7;

class FakeHandler : public NotifyHandler {
 public:
  NotifyAnswer OnNotify(const IncomingNotify& /*notify*/) override { return {481, {}}; }
};

// Puts each PUBLISH off until it is told otherwise.
class PuttingOffServer : public RequestServer {
 public:
  RequestAnswer OnSubscribe(const IncomingRequest& /*request*/) override { return {404, {}}; }
  RequestAnswer OnPublish(const IncomingRequest& /*request*/) override {
    const MutexLock lock(mutex_);
    ++asked_;
    changed_.NotifyAll();
    RequestAnswer answer;
    answer.waits_for = decided_ ? 0 : kAwaited;
    return answer;
  }
  void Decide() {
    const MutexLock lock(mutex_);
    decided_ = true;
  }
  // Whether it was asked so often in time.
  bool WaitUntilAsked(int times) {
    const auto end = absl::ToChronoTime(absl::Now() + kPatience);
    const MutexLock lock(mutex_);
    while (asked_ < times) {
      if (!changed_.WaitUntil(mutex_, end)) return false;
    }
    return true;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int asked_ ABSL_GUARDED_BY(mutex_) = 0;
  bool decided_ ABSL_GUARDED_BY(mutex_) = false;
};

class EndpointHeldTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(peer_, SipPeer::Start());
    loop_ = std::make_unique<EventLoop>("test");
    EndpointOptions options;
    options.t1 = absl::Milliseconds(500);
    options.listen = {{Transport::kUdp, "127.0.0.1"}, {Transport::kTcp, "127.0.0.1"}};
    loop_->Run([&] {
      absl::StatusOr<std::unique_ptr<Endpoint>> opened =
          Endpoint::Open(*loop_, options, handler_, random_, nullptr, &server_);
      ASSERT_OK(opened.status());
      endpoint_ = *std::move(opened);
      ports_ = endpoint_->ports();
    });
  }
  void TearDown() override {
    loop_->Run([this] { endpoint_.reset(); });
    loop_.reset();
  }

  NewRequest Publish(bool over_tcp) const {
    NewRequest request;
    request.method = "PUBLISH";
    request.request_uri = "sip:alice@example.com";
    request.port = ports_[over_tcp ? 1 : 0];
    request.over_tcp = over_tcp;
    request.headers = {"Event: presence"};
    return request;
  }
  // What is waited for is there.
  void Decide() {
    server_.Decide();
    loop_->Run([this] { endpoint_->Resume(kAwaited); });
  }

  FakeHandler handler_;
  PuttingOffServer server_;
  SystemRandom random_;
  std::unique_ptr<SipPeer> peer_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Endpoint> endpoint_;
  std::vector<int> ports_;
};

TEST_F(EndpointHeldTest, IsAnsweredTheWayItCame) {
  const Sent datagram = peer_->Send(Publish(/*over_tcp=*/false));
  const Sent stream = peer_->Send(Publish(/*over_tcp=*/true));
  ASSERT_TRUE(server_.WaitUntilAsked(2));

  Decide();

  ASSERT_OK_AND_ASSIGN(const Received by_datagram, peer_->WaitForResponse(datagram));
  EXPECT_EQ(by_datagram.sip.status(), 200);
  EXPECT_FALSE(by_datagram.flow.is_tcp());
  ASSERT_OK_AND_ASSIGN(const Received by_stream, peer_->WaitForResponse(stream));
  EXPECT_EQ(by_stream.sip.status(), 200);
  EXPECT_TRUE(by_stream.flow.is_tcp());
}

TEST_F(EndpointHeldTest, ConnectionThatIsGoneDoesNoHarm) {
  ASSERT_OK_AND_ASSIGN(const Flow flow, peer_->ConnectTcp(ports_[1]));
  peer_->SendRaw(
      flow, absl::StrCat("PUBLISH sip:alice@example.com SIP/2.0\r\n",
                         "Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKgone\r\n",
                         "From: <sip:alice@example.com>;tag=f\r\n",
                         "To: <sip:alice@example.com>\r\nCall-ID: gone\r\n",
                         "CSeq: 1 PUBLISH\r\nEvent: presence\r\n", "Content-Length: 0\r\n\r\n"));
  ASSERT_TRUE(server_.WaitUntilAsked(1));
  shutdown(flow.connection, SHUT_RDWR);
  // Behind the end of the connection, as far as the loop is concerned.
  const Sent after = peer_->Send(Publish(/*over_tcp=*/true));
  ASSERT_TRUE(server_.WaitUntilAsked(2));

  Decide();

  ASSERT_TRUE(server_.WaitUntilAsked(4));
  ASSERT_OK_AND_ASSIGN(const int status, peer_->StatusOf(after));
  EXPECT_EQ(status, 200);
}

TEST_F(EndpointHeldTest, EndpointMayGoWhileRequestsAreHeld) {
  peer_->Send(Publish(/*over_tcp=*/false));
  peer_->Send(Publish(/*over_tcp=*/true));
  ASSERT_TRUE(server_.WaitUntilAsked(2));
  loop_->Run([this] {
    endpoint_->Resume(kAwaited);  // and none has been handed back yet
    endpoint_.reset();
  });
  EXPECT_FALSE(peer_
                   ->WaitUntil(
                       "anything", [](const Received&) { return true; }, absl::Milliseconds(100))
                   .ok());
}

}  // namespace
}  // namespace sipevents::sip
