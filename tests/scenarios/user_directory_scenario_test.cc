#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "sip/base/status_macros.h"
#include "tests/scenarios/notifier_scenario.h"
#include "tests/scenarios/scripted_directory.h"

// Watchers and publishers whom a service knows (--sip_users_service): NOT-05, ESC-02.

namespace sipevents::testing {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

class UserDirectoryScenarioTest : public NotifierScenario {
 protected:
  // bob and alice are the service's, carol is the file's.
  absl::Status Start(const std::vector<std::string>& more = {}) {
    directory_.AddPassword("bob", "builder");
    directory_.AddPassword("alice", "wonder");
    SIPEVENTS_RETURN_IF_ERROR(directory_.Serve());
    std::vector<std::string> flags = {
        "--sip_watcher_auth=digest",
        "--sip_users_file=" + WriteFile("users", "carol example.com sings\n"),
        absl::StrCat("--sip_users_service=127.0.0.1:", directory_.port())};
    flags.insert(flags.end(), more.begin(), more.end());
    return StartServer(flags);
  }

  // The same request with credentials for a new challenge, in another transaction.
  absl::StatusOr<RawRequest> Proved(ScriptedWatcher& phone, RawRequest request,
                                    const std::string& user, const std::string& password) {
    SIPEVENTS_ASSIGN_OR_RETURN(const Received challenged, phone.Ask(request));
    return With(request, challenged, user, password);
  }
  static RawRequest With(RawRequest request, const Received& challenged, const std::string& user,
                         const std::string& password, int count = 1) {
    const std::string line = request.Text();
    const size_t uri = line.find(' ') + 1;
    const std::vector<std::string> challenges = challenged.sip.Headers("WWW-Authenticate");
    const std::string challenge = challenges.empty() ? "" : challenges.front();
    return request.NewBranch().SetCSeq(2).Set(
        "Authorization",
        AnswerDigest(challenge, line.substr(0, uri - 1),
                     line.substr(uri, line.find(' ', uri) - uri), user, password, count));
  }
  // Subscribes as this user; the status of the second answer.
  absl::StatusOr<Received> SubscribeAs(ScriptedWatcher& phone, const std::string& user,
                                       const std::string& password) {
    SIPEVENTS_ASSIGN_OR_RETURN(const RawRequest request,
                               Proved(phone, phone.NewSubscribe(), user, password));
    return phone.Subscribe(request);
  }

  ScriptedDirectory directory_;
};

TEST_F(UserDirectoryScenarioTest, WatcherAndPublisherWhomTheServiceKnowsAreLetIn) {
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const Received subscribed, SubscribeAs(*watcher_, "bob", "builder"));
  EXPECT_EQ(subscribed.sip.status(), 200);
  EXPECT_OK(watcher_->NextNotify().status());

  const RawRequest publish = publisher_->NewPublish(Pidf("open", "proved"));
  ASSERT_OK_AND_ASSIGN(const Received challenged, publisher_->Ask(publish));
  EXPECT_EQ(directory_.AskedFor("alice"), 0);  // a stranger so far
  ASSERT_OK_AND_ASSIGN(const Received published,
                       publisher_->Ask(With(publish, challenged, "alice", "wonder")));
  EXPECT_EQ(published.sip.status(), 200);
  EXPECT_OK(watcher_->NotifyWith("proved").status());
  EXPECT_EQ(directory_.AskedFor("alice"), 1);

  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const carol, NewWatcher());
  ASSERT_OK_AND_ASSIGN(const Received of_file, SubscribeAs(*carol, "carol", "sings"));
  EXPECT_EQ(of_file.sip.status(), 200);
  EXPECT_EQ(directory_.AskedFor("carol"), 0);
  EXPECT_EQ(gateway_->Metric("sipevents_user_lookups_total", "result=\"found\"").value_or(-1), 2);
}

// Without a restart.
TEST_F(UserDirectoryScenarioTest, UsersFileThatChangesIsReadAgain) {
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const Received before, SubscribeAs(*watcher_, "erin", "e"));
  EXPECT_EQ(before.sip.status(), 401);

  WriteFile("users", "carol example.com hums\nerin example.com e\n");

  const std::string logged = "the users file was read again";
  ASSERT_THAT(gateway_->process().StderrWith(logged, kItemPatience), HasSubstr(logged));
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const carol, NewWatcher());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const erin, NewWatcher());
  ASSERT_OK_AND_ASSIGN(const Received old_password, SubscribeAs(*carol, "carol", "sings"));
  EXPECT_EQ(old_password.sip.status(), 401);
  ASSERT_OK_AND_ASSIGN(const Received new_user, SubscribeAs(*erin, "erin", "e"));
  EXPECT_EQ(new_user.sip.status(), 200);
}

