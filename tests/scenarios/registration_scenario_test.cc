#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/scenarios/scenario.h"

// Identities that are kept registered, towards a scripted registrar over UDP (RFC 3261 section 10,
// GRUU-01, OUT-01, OUT-03).

namespace sipevents::testing {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kIdentity[] = "sip:gateway@example.com";
constexpr char kGruu[] = "sip:gateway@example.com;gr=urn:uuid:1f6b";

class RegistrationScenarioTest : public Scenario {
 protected:
  // Starts a gateway that registers these identities, and has credentials.
  absl::Status Register(const std::string& lines) {
    return StartGateway(
        {"--sip_registrations_file=" + WriteFile("registrations", lines),
         "--sip_credentials_file=" +
             WriteFile("credentials",
                       "example.com gateway opensesame\n"
                       "example.com alice secret identity=sip:alice@example.com\n")});
  }

  // What a registrar says to a REGISTER that it takes.
  static ResponseOptions Bound(const Received& request, int expires,
                               const std::string& parameters = "") {
    ResponseOptions options;
    options.headers = {
        absl::StrCat("Contact: ", request.Header("Contact"), ";expires=", expires, parameters)};
    return options;
  }

  // Whether this shows up in /registrations in time.
  absl::Status Shows(const std::string& text) {
    std::string page;
    for (const absl::Time end = absl::Now() + kPatience; absl::Now() < end;
         absl::SleepFor(absl::Milliseconds(20))) {
      absl::StatusOr<std::string> got = gateway_->Get("/registrations");
      if (!got.ok()) return got.status();
      page = *std::move(got);
      if (absl::StrContains(page, text)) return absl::OkStatus();
    }
    return absl::DeadlineExceededError(page);
  }

