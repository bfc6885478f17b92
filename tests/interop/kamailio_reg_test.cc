#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/interop/kamailio_scenario.h"
#include "tests/peer/sip_peer.h"
#include "tests/scenarios/cli_process.h"
#include "tests/scenarios/scenario.h"

// Which phones are registered, as a real registrar tells it (RFC 3680).

namespace sipevents::testing {
namespace {

// The contact at `phone` that an event tells of alice; null: none.
const v1::RegisteredContact* ContactOf(const v1::Event& event, const SipPeer& phone) {
  const std::string uri = absl::StrCat("sip:peer@127.0.0.1:", phone.port());
  for (const v1::Registration& registration : event.registration().registrations()) {
    if (registration.aor() != kAlice) continue;
    for (const v1::RegisteredContact& contact : registration.contacts()) {
      if (contact.uri() == uri) return &contact;
    }
  }
  return nullptr;
}

class KamailioRegTest : public KamailioScenario {
 protected:
  // Starts both, and watches alice's registrations.
  void SetUp() override {
    ASSERT_OK(StartKamailio());
    ASSERT_OK(StartGateway({ProxyFlag(Transport::kUdp)}));
    ASSERT_OK_AND_ASSIGN(cli_, CliProcess::Watch(*gateway_, kAlice, "reg"));
    ASSERT_OK(cli_->WaitForState(v1::Subscription::ACTIVE));
  }

  // Waits until alice's contact at `phone` is in this state; returns the event.
  absl::StatusOr<v1::Event> WaitForContact(const SipPeer& phone,
                                           v1::RegisteredContact::State state) {
    const absl::StatusOr<v1::WatchItem> item = cli_->WaitForItem(
        absl::StrCat("phone at ", phone.port(), " as ", v1::RegisteredContact::State_Name(state)),
        [&](const v1::WatchItem& candidate) {
          const v1::RegisteredContact* contact = ContactOf(candidate.event(), phone);
          return contact != nullptr && contact->state() == state;
        });
    if (!item.ok()) return item.status();
    return item->event();
  }

  std::unique_ptr<CliProcess> cli_;
};

TEST_F(KamailioRegTest, PhoneIsShownTypedFromItsRegisterToItsEnd) {
  ASSERT_OK_AND_ASSIGN(const auto phone, SipPeer::Start());

  ASSERT_THAT(kamailio_->Register(*phone, kAlice, 600), IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::Event there,
                       WaitForContact(*phone, v1::RegisteredContact::ACTIVE));
  EXPECT_EQ(there.registration().registrations(0).state(), v1::Registration::ACTIVE);
  EXPECT_EQ(ContactOf(there, *phone)->event(), v1::RegisteredContact::CREATED);
  EXPECT_EQ(ContactOf(there, *phone)->expires().seconds(), 600);

  ASSERT_THAT(kamailio_->Register(*phone, kAlice, 0), IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::Event gone,
                       WaitForContact(*phone, v1::RegisteredContact::TERMINATED));
  EXPECT_EQ(gone.registration().registrations(0).state(), v1::Registration::TERMINATED);
  EXPECT_EQ(ContactOf(gone, *phone)->event(), v1::RegisteredContact::UNREGISTERED);
}

TEST_F(KamailioRegTest, OneOfTwoPhonesLeavesAndTheOtherStays) {
  ASSERT_OK_AND_ASSIGN(const auto desk, SipPeer::Start());
  ASSERT_OK_AND_ASSIGN(const auto mobile, SipPeer::Start());
  ASSERT_THAT(kamailio_->Register(*desk, kAlice, 600), IsOkAndHolds(200));
  ASSERT_OK(WaitForContact(*desk, v1::RegisteredContact::ACTIVE));
  ASSERT_THAT(kamailio_->Register(*mobile, kAlice, 600), IsOkAndHolds(200));
  ASSERT_OK(WaitForContact(*mobile, v1::RegisteredContact::ACTIVE));

  ASSERT_THAT(kamailio_->Register(*desk, kAlice, 0), IsOkAndHolds(200));

  ASSERT_OK_AND_ASSIGN(const v1::Event event,
                       WaitForContact(*desk, v1::RegisteredContact::TERMINATED));
  EXPECT_EQ(event.registration().registrations(0).state(), v1::Registration::ACTIVE);
  ASSERT_NE(ContactOf(event, *mobile), nullptr);
  EXPECT_EQ(ContactOf(event, *mobile)->state(), v1::RegisteredContact::ACTIVE);
}

}  // namespace
}  // namespace sipevents::testing
