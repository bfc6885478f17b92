#include "tests/peer/sip_peer.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/peer/test_certificates.h"

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;

// Two peers talk to each other: one subscribes, the other notifies.
class SipPeerTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const CertificateFiles files = authority_.Issue({.names = {"IP:127.0.0.1"}});
    const TlsSettings tls{files.chain, files.key, authority_.root_file(), true};
    ASSERT_OK_AND_ASSIGN(watcher_, SipPeer::StartWithTls(tls));
    ASSERT_OK_AND_ASSIGN(notifier_, SipPeer::StartWithTls(tls));
  }

  NewRequest Subscribe() const {
    NewRequest subscribe;
    subscribe.method = "SUBSCRIBE";
    subscribe.request_uri = "sip:alice@example.com";
    subscribe.over_tcp = GetParam() == "Tcp";
    subscribe.over_tls = GetParam() == "Tls";
    subscribe.port = subscribe.over_tls ? notifier_->tls_port() : notifier_->port();
    subscribe.server_name = "notifier.example";
    subscribe.headers = {"Event: presence", "Expires: 60"};
    return subscribe;
  }

  TestAuthority authority_;
  std::unique_ptr<SipPeer> watcher_;
  std::unique_ptr<SipPeer> notifier_;
};

INSTANTIATE_TEST_SUITE_P(Transports, SipPeerTest, ::testing::Values("Udp", "Tcp", "Tls"),
                         [](const auto& instance) { return instance.param; });

TEST_P(SipPeerTest, SubscribeIsAnsweredAndNotified) {
  const Sent subscribe = watcher_->Send(Subscribe());
  ASSERT_OK_AND_ASSIGN(const Received request, notifier_->WaitFor("SUBSCRIBE"));
  const Sent notify = notifier_->Accept(request, "<presence/>");

  ASSERT_OK_AND_ASSIGN(const Received answer, watcher_->WaitForResponse(subscribe));
  ASSERT_OK_AND_ASSIGN(const Received state, watcher_->WaitFor("NOTIFY"));
  watcher_->Respond(state, 200);

  EXPECT_EQ(answer.sip.status(), 200);
  EXPECT_EQ(request.flow.is_tcp(), GetParam() != "Udp");
  ASSERT_EQ(request.flow.is_tls(), GetParam() == "Tls");
  if (request.flow.is_tls()) {
    EXPECT_EQ(request.flow.tls->server_name(), "notifier.example");
    EXPECT_EQ(request.flow.tls->peer_certificates(), 2);
  }
  EXPECT_EQ(answer.expires(), 60);
  EXPECT_EQ(state.from_tag(), answer.to_tag());
  EXPECT_EQ(state.Header("Subscription-State"), "active;expires=60");
  EXPECT_EQ(state.Header("Content-Type"), "application/pidf+xml");
  EXPECT_EQ(state.sip.body(), "<presence/>");
  EXPECT_THAT(notifier_->StatusOf(notify), IsOkAndHolds(200));
}

TEST_P(SipPeerTest, RepeatedRequestIsCountedAndAnsweredAgain) {
  const Sent subscribe = watcher_->Send(Subscribe());
  ASSERT_OK_AND_ASSIGN(const Received request, notifier_->WaitFor("SUBSCRIBE"));
  notifier_->Respond(request, 403);
  EXPECT_THAT(watcher_->StatusOf(subscribe), IsOkAndHolds(403));

  watcher_->SendRaw(notifier_->port(), request.sip.raw());

  EXPECT_THAT(watcher_->StatusOf(subscribe), IsOkAndHolds(403));
  EXPECT_EQ(notifier_->Count("SUBSCRIBE"), 1);
  EXPECT_EQ(notifier_->Retransmissions(request), 1);
}

TEST_P(SipPeerTest, FailedWaitNamesWhatDidArrive) {
  watcher_->Send(Subscribe());
  ASSERT_OK_AND_ASSIGN(const Received request, notifier_->WaitFor("SUBSCRIBE"));
  notifier_->Respond(request, 200);
  watcher_->Send(Subscribe());
  ASSERT_OK(notifier_->WaitUntil("the second SUBSCRIBE", [](const Received&) { return true; }));

  EXPECT_THAT(notifier_->WaitFor("PUBLISH", absl::Milliseconds(1)),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("SUBSCRIBE sip:alice@")));
}

}  // namespace
}  // namespace sipevents::testing
