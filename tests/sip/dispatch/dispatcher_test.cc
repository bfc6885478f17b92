#include "sip/dispatch/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_random.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

NextHop Udp(const std::string& host) { return {Transport::kUdp, {host, 5060}, host}; }
NextHop Tcp(const std::string& host) { return {Transport::kTcp, {host, 5060}, host}; }

// Keeps what is transmitted until the test answers it.
class FakeTransmitter : public Transmitter {
 public:
  struct Sent {
    std::string server;
    OutgoingRequest request;
    std::function<void(const Response&)> on_final;
  };

  void Transmit(const NextHop& hop, const OutgoingRequest& request,
                std::function<void(const Response&)> on_final) override {
    sent.push_back({hop.Key(), request, std::move(on_final)});
  }
  size_t DatagramOctets(const OutgoingRequest& request) const override {
    return 500 + request.body.size();
  }

  void Answer(size_t index, int status) {
    Response response;
    response.status = status;
    sent[index].on_final(response);
  }
  void Fail(size_t index, SendFailure failure) {
    Response response;
    response.status = failure == SendFailure::kTimeout ? 408 : 503;
    response.made_here = true;
    response.failure = failure;
    sent[index].on_final(response);
  }
  std::vector<std::string> Servers() const {
    std::vector<std::string> servers;
    for (const Sent& one : sent) servers.push_back(one.server);
    return servers;
  }

  std::vector<Sent> sent;
};

// Notes what it is told.
class FakeClient : public RequestClient {
 public:
  OutgoingRequest Fill() override {
    told.push_back("fill");
    OutgoingRequest request;
    request.method = "SUBSCRIBE";
    request.body = body;
    return request;
  }
  void OnServer(std::string_view server) override { servers.emplace_back(server); }
  void OnSent() override { told.push_back("sent"); }
  void OnFinal(const Response& response) override {
    told.push_back("final " + std::to_string(response.status));
    failure = response.failure;
  }

  std::string body;
  std::vector<std::string> told;
  std::vector<std::string> servers;
  SendFailure failure = SendFailure::kNone;
};

class DispatcherTest : public testing::Test {
 protected:
  DispatcherTest()
      : scheduler_({.t1 = absl::Milliseconds(500), .max_in_flight = 2}, random_),
        dispatcher_(
            {.clock = clock_,
             .timers = timers_,
             .policy = policy_,
             .scheduler = scheduler_,
             .transmitter = transmitter_,
             .locate = [this](std::string_view uri, bool large,
                              std::function<void(absl::StatusOr<std::vector<NextHop>>)> done) {
               located_.emplace_back(std::string(uri), large);
               if (held_) {
                 pending_.push_back(std::move(done));
               } else {
                 done(large ? large_servers_ : servers_);
               }
             }}) {}

  void RunTimers() { timers_.RunDue(clock_.Now()); }

  FakeClock clock_;
  FakeRandom random_;
  TimerQueue timers_;
  DestinationPolicy policy_;
  RequestScheduler scheduler_;
  FakeTransmitter transmitter_;
  absl::StatusOr<std::vector<NextHop>> servers_ = std::vector<NextHop>{Udp("192.0.2.1")};
  absl::StatusOr<std::vector<NextHop>> large_servers_ = std::vector<NextHop>{Udp("192.0.2.1")};
  bool held_ = false;
  std::vector<std::function<void(absl::StatusOr<std::vector<NextHop>>)>> pending_;
  std::vector<std::pair<std::string, bool>> located_;
  FakeClient client_;
  Dispatcher dispatcher_;
};

TEST_F(DispatcherTest, RequestIsFilledAndSentAndItsAnswerIsTold) {
  dispatcher_.Send("sip:a@example.com", RequestPriority::kSubscribe, client_);

  EXPECT_THAT(transmitter_.Servers(), ElementsAre("udp:192.0.2.1:5060"));
  EXPECT_THAT(client_.told, ElementsAre("fill", "sent"));

  transmitter_.Answer(0, 200);

  EXPECT_THAT(client_.told, ElementsAre("fill", "sent", "final 200"));
}

