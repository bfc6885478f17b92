#include "sip/stack/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sip/base/mutex.h"
#include "tests/base/status_asserts.h"
#include "tests/peer/sip_peer.h"

namespace sipevents::sip {
namespace {

using ::sipevents::testing::Flow;
using ::sipevents::testing::NewRequest;
using ::sipevents::testing::Received;
using ::sipevents::testing::SipPeer;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Answers each NOTIFY 200 and keeps what its subscriber would see.
class FakeHandler : public NotifyHandler {
 public:
  NotifyAnswer OnNotify(const IncomingNotify& notify) override {
    body = std::string(notify.body);
    return {200, {}};
  }
  std::string body;
};

// Sends one kind of request, and waits for what comes of it.
class Client : public RequestClient {
 public:
  explicit Client(std::string uri) : uri_(std::move(uri)) {}

  OutgoingRequest Fill() override {
    OutgoingRequest request;
    request.method = "SUBSCRIBE";
    request.request_uri = uri_;
    request.from_uri = "sip:gateway@example.com";
    request.from_tag = "ours";
    request.to_uri = uri_;
    request.call_id = absl::StrCat("call-", uri_);
    request.event = "presence";
    request.expires = 3600;
    request.call_info = "<sip:example.com>;appearance-index=2";
    return request;
  }
  void OnSent() override {}
  void OnFinal(const Response& response) override {
    const MutexLock lock(mutex_);
    status_ = response.status;
    failure_ = response.failure;
    done_.NotifyAll();
  }

  // The final status; 0 if none comes.
  int Wait() {
    const auto deadline =
        std::chrono::steady_clock::now() + absl::ToChronoSeconds(sipevents::testing::kPatience);
    const MutexLock lock(mutex_);
    while (status_ == 0 && done_.WaitUntil(mutex_, deadline)) {
    }
    return status_;
  }
  SendFailure failure() {
    const MutexLock lock(mutex_);
    return failure_;
  }

 private:
  const std::string uri_;
  Mutex mutex_;
  CondVar done_;
  int status_ ABSL_GUARDED_BY(mutex_) = 0;
  SendFailure failure_ ABSL_GUARDED_BY(mutex_) = SendFailure::kNone;
};

class EndpointTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(peer_, SipPeer::Start());
    loop_ = std::make_unique<EventLoop>("test");
    EndpointOptions options;
    options.t1 = absl::Milliseconds(20);
    options.allow_events = "presence";
    options.accept = "application/pidf+xml";
    options.listen = {
        {Transport::kUdp, "127.0.0.1"}, {Transport::kTcp, "127.0.0.1"}, {Transport::kUdp, "[::1]"}};
    loop_->Run([&] {
      absl::StatusOr<std::unique_ptr<Endpoint>> opened =
          Endpoint::Open(*loop_, options, handler_, random_, nullptr);
      ASSERT_OK(opened.status());
      endpoint_ = *std::move(opened);
      ports_ = endpoint_->ports();
    });
  }
  void TearDown() override {
    if (loop_ != nullptr) loop_->Run([this] { endpoint_.reset(); });
    loop_.reset();
  }

  void Send(const std::string& uri, Client& client) {
    loop_->Run([&] { endpoint_->Send(uri, RequestPriority::kSubscribe, client); });
  }
  // What comes back.
  std::string Exchange(const NewRequest& request) {
    const auto sent = peer_->Send(request);
    const auto answer = peer_->WaitForResponse(sent);
    return answer.ok() ? answer->sip.raw() : answer.status().ToString();
  }

  FakeHandler handler_;
  SystemRandom random_;
  std::unique_ptr<SipPeer> peer_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Endpoint> endpoint_;
  std::vector<int> ports_;
};

