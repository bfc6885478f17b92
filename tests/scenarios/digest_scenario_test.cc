#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/scenario.h"

// Digest authentication towards notifiers (SUB-11, AUTH-01 … AUTH-07).

namespace sipevents::testing {
namespace {

using ::testing::IsEmpty;

constexpr char kUser[] = "gateway";
constexpr char kPassword[] = "opensesame";

class DigestScenarioTest : public Scenario {
 protected:
  void SetUp() override {
    Scenario::SetUp();
    const std::string file =
        WriteFile("credentials",
                  absl::StrCat("# realm user password\nexample.com ", kUser, " ", kPassword, "\n"));
    ASSERT_OK(StartGateway({"--sip_credentials_file=" + file}));
  }

  // Begins a watch and takes its first SUBSCRIBE, which must carry no credentials.
  absl::StatusOr<Received> BeginWatch(const std::string& target) {
    absl::StatusOr<std::unique_ptr<CliProcess>> cli = Watch(target, "presence");
    if (!cli.ok()) return cli.status();
    cli_ = *std::move(cli);
    absl::StatusOr<Received> subscribe = peer_->WaitFor("SUBSCRIBE");
    if (subscribe.ok()) {
      EXPECT_THAT(subscribe->Header("Authorization"), IsEmpty());
      EXPECT_THAT(subscribe->Header("Proxy-Authorization"), IsEmpty());
    }
    return subscribe;
  }

  std::unique_ptr<CliProcess> cli_;
};

class DigestAlgorithmTest : public DigestScenarioTest,
                            public ::testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(Algorithms, DigestAlgorithmTest, ::testing::Values("MD5", "SHA-256"),
                         [](const auto& instance) {
                           return instance.param == std::string("MD5") ? "Md5" : "Sha256";
                         });

// SUB-11, AUTH-04.
TEST_P(DigestAlgorithmTest, ChallengeIsAnsweredInTheSameAttempt) {
  ASSERT_OK_AND_ASSIGN(const Received subscribe, BeginWatch(kAlice));
  DigestChallenge challenge;
  challenge.algorithm = GetParam();
  challenge.opaque = "keep-me";
  peer_->Challenge(subscribe, challenge);

  ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("SUBSCRIBE"));

  EXPECT_OK(CheckDigest(again.Header("Authorization"), challenge, "SUBSCRIBE", kUser, kPassword));
  EXPECT_EQ(DigestParameter(again.Header("Authorization"), "uri"), again.sip.request_uri());
  EXPECT_EQ(DigestParameter(again.Header("Authorization"), "nc"), "00000001");
  EXPECT_EQ(again.call_id(), subscribe.call_id());
  EXPECT_EQ(again.from_tag(), subscribe.from_tag());
  EXPECT_EQ(again.sip.cseq(), subscribe.sip.cseq() + 1);
  peer_->Accept(again, Pidf("open", "let in"));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli_->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "let in");
}

TEST_P(DigestAlgorithmTest, ProxyChallengeIsAnsweredToo) {
  ASSERT_OK_AND_ASSIGN(const Received subscribe, BeginWatch(kAlice));
  DigestChallenge challenge;
  challenge.algorithm = GetParam();
  peer_->Challenge(subscribe, challenge, /*proxy=*/true);

  ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("SUBSCRIBE"));

  EXPECT_OK(
      CheckDigest(again.Header("Proxy-Authorization"), challenge, "SUBSCRIBE", kUser, kPassword));
}

// AUTH-03: the strongest that we can do, of those that are offered; unknown ones are skipped.
TEST_F(DigestScenarioTest, StrongestKnownAlgorithmIsChosen) {
  ASSERT_OK_AND_ASSIGN(const Received subscribe, BeginWatch(kAlice));
  DigestChallenge weak;
  DigestChallenge strong;
  strong.algorithm = "SHA-256";
  ResponseOptions offers;
  offers.headers = {"WWW-Authenticate: Newfangled realm=\"example.com\", trick=\"yes\"",
                    absl::StrCat("WWW-Authenticate: ", ChallengeHeader(strong)),
                    absl::StrCat("WWW-Authenticate: ", ChallengeHeader(weak))};
  peer_->Respond(subscribe, 401, offers);

  ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("SUBSCRIBE"));

  EXPECT_OK(CheckDigest(again.Header("Authorization"), strong, "SUBSCRIBE", kUser, kPassword));
}