  std::unique_ptr<CliProcess> cli_;
};

TEST_F(RegistrationScenarioTest, RegisterSaysWhoAndWhere) {
  // When
  ASSERT_OK(Register(absl::StrCat("# the lobby\n", kIdentity, " expires=600\n")));
  // Then
  ASSERT_OK_AND_ASSIGN(const Received request, peer_->WaitFor("REGISTER"));
  EXPECT_EQ(request.sip.request_uri(), "sip:example.com");
  EXPECT_EQ(UriOf(request.Header("To")), kIdentity);
  EXPECT_EQ(UriOf(request.Header("From")), kIdentity);
  EXPECT_EQ(request.expires(), 600);
  // GRUU-01, OUT-01.
  EXPECT_EQ(request.Header("Supported"), "gruu, outbound, path");
  EXPECT_THAT(request.Header("Contact"),
              AllOf(HasSubstr(absl::StrCat("<sip:gateway@127.0.0.1:", gateway_->sip_udp_port())),
                    ContainsRegex(";\\+sip.instance=\"<urn:uuid:[-0-9a-f]{36}>\""),
                    HasSubstr(";reg-id=1")));
  EXPECT_THAT(request.sip.Headers("Event"), IsEmpty());
  EXPECT_THAT(request.Header("Authorization"), IsEmpty());
}

// GRUU-01
TEST_F(RegistrationScenarioTest, ChallengeIsMetAndTheGruuIsTheContactOfSubscribes) {
  // Given
  ASSERT_OK(Register(absl::StrCat(kIdentity, "\n")));
  ASSERT_OK_AND_ASSIGN(const Received first, peer_->WaitFor("REGISTER"));
  const DigestChallenge challenge;
  peer_->Challenge(first, challenge);
  ASSERT_OK_AND_ASSIGN(const Received second, peer_->WaitFor("REGISTER"));
  EXPECT_OK(
      CheckDigest(second.Header("Authorization"), challenge, "REGISTER", "gateway", "opensesame"));
  EXPECT_EQ(second.call_id(), first.call_id());
  EXPECT_EQ(second.sip.cseq(), first.sip.cseq() + 1);
  peer_->Respond(second, 200, Bound(second, 600, absl::StrCat(";pub-gruu=\"", kGruu, "\"")));
  ASSERT_OK(Shows(kGruu));
  // When
  ASSERT_OK_AND_ASSIGN(cli_, Watch(kAlice, "presence"));
  // Then
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(subscribe.Header("Contact"), absl::StrCat("<", kGruu, ">"));
  EXPECT_EQ(subscribe.Header("Supported"), "eventlist, gruu");
  EXPECT_THAT(gateway_->Metric("sipevents_sip_registrations", "state=\"registered\""),
              IsOkAndHolds(1));
  EXPECT_THAT(gateway_->Metric("sipevents_sip_responses_total", "method=\"REGISTER\""),
              IsOkAndHolds(2));
}

TEST_F(RegistrationScenarioTest, OtherIdentitiesHaveThePlainContact) {
  ASSERT_OK(Register("sip:alice@example.com\n"));
  ASSERT_OK_AND_ASSIGN(const Received request, peer_->WaitFor("REGISTER"));
  peer_->Respond(request, 200, Bound(request, 600, absl::StrCat(";pub-gruu=\"", kGruu, "\"")));
  ASSERT_OK(Shows(kGruu));

  ASSERT_OK_AND_ASSIGN(cli_, Watch(kAlice, "presence"));

  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_THAT(subscribe.Header("Contact"), Not(HasSubstr(";gr=")));
}

TEST_F(RegistrationScenarioTest, CredentialsOfTheIdentityAreUsed) {
  ASSERT_OK(Register("sip:alice@example.com\n"));
  ASSERT_OK_AND_ASSIGN(const Received first, peer_->WaitFor("REGISTER"));
  const DigestChallenge challenge;

  peer_->Challenge(first, challenge);

  ASSERT_OK_AND_ASSIGN(const Received second, peer_->WaitFor("REGISTER"));
  EXPECT_OK(CheckDigest(second.Header("Authorization"), challenge, "REGISTER", "alice", "secret"));
}

TEST_F(RegistrationScenarioTest, RefreshKeepsTheCallIdAndCountsOn) {
  // Given
  ASSERT_OK(Register(absl::StrCat(kIdentity, "\n")));
  ASSERT_OK_AND_ASSIGN(const Received first, peer_->WaitFor("REGISTER"));
  // When
  peer_->Respond(first, 200, Bound(first, 2));
  // Then
  ASSERT_OK_AND_ASSIGN(const Received refresh, peer_->WaitFor("REGISTER"));
  EXPECT_EQ(refresh.call_id(), first.call_id());
  EXPECT_EQ(refresh.from_tag(), first.from_tag());
  EXPECT_EQ(refresh.sip.cseq(), first.sip.cseq() + 1);
  EXPECT_EQ(refresh.Header("Contact"), first.Header("Contact"));
  EXPECT_LT(refresh.time - first.time, absl::Seconds(2));
}

TEST_F(RegistrationScenarioTest, IntervalTooBriefIsAskedAnewAtOnce) {
  ASSERT_OK(Register(absl::StrCat(kIdentity, " expires=60\n")));
  ASSERT_OK_AND_ASSIGN(const Received first, peer_->WaitFor("REGISTER"));
  ResponseOptions brief;
  brief.headers = {"Min-Expires: 1800"};

  peer_->Respond(first, 423, brief);

  ASSERT_OK_AND_ASSIGN(const Received second, peer_->WaitFor("REGISTER"));
  EXPECT_EQ(second.expires(), 1800);
}

// OUT-02: no NAT forgets us.
TEST_F(RegistrationScenarioTest, WayOverUdpIsKeptOpen) {
  ASSERT_OK(Register(absl::StrCat(kIdentity, "\n")));
  ASSERT_OK_AND_ASSIGN(const Received request, peer_->WaitFor("REGISTER"));
  ResponseOptions options = Bound(request, 600);
  options.headers.emplace_back("Flow-Timer: 1");

  peer_->Respond(request, 200, options);

  EXPECT_OK(peer_->WaitForPing());
  EXPECT_OK(peer_->WaitForPing());
}

// What comes to a GRUU comes to the thread that registered it.
TEST_F(RegistrationScenarioTest, OneThreadRegistersAnIdentityAndHoldsItsSubscriptions) {
  ASSERT_OK(StartGateway(
      {"--sip_registrations_file=" + WriteFile("registrations", absl::StrCat(kIdentity, "\n")),
       "--sip_shards=4"}));
  ASSERT_OK_AND_ASSIGN(const Received request, peer_->WaitFor("REGISTER"));
  const int port = PortOf(UriOf(request.Header("Contact")));

  for (int i = 0; i < 8; ++i) {
    ASSERT_OK_AND_ASSIGN(cli_, Watch(absl::StrCat("sip:u", i, "@example.com"), "presence"));
    ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
    EXPECT_EQ(PortOf(UriOf(subscribe.Header("Contact"))), port) << i;
  }
  EXPECT_OK(peer_->ExpectNone("REGISTER", absl::Milliseconds(100)));
}

// A registrar that challenges for ever gets no flood of requests.
TEST_F(RegistrationScenarioTest, EndlessChallengesAreGivenUp) {
  ASSERT_OK(Register(absl::StrCat(kIdentity, "\n")));
  peer_->Serve([this](const Received& request) {
    DigestChallenge challenge;
    challenge.nonce = absl::StrCat("nonce-", request.sip.cseq());
    challenge.stale = true;
    peer_->Challenge(request, challenge);
  });

  EXPECT_OK(Shows("sip_status=401"));

  EXPECT_LE(peer_->Count("REGISTER"), 6);
  peer_->Serve(nullptr);
}

// OUT-03
TEST_F(RegistrationScenarioTest, FailureIsTriedAgainAfterAWhileAndLogged) {
  // Given
  ASSERT_OK(Register(absl::StrCat(kIdentity, "\n")));
  ASSERT_OK_AND_ASSIGN(const Received first, peer_->WaitFor("REGISTER"));
  // When
  peer_->Respond(first, 500);
  // Then
  EXPECT_THAT(gateway_->process().StderrWith("registration failed", kPatience),
              AllOf(HasSubstr("registration failed"), HasSubstr("sip_status=500")));
  ASSERT_OK_AND_ASSIGN(const Received second, peer_->WaitFor("REGISTER"));
  EXPECT_GE(second.time - first.time, absl::Milliseconds(1500));
  peer_->Respond(second, 200, Bound(second, 600));
  EXPECT_OK(Shows("state=registered"));
}

TEST_F(RegistrationScenarioTest, ShutdownEndsTheSubscriptionsThenTheRegistration) {
  // Given
  ASSERT_OK(Register(absl::StrCat(kIdentity, "\n")));
  ASSERT_OK_AND_ASSIGN(const Received first, peer_->WaitFor("REGISTER"));
  peer_->Respond(first, 200, Bound(first, 600));
  ASSERT_OK(Shows("state=registered"));
  ASSERT_OK(Establish(cli_));
  // When
  gateway_->process().Signal(SIGTERM);
  // Then
  ASSERT_OK_AND_ASSIGN(const Received unsubscribe, peer_->WaitFor("SUBSCRIBE"));
  EXPECT_EQ(unsubscribe.expires(), 0);
  EXPECT_EQ(peer_->Count("REGISTER"), 1);
  peer_->Accept(unsubscribe);
  ASSERT_OK_AND_ASSIGN(const Received unregister, peer_->WaitFor("REGISTER"));
  EXPECT_EQ(unregister.expires(), 0);
  EXPECT_EQ(unregister.call_id(), first.call_id());
  EXPECT_EQ(unregister.Header("Contact"), first.Header("Contact"));
  peer_->Respond(unregister, 200);
  EXPECT_THAT(gateway_->process().WaitForExit(kPatience), IsOkAndHolds(0));
}

TEST_F(RegistrationScenarioTest, BadLineIsNamed) {
  const absl::Status refused = Register("sip:a@example.com\n\nsip:alice@example.com expires=9\n");
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr("--sip_registrations_file"), HasSubstr("registrations:3: "),
                    HasSubstr("expires=9"), HasSubstr("10 to 86400")));
}

}  // namespace
}  // namespace sipevents::testing
