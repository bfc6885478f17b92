#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/scenarios/scenario.h"

// What each response code does, on the wire and in the stream, to the first SUBSCRIBE and to a
// refresh. One target stands for each code: `sip:c404@example.com` is answered with 404.

namespace sipevents::testing {
namespace {

using ::testing::ElementsAre;

std::string TargetOf(int code) { return absl::StrCat("sip:c", code, "@example.com"); }

// The code in the resource that a request is about; 0 if there is none.
int CodeOf(const std::string& uri) {
  const size_t user = uri.find(":c");
  return user == std::string::npos ? 0 : std::atoi(uri.c_str() + user + 2);
}

int CodeOf(const Received& request) { return CodeOf(UriOf(request.Header("To"))); }

class ResponseCodeScenarioTest : public Scenario {
 protected:
  // Watches the targets of these codes.
  absl::StatusOr<std::unique_ptr<CliProcess>> WatchCodes(const std::vector<int>& codes,
                                                         const std::vector<std::string>& more) {
    std::vector<std::string> arguments;
    for (size_t i = 1; i < codes.size(); ++i) arguments.push_back(TargetOf(codes[i]));
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Watch(TargetOf(codes.front()), "presence", arguments);
  }

  // Reads items until each code has a status for which `fits` holds; those statuses.
  absl::StatusOr<std::map<int, v1::Subscription>> StatusesOf(
      CliProcess& cli, const std::vector<int>& codes,
      const std::function<bool(const v1::Subscription&)>& fits) {
    std::map<int, v1::Subscription> statuses;
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    while (statuses.size() < codes.size()) {
      if (absl::Now() > deadline) return absl::DeadlineExceededError(Missing(codes, statuses));
      absl::StatusOr<v1::WatchItem> item =
          cli.WaitForItem("status", [](const auto& candidate) { return candidate.has_status(); });
      if (!item.ok()) return item.status();
      const v1::Subscription& status = item->status();
      if (fits(status)) statuses.emplace(CodeOf(status.spec().target_uri()), status);
    }
    return statuses;
  }

  static std::string Missing(const std::vector<int>& codes,
                             const std::map<int, v1::Subscription>& statuses) {
    std::string missing = "no such status of";
    for (const int code : codes) {
      if (!statuses.contains(code)) absl::StrAppend(&missing, " ", code);
    }
    return missing;
  }