// AUTH-06: a stale nonce is no refusal.
TEST_F(DigestScenarioTest, StaleNonceIsRetried) {
  ASSERT_OK_AND_ASSIGN(const Received subscribe, BeginWatch(kAlice));
  DigestChallenge challenge;
  peer_->Challenge(subscribe, challenge);
  ASSERT_OK_AND_ASSIGN(const Received first, peer_->WaitFor("SUBSCRIBE"));
  challenge.nonce = "a-newer-one";
  challenge.stale = true;
  peer_->Challenge(first, challenge);

  ASSERT_OK_AND_ASSIGN(const Received second, peer_->WaitFor("SUBSCRIBE"));

  EXPECT_OK(CheckDigest(second.Header("Authorization"), challenge, "SUBSCRIBE", kUser, kPassword));
}

// AUTH-06: the password is wrong; asking on would lock the account.
TEST_F(DigestScenarioTest, RefusedTwiceStops) {
  ASSERT_OK_AND_ASSIGN(Received subscribe, BeginWatch(kAlice));
  DigestChallenge challenge;
  for (int round = 0; round < 3; ++round) {
    challenge.nonce = absl::StrCat("nonce-", round);
    peer_->Challenge(subscribe, challenge);
    absl::StatusOr<Received> next = peer_->WaitFor("SUBSCRIBE", absl::Seconds(1));
    if (!next.ok()) break;
    subscribe = *std::move(next);
  }

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli_->WaitForState(v1::Subscription::TERMINATED));

  EXPECT_EQ(status.sip_status(), 401);
  EXPECT_LE(peer_->Count("SUBSCRIBE"), 3);
  EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Seconds(1)));
}

// A server of another domain names our realm, to collect a hash of our password.
TEST_F(DigestScenarioTest, ForeignServerNamingOurRealmLearnsNothing) {
  ASSERT_OK_AND_ASSIGN(const Received subscribe, BeginWatch("sip:bob@elsewhere.example.net"));

  peer_->Challenge(subscribe, DigestChallenge());

  ASSERT_OK_AND_ASSIGN(const v1::Subscription status,
                       cli_->WaitForState(v1::Subscription::TERMINATED));
  EXPECT_EQ(status.sip_status(), 401);
  EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Seconds(1)));
}

// A realm that we have no password for.
TEST_F(DigestScenarioTest, UnknownRealmIsNotAnswered) {
  ASSERT_OK_AND_ASSIGN(const Received subscribe, BeginWatch(kAlice));
  DigestChallenge challenge;
  challenge.realm = "somewhere else";

  peer_->Challenge(subscribe, challenge);

  EXPECT_OK(cli_->WaitForState(v1::Subscription::TERMINATED));
  EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Milliseconds(500)));
}

// Credentials are for later requests of the dialog too; each use counts up (AUTH-04, AUTH-07).
TEST_F(DigestScenarioTest, UnsubscribeOfASecuredDialogIsAuthenticated) {
  ASSERT_OK_AND_ASSIGN(const Received subscribe, BeginWatch(kAlice));
  const DigestChallenge challenge;
  peer_->Challenge(subscribe, challenge);
  ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("SUBSCRIBE"));
  peer_->Accept(again, Pidf("open"));
  ASSERT_OK(cli_->WaitForEvent());

  gateway_->process().Signal(SIGTERM);

  ASSERT_OK_AND_ASSIGN(Received unsubscribe, peer_->WaitFor("SUBSCRIBE"));
  if (unsubscribe.Header("Authorization").empty()) {  // it may wait to be asked
    peer_->Challenge(unsubscribe, challenge);
    ASSERT_OK_AND_ASSIGN(unsubscribe, peer_->WaitFor("SUBSCRIBE"));
  }
  EXPECT_EQ(unsubscribe.expires(), 0);
  EXPECT_OK(
      CheckDigest(unsubscribe.Header("Authorization"), challenge, "SUBSCRIBE", kUser, kPassword));
  EXPECT_EQ(DigestParameter(unsubscribe.Header("Authorization"), "nc"), "00000002");
  peer_->Accept(unsubscribe);
  EXPECT_THAT(gateway_->process().WaitForExit(kItemPatience), IsOkAndHolds(0));
}

// Challenges of all lengths are read whole: their last parameter, qop, decides how to answer.
TEST_F(DigestScenarioTest, LongChallengeIsReadWhole) {
  for (int octets = 180; octets <= 300; octets += 15) {
    ASSERT_OK_AND_ASSIGN(const Received subscribe,
                         BeginWatch(absl::StrCat("sip:long", octets, "@example.com")));
    DigestChallenge challenge;
    challenge.nonce = std::string(octets, 'n');
    peer_->Challenge(subscribe, challenge);

    ASSERT_OK_AND_ASSIGN(const Received again, peer_->WaitFor("SUBSCRIBE"));

    EXPECT_OK(CheckDigest(again.Header("Authorization"), challenge, "SUBSCRIBE", kUser, kPassword))
        << octets;
    peer_->Accept(again, Pidf("open"));
  }
}

}  // namespace
}  // namespace sipevents::testing
