#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "sip/subscriber/subscriber.h"
#include "tests/sip/subscriber/subscriber_fixture.h"

// Peers that answer so that a simple subscriber would send without end. None gets more than a
// handful of SUBSCRIBEs in a hurry, and the status tells.

namespace sipevents::sip {
namespace {

class LoopGuardTest : public SubscriberFixture {
 protected:
  // What may be sent within the first seconds, whatever the peer does.
  static constexpr size_t kHandful = 10;
  static constexpr absl::Duration kHurry = absl::Seconds(10);

  // Plays against `peer`; expects that it was cut, and that the status says so.
  void ExpectCut(const std::function<void(size_t)>& peer, const std::string& reason,
                 int sip_status) {
    auto observer = Subscribe("presence");
    Play(kHurry, peer);
    EXPECT_LE(sender_.sent.size(), kHandful);
    EXPECT_EQ(observer->state(), SubscriptionState::kRetrying);
    const SubscriptionStatus& last = observer->statuses.back();
    EXPECT_EQ(last.reason, reason);
    EXPECT_EQ(last.sip_status, sip_status);
    EXPECT_GT(last.retry_time, clock_.Now());
  }

  Response Grant(uint32_t seconds) {
    Response response = Reply(200);
    response.expires = seconds;
    return response;
  }
};

TEST_F(LoopGuardTest, DeactivatedAgainAndAgainSub34) {
  ExpectCut(
      [this](size_t request) {
        sender_.Answer(request, Reply(200));
        NotifyTo(request, {.substate = "terminated", .reason = "deactivated"});
      },
      "deactivated", 0);
}

TEST_F(LoopGuardTest, DeactivatedBeforeThe200) {
  ExpectCut(
      [this](size_t request) {
        NotifyTo(request, {.substate = "terminated", .reason = "deactivated"});
        sender_.Answer(request, Reply(200));
      },
      "deactivated", 0);
}

TEST_F(LoopGuardTest, TimeoutAgainAndAgainSub37) {
  ExpectCut(
      [this](size_t request) {
        sender_.Answer(request, Reply(200));
        NotifyTo(request, {});
        NotifyTo(request, {.cseq = 2, .substate = "terminated", .reason = "timeout"});
      },
      "timeout", 0);
}

TEST_F(LoopGuardTest, ProbationWithRetryAfterZeroSub35) {
  ExpectCut(
      [this](size_t request) {
        sender_.Answer(request, Reply(200));
        NotifyTo(request, {.substate = "terminated", .reason = "probation", .retry_after = 0});
      },
      "probation", 0);
}

TEST_F(LoopGuardTest, UnavailableWithRetryAfterZero) {
  ExpectCut(
      [this](size_t request) {
        Response later = Reply(503);
        later.retry_after = 0;
        sender_.Answer(request, later);
      },
      "response", 503);
}

// Accepted with a duration that is over at once, then the refresh is unknown.
TEST_F(LoopGuardTest, RefreshUnknownAgainAndAgainSub48) {
  auto observer = Subscribe("presence");

  Play(kHurry, [this](size_t request) {
    if (!sender_.sent[request].request.to_tag.empty()) {
      sender_.Answer(request, Reply(481));
      return;
    }
    sender_.Answer(request, Grant(2));
    NotifyTo(request, {.expires = 2});
  });

  EXPECT_LE(sender_.sent.size(), kHandful);
  EXPECT_EQ(observer->state(), SubscriptionState::kRetrying);
}

// The same with durations that are no hurry by themselves.
TEST_F(LoopGuardTest, RefreshUnknownWithinAMinuteOfEachBeginningBacksOffSub48) {
  auto observer = Subscribe("presence");

  Play(absl::Minutes(3), [this](size_t request) {
    if (!sender_.sent[request].request.to_tag.empty()) {
      sender_.Answer(request, Reply(481));
      return;
    }
    sender_.Answer(request, Grant(30));
    NotifyTo(request, {.expires = 30});
  });

  EXPECT_LE(sender_.sent.size(), 14u);
  const auto retrying =
      std::find_if(observer->statuses.begin(), observer->statuses.end(),
                   [](const auto& status) { return status.state == SubscriptionState::kRetrying; });
  ASSERT_NE(retrying, observer->statuses.end());
  EXPECT_EQ(retrying->sip_status, 481);
}

TEST_F(LoopGuardTest, IntervalThatIsNeverLongEnough) {
  uint32_t least = 600;
  ExpectCut(
      [this, &least](size_t request) {
        Response brief = Reply(423);
        brief.min_expires = least += 60;
        sender_.Answer(request, brief);
      },
      "response", 423);
  EXPECT_LE(sender_.sent.size(), 4u);
}

TEST_F(LoopGuardTest, IntervalTooBriefWithoutMinExpiresDev07) {
  ExpectCut([this](size_t request) { sender_.Answer(request, Reply(423)); }, "response", 423);
  EXPECT_LE(sender_.sent.size(), 4u);
}

TEST_F(LoopGuardTest, RedirectionToItself) {
  ExpectCut(
      [this](size_t request) { sender_.Answer(request, RedirectTo({"sip:alice@example.com"})); },
      "response", 302);
  EXPECT_EQ(sender_.sent.size(), 1u);
}

TEST_F(LoopGuardTest, RedirectionInCircles) {
  ExpectCut(
      [this](size_t request) {
        const bool there = sender_.sent[request].request.request_uri == "sip:alice@example.net";
        sender_.Answer(request,
                       RedirectTo({there ? "sip:alice@example.com" : "sip:alice@example.net"}));
      },
      "response", 302);
  EXPECT_EQ(sender_.sent.size(), 2u);
}

TEST_F(LoopGuardTest, RedirectionToEverNewPlaces) {
  ExpectCut(
      [this](size_t request) {
        sender_.Answer(request, RedirectTo({"sip:alice@host" + std::to_string(request)}));
      },
      "response", 302);
  EXPECT_EQ(sender_.sent.size(), 6u);
}

// Each nonce is new, and each is said to be merely stale.
TEST_F(LoopGuardTest, ChallengeThatNeverEnds) {
  HaveCredentials();
  auto observer = Subscribe("presence");

  Play(kHurry, [this](size_t request) {
    sender_.Answer(request, DigestChallenge("n" + std::to_string(request), /*stale=*/true));
  });

  EXPECT_EQ(sender_.sent.size(), 5u);
  EXPECT_EQ(observer->state(), SubscriptionState::kTerminated);
  EXPECT_EQ(observer->statuses.back().sip_status, 401);
}

TEST_F(LoopGuardTest, ChallengeOfARefreshThatNeverEndsKeepsIt) {
  HaveCredentials();
  auto observer = SubscribeUntilRefresh("presence");

  for (int i = 0; i < 20; ++i) Answer(DigestChallenge("n" + std::to_string(i), /*stale=*/true));

  EXPECT_EQ(sender_.sent.size(), 6u);
  EXPECT_EQ(observer->state(), SubscriptionState::kActive);
}

TEST_F(LoopGuardTest, GrantOfNothingSub04) {
  auto observer = Subscribe("presence");

  Play(kHurry, [this](size_t request) {
    sender_.Answer(request, Grant(0));
    NotifyTo(request, {.substate = "terminated", .reason = "timeout"});
  });

  EXPECT_EQ(sender_.sent.size(), 5u);  // it ends without a refresh, each time
  EXPECT_EQ(observer->state(), SubscriptionState::kRetrying);
}

TEST_F(LoopGuardTest, GrantOfNothingThatStaysActiveIsNotRefreshed) {
  auto observer = Subscribe("presence");

  Play(kHurry, [this](size_t request) {
    sender_.Answer(request, Grant(0));
    NotifyTo(request, {.expires = 0});
  });
  EXPECT_EQ(sender_.sent.size(), 1u);
  clock_.Advance(absl::Seconds(33));

  EXPECT_EQ(observer->state(), SubscriptionState::kRetrying);
  EXPECT_EQ(observer->statuses.back().reason, "expired");
}

TEST_F(LoopGuardTest, GrantOfASecondOverAndOver) {
  ExpectCut(
      [this](size_t request) {
        sender_.Answer(request, Grant(1));
        NotifyTo(request, {.cseq = static_cast<uint32_t>(request + 1), .expires = 1});
      },
      "expired", 0);
}

// A few seconds are short, but no reason to give up.
TEST_F(LoopGuardTest, GrantOfFiveSecondsGoesOn) {
  auto observer = Subscribe("presence");

  Play(absl::Minutes(2), [this](size_t request) {
    sender_.Answer(request, Grant(5));
    NotifyTo(request, {.cseq = static_cast<uint32_t>(request + 1), .expires = 5});
  });

  EXPECT_EQ(observer->state(), SubscriptionState::kActive);
  for (const SubscriptionStatus& status : observer->statuses) {
    EXPECT_NE(status.state, SubscriptionState::kRetrying);
  }
  EXPECT_GE(sender_.sent.size(), 40u);
}

// The NOTIFY shortens what the 200 granted.
TEST_F(LoopGuardTest, NotifyThatShortensToASecondOverAndOver) {
  ExpectCut(
      [this](size_t request) {
        sender_.Answer(request, Grant(600));
        NotifyTo(request, {.cseq = static_cast<uint32_t>(request + 1), .expires = 1});
      },
      "expired", 0);
}

class ResyncGuardTest : public LoopGuardTest {
 protected:
  void NotifyVersion(size_t request, int version, const std::string& state) {
    const std::string body =
        "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"" +
        std::to_string(version) + "\" state=\"" + state + "\" entity=\"sip:a@b\"/>";
    NotifyTo(request,
             {.cseq = ++cseq_, .body = body, .content_type = "application/dialog-info+xml"});
  }

  // The full state, and then a part of it that misses the versions between.
  void NotifyGap(size_t request) {
    NotifyVersion(request, ++version_, "full");
    NotifyVersion(request, version_ += 5, "partial");
  }

  int version_ = 0;
  uint32_t cseq_ = 0;
};

TEST_F(ResyncGuardTest, VersionGapInEveryNotifyIsAskedAboutEverMoreSeldom) {
  auto observer = Subscribe("dialog");

  Play(absl::Minutes(5), [this](size_t request) {
    sender_.Answer(request, Reply(200));
    NotifyGap(request);
  });

  // At 0, 5, 15, 35, 75, 155 s, beside the first SUBSCRIBE.
  EXPECT_EQ(sender_.sent.size(), 7u);
  EXPECT_EQ(observer->state(), SubscriptionState::kActive);
}

TEST_F(ResyncGuardTest, ManyNotifiesWithGapsCostOneRefreshAtATime) {
  Subscribe("dialog");
  Answer(200);
  NotifyGap(0);
  for (int i = 0; i < 100; ++i) NotifyGap(0);
  EXPECT_EQ(sender_.sent.size(), 2u);
}

}  // namespace
}  // namespace sipevents::sip