  static bool HasFailed(const v1::Subscription& status) {
    return status.state() == v1::Subscription::RETRYING ||
           status.state() == v1::Subscription::TERMINATED;
  }
};

// ---- the first SUBSCRIBE

TEST_F(ResponseCodeScenarioTest, FinalCodesEndTheSubscriptionAfterOneSubscribe) {
  const std::vector<int> codes = {305, 400, 402, 403, 404, 405, 410, 413, 414, 415, 416,
                                  420, 421, 482, 483, 484, 485, 487, 488, 489, 493, 494,
                                  499, 501, 505, 513, 600, 603, 604, 606, 699};
  std::map<int, int> counts;
  peer_->Serve([&](const Received& request) {
    ++counts[CodeOf(request)];
    peer_->Respond(request, CodeOf(request));
  });
  ASSERT_OK_AND_ASSIGN(const auto cli, WatchCodes(codes, {}));

  ASSERT_OK_AND_ASSIGN(const auto statuses, StatusesOf(*cli, codes, HasFailed));
  EXPECT_OK(peer_->ExpectNone("NOTIFY", absl::Seconds(4)));  // longer than the first backoff
  peer_->Serve(nullptr);

  for (const auto& [code, status] : statuses) {
    EXPECT_EQ(status.state(), v1::Subscription::TERMINATED) << code;
    EXPECT_EQ(status.reason(), "response") << code;
    EXPECT_EQ(status.sip_status(), code);
    EXPECT_EQ(counts[code], 1) << code;
  }
}

TEST_F(ResponseCodeScenarioTest, PassingCodesAreTriedAgainWithANewCallId) {
  const std::vector<int> codes = {408, 430, 480, 481, 486, 491, 500, 502, 504, 599};
  std::map<int, std::set<std::string>> calls;
  std::map<int, std::vector<absl::Time>> times;
  Mutex mutex;
  peer_->Serve([&](const Received& request) {
    const MutexLock lock(mutex);
    calls[CodeOf(request)].insert(request.call_id());
    times[CodeOf(request)].push_back(request.time);
    peer_->Respond(request, CodeOf(request));
  });
  ASSERT_OK_AND_ASSIGN(const auto cli, WatchCodes(codes, {}));

  ASSERT_OK_AND_ASSIGN(const auto statuses, StatusesOf(*cli, codes, HasFailed));
  EXPECT_OK(peer_->ExpectNone("NOTIFY", absl::Seconds(5)));
  peer_->Serve(nullptr);

  const MutexLock lock(mutex);
  for (const auto& [code, status] : statuses) {
    EXPECT_EQ(status.state(), v1::Subscription::RETRYING) << code;
    EXPECT_EQ(status.sip_status(), code);
    EXPECT_TRUE(status.has_retry_time()) << code;
    ASSERT_GE(times[code].size(), 2u) << code;
    EXPECT_EQ(calls[code].size(), times[code].size()) << code;
    // With T1 = 50 ms the first delay is 1.5 to 3 s; after a 491 it is 2.1 to 4 s.
    const absl::Duration delay = times[code][1] - times[code][0];
    EXPECT_GE(delay, absl::Seconds(code == 491 ? 2.1 : 1.5)) << code;
    EXPECT_LE(delay, absl::Seconds(5)) << code;
  }
}

TEST_F(ResponseCodeScenarioTest, RetryAfterIsKept) {
  const std::vector<int> codes = {404, 413, 480, 486, 500, 600, 603};
  std::map<int, std::vector<absl::Time>> times;
  Mutex mutex;
  peer_->Serve([&](const Received& request) {
    const MutexLock lock(mutex);
    times[CodeOf(request)].push_back(request.time);
    ResponseOptions later;
    later.headers = {"Retry-After: 4 (come back later);duration=60"};
    peer_->Respond(request, CodeOf(request), later);
  });
  ASSERT_OK_AND_ASSIGN(const auto cli, WatchCodes(codes, {}));

  ASSERT_OK_AND_ASSIGN(const auto statuses, StatusesOf(*cli, codes, HasFailed));
  EXPECT_OK(peer_->ExpectNone("NOTIFY", absl::Seconds(6)));
  peer_->Serve(nullptr);

  const MutexLock lock(mutex);
  for (const auto& [code, status] : statuses) {
    EXPECT_EQ(status.state(), v1::Subscription::RETRYING) << code;
    ASSERT_GE(times[code].size(), 2u) << code;
    EXPECT_GE(times[code][1] - times[code][0], absl::Seconds(4)) << code;
  }
}

TEST_F(ResponseCodeScenarioTest, RedirectionIsFollowedInTheOrderOfQ) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received first, peer_->WaitFor("SUBSCRIBE"));
  ResponseOptions moved;
  moved.headers = {"Contact: <sip:second@example.net>;q=0.2, <sip:first@example.net>;q=0.9"};
  peer_->Respond(first, 302, moved);

  ASSERT_OK_AND_ASSIGN(const Received second, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(second, 404);
  ASSERT_OK_AND_ASSIGN(const Received third, peer_->WaitFor("SUBSCRIBE"));
  peer_->Accept(third, Pidf("open", "found"));

  EXPECT_EQ(second.sip.request_uri(), "sip:first@example.net");
  EXPECT_EQ(third.sip.request_uri(), "sip:second@example.net");
  EXPECT_EQ(third.call_id(), first.call_id());
  EXPECT_EQ(third.sip.cseq(), first.sip.cseq() + 2);
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "found");
}

TEST_F(ResponseCodeScenarioTest, CredentialsDoNotCrossARedirection) {
  const std::string file = WriteFile("redirect_credentials", "example.com gateway opensesame\n");
  ASSERT_OK(StartGateway({"--sip_credentials_file=" + file}));
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received first, peer_->WaitFor("SUBSCRIBE"));
  peer_->Challenge(first, {});
  ASSERT_OK_AND_ASSIGN(const Received second, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_NE(second.Header("Authorization"), "");
  ResponseOptions moved;
  moved.headers = {"Contact: <sip:alice@example.net>"};
  peer_->Respond(second, 302, moved);

  ASSERT_OK_AND_ASSIGN(const Received third, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(third.Header("Authorization"), "");
  peer_->Challenge(third, {});

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::TERMINATED));
  EXPECT_EQ(status.sip_status(), 401);
  EXPECT_EQ(peer_->Count("SUBSCRIBE"), 3);
}

