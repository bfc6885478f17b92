#include "gateway/publications/request_ids.h"

#include "gtest/gtest.h"

namespace sipevents::gateway {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

TEST(RequestIdsTest, IdIsRememberedForItsLifetime) {
  RequestIds ids(absl::Minutes(10), 5);
  ids.Remember("r1", {.digest = "d", .name = "n"}, kNow);

  const RequestIds::Made* made = ids.Find("r1", kNow + absl::Minutes(9));

  ASSERT_NE(made, nullptr);
  EXPECT_EQ(made->digest, "d");
  EXPECT_EQ(made->name, "n");
  EXPECT_EQ(ids.Find("r1", kNow + absl::Minutes(10)), nullptr);
}

TEST(RequestIdsTest, ForgottenOneCountsUntilItIsOld) {
  RequestIds ids(absl::Minutes(10), 1);
  ids.Remember("r1", {.digest = "d", .name = "n"}, kNow);
  ids.Forget("r1");

  EXPECT_EQ(ids.Find("r1", kNow), nullptr);
  EXPECT_FALSE(ids.HasRoom(kNow));
  EXPECT_TRUE(ids.HasRoom(kNow + absl::Minutes(10)));
}

}  // namespace
}  // namespace sipevents::gateway