// LOC-03: the next server after a transport failure, a time-out, and 503; the request stays the
// same, and Timer N starts over.
TEST_F(DispatcherTest, FailedServerIsFollowedByTheNextOne) {
  servers_ =
      std::vector<NextHop>{Tcp("192.0.2.1"), Udp("192.0.2.2"), Udp("192.0.2.3"), Udp("192.0.2.4")};
  dispatcher_.Send("sip:a@example.com", RequestPriority::kSubscribe, client_);

  transmitter_.Fail(0, SendFailure::kTransport);
  transmitter_.Fail(1, SendFailure::kTimeout);
  transmitter_.Answer(2, 503);
  transmitter_.Answer(3, 503);

  EXPECT_THAT(transmitter_.Servers(), ElementsAre("tcp:192.0.2.1:5060", "udp:192.0.2.2:5060",
                                                  "udp:192.0.2.3:5060", "udp:192.0.2.4:5060"));
  EXPECT_THAT(client_.told, ElementsAre("fill", "sent", "sent", "sent", "sent", "final 503"));
  EXPECT_EQ(client_.servers, transmitter_.Servers());
}

TEST_F(DispatcherTest, AnyOtherAnswerIsFinalThoughThereAreMoreServers) {
  servers_ = std::vector<NextHop>{Udp("192.0.2.1"), Udp("192.0.2.2")};
  dispatcher_.Send("sip:a@example.com", RequestPriority::kSubscribe, client_);

  transmitter_.Answer(0, 500);

  EXPECT_THAT(transmitter_.Servers(), ElementsAre("udp:192.0.2.1:5060"));
  EXPECT_THAT(client_.told, ElementsAre("fill", "sent", "final 500"));
}

TEST_F(DispatcherTest, ServersThatThePolicyForbidsAreLeftOut) {
  servers_ = std::vector<NextHop>{Udp("169.254.169.254"), Udp("192.0.2.2")};
  dispatcher_.Send("sip:a@example.com", RequestPriority::kSubscribe, client_);

  EXPECT_THAT(transmitter_.Servers(), ElementsAre("udp:192.0.2.2:5060"));
}

TEST_F(DispatcherTest, OnlyForbiddenServersFailTheRequestFromTheLoop) {
  servers_ = std::vector<NextHop>{Udp("169.254.169.254")};
  dispatcher_.Send("sip:a@example.com", RequestPriority::kSubscribe, client_);
  EXPECT_THAT(client_.told, IsEmpty());

  RunTimers();

  EXPECT_THAT(transmitter_.sent, IsEmpty());
  EXPECT_THAT(client_.told, ElementsAre("final 403"));
  EXPECT_EQ(client_.failure, SendFailure::kNotAllowed);
}

TEST_F(DispatcherTest, NoAddressFailsTheRequestFromTheLoop) {
  servers_ = absl::NotFoundError("no such name");
  dispatcher_.Send("sip:a@example.com", RequestPriority::kSubscribe, client_);

  RunTimers();

  EXPECT_THAT(client_.told, ElementsAre("final 503"));
  EXPECT_EQ(client_.failure, SendFailure::kNoAddress);
}

TEST_F(DispatcherTest, RequestForgottenDuringLookupIsNotSent) {
  held_ = true;
  const RequestId id = dispatcher_.Send("sip:a@example.com", RequestPriority::kSubscribe, client_);

  dispatcher_.Forget(id);
  pending_.front()(servers_);
  RunTimers();

  EXPECT_THAT(transmitter_.sent, IsEmpty());
  EXPECT_THAT(client_.told, IsEmpty());
}

TEST_F(DispatcherTest, RequestForgottenInFlightKeepsItsPlaceUntilItsAnswer) {
  FakeClient second;
  FakeClient third;
  const RequestId id = dispatcher_.Send("sip:a@example.com", RequestPriority::kSubscribe, client_);
  dispatcher_.Send("sip:b@example.com", RequestPriority::kSubscribe, second);
  dispatcher_.Send("sip:c@example.com", RequestPriority::kSubscribe, third);
  EXPECT_THAT(third.told, IsEmpty()) << "two are in flight, and no more may be";

  dispatcher_.Forget(id);
  EXPECT_THAT(third.told, IsEmpty());
  transmitter_.Answer(0, 200);
  clock_.Advance(absl::Seconds(1));
  RunTimers();

  EXPECT_THAT(client_.told, ElementsAre("fill", "sent"));
  EXPECT_THAT(third.told, ElementsAre("fill", "sent"));
}

