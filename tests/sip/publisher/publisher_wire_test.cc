#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/agent_impl.h"
#include "sip/base/mutex.h"
#include "sip/publication.h"
#include "tests/base/status_asserts.h"
#include "tests/peer/digest_check.h"
#include "tests/peer/sip_peer.h"

// A real agent publishes to a scripted compositor over loopback.

namespace sipevents::sip {
namespace {

using ::sipevents::testing::CheckDigest;
using ::sipevents::testing::DigestChallenge;
using ::sipevents::testing::kPatience;
using ::sipevents::testing::Received;
using ::sipevents::testing::ResponseOptions;
using ::sipevents::testing::SipPeer;
using ::sipevents::testing::UriOf;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kAlice[] = "sip:alice@example.com";
constexpr char kOpen[] = "<presence>open</presence>";
constexpr char kClosed[] = "<presence>closed</presence>";
constexpr char kPidf[] = "application/pidf+xml";

class Heard : public PublicationObserver {
 public:
  void OnStatus(const PublicationStatus& status) override {
    MutexLock lock(mutex_);
    last_ = status;
  }
  void OnEnded() override { ended_.Notify(); }

  PublicationStatus last() const {
    MutexLock lock(mutex_);
    return last_;
  }
  // Waits for a status that fits; shows the last one if none comes.
  absl::Status WaitUntil(const std::function<bool(const PublicationStatus&)>& fits) const {
    for (const absl::Time end = absl::Now() + kPatience; absl::Now() < end;
         absl::SleepFor(absl::Milliseconds(2))) {
      if (fits(last())) return absl::OkStatus();
    }
    const PublicationStatus status = last();
    return absl::DeadlineExceededError(absl::StrCat("state ", static_cast<int>(status.state), " ",
                                                    status.reason, " ", status.sip_status));
  }
  absl::Status WaitForRevision(uint64_t revision) const {
    return WaitUntil([revision](const PublicationStatus& status) {
      return status.state == PublicationState::kActive && status.accepted_revision == revision;
    });
  }
  bool WaitForEnd() { return ended_.WaitForNotificationWithTimeout(kPatience); }

 private:
  mutable Mutex mutex_;
  PublicationStatus last_ ABSL_GUARDED_BY(mutex_);
  absl::Notification ended_;
};

class PublisherWireTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(peer_, SipPeer::Start());
    options_.listen = {"udp:127.0.0.1:0", "tcp:127.0.0.1:0"};
    options_.outbound_proxy = absl::StrCat(peer_->uri(), ";lr");
    options_.identity = "sip:gateway@example.com";
    options_.t1 = absl::Milliseconds(20);
    options_.retry_base = absl::Milliseconds(50);
    options_.expires = absl::Seconds(600);
    options_.credentials_file = ::testing::TempDir() + "/credentials";
    std::ofstream(options_.credentials_file) << "example.com gateway opensesame\n";
  }
  void TearDown() override {
    if (HasFailure() && peer_ != nullptr) ADD_FAILURE() << peer_->Log();
  }

  Publisher& Start() {
    absl::StatusOr<std::unique_ptr<RunningAgent>> agent = StartAgent(options_);
    EXPECT_OK(agent.status());
    agent_ = *std::move(agent);
    return agent_->publisher();
  }

  static PublishRequest Presence(const std::string& target = kAlice) {
    PublishRequest request;
    request.target_uri = target;
    request.event_package = "presence";
    request.content_type = kPidf;
    request.body = kOpen;
    return request;
  }

  static ResponseOptions Tag(const std::string& tag) {
    ResponseOptions options;
    options.headers = {absl::StrCat("SIP-ETag: ", tag)};
    return options;
  }

  // Publishes alice's presence, which the compositor takes, with `tag`.
  absl::StatusOr<Received> Establish(const std::string& tag) {
    id_ = Start().Publish(Presence(), heard_);
    absl::StatusOr<Received> initial = peer_->WaitFor("PUBLISH");
    if (!initial.ok()) return initial;
    peer_->Respond(*initial, 200, Tag(tag));
    const absl::Status taken = heard_->WaitForRevision(1);
    if (!taken.ok()) return taken;
    return initial;
  }

