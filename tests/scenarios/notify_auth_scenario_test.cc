#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/scenario.h"

// A gateway that has notifiers prove who they are (SUB-28).

namespace sipevents::testing {
namespace {

class NotifyAuthScenarioTest : public Scenario {
 protected:
  void SetUp() override {
    Scenario::SetUp();
    const std::string file = WriteFile("notify_credentials", "example.com gateway opensesame\n");
    ASSERT_OK(StartGateway({"--sip_credentials_file=" + file, "--sip_notify_auth=digest"}));
  }

  // A NOTIFY that answers this challenge.
  Sent NotifyWith(const Received& subscribe, const Received& challenge,
                  const std::string& password) {
    const std::string uri = UriOf(subscribe.Header("Contact"));
    NotifyOptions options;
    options.headers = {absl::StrCat(
        "Authorization: ",
        AnswerDigest(challenge.Header("WWW-Authenticate"), "NOTIFY", uri, "gateway", password))};
    return peer_->Notify(subscribe, "active;expires=600", Pidf("open", "proven"), options);
  }
};

TEST_F(NotifyAuthScenarioTest, NotifyWithoutCredentialsIsChallengedAndTheRetryIsTakenSub28) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(subscribe, 200);

  const Sent plain = peer_->Notify(subscribe, "active;expires=600", Pidf("open", "forged"));
  ASSERT_OK_AND_ASSIGN(const Received challenge, peer_->WaitForResponse(plain));
  EXPECT_EQ(challenge.sip.status(), 401);
  EXPECT_EQ(challenge.sip.Headers("WWW-Authenticate").size(), 2u);
  EXPECT_THAT(peer_->StatusOf(NotifyWith(subscribe, challenge, "guess")), IsOkAndHolds(401));

  EXPECT_THAT(peer_->StatusOf(NotifyWith(subscribe, challenge, "opensesame")), IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "proven");
}

TEST_F(NotifyAuthScenarioTest, ForgedEndEndsNothingSub28) {
  ASSERT_OK_AND_ASSIGN(const auto cli, Watch(kAlice, "presence"));
  ASSERT_OK_AND_ASSIGN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  peer_->Respond(subscribe, 200);
  const Sent plain = peer_->Notify(subscribe, "active;expires=600");
  ASSERT_OK_AND_ASSIGN(const Received challenge, peer_->WaitForResponse(plain));
  EXPECT_THAT(peer_->StatusOf(NotifyWith(subscribe, challenge, "opensesame")), IsOkAndHolds(200));

  const Sent forged = peer_->Notify(subscribe, "terminated;reason=rejected");

  EXPECT_THAT(peer_->StatusOf(forged), IsOkAndHolds(401));
  EXPECT_OK(peer_->ExpectNone("SUBSCRIBE", absl::Milliseconds(500)));
  ASSERT_OK_AND_ASSIGN(const v1::Event event, cli->WaitForEvent());
  EXPECT_EQ(NoteOf(event), "proven");
}

}  // namespace
}  // namespace sipevents::testing