TEST_F(ResponseCodeScenarioTest, NotAcceptableIsTriedOnceWithoutAccept) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received first, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_NE(first.Header("Accept"), "");
  peer_->Respond(first, 406);

  ASSERT_OK_AND_ASSIGN(const Received second, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(second.Header("Accept"), "");
  peer_->Respond(second, 406);

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::TERMINATED));
  EXPECT_EQ(status.sip_status(), 406);
}

TEST_F(ResponseCodeScenarioTest, ExtensionThatIsRequiredIsNamed) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  ResponseOptions needs;
  needs.headers = {"Require: gruu"};
  peer_->Respond(subscribe, 421, needs);

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::TERMINATED));

  EXPECT_EQ(status.reason(), "extension-required:gruu");
}

// SUB-60: what the peer supports is kept where people look.
TEST_F(ResponseCodeScenarioTest, WhatThePeerSupportsIsLoggedSub60) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  ResponseOptions bad_event;
  bad_event.headers = {"Allow-Events: dialog, x-of-its-own"};
  peer_->Respond(subscribe, 489, bad_event);

  ASSERT_OK(cli->WaitForState(v1::Subscription::TERMINATED));

  EXPECT_THAT(gateway_->process().StderrWith("x-of-its-own", kItemPatience),
              ::testing::HasSubstr("x-of-its-own"));
}

// CEN-09.
TEST_F(ResponseCodeScenarioTest, Answer204CountsAs200AndIsCountedCen09) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(subscribe, 204);
  peer_->Notify(subscribe, "active;expires=600", Pidf("open", "all the same"));

  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());

  EXPECT_EQ(NoteOf(event), "all the same");
  EXPECT_THAT(gateway_->Metric("sipevents_sip_deviations_total", "CEN-09"), IsOkAndHolds(1));
}

// ---- a refresh

class RefreshCodeScenarioTest : public ResponseCodeScenarioTest {
 protected:
  // Grants each first SUBSCRIBE, answers each refresh with its code, then sends a NOTIFY in the
  // dialog; how those NOTIFYs were answered.
  absl::StatusOr<std::map<int, int>> RefuseRefreshes(const std::vector<int>& codes) {
    std::map<int, int> notified;
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    while (notified.size() < codes.size()) {
      if (absl::Now() > deadline) {
        return absl::DeadlineExceededError("not all of the refreshes came");
      }
      absl::StatusOr<Received> request = peer_->WaitFor("SUBSCRIBE");
      if (!request.ok()) return request.status();
      const int code = CodeOf(*request);
      if (request->to_tag().empty() || notified.contains(code)) {
        peer_->Accept(*request, Pidf("open", "accepted"));
        continue;
      }
      peer_->Respond(*request, code);
      // By then the response was heard: both come over the same socket.
      absl::StatusOr<int> status =
          peer_->StatusOf(peer_->Notify(*request, "active", Pidf("open", "still here")));
      if (!status.ok()) return status.status();
      notified[code] = *status;
    }
    return notified;
  }
};

// SUB-47: the NOTIFY is taken, and the status says what the refresh was told.
TEST_F(RefreshCodeScenarioTest, OtherCodesKeepTheSubscriptionSub47) {
  const std::vector<int> codes = {302, 305, 400, 401, 402, 403, 406, 407, 413, 414,
                                  415, 420, 421, 430, 486, 487, 488, 491, 493, 494,
                                  499, 500, 504, 505, 513, 599, 600, 603, 606, 699};
  ASSERT_OK_AND_ASSIGN(const auto cli, WatchCodes(codes, {"--expires=6s"}));

  ASSERT_OK_AND_ASSIGN(const auto notified, RefuseRefreshes(codes));

  for (const auto& [code, status] : notified) EXPECT_EQ(status, 200) << code;
  ASSERT_OK_AND_ASSIGN(
      const auto statuses, StatusesOf(*cli, codes, [](const v1::Subscription& status) {
        return status.state() == v1::Subscription::ACTIVE && status.sip_status() != 0;
      }));
  for (const auto& [code, status] : statuses) EXPECT_EQ(status.sip_status(), code);
}