TEST_F(UserDirectoryScenarioTest, HashesServeInPlaceOfPasswords) {
  v1::DirectoryUser dora;
  // printf dora:example.com:explores | md5sum, sha256sum
  dora.set_md5_hash("a6f384c3af8646c3eb2000ccba84a003");
  dora.set_sha256_hash("8570519fa90df6f108aaada560e0ae5e9cc6b9f6a4875a71e120759a2be73de9");
  dora.add_publishes(kAlice);
  directory_.Add("dora", dora);
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const Received wrong, SubscribeAs(*watcher_, "dora", "guess"));
  EXPECT_EQ(wrong.sip.status(), 401);
  ASSERT_OK_AND_ASSIGN(const Received right, SubscribeAs(*watcher_, "dora", "explores"));
  EXPECT_EQ(right.sip.status(), 200);

  const RawRequest publish = publisher_->NewPublish(Pidf("open", "for alice"));
  ASSERT_OK_AND_ASSIGN(const Received challenged, publisher_->Ask(publish));
  ASSERT_OK_AND_ASSIGN(const Received published,
                       publisher_->Ask(With(publish, challenged, "dora", "explores")));
  EXPECT_EQ(published.sip.status(), 200);
}

TEST_F(UserDirectoryScenarioTest, NobodyAndAWrongPasswordAreRefused) {
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const Received nobody, SubscribeAs(*watcher_, "mallory", "x"));
  EXPECT_EQ(nobody.sip.status(), 401);
  ASSERT_OK_AND_ASSIGN(const Received wrong, SubscribeAs(*watcher_, "bob", "guess"));
  EXPECT_EQ(wrong.sip.status(), 401);
  EXPECT_OK(watcher_->ExpectNoNotify());
  EXPECT_EQ(directory_.AskedFor("mallory"), 1);
}

// The answer goes back over the connection that the request came by, which waits meanwhile.
TEST_F(UserDirectoryScenarioTest, RequestOverTcpIsHeldAndAnsweredOnItsConnection) {
  ASSERT_OK(Start());
  SipPeer& peer = watcher_->peer();
  ASSERT_OK_AND_ASSIGN(RawRequest subscribe,
                       Proved(*watcher_, watcher_->NewSubscribe(), "bob", "builder"));
  subscribe.Set("Via", absl::StrReplaceAll(subscribe.Get("Via"), {{"SIP/2.0/UDP", "SIP/2.0/TCP"}}));
  ASSERT_OK_AND_ASSIGN(const Flow flow, peer.ConnectTcp(gateway_->sip_tcp_port()));
  directory_.HoldAnswers();
  peer.SendRaw(flow, subscribe.Text());
  ASSERT_OK(directory_.WaitUntilAsked("bob", 1));
  EXPECT_EQ(gateway_->Metric("sipevents_sip_requests_held").value_or(-1), 1);

  directory_.ReleaseAnswers();

  ASSERT_OK_AND_ASSIGN(const Received response, peer.WaitForResponse(subscribe.sent()));
  EXPECT_EQ(response.sip.status(), 200);
  EXPECT_EQ(response.flow.connection, flow.connection);
  EXPECT_EQ(gateway_->Metric("sipevents_sip_requests_held").value_or(-1), 0);
}

TEST_F(UserDirectoryScenarioTest, ConnectionThatEndsWhileItsRequestIsHeldDoesNoHarm) {
  ASSERT_OK(Start());
  SipPeer& peer = watcher_->peer();
  ASSERT_OK_AND_ASSIGN(const RawRequest subscribe,
                       Proved(*watcher_, watcher_->NewSubscribe(), "bob", "builder"));
  ASSERT_OK_AND_ASSIGN(const Flow flow, peer.ConnectTcp(gateway_->sip_tcp_port()));
  directory_.HoldAnswers();
  peer.SendRaw(flow, subscribe.Text());
  ASSERT_OK(directory_.WaitUntilAsked("bob", 1));
  shutdown(flow.connection, SHUT_RDWR);

  directory_.ReleaseAnswers();

  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const other, NewWatcher());
  ASSERT_OK_AND_ASSIGN(const Received response, SubscribeAs(*other, "bob", "builder"));
  EXPECT_EQ(response.sip.status(), 200);
}

// The SIP thread goes on; what comes again is neither held nor answered twice.
TEST_F(UserDirectoryScenarioTest, SlowServiceDelaysNobodyElse) {
  ASSERT_OK(Start());
  SipPeer& peer = watcher_->peer();
  ASSERT_OK_AND_ASSIGN(const RawRequest subscribe,
                       Proved(*watcher_, watcher_->NewSubscribe(), "bob", "builder"));
  directory_.HoldAnswers();
  for (int i = 0; i < 3; ++i) peer.SendRaw(port(), subscribe.Text());
  ASSERT_OK(directory_.WaitUntilAsked("bob", 1));

  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const carol, NewWatcher());
  ASSERT_OK_AND_ASSIGN(const Received of_file, SubscribeAs(*carol, "carol", "sings"));
  EXPECT_EQ(of_file.sip.status(), 200);
  EXPECT_OK(carol->NextNotify().status());
  EXPECT_EQ(gateway_->Metric("sipevents_sip_requests_held").value_or(-1), 1);

  directory_.ReleaseAnswers();
  ASSERT_OK_AND_ASSIGN(const Received response, peer.WaitForResponse(subscribe.sent()));
  EXPECT_EQ(response.sip.status(), 200);
  EXPECT_OK(peer.WaitFor("NOTIFY").status());
  EXPECT_EQ(peer.WaitForResponse(subscribe.sent(), kQuiet).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(directory_.AskedFor("bob"), 1);
}

