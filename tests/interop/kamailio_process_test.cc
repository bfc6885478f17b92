#include "tests/interop/kamailio_process.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/peer/sip_peer.h"
#include "tests/scenarios/bodies.h"

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kAliceUri[] = "sip:alice@example.com";

NewRequest Subscribe(const KamailioProcess& kamailio, const std::string& target) {
  NewRequest subscribe;
  subscribe.method = "SUBSCRIBE";
  subscribe.request_uri = target;
  subscribe.port = kamailio.port();
  subscribe.headers = {"Event: presence", "Expires: 60"};
  return subscribe;
}

TEST(KamailioProcessTest, PublishedStateIsThereAfterAKillAndRestart) {
  ASSERT_OK_AND_ASSIGN(const auto kamailio,
                       KamailioProcess::Start(::testing::TempDir() + "/kamailio"));
  ASSERT_OK_AND_ASSIGN(const auto watcher, SipPeer::Start());
  ASSERT_THAT(
      kamailio->Publish(kAliceUri, "presence", "application/pidf+xml", Pidf("open", "kept")),
      IsOkAndHolds(200));

  ASSERT_OK(kamailio->Kill());
  ASSERT_OK(kamailio->Restart());

  EXPECT_THAT(watcher->StatusOf(watcher->Send(Subscribe(*kamailio, kAliceUri))), IsOkAndHolds(200));
  ASSERT_OK_AND_ASSIGN(const Received notify, watcher->WaitFor("NOTIFY"));
  watcher->Respond(notify, 200);
  EXPECT_THAT(notify.sip.body(), HasSubstr("kept"));
}

TEST(KamailioProcessTest, SecuredUserAsksForDigest) {
  ASSERT_OK_AND_ASSIGN(const auto kamailio,
                       KamailioProcess::Start(::testing::TempDir() + "/secured"));
  ASSERT_OK_AND_ASSIGN(const auto watcher, SipPeer::Start());

  ASSERT_OK_AND_ASSIGN(
      const Received answer,
      watcher->WaitForResponse(watcher->Send(Subscribe(*kamailio, "sip:secured@example.com"))));

  EXPECT_EQ(answer.sip.status(), 401);
  EXPECT_THAT(answer.Header("WWW-Authenticate"), HasSubstr("realm=\"example.com\""));
}

}  // namespace
}  // namespace sipevents::testing