  AgentOptions options_;
  std::unique_ptr<SipPeer> peer_;
  std::unique_ptr<RunningAgent> agent_;
  std::shared_ptr<Heard> heard_ = std::make_shared<Heard>();
  PublicationId id_ = 0;
};

// EPA-01, EPA-02, EPA-04, EPA-05
TEST_F(PublisherWireTest, FirstPublishIsWhatTheRfcAsksFor) {
  Start().Publish(Presence(), heard_);

  ASSERT_OK_AND_ASSIGN(const Received publish, peer_->WaitFor("PUBLISH"));
  EXPECT_EQ(publish.sip.request_uri(), kAlice);
  EXPECT_EQ(UriOf(publish.Header("To")), kAlice);
  EXPECT_EQ(publish.to_tag(), "");
  EXPECT_EQ(UriOf(publish.Header("From")), "sip:gateway@example.com");
  EXPECT_NE(publish.from_tag(), "");
  EXPECT_THAT(publish.sip.Headers("Event"), ::testing::ElementsAre("presence"));
  EXPECT_THAT(publish.sip.Headers("Expires"), ::testing::ElementsAre("600"));
  EXPECT_THAT(publish.sip.Headers("Max-Forwards"), SizeIs(1));
  EXPECT_THAT(publish.sip.Headers("Route"), SizeIs(1));
  EXPECT_THAT(publish.sip.Headers("SIP-If-Match"), IsEmpty());
  EXPECT_THAT(publish.sip.Headers("Contact"), IsEmpty());
  EXPECT_THAT(publish.sip.Headers("Record-Route"), IsEmpty());
  EXPECT_EQ(publish.Header("Content-Type"), kPidf);
  EXPECT_EQ(publish.sip.body(), kOpen);
}

// EPA-02, EPA-07 to EPA-11
TEST_F(PublisherWireTest, EachOfFiveOperationsNamesTheTagBefore) {
  // Given: initial, whose answer looks as if it made a dialog
  id_ = Start().Publish(Presence(), heard_);
  ASSERT_OK_AND_ASSIGN(const Received initial, peer_->WaitFor("PUBLISH"));
  ResponseOptions taken = Tag("Tag-1");
  taken.expires = "2";
  taken.headers.emplace_back("Record-Route: <sip:192.0.2.77;lr>");
  taken.contact = "<sip:nobody@192.0.2.78>";
  peer_->Respond(initial, 200, taken);
  // Refresh
  ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("PUBLISH"));
  EXPECT_EQ(refresh.Header("SIP-If-Match"), "Tag-1");
  EXPECT_THAT(refresh.sip.Headers("SIP-If-Match"), SizeIs(1));
  EXPECT_EQ(refresh.sip.body(), "");
  EXPECT_THAT(refresh.sip.Headers("Content-Type"), IsEmpty());
  EXPECT_EQ(refresh.Header("Content-Length"), "0");
  EXPECT_EQ(refresh.expires(), 600);
  EXPECT_EQ(refresh.sip.Headers("Route"), initial.sip.Headers("Route"));
  EXPECT_EQ(refresh.sip.request_uri(), kAlice);
  EXPECT_EQ(refresh.to_tag(), "");
  EXPECT_EQ(refresh.call_id(), initial.call_id());
  EXPECT_EQ(refresh.sip.cseq(), initial.sip.cseq() + 1);
  peer_->Respond(refresh, 200, Tag("tAG-1"));
  // Modify, twice
  agent_->publisher().Modify(id_, kPidf, kClosed);
  ASSERT_OK_AND_ASSIGN(const Received modify, peer_->WaitFor("PUBLISH"));
  EXPECT_EQ(modify.Header("SIP-If-Match"), "tAG-1");
  EXPECT_EQ(modify.sip.body(), kClosed);
  EXPECT_EQ(modify.expires(), 600);
  peer_->Respond(modify, 200, Tag("tAG-1"));
  ASSERT_OK(heard_->WaitForRevision(2));
  agent_->publisher().Modify(id_, kPidf, kOpen);
  ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("PUBLISH"));
  EXPECT_EQ(again.Header("SIP-If-Match"), "tAG-1");
  peer_->Respond(again, 200, Tag("4"));
  ASSERT_OK(heard_->WaitForRevision(3));
  // Remove
  agent_->publisher().Unpublish(id_);
  ASSERT_OK_AND_ASSIGN(const Received removal, peer_->WaitFor("PUBLISH"));
  EXPECT_EQ(removal.Header("SIP-If-Match"), "4");
  EXPECT_EQ(removal.expires(), 0);
  EXPECT_EQ(removal.sip.body(), "");
  EXPECT_THAT(removal.sip.Headers("Content-Type"), IsEmpty());
  peer_->Respond(removal, 200, Tag("5"));
  EXPECT_TRUE(heard_->WaitForEnd());
  EXPECT_EQ(peer_->Count("PUBLISH"), 5);
}