TEST_F(UserDirectoryScenarioTest, CrowdOfOneUserIsAskedForOnce) {
  constexpr int kCrowd = 200;
  ASSERT_OK(Start());
  SipPeer& peer = watcher_->peer();
  peer.Serve([&peer](const Received& notify) { peer.Respond(notify, 200); });
  ASSERT_OK_AND_ASSIGN(const Received challenged, watcher_->Ask(watcher_->NewSubscribe()));
  directory_.HoldAnswers();
  std::vector<Sent> sent;
  for (int i = 1; i <= kCrowd; ++i) {
    const RawRequest subscribe =
        With(watcher_->NewSubscribe(), challenged, "bob", "builder", /*count=*/i);
    peer.SendRaw(port(), subscribe.Text());
    sent.push_back(subscribe.sent());
  }
  ASSERT_OK(directory_.WaitUntilAsked("bob", 1));
  directory_.ReleaseAnswers();

  for (const Sent& one : sent) {
    ASSERT_OK_AND_ASSIGN(const int status, peer.StatusOf(one));
    EXPECT_EQ(status, 200);
  }
  EXPECT_EQ(directory_.AskedFor("bob"), 1);
}

TEST_F(UserDirectoryScenarioTest, WhileTheServiceIsDownPhonesAreToldToComeAgain) {
  ASSERT_OK(Start());
  directory_.Stop();
  ASSERT_OK_AND_ASSIGN(const Received down, SubscribeAs(*watcher_, "bob", "builder"));
  EXPECT_EQ(down.sip.status(), 503);
  EXPECT_EQ(down.Header("Retry-After"), "5");
  EXPECT_THAT(gateway_->process().StderrWith("a user could not be looked up", kPatience),
              AllOf(HasSubstr("bob"), Not(HasSubstr("builder"))));

  ASSERT_OK(directory_.Serve());
  int status = 0;
  for (const absl::Time end = absl::Now() + kPatience; status != 200 && absl::Now() < end;) {
    ASSERT_OK_AND_ASSIGN(const Received again, SubscribeAs(*watcher_, "bob", "builder"));
    status = again.sip.status();
    EXPECT_THAT(status, AnyOf(200, 503));
  }
  EXPECT_EQ(status, 200);
}

TEST_F(UserDirectoryScenarioTest, SilentServiceIsADownOne) {
  ASSERT_OK(Start());
  directory_.HoldAnswers();
  const absl::Time begin = absl::Now();
  ASSERT_OK_AND_ASSIGN(const Received response, SubscribeAs(*watcher_, "bob", "builder"));
  EXPECT_EQ(response.sip.status(), 503);
  EXPECT_EQ(response.Header("Retry-After"), "5");
  EXPECT_GE(absl::Now() - begin, absl::Seconds(2.5));
}

TEST_F(UserDirectoryScenarioTest, KnownUserGoesOnWhileTheServiceIsDown) {
  ASSERT_OK(Start());
  v1::DirectoryUser alice;
  alice.set_password("wonder");
  alice.mutable_cache_duration()->set_seconds(1);
  directory_.Add("alice", alice);
  const auto publish = [this]() -> absl::StatusOr<int> {
    const RawRequest request = publisher_->NewPublish(Pidf("open", "still here"));
    SIPEVENTS_ASSIGN_OR_RETURN(const Received challenged, publisher_->Ask(request));
    SIPEVENTS_ASSIGN_OR_RETURN(const Received published,
                               publisher_->Ask(With(request, challenged, "alice", "wonder")));
    return published.sip.status();
  };
  ASSERT_THAT(publish(), IsOkAndHolds(200));

  directory_.Stop();

  double old_used = 0;
  for (const absl::Time end = absl::Now() + kPatience; old_used == 0 && absl::Now() < end;) {
    ASSERT_THAT(publish(), IsOkAndHolds(200));
    old_used = gateway_->Metric("sipevents_user_answers_old_total").value_or(0);
  }
  EXPECT_GT(old_used, 0);
}

TEST_F(UserDirectoryScenarioTest, GatewayEndsInPeaceWhileARequestIsHeld) {
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(const RawRequest subscribe,
                       Proved(*watcher_, watcher_->NewSubscribe(), "bob", "builder"));
  directory_.HoldAnswers();
  watcher_->peer().SendRaw(port(), subscribe.Text());
  ASSERT_OK(directory_.WaitUntilAsked("bob", 1));
  ASSERT_OK_AND_ASSIGN(const int status, gateway_->Terminate());
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace sipevents::testing
