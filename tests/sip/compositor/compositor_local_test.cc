#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/matchers.h"
#include "tests/sip/compositor/compositor_fixture.h"

// State of our own callers, beside that of phones.

namespace sipevents::sip {
namespace {

using ::sipevents::testing::IsOk;
using ::sipevents::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class CompositorLocalTest : public CompositorTest {};

TEST_F(CompositorLocalTest, StateStandsBesideThatOfPhones) {
  // Given
  const std::string tag = TagOf(Send(Initial(PresenceBody("phone", "open"))));
  // When
  EXPECT_THAT(compositor_.SetState(Local(0, PresenceBody("backend", "closed"))), IsOk());
  // Then
  EXPECT_THAT(Shown(), AllOf(HasSubstr("phone"), HasSubstr("backend")));
  EXPECT_EQ(metrics_.publications["presence"], 2);
  // When the phone goes
  Send(Removal(tag));
  EXPECT_THAT(Shown(), AllOf(HasSubstr("backend"), Not(HasSubstr("phone"))));
}

TEST_F(CompositorLocalTest, SameIdReplacesAndOthersStay) {
  ASSERT_THAT(compositor_.SetState(Local(1, PresenceBody("a", "open"))), IsOk());
  ASSERT_THAT(compositor_.SetState(Local(2, PresenceBody("b", "open"))), IsOk());
  ASSERT_THAT(compositor_.SetState(Local(1, PresenceBody("c", "open"))), IsOk());
  EXPECT_THAT(Shown(), AllOf(HasSubstr("\"c\""), HasSubstr("\"b\""), Not(HasSubstr("\"a\""))));
  EXPECT_EQ(compositor_.publications().size(), 2u);
}

TEST_F(CompositorLocalTest, SameIdMayGoToAnotherResource) {
  // Given
  ASSERT_THAT(compositor_.SetState(Local(1, PresenceBody("a", "open"))), IsOk());
  // When
  LocalPublication moved = Local(1, PresenceBody("a", "open"));
  moved.resource_uri = "pres:bob@example.com";
  ASSERT_THAT(compositor_.SetState(moved), IsOk());
  // Then
  EXPECT_EQ(Shown(), Neutral());
  EXPECT_THAT(Shown(kBob), HasSubstr("\"a\""));
  EXPECT_EQ(compositor_.publications().size(), 1u);
}

TEST_F(CompositorLocalTest, RemovalIsToldAndAnUnknownIdIsFine) {
  ASSERT_THAT(compositor_.SetState(Local(7, PresenceBody("a", "open"))), IsOk());
  compositor_.RemoveState(8);
  EXPECT_THAT(heard_.changes, SizeIs(1));
  compositor_.RemoveState(7);
  EXPECT_THAT(heard_.changes, SizeIs(2));
  EXPECT_EQ(Shown(), Neutral());
  compositor_.RemoveState(7);
  EXPECT_EQ(compositor_.publications().octets(), 0u);
}

TEST_F(CompositorLocalTest, StateLastsUntilItsTimeOrForEver) {
  // Given
  LocalPublication ends = Local(1, PresenceBody("a", "open"));
  ends.expire_time = clock_.Now() + absl::Seconds(5);
  ASSERT_THAT(compositor_.SetState(ends), IsOk());
  ASSERT_THAT(compositor_.SetState(Local(2, PresenceBody("b", "open"))), IsOk());
  // When
  clock_.Advance(absl::Seconds(5));
  // Then
  EXPECT_THAT(Shown(), AllOf(HasSubstr("\"b\""), Not(HasSubstr("\"a\""))));
  clock_.Advance(absl::Hours(24 * 365));
  EXPECT_THAT(Shown(), HasSubstr("\"b\""));
  EXPECT_EQ(timers_.size(), 0u);
}

TEST_F(CompositorLocalTest, ExpiredStateWithdrawsTheOneBefore) {
  ASSERT_THAT(compositor_.SetState(Local(1, PresenceBody("a", "open"))), IsOk());
  LocalPublication expired = Local(1, PresenceBody("b", "open"));
  expired.expire_time = clock_.Now();
  EXPECT_THAT(compositor_.SetState(expired), IsOk());
  EXPECT_EQ(Shown(), Neutral());
  EXPECT_EQ(compositor_.publications().size(), 0u);
}

TEST_F(CompositorLocalTest, ReportIsToldAndNotKept) {
  LocalPublication report = Local(1, "VQSessionReport: CallTerm\r\n");
  report.event_package = "vq-rtcpxr";
  report.content_type = kReportType;
  EXPECT_THAT(compositor_.SetState(report), IsOk());
  EXPECT_THAT(heard_.changes, SizeIs(1));
  EXPECT_EQ(compositor_.publications().size(), 0u);
}

TEST_F(CompositorLocalTest, ReportWhoseTimeChangesIsNotToldAgain) {
  // Given
  LocalPublication report = Local(1, "VQSessionReport: CallTerm\r\n");
  report.event_package = "vq-rtcpxr";
  report.content_type = kReportType;
  ASSERT_THAT(compositor_.SetState(report), IsOk());
  // When
  report.expire_time = clock_.Now() + absl::Hours(1);
  report.only_time = true;
  EXPECT_THAT(compositor_.SetState(report), IsOk());
  // Then
  EXPECT_THAT(heard_.changes, SizeIs(1));
  // But the same report, said anew, is another one
  report.only_time = false;
  EXPECT_THAT(compositor_.SetState(report), IsOk());
  EXPECT_THAT(heard_.changes, SizeIs(2));
}

TEST_F(CompositorLocalTest, StateIsKeptThoughOnlyTheTimeChanges) {
  LocalPublication state = Local(1, PresenceBody("a", "open"));
  state.expire_time = clock_.Now() + absl::Seconds(5);
  ASSERT_THAT(compositor_.SetState(state), IsOk());
  state.expire_time = clock_.Now() + absl::Seconds(10);
  state.only_time = true;
  ASSERT_THAT(compositor_.SetState(state), IsOk());
  EXPECT_THAT(heard_.changes, SizeIs(1));
  clock_.Advance(absl::Seconds(9));
  EXPECT_THAT(Shown(), HasSubstr("\"a\""));
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Shown(), Neutral());
}

// Of a mailbox the last word counts, and to renew a word is not to say it again.
TEST_F(CompositorLocalTest, StateWhoseTimeChangesStaysBehindWhatCameSince) {
  constexpr char kType[] = "application/simple-message-summary";
  LocalPublication ours = Local(1, "Messages-Waiting: yes\r\nVoice-Message: 3/0\r\n");
  ours.event_package = "message-summary";
  ours.content_type = kType;
  ASSERT_THAT(compositor_.SetState(ours), IsOk());
  clock_.Advance(absl::Seconds(1));
  IncomingRequest phones = Initial("Messages-Waiting: no\r\nVoice-Message: 0/3\r\n");
  phones.event_type = "message-summary";
  phones.content_type = kType;
  ASSERT_EQ(Send(phones).status, 200);
  clock_.Advance(absl::Seconds(1));

  ours.expire_time = clock_.Now() + absl::Hours(1);
  ours.only_time = true;
  ASSERT_THAT(compositor_.SetState(ours), IsOk());

  EXPECT_THAT(compositor_.Current(kAlice, "message-summary")->full.body, HasSubstr("0/3"));
}

TEST_F(CompositorLocalTest, WhatIsNotServedIsRefusedByField) {
  LocalPublication elsewhere = Local(1, PresenceBody("a", "open"));
  elsewhere.resource_uri = "sip:alice@example.net";
  EXPECT_THAT(compositor_.SetState(elsewhere),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("resource_uri"), HasSubstr("sip:alice@example.net"))));
  LocalPublication other = Local(1, PresenceBody("a", "open"));
  other.event_package = "weather";
  EXPECT_THAT(compositor_.SetState(other),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("event_package"), HasSubstr("weather"))));
  EXPECT_THAT(heard_.changes, IsEmpty());
}

// No tag leads to it: a phone cannot change what a backend says.
TEST_F(CompositorLocalTest, StateHasNoTag) {
  // Given
  ASSERT_THAT(compositor_.SetState(Local(1, PresenceBody("a", "open"))), IsOk());
  const std::string tag = TagOf(Send(Initial(PresenceBody("b", "open"))));  // the second place
  // When the tag says the first one
  const size_t dot = tag.find('.');
  ASSERT_EQ(tag.substr(dot), ".2.1");
  const std::string prefix = tag.substr(0, dot);
  // Then
  for (const char* guess : {".1.1", ".1.0", ".1.", ".2.0", ".3.1"}) {
    EXPECT_EQ(Send(Refresh(prefix + guess)).status, 412) << guess;
  }
  EXPECT_EQ(Send(Refresh(tag)).status, 200);
}

}  // namespace
}  // namespace sipevents::sip
