#include "tests/peer/sip_text.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Not;

constexpr char kNotify[] =
    "NOTIFY sip:gw@127.0.0.1:5070;transport=udp SIP/2.0\r\n"
    "v: SIP/2.0/UDP 127.0.0.1:5090;branch=z9hG4bK1\r\n"
    "Record-Route: <sip:p1;lr>\r\n"
    "Record-Route: <sip:p2;lr>\r\n"
    "f: \"A; B\" <sip:a@b;tag=no>;tag=yes\r\n"
    "t: <sip:c@d>\r\n"
    "o: presence\r\n ;id=5\r\n"
    "CSeq: 17 NOTIFY\r\n"
    "Content-Length: 4\r\n"
    "\r\n"
    "body";

TEST(SipTextTest, RequestIsTakenApart) {
  ASSERT_OK_AND_ASSIGN(const SipText notify, SipText::Parse(kNotify));

  EXPECT_TRUE(notify.is_request());
  EXPECT_EQ(notify.method(), "NOTIFY");
  EXPECT_EQ(notify.request_uri(), "sip:gw@127.0.0.1:5070;transport=udp");
  EXPECT_EQ(notify.cseq(), 17U);
  EXPECT_EQ(notify.Header("event"), "presence ;id=5");
  EXPECT_THAT(notify.Headers("record-route"), ElementsAre("<sip:p1;lr>", "<sip:p2;lr>"));
  EXPECT_EQ(notify.body(), "body");
  EXPECT_EQ(ParameterOf(notify.Header("From"), "tag"), "yes");
  EXPECT_EQ(ParameterOf(notify.Header("To"), "tag"), "");
  EXPECT_EQ(PortOf(notify.request_uri()), 5070);
}

TEST(SipTextTest, ResponseHasStatusAndMethodOfCSeq) {
  ASSERT_OK_AND_ASSIGN(const SipText response,
                       SipText::Parse("SIP/2.0 481 Gone\r\nCSeq: 2 SUBSCRIBE\r\n\r\n"));

  EXPECT_FALSE(response.is_request());
  EXPECT_EQ(response.status(), 481);
  EXPECT_EQ(response.method(), "SUBSCRIBE");
}

TEST(SipTextTest, GarbageIsRefused) {
  EXPECT_THAT(SipText::Parse("\r\n\r\n"), Not(IsOk()));
  EXPECT_THAT(SipText::Parse("NOTIFY sip:a SIP/2.0\r\n"), Not(IsOk()));
}

TEST(SipTextTest, FramesOfAStreamEndByContentLength) {
  const std::string stream = std::string("\r\n\r\n") + kNotify + kNotify;

  EXPECT_EQ(FrameLength(stream), 4U);
  EXPECT_EQ(FrameLength(stream.substr(4)), sizeof(kNotify) - 1);
  EXPECT_EQ(FrameLength(std::string(kNotify).substr(0, sizeof(kNotify) - 2)), 0U);
}

}  // namespace
}  // namespace sipevents::testing
