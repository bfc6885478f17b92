#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/matchers.h"
#include "tests/sip/compositor/compositor_fixture.h"

// Session descriptions of dialogs, which only some watchers are shown (RFC 4235 section 3.2).

namespace sipevents::sip {
namespace {

using ::sipevents::testing::IsOk;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class CompositorDialogsTest : public CompositorTest {
 protected:
  // A call whose media are at `port`; 0: nothing is said of them.
  void SetCall(int port, uint64_t id = 1) {
    LocalPublication publication = Local(id, "");
    publication.event_package = "dialog";
    publication.content_type = "application/dialog-info+xml";
    const std::string session =
        port == 0 ? ""
                  : absl::StrCat("<session-description>m=audio ", port, "</session-description>");
    publication.body = absl::StrCat(
        "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"0\" state=\"full\" "
        "entity=\"",
        kAlice, "\"><dialog id=\"d", id, "\"><state>early</state><local>", session,
        "</local></dialog></dialog-info>");
    ASSERT_THAT(compositor_.SetState(publication), IsOk());
  }
  ComposedStatePtr Current() { return compositor_.Current(kAlice, "dialog"); }
};

TEST_F(CompositorDialogsTest, SessionDescriptionsAreKeptApart) {
  SetCall(4000);
  SetCall(5000, 2);

  const ComposedStatePtr state = Current();

  EXPECT_THAT(state->full.body, AllOf(HasSubstr("id=\"d1\""), HasSubstr("id=\"d2\""),
                                      Not(HasSubstr("session-description"))));
  ASSERT_NE(state->whole, nullptr);
  EXPECT_THAT(state->whole->body, AllOf(HasSubstr("m=audio 4000"), HasSubstr("m=audio 5000")));
  EXPECT_EQ(state->whole->version_at, state->full.version_at);
}

TEST_F(CompositorDialogsTest, WithoutAnyThereIsOneBody) {
  SetCall(0);
  EXPECT_EQ(Current()->whole, nullptr);
}

// CEN-01: some watchers see it.
TEST_F(CompositorDialogsTest, ChangeOfASessionDescriptionIsAChange) {
  SetCall(4000);
  const ComposedStatePtr before = Current();
  SetCall(4000);
  EXPECT_EQ(Current(), before);

  SetCall(5000);

  EXPECT_THAT(heard_.changes, SizeIs(2));
  EXPECT_NE(Current()->entity_tag, before->entity_tag);
}

}  // namespace
}  // namespace sipevents::sip
