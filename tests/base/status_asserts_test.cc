#include "tests/base/status_asserts.h"

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"

namespace sipevents::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(StatusAssertsTest, MoveOnlyValueIsAssigned) {
  absl::StatusOr<std::unique_ptr<int>> made = std::make_unique<int>(7);

  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<int> value, std::move(made));

  EXPECT_EQ(*value, 7);
}

TEST(StatusAssertsTest, ErrorFailsNamingTheStatus) {
  static const absl::Status error = absl::NotFoundError("no such door");

  EXPECT_NONFATAL_FAILURE(EXPECT_OK(error), "no such door");
  EXPECT_FATAL_FAILURE(ASSERT_OK(error), "no such door");
  EXPECT_FATAL_FAILURE(
      {
        ASSERT_OK_AND_ASSIGN(int value, absl::StatusOr<int>(error));
        (void)value;
      },
      "no such door");
}

TEST(MatchersTest, CodeAndMessageAreMatched) {
  const absl::Status error = absl::NotFoundError("no such door");
  const absl::StatusOr<int> seven = 7;

  EXPECT_THAT(error, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(error, StatusIs(absl::StatusCode::kNotFound, HasSubstr("door")));
  EXPECT_THAT(error, Not(StatusIs(absl::StatusCode::kNotFound, HasSubstr("window"))));
  EXPECT_THAT(seven, IsOkAndHolds(7));
  EXPECT_THAT(seven, Not(IsOkAndHolds(8)));
  EXPECT_THAT(absl::StatusOr<int>(error), Not(IsOk()));
}

}  // namespace
}  // namespace sipevents::testing
