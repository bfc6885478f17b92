#include "gateway/registry/page_token.h"

#include <optional>

#include "gtest/gtest.h"

namespace sipevents::gateway {
namespace {

TEST(PageTokenTest, TokenOfTheSameListIsRead) {
  const PageTokens tokens("secret");

  const std::string token = tokens.Make("acme", "state = ACTIVE", "subscriptions/abc");

  EXPECT_EQ(tokens.Read("acme", "state = ACTIVE", token), "subscriptions/abc");
}

TEST(PageTokenTest, TokenOfAnotherListIsRefused) {
  const PageTokens tokens("secret");

  const std::string token = tokens.Make("acme", "state = ACTIVE", "subscriptions/abc");

  EXPECT_EQ(tokens.Read("acme", "", token), std::nullopt);
  EXPECT_EQ(tokens.Read("umbrella", "state = ACTIVE", token), std::nullopt);
  EXPECT_EQ(PageTokens("other").Read("acme", "state = ACTIVE", token), std::nullopt);
}

TEST(PageTokenTest, TextThatIsNoTokenIsRefused) {
  const PageTokens tokens("secret");
  std::string forged = tokens.Make("acme", "", "subscriptions/abc");
  forged.back() = forged.back() == 'A' ? 'B' : 'A';

  EXPECT_EQ(tokens.Read("acme", "", forged), std::nullopt);
  EXPECT_EQ(tokens.Read("acme", "", "subscriptions/abc"), std::nullopt);
  EXPECT_EQ(tokens.Read("acme", "", "AAAA"), std::nullopt);
  EXPECT_EQ(tokens.Read("acme", "", std::string(100'000, 'A')), std::nullopt);
}

}  // namespace
}  // namespace sipevents::gateway
