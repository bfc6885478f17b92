#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/notifier_scenario.h"

// Watchers and publishers prove who they are (digest, RFC 7616 and 8760).

namespace sipevents::testing {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class NotifierDigestScenarioTest : public NotifierScenario {
 protected:
  absl::Status Start() {
    const std::string file =
        WriteFile("users", "bob example.com builder\nalice example.com wonder\n");
    return StartServer({"--sip_watcher_auth=digest", "--sip_users_file=" + file});
  }

  // The challenge of this algorithm in a 401.
  static std::string ChallengeOf(const Received& response, const std::string& algorithm) {
    for (const std::string& challenge : response.sip.Headers("WWW-Authenticate")) {
      if (DigestParameter(challenge, "algorithm") == algorithm) return challenge;
    }
    return "";
  }

  // The same request with credentials, in another transaction.
  static RawRequest With(RawRequest request, const std::string& challenge,
                         const std::string& password = "builder", const std::string& user = "bob",
                         int count = 1) {
    const std::string line = request.Text();
    const std::string method = line.substr(0, line.find(' '));
    const size_t uri = method.size() + 1;
    return request.NewBranch().SetCSeq(2).Set(
        "Authorization",
        AnswerDigest(challenge, method, line.substr(uri, line.find(' ', uri) - uri), user, password,
                     count));
  }
};

// NOT-05, SEC-03, AUTH-02, GEN-17: 401 even here, one challenge for each algorithm, best first.
TEST_F(NotifierDigestScenarioTest, StrangerIsChallengedAndNotNotified) {
  ASSERT_OK(Start());

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Ask(watcher_->NewSubscribe()));

  EXPECT_EQ(response.sip.status(), 401);
  EXPECT_THAT(response.sip.Headers("Proxy-Authenticate"), IsEmpty());
  const std::vector<std::string> challenges = response.sip.Headers("WWW-Authenticate");
  ASSERT_GE(challenges.size(), 2u);
  EXPECT_THAT(challenges, Each(HasSubstr("Digest ")));
  EXPECT_THAT(challenges, Each(HasSubstr("qop=")));
  for (const std::string& challenge : challenges) {
    EXPECT_EQ(DigestParameter(challenge, "realm"), "example.com");
    EXPECT_THAT(DigestParameter(challenge, "nonce"), Not(IsEmpty()));
    EXPECT_NE(DigestParameter(challenge, "stale"), "true");
  }
  EXPECT_THAT(DigestParameter(challenges.front(), "algorithm"), AnyOf("SHA-256", "SHA-512-256"));
  EXPECT_EQ(DigestParameter(challenges.back(), "algorithm"), "MD5");
  EXPECT_OK(watcher_->ExpectNoNotify());
}

class DigestAlgorithmOfWatchersTest : public NotifierDigestScenarioTest,
                                      public ::testing::WithParamInterface<const char*> {};

// AUTH-01.
INSTANTIATE_TEST_SUITE_P(Algorithms, DigestAlgorithmOfWatchersTest,
                         ::testing::Values("MD5", "SHA-256"), [](const auto& instance) {
                           return std::string(instance.param) == "MD5" ? "Md5" : "Sha256";
                         });

TEST_P(DigestAlgorithmOfWatchersTest, RightPasswordLetsIn) {
  ASSERT_OK(Start());
  const RawRequest subscribe = watcher_->NewSubscribe();
  ASSERT_OK_AND_ASSIGN(const Received challenged, watcher_->Ask(subscribe));

  ASSERT_OK_AND_ASSIGN(const Received response,
                       watcher_->Subscribe(With(subscribe, ChallengeOf(challenged, GetParam()))));

  EXPECT_OK(CheckAccepted(response));
  EXPECT_OK(watcher_->NextNotify().status());
}

TEST_F(NotifierDigestScenarioTest, WrongPasswordAndUnknownUserAreChallengedAgain) {
  ASSERT_OK(Start());
  const RawRequest subscribe = watcher_->NewSubscribe();
  ASSERT_OK_AND_ASSIGN(const Received challenged, watcher_->Ask(subscribe));
  const std::string challenge = ChallengeOf(challenged, "MD5");

  ASSERT_OK_AND_ASSIGN(const Received wrong, watcher_->Ask(With(subscribe, challenge, "guess")));
  ASSERT_OK_AND_ASSIGN(const Received nobody,
                       watcher_->Ask(With(subscribe, challenge, "builder", "mallory")));

  EXPECT_EQ(wrong.sip.status(), 401);
  EXPECT_EQ(nobody.sip.status(), 401);
  EXPECT_NE(DigestParameter(ChallengeOf(wrong, "MD5"), "stale"), "true");
  EXPECT_OK(watcher_->ExpectNoNotify());
}