// EPA-03
TEST_F(PublisherWireTest, NothingOvertakesAnUnansweredPublishWhateverTheThread) {
  // Given
  options_.shards = 3;
  ASSERT_OK_AND_ASSIGN(const Received initial, Establish("t1"));
  agent_->publisher().Modify(id_, kPidf, kClosed);
  ASSERT_OK_AND_ASSIGN(const Received modify, peer_->WaitFor("PUBLISH"));
  // When: more changes, and another package of the same resource under another identity
  for (int i = 0; i < 20; ++i) {
    agent_->publisher().Modify(id_, kPidf, absl::StrCat("<presence>", i, "</presence>"));
  }
  PublishRequest dialogs = Presence("pres:alice@example.com");
  dialogs.event_package = "dialog";
  dialogs.identity = "sip:bob@example.com";
  agent_->publisher().Publish(dialogs, std::make_shared<Heard>());
  // Then
  EXPECT_OK(peer_->ExpectNone("PUBLISH", absl::Milliseconds(100)));
  peer_->Respond(modify, 200, Tag("t2"));
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const Received next, peer_->WaitFor("PUBLISH"));
    EXPECT_OK(peer_->ExpectNone("PUBLISH", absl::Milliseconds(20)));
    if (next.Header("Event") == "presence") {
      EXPECT_EQ(next.sip.body(), "<presence>19</presence>");
      EXPECT_EQ(next.Header("SIP-If-Match"), "t2");
    }
    peer_->Respond(next, 200, Tag(absl::StrCat("next", i)));
  }
  EXPECT_OK(heard_->WaitForRevision(22));
  EXPECT_EQ(peer_->Count("PUBLISH"), 4);
}

// EPA-13
TEST_F(PublisherWireTest, ConditionalRequestFailedBringsOneInitialWithTheWholeState) {
  ASSERT_OK_AND_ASSIGN(const Received initial, Establish("t1"));
  agent_->publisher().Modify(id_, kPidf, kClosed);
  ASSERT_OK_AND_ASSIGN(const Received modify, peer_->WaitFor("PUBLISH"));

  peer_->Respond(modify, 412);

  ASSERT_OK_AND_ASSIGN(const Received anew, peer_->WaitFor("PUBLISH"));
  EXPECT_THAT(anew.sip.Headers("SIP-If-Match"), IsEmpty());
  EXPECT_EQ(anew.sip.body(), kClosed);
  EXPECT_EQ(anew.call_id(), initial.call_id());
  peer_->Respond(anew, 200, Tag("t2"));
  EXPECT_OK(heard_->WaitForRevision(2));
  EXPECT_OK(peer_->ExpectNone("PUBLISH", absl::Milliseconds(50)));
}

// EPA-14
TEST_F(PublisherWireTest, IntervalTooBriefIsAskedAnewWithWhatTheCompositorWants) {
  Start().Publish(Presence(), heard_);
  ASSERT_OK_AND_ASSIGN(const Received initial, peer_->WaitFor("PUBLISH"));
  ResponseOptions brief;
  brief.headers = {"Min-Expires: 1200"};

  peer_->Respond(initial, 423, brief);

  ASSERT_OK_AND_ASSIGN(const Received longer, peer_->WaitFor("PUBLISH"));
  EXPECT_EQ(longer.expires(), 1200);
  EXPECT_EQ(longer.sip.body(), kOpen);
}