// SUB-46.
TEST_F(RefreshCodeScenarioTest, ListedCodesEndTheSubscriptionSub46) {
  const std::vector<int> codes = {404, 405, 410, 416, 480, 481, 482,
                                  483, 484, 485, 489, 501, 502, 604};
  ASSERT_OK_AND_ASSIGN(const auto cli, WatchCodes(codes, {"--expires=6s"}));

  ASSERT_OK_AND_ASSIGN(const auto notified, RefuseRefreshes(codes));

  for (const auto& [code, status] : notified) EXPECT_EQ(status, 481) << code;
  // The application is told of each; 481 begins anew at once, the others by their policy.
  std::vector<int> others = codes;
  std::erase(others, 481);
  ASSERT_OK_AND_ASSIGN(const auto statuses, StatusesOf(*cli, others, HasFailed));
  std::vector<int> retrying;
  for (const auto& [code, status] : statuses) {
    EXPECT_EQ(status.sip_status(), code);
    if (status.state() == v1::Subscription::RETRYING) retrying.push_back(code);
  }
  EXPECT_THAT(retrying, ElementsAre(480, 502));
}

// SUB-50, CEN-03.
TEST_F(RefreshCodeScenarioTest, Answer204NeedsNoNotifySub50) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received first, Establish(cli, "presence", {"--expires=10s"}));
  ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(refresh, 204);

  // Longer than Timer N, and shorter than it takes to the next refresh.
  EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Milliseconds(64 * 50 + 800)));

  EXPECT_THAT(peer_->StatusOf(peer_->Notify(refresh, "active", Pidf("closed", "later"))),
              IsOkAndHolds(200));
}

// SUB-49.
TEST_F(RefreshCodeScenarioTest, AcceptedRefreshWithoutANotifyEndsAtTimerNSub49) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received first, Establish(cli, "presence", {"--expires=10s"}));
  ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(refresh, 200);

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli->WaitForState(v1::Subscription::RETRYING));

  EXPECT_EQ(status.reason(), "no-notify");
  EXPECT_GE(absl::Now() - refresh.time, absl::Milliseconds(64 * 50 - 100));
  EXPECT_THAT(peer_->StatusOf(peer_->Notify(refresh, "active", Pidf("open"))), IsOkAndHolds(481));
}

TEST_F(RefreshCodeScenarioTest, RedirectionMovesTheDialog) {
  std::unique_ptr<CliProcess> cli;
  ASSERT_OK_AND_ASSIGN(const Received first, Establish(cli, "presence", {"--expires=6s"}));
  ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("SUBSCRIBE"));
  const std::string there = absl::StrCat("sip:moved@127.0.0.1:", peer_->port());
  peer_->Respond(refresh, 302, {.headers = {absl::StrCat("Contact: <", there, ">")}});

  ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("SUBSCRIBE"));

  EXPECT_EQ(again.sip.request_uri(), there);
  EXPECT_EQ(again.to_tag(), "a");
  EXPECT_EQ(again.call_id(), first.call_id());
}

// ---- a fetch

// DEV-07: Asterisk answers Expires 0 outside of a dialog with 400.
TEST_F(ResponseCodeScenarioTest, FetchThatIsRefusedSubscribesBrieflyDev07) {
  ASSERT_OK(StartGateway());
  ASSERT_OK_AND_ASSIGN(const auto cli,
                       CliProcess::Run(*gateway_, {"fetch", kAlice, "--event=presence"}));
  ASSERT_OK_AND_ASSIGN(const Received fetch, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(fetch.expires(), 0);
  peer_->Respond(fetch, 400);

  ASSERT_OK_AND_ASSIGN(const Received brief, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(brief.expires(), 60);
  peer_->Accept(brief, Pidf("open", "briefly"));

  ASSERT_OK_AND_ASSIGN(const Received unsubscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(unsubscribe.expires(), 0);
  EXPECT_EQ(unsubscribe.to_tag(), "a");
  EXPECT_THAT(peer_->StatusOf(peer_->Accept(unsubscribe)), IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const CliProcess::Outcome outcome, cli->Finish());
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_THAT(outcome.Text(), ::testing::HasSubstr("briefly"));
}

}  // namespace
}  // namespace sipevents::testing
