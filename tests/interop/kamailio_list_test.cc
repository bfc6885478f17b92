#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/interop/kamailio_scenario.h"
#include "tests/scenarios/bodies.h"
#include "tests/scenarios/cli_process.h"
#include "tests/scenarios/scenario.h"

// A list of resources that a real server keeps, by Kamailio's `rls` (RFC 4662).

namespace sipevents::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr char kFloor2[] = "sip:floor2@example.com";
constexpr char kBob[] = "sip:bob@example.com";
constexpr char kGateway[] = "sip:gateway@example.com";
constexpr char kLists[] =
    R"(<rls-services xmlns="urn:ietf:params:xml:ns:rls-services"
         xmlns:rl="urn:ietf:params:xml:ns:resource-lists">
       <service uri="sip:floor2@example.com">
         <list><rl:entry uri="sip:alice@example.com"/><rl:entry uri="sip:bob@example.com"/></list>
         <packages><package>presence</package></packages>
       </service></rls-services>)";

class KamailioListTest : public KamailioScenario {
 protected:
  // Starts both; alice and bob show their presence. Then the gateway watches the list of the two.
  void SetUp() override {
    ASSERT_OK(StartKamailio());
    ASSERT_OK(kamailio_->SetLists("gateway", kLists));
    Publish(kAlice, "alice before");
    Publish(kBob, "bob before");
    ASSERT_OK(StartGateway({ProxyFlag(Transport::kTcp)}));
    ASSERT_OK_AND_ASSIGN(
        cli_, CliProcess::Watch(*gateway_, kFloor2, "presence", {absl::StrCat("--as=", kGateway)}));
  }

  void Publish(const std::string& uri, const std::string& note) {
    ASSERT_THAT(kamailio_->Publish(uri, "presence", "application/pidf+xml", Pidf("open", note)),
                IsOkAndHolds(200));
  }

  // Reads events until so many have told a member's presence: the members, and the notes.
  std::vector<std::pair<std::string, std::string>> NextNotes(size_t count) {
    std::vector<std::pair<std::string, std::string>> notes;
    EXPECT_OK(cli_->WaitForItem("presence of members", [&](const v1::WatchItem& item) {
      if (!item.has_event()) return false;
      EXPECT_EQ(item.event().target_uri(), kFloor2);
      EXPECT_EQ(item.event().decode_error(), "");
      // A member of which Kamailio knows nothing yet is told without presence.
      if (!item.event().has_presence()) return false;
      notes.emplace_back(item.event().member_uri(), NoteOf(item.event()));
      return notes.size() == count;
    }));
    return notes;
  }

  std::unique_ptr<CliProcess> cli_;
};

TEST_F(KamailioListTest, EachMemberIsAnEventAndAChangeIsOneOfThatMemberAlone) {
  EXPECT_THAT(NextNotes(2),
              UnorderedElementsAre(Pair(kAlice, "alice before"), Pair(kBob, "bob before")));

  Publish(kBob, "bob after");

  EXPECT_THAT(NextNotes(1), ElementsAre(Pair(kBob, "bob after")));
}

}  // namespace
}  // namespace sipevents::testing
