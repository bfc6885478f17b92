#include "sip/subscriber/redirections.h"

#include <gtest/gtest.h>

namespace sipevents::sip {
namespace {

TEST(RedirectionsTest, TriesTheContactsInTheirOrder) {
  Redirections redirections("sip:alice@example.com");
  redirections.Offer({"sip:a@example.net", "sip:b@example.net"});

  EXPECT_EQ(redirections.Next(), "sip:a@example.net");
  EXPECT_EQ(redirections.Next(), "sip:b@example.net");
  EXPECT_EQ(redirections.Next(), std::nullopt);
}

TEST(RedirectionsTest, NewContactsGoBeforeOlderOnes) {
  Redirections redirections("sip:alice@example.com");
  redirections.Offer({"sip:a@example.net", "sip:b@example.net"});
  ASSERT_EQ(redirections.Next(), "sip:a@example.net");

  redirections.Offer({"sip:c@example.net", "sip:d@example.net"});

  EXPECT_EQ(redirections.Next(), "sip:c@example.net");
  EXPECT_EQ(redirections.Next(), "sip:d@example.net");
  EXPECT_EQ(redirections.Next(), "sip:b@example.net");
}

TEST(RedirectionsTest, NeverTheSameUriTwice) {
  Redirections redirections("sip:alice@example.com");
  redirections.Offer({"sip:alice@EXAMPLE.com", "sip:a@example.net", "sip:a@example.NET"});

  EXPECT_EQ(redirections.Next(), "sip:a@example.net");
  redirections.Offer({"sip:alice@example.com", "sip:a@example.net"});
  EXPECT_EQ(redirections.Next(), std::nullopt);
}

TEST(RedirectionsTest, AHandfulInAll) {
  Redirections redirections("sip:alice@example.com");
  int followed = 0;
  for (int i = 0; i < 20; ++i) {
    redirections.Offer({"sip:alice@host" + std::to_string(i) + ".example.net"});
    if (redirections.Next().has_value()) ++followed;
  }
  EXPECT_EQ(followed, Redirections::kMost);
}

TEST(RedirectionsTest, LeavesOutWhatNoSubscribeCanGoTo) {
  Redirections redirections("sip:alice@example.com");
  redirections.Offer({"tel:+15551234", "http://example.net/", "sip:", "", "sip:x@y?Subject=z"});
  EXPECT_EQ(redirections.Next(), std::nullopt);
}

TEST(RedirectionsTest, SipsStaysSips) {
  Redirections redirections("sips:alice@example.com");
  redirections.Offer({"sip:alice@example.net", "sips:alice@example.org"});
  EXPECT_EQ(redirections.Next(), "sips:alice@example.org");
  EXPECT_EQ(redirections.Next(), std::nullopt);
}

}  // namespace
}  // namespace sipevents::sip