// SEC-04, AUTH-06: what was heard on the way is of no use.
TEST_F(NotifierDigestScenarioTest, CredentialsThatWereUsedBeforeAreRefused) {
  ASSERT_OK(Start());
  const RawRequest subscribe = watcher_->NewSubscribe();
  ASSERT_OK_AND_ASSIGN(const Received challenged, watcher_->Ask(subscribe));
  RawRequest first = With(subscribe, ChallengeOf(challenged, "MD5"));
  ASSERT_OK_AND_ASSIGN(const Received accepted, watcher_->Subscribe(first));
  ASSERT_OK(watcher_->NextNotify().status());
  ASSERT_EQ(accepted.sip.status(), 200);

  // Somebody else's subscription, with the same credentials.
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const mallory, NewWatcher());
  RawRequest replayed = mallory->NewSubscribe().Set("Authorization", first.Get("Authorization"));
  ASSERT_OK_AND_ASSIGN(const Received response, mallory->Ask(replayed));

  EXPECT_EQ(response.sip.status(), 401);
  EXPECT_EQ(DigestParameter(ChallengeOf(response, "MD5"), "stale"), "true");
  EXPECT_OK(mallory->ExpectNoNotify());
}

// AUTH-04: the next count of the same nonce is fine.
TEST_F(NotifierDigestScenarioTest, NonceMayBeUsedAgainWithTheNextCount) {
  ASSERT_OK(Start());
  const RawRequest subscribe = watcher_->NewSubscribe();
  ASSERT_OK_AND_ASSIGN(const Received challenged, watcher_->Ask(subscribe));
  const std::string challenge = ChallengeOf(challenged, "SHA-256");
  ASSERT_OK(watcher_->Subscribe(With(subscribe, challenge)).status());
  ASSERT_OK(watcher_->NextNotify().status());

  RawRequest refresh = watcher_->NextSubscribe("600");
  const std::string cseq = absl::StrCat(watcher_->dialog().local_cseq + 1, " SUBSCRIBE");
  ASSERT_OK_AND_ASSIGN(
      const Received response,
      watcher_->Subscribe(With(refresh, challenge, "builder", "bob", 2).Set("CSeq", cseq)));

  EXPECT_EQ(response.sip.status(), 200);
  EXPECT_OK(watcher_->NextNotify().status());
}

// AUTH-06: a nonce of nobody's making.
TEST_F(NotifierDigestScenarioTest, NonceThatWasNotGivenIsStale) {
  ASSERT_OK(Start());
  const RawRequest subscribe = watcher_->NewSubscribe();
  const std::string made_up =
      "Digest realm=\"example.com\", nonce=\"0123456789abcdef\", algorithm=MD5, qop=\"auth\"";

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Ask(With(subscribe, made_up)));

  EXPECT_EQ(response.sip.status(), 401);
  EXPECT_NE(DigestParameter(ChallengeOf(response, "MD5"), "nonce"), "0123456789abcdef");
}

// AUTH-01, RFC 4475 regaut01: another scheme is as none.
TEST_F(NotifierDigestScenarioTest, OtherSchemesAreChallenged) {
  ASSERT_OK(Start());
  for (const char* credentials :
       {"Basic Ym9iOmJ1aWxkZXI=", "NoOneKnowsThisScheme opaque-data=here", "Digest"}) {
    ASSERT_OK_AND_ASSIGN(const Received response,
                         watcher_->Ask(watcher_->NewSubscribe().Set("Authorization", credentials)));
    EXPECT_THAT(response.sip.status(), AnyOf(401, 400)) << credentials;
  }
  EXPECT_OK(watcher_->ExpectNoNotify());
}

// SEC-03: a refresh is asked too; the subscription does not suffer.
TEST_F(NotifierDigestScenarioTest, RefreshWithoutCredentialsIsChallengedAndChangesNothing) {
  ASSERT_OK(Start());
  const RawRequest subscribe = watcher_->NewSubscribe();
  ASSERT_OK_AND_ASSIGN(const Received challenged, watcher_->Ask(subscribe));
  ASSERT_OK(watcher_->Subscribe(With(subscribe, ChallengeOf(challenged, "MD5"))).status());
  ASSERT_OK(watcher_->NextNotify().status());

  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Ask(watcher_->NextSubscribe("0")));

  EXPECT_EQ(response.sip.status(), 401);
  EXPECT_OK(watcher_->ExpectNoNotify());
}

