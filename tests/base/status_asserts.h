#ifndef TESTS_BASE_STATUS_ASSERTS_H_
#define TESTS_BASE_STATUS_ASSERTS_H_

#include <utility>

#include "gtest/gtest.h"
#include "tests/base/matchers.h"

// Assertions about absl::Status and absl::StatusOr; this version of Abseil has none.

// Fails, naming the status, unless the expression is OK. Takes a Status or a StatusOr.
#define EXPECT_OK(expression) EXPECT_THAT((expression), ::sipevents::testing::IsOk())
#define ASSERT_OK(expression) ASSERT_THAT((expression), ::sipevents::testing::IsOk())

#define SIPEVENTS_TEST_CONCAT_INNER(a, b) a##b
#define SIPEVENTS_TEST_CONCAT(a, b) SIPEVENTS_TEST_CONCAT_INNER(a, b)

// Assigns the value of a StatusOr, or fails the test and returns from it. `target` may be a
// declaration: ASSERT_OK_AND_ASSIGN(auto subscribe, peer.WaitFor("SUBSCRIBE"));
#define ASSERT_OK_AND_ASSIGN(target, expression)                                            \
  SIPEVENTS_ASSERT_OK_AND_ASSIGN_IMPL(SIPEVENTS_TEST_CONCAT(asserted_status_or_, __LINE__), \
                                      target, expression)

#define SIPEVENTS_ASSERT_OK_AND_ASSIGN_IMPL(status_or, target, expression)             \
  auto status_or = (expression);                                                       \
  ASSERT_TRUE(status_or.ok()) << #expression << ": " << status_or.status().ToString(); \
  target = *std::move(status_or)

#endif  // TESTS_BASE_STATUS_ASSERTS_H_