TEST_F(EndpointTest, DatagramNamesTheUdpListener) {
  const std::string uri = absl::StrCat("sip:a@127.0.0.1:", peer_->port());
  Client client(uri);
  Send(uri, client);

  ASSERT_OK_AND_ASSIGN(const Received request, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_FALSE(request.flow.is_tcp());
  EXPECT_THAT(request.Header("Via"), StartsWith(absl::StrCat("SIP/2.0/UDP 127.0.0.1:", ports_[0])));
  EXPECT_EQ(request.Header("Contact"), absl::StrCat("<sip:gateway@127.0.0.1:", ports_[0], ">"));
  peer_->Respond(request, 202);
  EXPECT_EQ(client.Wait(), 202);
}

TEST_F(EndpointTest, CallInfoGoesOutAsItIs) {
  const std::string uri = absl::StrCat("sip:a@127.0.0.1:", peer_->port());
  Client client(uri);
  Send(uri, client);

  ASSERT_OK_AND_ASSIGN(const Received request, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(request.Header("Call-Info"), "<sip:example.com>;appearance-index=2");
  peer_->Respond(request, 200);
  EXPECT_EQ(client.Wait(), 200);
}

TEST_F(EndpointTest, StreamNamesTheTcpListenerAndIsUsedAgain) {
  const std::string uri = absl::StrCat("sip:a@127.0.0.1:", peer_->port(), ";transport=tcp");
  Client first(uri);
  Client second(uri);
  Send(uri, first);
  ASSERT_OK_AND_ASSIGN(const Received one, peer_->WaitFor("SUBSCRIBE"));
  Send(uri, second);
  ASSERT_OK_AND_ASSIGN(const Received two, peer_->WaitFor("SUBSCRIBE"));

  EXPECT_TRUE(one.flow.is_tcp());
  EXPECT_EQ(one.flow.connection, two.flow.connection);
  EXPECT_THAT(one.Header("Via"), StartsWith(absl::StrCat("SIP/2.0/TCP 127.0.0.1:", ports_[1])));
  EXPECT_EQ(one.Header("Contact"),
            absl::StrCat("<sip:gateway@127.0.0.1:", ports_[1], ";transport=tcp>"));
  peer_->Respond(two, 404);
  peer_->Respond(one, 200);
  EXPECT_EQ(first.Wait(), 200);
  EXPECT_EQ(second.Wait(), 404);
}

TEST_F(EndpointTest, RefusedConnectionFailsAsTransport) {
  const std::string uri = "sip:a@127.0.0.1:1;transport=tcp";
  Client client(uri);
  Send(uri, client);

  EXPECT_EQ(client.Wait(), 503);
  EXPECT_EQ(client.failure(), SendFailure::kTransport);
}

TEST_F(EndpointTest, SilentPeerTimesOutOverEitherTransport) {
  const std::string udp = absl::StrCat("sip:a@127.0.0.1:", peer_->port());
  const std::string tcp = absl::StrCat("sip:b@127.0.0.1:", peer_->port(), ";transport=tcp");
  Client over_udp(udp);
  Client over_tcp(tcp);
  Send(udp, over_udp);
  Send(tcp, over_tcp);

  EXPECT_EQ(over_udp.Wait(), 408);
  EXPECT_EQ(over_udp.failure(), SendFailure::kTimeout);
  EXPECT_EQ(over_tcp.Wait(), 408);
  EXPECT_EQ(over_tcp.failure(), SendFailure::kTimeout);
}

TEST_F(EndpointTest, OptionsIsAnsweredTheSameOverEitherTransport) {
  for (const bool over_tcp : {false, true}) {
    const std::string answer = Exchange({.method = "OPTIONS",
                                         .request_uri = "sip:gateway@127.0.0.1",
                                         .port = ports_[over_tcp ? 1 : 0],
                                         .over_tcp = over_tcp});
    EXPECT_THAT(answer, StartsWith("SIP/2.0 200 "));
    EXPECT_THAT(answer, HasSubstr("Allow: NOTIFY, OPTIONS"));
    EXPECT_THAT(answer, HasSubstr("Allow-Events: presence"));
    EXPECT_THAT(answer, HasSubstr(";tag="));
  }
}

TEST_F(EndpointTest, NotifyOverAStreamReachesTheHandler) {
  const std::string answer = Exchange({.method = "NOTIFY",
                                       .request_uri = "sip:gateway@127.0.0.1",
                                       .port = ports_[1],
                                       .over_tcp = true,
                                       .to_tag = "ours",
                                       .headers = {"Event: presence", "Subscription-State: active",
                                                   absl::StrCat("Contact: <", peer_->uri(), ">")},
                                       .content_type = "text/plain",
                                       .body = "hello"});

  EXPECT_THAT(answer, StartsWith("SIP/2.0 200 "));
  std::string body;
  loop_->Run([&] { body = handler_.body; });
  EXPECT_EQ(body, "hello");
}

// The same order over streams as sofia-sip keeps over UDP.
TEST_F(EndpointTest, BadRequestOverAStreamGetsItsOwnAnswer) {
  const auto status = [this](const std::string& from, const std::string& to) {
    std::string bytes = absl::StrCat(
        "OPTIONS sip:gateway@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.9:5060;rport;branch="
        "z9hG4bKx1\r\nMax-Forwards: 70\r\nFrom: <sip:p@example.com>;tag=p\r\nTo: "
        "<sip:gateway@127.0.0.1>\r\nCall-ID: c1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
    bytes.replace(bytes.find(from), from.size(), to);
    const Flow flow = *peer_->ConnectTcp(ports_[1]);
    peer_->SendRaw(flow, bytes);
    const auto answer = peer_->WaitForResponse({.branch = "z9hG4bKx1", .method = "OPTIONS"});
    return answer.ok() ? answer->sip.raw() : answer.status().ToString();
  };

  EXPECT_THAT(status("x", "x"), StartsWith("SIP/2.0 200 "));
  EXPECT_THAT(status("SIP/2.0\r\n", "SIP/7.0\r\n"), StartsWith("SIP/2.0 505 "));
  EXPECT_THAT(status("CSeq: 1 OPTIONS", "CSeq: 1 OPT IONS"), StartsWith("SIP/2.0 400 "));
  EXPECT_THAT(status("Call-ID: c1\r\n", ""), StartsWith("SIP/2.0 400 "));
  EXPECT_THAT(status("x", "x"), HasSubstr(";received=127.0.0.1"));
  EXPECT_THAT(status("x", "x"), HasSubstr(";rport="));
  EXPECT_THAT(status("x", "x"), Not(HasSubstr("rport=\r\n")));
}

// TOR-06: what cannot be parsed of the state is ignored. TOR-04, TOR-09: once is enough.
TEST_F(EndpointTest, NotifyHeadersThatCannotBeParsedAreJudgedOverEitherTransport) {
  for (const bool over_tcp : {false, true}) {
    const auto answer = [&](const std::string& event, const std::string& state) {
      return Exchange({.method = "NOTIFY",
                       .request_uri = "sip:gateway@127.0.0.1",
                       .port = ports_[over_tcp ? 1 : 0],
                       .over_tcp = over_tcp,
                       .to_tag = "ours",
                       .headers = {event, state}})
          .substr(0, 11);
    };
    EXPECT_EQ(answer("Event: presence", "Subscription-State: active;expires="), "SIP/2.0 200");
    EXPECT_EQ(answer("Event: presence", "Subscription-State: active;;expires=4"), "SIP/2.0 200");
    EXPECT_EQ(answer("Event: presence", "Subscription-State: active\r\nSubscription-State: active"),
              "SIP/2.0 400");
    EXPECT_EQ(answer("Event: presence\r\nEvent: presence", "Subscription-State: active"),
              "SIP/2.0 400");
    EXPECT_EQ(answer("Event: presence\r\nMax-Forwards: 5", "Subscription-State: active"),
              "SIP/2.0 400");
    EXPECT_EQ(answer("Event:", "Subscription-State: active"), "SIP/2.0 400");
  }
}

TEST_F(EndpointTest, StartLineThatCannotBeParsedIsAnsweredOverAStream) {
  const Flow flow = *peer_->ConnectTcp(ports_[1]);
  peer_->SendRaw(flow,
                 "OPTIONS sip:gateway@127.0.0.1; lr SIP/2.0\r\nVia: SIP/2.0/TCP "
                 "127.0.0.1;branch=z9hG4bKx2\r\nf: <sip:p@example.com>;tag=p\r\n"
                 "t:\r\n <sip:gateway@127.0.0.1>\r\ni: c2\r\nCSeq: 1 OPTIONS\r\n"
                 "Content-Length: 0\r\n\r\n");

  ASSERT_OK_AND_ASSIGN(const Received answer,
                       peer_->WaitForResponse({.branch = "z9hG4bKx2", .method = "OPTIONS"}));
  EXPECT_EQ(answer.sip.status(), 400);
}

TEST_F(EndpointTest, RequestToAnIpv6AddressLeavesThroughItsListener) {
  const int receiver = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  socklen_t length = sizeof(address);
  ASSERT_EQ(bind(receiver, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(getsockname(receiver, reinterpret_cast<sockaddr*>(&address), &length), 0);
  const std::string uri = absl::StrCat("sip:a@[::1]:", ntohs(address.sin6_port));
  Client client(uri);
  Send(uri, client);

  char bytes[2000];
  const ssize_t received = recv(receiver, bytes, sizeof(bytes), 0);
  close(receiver);

  ASSERT_GT(received, 0);
  const std::string text(bytes, static_cast<size_t>(received));
  EXPECT_THAT(text, HasSubstr(absl::StrCat("Via: SIP/2.0/UDP [::1]:", ports_[2])));
  EXPECT_THAT(text, HasSubstr(absl::StrCat("Contact: <sip:gateway@[::1]:", ports_[2], ">")));
  client.Wait();
}

}  // namespace
}  // namespace sipevents::sip