// SEC-01: who proves to be bob is not alice, whatever From says.
TEST_F(NotifierDigestScenarioTest, WatcherIsKnownByWhoHeProvedToBe) {
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const owner, NewWatcher());
  const RawRequest subscribe = watcher_->NewSubscribe({.from = kAlice});
  const RawRequest look = owner->NewSubscribe({.event = "presence.winfo", .from = kAlice});
  ASSERT_OK_AND_ASSIGN(Received challenged, watcher_->Ask(subscribe));
  const std::string challenge = ChallengeOf(challenged, "MD5");
  ASSERT_OK_AND_ASSIGN(const Received response, watcher_->Subscribe(With(subscribe, challenge)));
  if (response.sip.status() == 403) return;
  ASSERT_EQ(response.sip.status(), 200);
  ASSERT_OK(watcher_->NextNotify().status());

  ASSERT_OK_AND_ASSIGN(challenged, owner->Ask(look));
  ASSERT_OK(
      owner->Subscribe(With(look, ChallengeOf(challenged, "MD5"), "wonder", "alice")).status());
  ASSERT_OK_AND_ASSIGN(const Received notify, owner->NextNotify());

  const std::vector<XmlElement> watchers = ElementsOf(notify.sip.body(), "watcher");
  ASSERT_THAT(watchers, ::testing::SizeIs(1));
  EXPECT_EQ(watchers[0].content, "sip:bob@example.com");
}

// SEC-01: nor does a name in From make him the owner.
TEST_F(NotifierDigestScenarioTest, NameInFromOpensNothing) {
  ASSERT_OK(Start());
  ASSERT_OK_AND_ASSIGN(ScriptedWatcher* const carol, NewWatcher());
  const RawRequest subscribe = carol->NewSubscribe({.from = "sip:carol@example.com"});
  ASSERT_OK_AND_ASSIGN(Received challenged, carol->Ask(subscribe));
  ASSERT_OK(carol->Subscribe(With(subscribe, ChallengeOf(challenged, "MD5"), "wonder", "alice"))
                .status());
  ASSERT_OK(carol->NextNotify().status());

  const RawRequest look = watcher_->NewSubscribe({.event = "presence.winfo", .from = kAlice});
  ASSERT_OK_AND_ASSIGN(challenged, watcher_->Ask(look));
  ASSERT_OK_AND_ASSIGN(const Received response,
                       watcher_->Subscribe(With(look, ChallengeOf(challenged, "MD5"))));

  if (response.sip.status() == 403) return;
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher_->NextNotify());
  EXPECT_THAT(ElementsOf(notify.sip.body(), "watcher"), IsEmpty());
}

// ESC-02.
TEST_F(NotifierDigestScenarioTest, PublisherIsChallengedAndLetIn) {
  ASSERT_OK(Start());
  const RawRequest publish = publisher_->NewPublish(Pidf("open", "proved"));
  ASSERT_OK_AND_ASSIGN(const Received challenged, publisher_->Ask(publish));
  EXPECT_EQ(challenged.sip.status(), 401);
  EXPECT_THAT(challenged.sip.Headers("SIP-ETag"), IsEmpty());

  ASSERT_OK_AND_ASSIGN(
      const Received response,
      publisher_->Ask(With(publish, ChallengeOf(challenged, "SHA-256"), "wonder", "alice")));

  EXPECT_EQ(response.sip.status(), 200);
  EXPECT_THAT(response.sip.Headers("SIP-ETag"), ::testing::SizeIs(1));
}

// ESC-02, 14.1: what is of others is not for him to say.
TEST_F(NotifierDigestScenarioTest, PublisherOfSomebodyElsesStateIsRefused) {
  ASSERT_OK(Start());
  const RawRequest publish =
      publisher_->NewPublish(Pidf("closed", "not me")).Set("From", "<sip:bob@example.com>;tag=1");
  ASSERT_OK_AND_ASSIGN(const Received challenged, publisher_->Ask(publish));

  ASSERT_OK_AND_ASSIGN(const Received response,
                       publisher_->Ask(With(publish, ChallengeOf(challenged, "MD5"))));

  EXPECT_EQ(response.sip.status(), 403);
}

// OPTIONS tells nothing that strangers may not know.
TEST_F(NotifierDigestScenarioTest, OptionsNeedsNoPassword) {
  ASSERT_OK(Start());

  ASSERT_OK_AND_ASSIGN(
      const Received response,
      watcher_->Ask(RawRequest("OPTIONS", "sip:example.com", watcher_->peer().port())));

  EXPECT_EQ(response.sip.status(), 200);
}

}  // namespace
}  // namespace sipevents::testing