TEST_F(DispatcherTest, RequestForgottenWhileItWaitsIsNotSent) {
  FakeClient second;
  FakeClient third;
  dispatcher_.Send("sip:a@example.com", RequestPriority::kSubscribe, client_);
  dispatcher_.Send("sip:b@example.com", RequestPriority::kSubscribe, second);
  const RequestId id = dispatcher_.Send("sip:c@example.com", RequestPriority::kSubscribe, third);

  dispatcher_.Forget(id);
  transmitter_.Answer(0, 200);
  clock_.Advance(absl::Seconds(1));
  RunTimers();

  EXPECT_THAT(third.told, IsEmpty());
}

// TLS-06 (RFC 3261 section 18.1.1).
TEST_F(DispatcherTest, RequestTooLargeForADatagramLooksForStreamsAndFallsBack) {
  large_servers_ = std::vector<NextHop>{Tcp("192.0.2.1"), Udp("192.0.2.1")};
  client_.body = std::string(1000, 'x');
  dispatcher_.Send("sip:a@example.com", RequestPriority::kSubscribe, client_);

  transmitter_.Fail(0, SendFailure::kTransport);
  transmitter_.Answer(1, 200);

  EXPECT_THAT(located_, ElementsAre(std::make_pair("sip:a@example.com", false),
                                    std::make_pair("sip:a@example.com", true)));
  EXPECT_THAT(transmitter_.Servers(), ElementsAre("tcp:192.0.2.1:5060", "udp:192.0.2.1:5060"));
  EXPECT_THAT(client_.told, ElementsAre("fill", "sent", "sent", "final 200"));
}

TEST_F(DispatcherTest, LargeRequestIsNotLookedUpAnewWhereItsUriSaysUdp) {
  client_.body = std::string(1000, 'x');
  dispatcher_.Send("sip:192.0.2.1:5060;transport=UDP", RequestPriority::kNotify, client_);

  EXPECT_THAT(located_, ElementsAre(std::make_pair("sip:192.0.2.1:5060;transport=UDP", false)));
  EXPECT_THAT(transmitter_.Servers(), ElementsAre("udp:192.0.2.1:5060"));
}

// A server that is known to fail is passed over while there is another (LOC-04).
TEST_F(DispatcherTest, ServerThatIsDownIsPassedOver) {
  servers_ = std::vector<NextHop>{Udp("192.0.2.1")};
  for (size_t i = 0; i < 5; ++i) {
    FakeClient client;
    dispatcher_.Send("sip:a@example.com", RequestPriority::kSubscribe, client);
    transmitter_.Fail(i, SendFailure::kTransport);
  }
  ASSERT_TRUE(scheduler_.IsDown("udp:192.0.2.1:5060", clock_.Now()));

  servers_ = std::vector<NextHop>{Udp("192.0.2.1"), Udp("192.0.2.2")};
  dispatcher_.Send("sip:a@example.com", RequestPriority::kSubscribe, client_);

  EXPECT_EQ(transmitter_.sent.back().server, "udp:192.0.2.2:5060");
}

TEST_F(DispatcherTest, RequestWaitsForTheOnlyServerUntilItMayBeTriedAgain) {
  for (size_t i = 0; i < 5; ++i) {
    FakeClient client;
    dispatcher_.Send("sip:a@example.com", RequestPriority::kSubscribe, client);
    transmitter_.Fail(i, SendFailure::kTransport);
  }
  dispatcher_.Send("sip:a@example.com", RequestPriority::kSubscribe, client_);
  EXPECT_THAT(client_.told, IsEmpty());

  clock_.Advance(absl::Seconds(40));
  RunTimers();

  EXPECT_THAT(client_.told, ElementsAre("fill", "sent"));
}

}  // namespace
}  // namespace sipevents::sip