// EPA-19, AUTH-07
TEST_F(PublisherWireTest, ChallengeIsMetAndLaterPublishesBringTheirCredentials) {
  // Given
  id_ = Start().Publish(Presence(), heard_);
  ASSERT_OK_AND_ASSIGN(const Received bare, peer_->WaitFor("PUBLISH"));
  EXPECT_THAT(bare.sip.Headers("Authorization"), IsEmpty());
  for (const bool proxy : {false, true}) {
    DigestChallenge challenge;
    challenge.algorithm = "SHA-256";
    challenge.nonce = proxy ? "of-the-proxy" : "of-the-compositor";
    if (!proxy) peer_->Challenge(bare, challenge);
    ASSERT_OK_AND_ASSIGN(const Received authorized, peer_->WaitFor("PUBLISH"));
    EXPECT_OK(CheckDigest(authorized.Header("Authorization"),
                          {.nonce = "of-the-compositor", .algorithm = "SHA-256"}, "PUBLISH",
                          "gateway", "opensesame"));
    EXPECT_EQ(authorized.sip.body(), kOpen);
    EXPECT_EQ(authorized.call_id(), bare.call_id());
    if (!proxy) {
      challenge.nonce = "of-the-proxy";
      peer_->Challenge(authorized, challenge, /*proxy=*/true);
    } else {
      EXPECT_OK(CheckDigest(authorized.Header("Proxy-Authorization"), challenge, "PUBLISH",
                            "gateway", "opensesame"));
      peer_->Respond(authorized, 200, Tag("t1"));
    }
  }
  ASSERT_OK(heard_->WaitForRevision(1));
  // When
  agent_->publisher().Unpublish(id_);
  // Then
  ASSERT_OK_AND_ASSIGN(const Received removal, peer_->WaitFor("PUBLISH"));
  EXPECT_THAT(removal.sip.Headers("Authorization"), SizeIs(1));
  EXPECT_THAT(removal.sip.Headers("Proxy-Authorization"), SizeIs(1));
}

// EPA-16
TEST_F(PublisherWireTest, RetryAfterIsWaitedFor) {
  Start().Publish(Presence(), heard_);
  ASSERT_OK_AND_ASSIGN(const Received initial, peer_->WaitFor("PUBLISH"));
  ResponseOptions busy;
  busy.headers = {"Retry-After: 1 (lunch);duration=60"};

  peer_->Respond(initial, 503, busy);

  EXPECT_OK(heard_->WaitUntil([](const PublicationStatus& status) {
    return status.state == PublicationState::kRetrying && status.sip_status == 503;
  }));
  ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("PUBLISH"));
  EXPECT_GE(again.time - initial.time, absl::Seconds(1));
  EXPECT_EQ(again.sip.body(), kOpen);
}

// EPA-15: the change may have been taken, or not.
TEST_F(PublisherWireTest, LostAnswerIsFollowedByTheSameTagAndThenByAnInitial) {
  ASSERT_OK_AND_ASSIGN(const Received initial, Establish("t1"));
  agent_->publisher().Modify(id_, kPidf, kClosed);
  ASSERT_OK_AND_ASSIGN(const Received lost, peer_->WaitFor("PUBLISH"));

  ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("PUBLISH"));

  EXPECT_GT(peer_->Retransmissions(lost), 0);
  EXPECT_GE(again.time - lost.time, 64 * options_.t1);
  EXPECT_EQ(again.Header("SIP-If-Match"), "t1");
  EXPECT_EQ(again.sip.body(), kClosed);
  EXPECT_EQ(heard_->last().state, PublicationState::kActive);
  EXPECT_EQ(heard_->last().reason, "timeout");
  peer_->Respond(again, 412);
  ASSERT_OK_AND_ASSIGN(const Received anew, peer_->WaitFor("PUBLISH"));
  EXPECT_THAT(anew.sip.Headers("SIP-If-Match"), IsEmpty());
  EXPECT_EQ(anew.sip.body(), kClosed);
}

