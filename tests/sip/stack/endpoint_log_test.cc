#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sip/base/mutex.h"
#include "sip/stack/endpoint.h"
#include "tests/base/status_asserts.h"
#include "tests/fakes/captured_log.h"
#include "tests/peer/sip_peer.h"

// What the log tells of requests that are refused, or cannot be sent; over real sockets.

namespace sipevents::sip {
namespace {

using ::sipevents::testing::NewRequest;
using ::sipevents::testing::SipPeer;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class FakeHandler : public NotifyHandler {
 public:
  NotifyAnswer OnNotify(const IncomingNotify& /*notify*/) override { return {481, {}}; }
};

// Has one answer for all.
class FakeServer : public RequestServer {
 public:
  RequestAnswer OnSubscribe(const IncomingRequest& /*request*/) override { return answer; }
  RequestAnswer OnPublish(const IncomingRequest& /*request*/) override { return answer; }
  RequestAnswer answer;
};

// Sends a SUBSCRIBE that no datagram takes.
class LargeClient : public RequestClient {
 public:
  explicit LargeClient(std::string uri) : uri_(std::move(uri)) {}

  OutgoingRequest Fill() override {
    OutgoingRequest request;
    request.method = "SUBSCRIBE";
    request.request_uri = uri_;
    request.from_uri = "sip:gateway@example.com";
    request.from_tag = "ours";
    request.to_uri = uri_;
    request.call_id = "large";
    request.event = "presence";
    request.content_type = "text/plain";
    request.body = std::string(70'000, 'x');
    return request;
  }
  void OnSent() override {}
  void OnFinal(const Response& /*response*/) override {
    const MutexLock lock(mutex_);
    is_done_ = true;
    done_.NotifyAll();
  }
  void Wait() {
    const auto deadline =
        std::chrono::steady_clock::now() + absl::ToChronoSeconds(sipevents::testing::kPatience);
    const MutexLock lock(mutex_);
    while (!is_done_ && done_.WaitUntil(mutex_, deadline)) {
    }
  }

 private:
  const std::string uri_;
  Mutex mutex_;
  CondVar done_;
  bool is_done_ ABSL_GUARDED_BY(mutex_) = false;
};

class EndpointLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(peer_, SipPeer::Start());
    loop_ = std::make_unique<EventLoop>("test");
    EndpointOptions options;
    options.listen = {{Transport::kUdp, "127.0.0.1"}};
    loop_->Run([&] {
      absl::StatusOr<std::unique_ptr<Endpoint>> opened =
          Endpoint::Open(*loop_, options, handler_, random_, nullptr, &server_);
      ASSERT_OK(opened.status());
      endpoint_ = *std::move(opened);
    });
  }
  void TearDown() override {
    loop_->Run([this] { endpoint_.reset(); });
    loop_.reset();
  }

  // What is logged while a request is answered.
  std::vector<std::string> LinesOf(NewRequest request, LogSeverity threshold) {
    CapturedLog log(threshold);
    request.port = endpoint_->ports()[0];
    EXPECT_OK(peer_->WaitForResponse(peer_->Send(request)).status());
    return log.Take();
  }
  static NewRequest Publish() {
    NewRequest request;
    request.method = "PUBLISH";
    request.request_uri = "sip:alice@example.com";
    request.from = "sip:bob:hush@example.com";
    request.call_id = "c1";
    request.headers = {"Event: presence", "Authorization: Digest username=\"hush\""};
    request.content_type = "text/plain";
    request.body = "hush";
    return request;
  }

  FakeHandler handler_;
  FakeServer server_;
  SystemRandom random_;
  std::unique_ptr<SipPeer> peer_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Endpoint> endpoint_;
};

TEST_F(EndpointLogTest, RefusalSaysWhoWasRefusedWhat) {
  server_.answer = {412, {}, "Conditional Request Failed"};
  EXPECT_THAT(LinesOf(Publish(), LogSeverity::kDebug),
              ElementsAre(absl::StrCat(
                  "compositor: refused sip_status=412 reason=Conditional Request Failed "
                  "resource=sip:alice@example.com package=presence "
                  "from=sip:bob:(redacted)@example.com peer=udp:127.0.0.1:",
                  peer_->port(), " call_id=c1")));
}

TEST_F(EndpointLogTest, RequestThatReachesNobodyIsLoggedToo) {
  NewRequest subscribe = Publish();
  subscribe.method = "SUBSCRIBE";
  subscribe.headers.emplace_back("Require: unheard-of");
  EXPECT_THAT(LinesOf(subscribe, LogSeverity::kDebug),
              ElementsAre(AllOf(StartsWith("notifier: refused sip_status=420 "),
                                HasSubstr(" call_id=c1"), Not(HasSubstr("hush")))));
}

TEST_F(EndpointLogTest, ChallengesAndWhatIsTakenAreNotLogged) {
  for (const int status : {200, 401, 407}) {
    server_.answer = {status, {}};
    NewRequest publish = Publish();
    publish.call_id = absl::StrCat("c", status);
    EXPECT_THAT(LinesOf(publish, LogSeverity::kDebug), IsEmpty());
  }
}

TEST_F(EndpointLogTest, RefusalsAreNotLoggedUnasked) {
  server_.answer = {403, {}};
  EXPECT_THAT(LinesOf(Publish(), LogSeverity::kInfo), IsEmpty());
}

TEST_F(EndpointLogTest, DatagramThatIsTooLargeIsLoggedWithWhomItWasFor) {
  CapturedLog log(LogSeverity::kInfo);
  const std::string uri = absl::StrCat("sip:a:hush@127.0.0.1:", peer_->port(), ";transport=udp");
  LargeClient client(uri);
  loop_->Run([&] { endpoint_->Send(uri, RequestPriority::kSubscribe, client); });
  client.Wait();
  EXPECT_THAT(log.Take(),
              ElementsAre(AllOf(
                  StartsWith("datagram: not sent error="), HasSubstr("too many for a datagram"),
                  HasSubstr(absl::StrCat(" peer=127.0.0.1:", peer_->port(), " method=SUBSCRIBE ")),
                  HasSubstr(" target=sip:a:(redacted)@127.0.0.1"), HasSubstr(" call_id=large"))));
}

}  // namespace
}  // namespace sipevents::sip
