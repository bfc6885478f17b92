#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sip/notifier/notifier_fixture.h"

// Watchers of `dialog` who say what they want to see (RFC 4235 section 3.2).

namespace sipevents::sip {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class NotifierDialogsTest : public NotifierTest {
 protected:
  NotifierDialogsTest() { SetCalls("early"); }

  void SetCalls(const std::string& state, const std::string& other_state = "early") {
    const std::string begin = "<dialog-info version=\"";
    SetState({"application/dialog-info+xml",
              absl::StrCat(begin, "\"><dialog id=\"a\" call-id=\"c1\"><state>", state,
                           "</state></dialog><dialog id=\"b\" call-id=\"c2\"><state>", other_state,
                           "</state></dialog></dialog-info>"),
              begin.size()},
             kAlice, "dialog");
  }
  IncomingRequest For(std::vector<std::string_view> event_parameters,
                      std::string_view package = "dialog") {
    IncomingRequest request = Initial(kBob, package);
    request.event_parameters = std::move(event_parameters);
    return request;
  }
};

TEST_F(NotifierDialogsTest, WatcherOfOneCallIsShownThatCall) {
  Send(For({"id=7", "call-id=\"c1\""}));
  EXPECT_THAT(last().body,
              AllOf(HasSubstr("version=\"0\""), HasSubstr("id=\"a\""), Not(HasSubstr("id=\"b\""))));
  AnswerAll();
  SetCalls("confirmed");
  EXPECT_THAT(last().body, AllOf(HasSubstr("version=\"1\""), HasSubstr("confirmed"),
                                 Not(HasSubstr("id=\"b\""))));
}

// RFC 4235 section 3.2: its NOTIFYs are about that call.
TEST_F(NotifierDialogsTest, WatcherOfOneCallIsNotToldOfOthers) {
  Send(For({"call-id=c1"}));
  AnswerAll();
  SetCalls("early", "confirmed");
  EXPECT_EQ(sender_.sent.size(), 1);

  SetCalls("confirmed", "confirmed");
  ASSERT_EQ(sender_.sent.size(), 2);
  EXPECT_THAT(last().body, AllOf(HasSubstr("version=\"1\""), HasSubstr("confirmed")));
}

// What it has is not known then.
TEST_F(NotifierDialogsTest, WatcherThatDidNotTakeItsCallIsToldWithTheOthers) {
  Send(For({"call-id=c1"}));
  AnswerAll(500);
  SetCalls("early", "confirmed");
  ASSERT_EQ(sender_.sent.size(), 2);
  EXPECT_THAT(last().body, HasSubstr("id=\"a\""));
}

TEST_F(NotifierDialogsTest, OthersAreShownAll) {
  Send(For({"id=7"}));
  EXPECT_THAT(last().body, AllOf(HasSubstr("id=\"a\""), HasSubstr("id=\"b\"")));
}

// CEN-01, CEN-03, CEN-04.
TEST_F(NotifierDialogsTest, TagsAreThoseOfTheView) {
  const Dialog dialog = Send(For({"call-id=c1"}));
  const std::string tag = last().entity_tag;
  AnswerAll();
  IncomingRequest refresh = Next(dialog);
  refresh.suppress_if_match = {tag};
  EXPECT_EQ(Send(refresh).answer.status, 204);

  IncomingRequest other = For({"call-id=c2"});
  other.suppress_if_match = {tag};
  Send(other);

  EXPECT_THAT(last().body, HasSubstr("id=\"b\""));
  EXPECT_NE(last().entity_tag, tag);
  Send(For({}));
  EXPECT_NE(last().entity_tag, tag);
}

}  // namespace
}  // namespace sipevents::sip
