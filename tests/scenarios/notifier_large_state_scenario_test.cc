#include <string>

#include "absl/strings/str_cat.h"
#include "tests/scenarios/notifier_scenario.h"

// A state that no datagram can carry: watchers over UDP are told of it without its body, and of the
// next one that fits.

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A presence document of some 40 KiB.
std::string LargePresence(const std::string& id) {
  return absl::StrCat(
      "<?xml version=\"1.0\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
      "entity=\"sip:alice@example.com\"><tuple id=\"",
      id, "\"><status><basic>open</basic></status><note>", std::string(40'000, 'x'),
      "</note></tuple></presence>");
}

using NotifierLargeStateScenarioTest = NotifierScenario;

TEST_F(NotifierLargeStateScenarioTest, WatcherOverUdpIsToldOfItWithoutABody) {
  ASSERT_OK(StartServer());
  ASSERT_OK_AND_ASSIGN(const Received one, publisher_->Publish(LargePresence("t1")));
  ASSERT_EQ(one.sip.status(), 200);
  ASSERT_OK_AND_ASSIGN(ScriptedPublisher* const other, NewPublisher());
  ASSERT_OK_AND_ASSIGN(const Received two, other->Publish(LargePresence("t2")));
  ASSERT_EQ(two.sip.status(), 200);

  ASSERT_OK_AND_ASSIGN(const Received first, watcher_->Begin());
  EXPECT_THAT(first.sip.body(), IsEmpty());

  ASSERT_OK(other->Remove().status());
  ASSERT_OK_AND_ASSIGN(const Received next, watcher_->NextNotify());
  EXPECT_THAT(next.sip.body(), HasSubstr("id=\"t1\""));
}

}  // namespace
}  // namespace sipevents::testing