// EPA-15
TEST_F(PublisherWireTest, RefusalIsToldAndNothingFollows) {
  struct Case {
    int status;
    const char* header;
  };
  const std::vector<Case> cases = {{404, "Date: Sun, 22 Nov 2026 00:00:00 GMT"},
                                   {405, "Allow: SUBSCRIBE"},
                                   {415, "Accept: text/plain"},
                                   {489, "Allow-Events: dialog"},
                                   {420, "Unsupported: x"},
                                   {501, "Server: none"}};
  Start();
  for (const Case& test : cases) {
    const auto heard = std::make_shared<Heard>();
    agent_->publisher().Publish(Presence(absl::StrCat("sip:", test.status, "@example.com")), heard);
    ASSERT_OK_AND_ASSIGN(const Received initial, peer_->WaitFor("PUBLISH"));
    ResponseOptions options;
    options.headers = {test.header};
    peer_->Respond(initial, test.status, options);
    EXPECT_TRUE(heard->WaitForEnd()) << test.status;
    EXPECT_EQ(heard->last().sip_status, test.status);
    EXPECT_EQ(heard->last().reason, "response");
  }
  EXPECT_OK(peer_->ExpectNone("PUBLISH", absl::Milliseconds(100)));
}

TEST_F(PublisherWireTest, LargeStateGoesOverTcp) {
  PublishRequest large = Presence();
  large.body = absl::StrCat("<presence>", std::string(20'000, 'x'), "</presence>");
  Start().Publish(large, heard_);
  ASSERT_OK_AND_ASSIGN(const Received publish, peer_->WaitFor("PUBLISH"));
  EXPECT_THAT(publish.Header("Via"), ::testing::HasSubstr("SIP/2.0/TCP"));
  EXPECT_EQ(publish.sip.body(), large.body);
  peer_->Respond(publish, 200, Tag("t1"));
  EXPECT_OK(heard_->WaitForRevision(1));
}

// EPA-10
TEST_F(PublisherWireTest, DrainRemovesEachPublicationOnce) {
  // Given
  options_.shards = 2;
  Start();
  for (int i = 0; i < 5; ++i) {
    const auto heard = std::make_shared<Heard>();
    agent_->publisher().Publish(Presence(absl::StrCat("sip:u", i, "@example.com")), heard);
    ASSERT_OK_AND_ASSIGN(const Received initial, peer_->WaitFor("PUBLISH"));
    peer_->Respond(initial, 200, Tag(absl::StrCat("t", i)));
    ASSERT_OK(heard->WaitForRevision(1));
  }
  // When
  absl::Notification drained;
  agent_->Drain(absl::Now() + absl::Minutes(1), [&drained] { drained.Notify(); });
  // Then
  std::vector<std::string> tags;
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK_AND_ASSIGN(const Received removal, peer_->WaitFor("PUBLISH"));
    EXPECT_EQ(removal.expires(), 0);
    EXPECT_EQ(removal.sip.body(), "");
    tags.push_back(removal.Header("SIP-If-Match"));
    peer_->Respond(removal, 200, Tag(absl::StrCat("r", i)));
  }
  EXPECT_THAT(tags, ::testing::UnorderedElementsAre("t0", "t1", "t2", "t3", "t4"));
  EXPECT_TRUE(drained.WaitForNotificationWithTimeout(kPatience));
  EXPECT_EQ(peer_->Count("PUBLISH"), 10);
}

TEST_F(PublisherWireTest, DrainWithASilentCompositorIsBounded) {
  ASSERT_OK_AND_ASSIGN(const Received initial, Establish("t1"));
  absl::Notification drained;
  agent_->Drain(absl::Now() + absl::Milliseconds(200), [&drained] { drained.Notify(); });
  EXPECT_TRUE(drained.WaitForNotificationWithTimeout(kPatience));
  // Going away disturbs nobody.
  agent_.reset();
}

}  // namespace
}  // namespace sipevents::sip
