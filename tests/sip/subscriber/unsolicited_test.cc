#include "sip/subscriber/unsolicited.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipevents::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// DEV-09.
class UnsolicitedDoorTest : public testing::Test {
 protected:
  UnsolicitedDoorTest() {
    notify_.source_host = "192.0.2.9";
    notify_.event_type = "message-summary";
    notify_.to_user = "alice";
    notify_.to_host = "Example.com";
    notify_.request_user = "gateway";
    notify_.call_id = "c";
    notify_.from_tag = "f";
    notify_.cseq = 7;
    notify_.receive_time = absl::UnixEpoch();
    notify_.content_type = "application/simple-message-summary";
    notify_.body = "Messages-Waiting: yes\r\n";
  }

  // The status; 0: it does not come in.
  int Take() {
    const std::optional<NotifyAnswer> answer = door_.Take(notify_);
    return answer.has_value() ? answer->status : 0;
  }

  IncomingNotify notify_;
  std::vector<std::shared_ptr<const UnsolicitedState>> told_;
  bool full_ = false;
  UnsolicitedDoor door_{{.peers = *NetworkList::Parse("192.0.2.0/24"),
                         .tell_all =
                             [this](const auto& state) {
                               told_.push_back(state);
                               return !full_;
                             },
                         .identity_of = [](std::string_view user) -> std::string {
                           return user == "registered" ? "sip:bob@Example.com:5070" : "";
                         }}};
};

TEST_F(UnsolicitedDoorTest, StateGoesToAllWhomItMayBeAbout) {
  const std::string body = "Messages-Waiting: yes\r\nMessage-Account: sip:alice@vm.example.com\r\n";
  notify_.body = body;

  EXPECT_EQ(Take(), 200);

  ASSERT_EQ(told_.size(), 1U);
  EXPECT_THAT(told_[0]->resources, ElementsAre("alice@example.com", "alice@vm.example.com"));
  EXPECT_EQ(told_[0]->body, body);
}

// Whatever else it names: a Contact must not let one tenant's state into another's.
TEST_F(UnsolicitedDoorTest, StateSentToTheContactOfAnIdentityIsThatIdentitys) {
  notify_.request_user = "registered";
  notify_.body = "Messages-Waiting: yes\r\nMessage-Account: sip:other@example.com\r\n";

  EXPECT_EQ(Take(), 200);

  EXPECT_THAT(told_.at(0)->resources, ElementsAre("bob@example.com"));
}

// RFC 3261 17.2.2: a 200 may be lost, and must not bring an earlier state back.
TEST_F(UnsolicitedDoorTest, RepeatedAndOlderOnesAreAnsweredOnly) {
  EXPECT_EQ(Take(), 200);
  notify_.cseq = 8;
  EXPECT_EQ(Take(), 200);
  ASSERT_EQ(told_.size(), 2U);

  EXPECT_EQ(Take(), 200);
  notify_.cseq = 7;
  EXPECT_EQ(Take(), 200);
  EXPECT_EQ(told_.size(), 2U);

  notify_.call_id = "another";
  EXPECT_EQ(Take(), 200);
  EXPECT_EQ(told_.size(), 3U);
  notify_.receive_time += UnsolicitedDoor::kMemory;
  notify_.call_id = "third";
  EXPECT_EQ(Take(), 200);
  notify_.call_id = "c";  // forgotten
  EXPECT_EQ(Take(), 200);
  EXPECT_EQ(told_.size(), 5U);
}

TEST_F(UnsolicitedDoorTest, StrangersAndNotifiesOfDialogsStayOutside) {
  notify_.source_host = "192.0.3.9";
  EXPECT_EQ(Take(), 0);
  notify_.source_host = "192.0.2.9";
  notify_.to_tag = "tag";
  EXPECT_EQ(Take(), 0);
  notify_.to_tag = "";
  notify_.event_type = "presence";
  EXPECT_EQ(Take(), 0);
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(UnsolicitedDoorTest, WhatIsAboutNobodyOrSaysNothingIsAnsweredOnly) {
  notify_.to_user = "";
  EXPECT_EQ(Take(), 200);
  notify_.to_user = "alice";
  notify_.body = "";
  EXPECT_EQ(Take(), 200);
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(UnsolicitedDoorTest, SizeAndNumberAreBounded) {
  const std::string large(UnsolicitedDoor::kMaxBodyOctets + 1, 'x');
  notify_.body = large;
  EXPECT_EQ(Take(), 413);
  EXPECT_THAT(told_, IsEmpty());
  notify_.body = "Messages-Waiting: yes\r\n";
  full_ = true;
  EXPECT_EQ(Take(), 503);
  full_ = false;
  EXPECT_EQ(Take(), 200);
  EXPECT_EQ(told_.size(), 2U) << "what was refused is taken when it comes again";
}

TEST(UnsolicitedIndexTest, FindsEachFollowerOnceUntilItIsRemoved) {
  UnsolicitedIndex index;
  index.Add("sip:alice@Example.com:5070;transport=tcp", 1);
  index.Add("sips:alice@example.com", 2);
  index.Add("sip:bob@example.com", 3);
  index.Add("sip:example.com", 4);  // nobody's mailbox

  EXPECT_THAT(index.Find({"alice@example.com", "alice@example.com"}), ElementsAre(1, 2));
  index.Remove("sip:alice@example.com:5070", 1);
  index.Remove("sip:carol@example.com", 9);
  EXPECT_THAT(index.Find({"alice@example.com", "bob@example.com"}), ElementsAre(2, 3));
}

}  // namespace
}  // namespace sipevents::sip
