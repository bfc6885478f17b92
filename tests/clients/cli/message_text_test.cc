#include "clients/cli/message_text.h"

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "sipevents/v1/event.pb.h"

namespace sipevents::client {
namespace {

TEST(MessageTextTest, AnyMessageIsToldValueByValue) {
  v1::WatcherInfo watchers;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"(lists { resource: "sip:a@b" event_package: "presence"
         watchers { id: "w1" uri: "sip:x@b\n" status: ACTIVE expiration { seconds: 540 } }
         watchers { uri: "sip:y@b" status: PENDING event: SUBSCRIBE } })",
      &watchers));

  EXPECT_EQ(MessageText(watchers),
            "sip:a@b, presence, w1, sip:x@b , active, expiration 9m; sip:y@b, pending, subscribe");
  EXPECT_EQ(MessageText(v1::WatcherInfo()), "");
}

}  // namespace
}  // namespace sipevents::client
