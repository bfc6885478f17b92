#include "clients/cpp/retry_policy.h"

#include <string>
#include <vector>

#include "clients/cpp/status.h"
#include "gtest/gtest.h"
#include "tests/clients/fake_gateway.h"

namespace sipevents::client {
namespace {

using grpc::StatusCode;
using testing::FieldError;
using testing::GatewayError;
using testing::RetryLater;

struct Case {
  std::string what;
  grpc::Status error;
  Verdict at_first;
  Verdict later;  // where the watcher has had a stream before
};

grpc::Status Bare(StatusCode code) { return {code, "on the way"}; }
grpc::Status Answered(StatusCode code) { return GatewayError(code, "answered", "SOME_REASON"); }

std::vector<Case> Cases() {
  constexpr Verdict kFinal = Verdict::kFinal;
  constexpr Verdict kRetry = Verdict::kRetry;
  return {
      {"invalid argument", Answered(StatusCode::INVALID_ARGUMENT), kFinal, kFinal},
      {"invalid field", FieldError("spec.target_uri", "bad"), kFinal, kFinal},
      {"invalid token", FieldError("resume_token", "bad"), Verdict::kTokenRefused,
       Verdict::kTokenRefused},
      {"not found", Answered(StatusCode::NOT_FOUND), kFinal, kFinal},
      {"denied", Answered(StatusCode::PERMISSION_DENIED), kFinal, kFinal},
      {"unauthenticated", Answered(StatusCode::UNAUTHENTICATED), kFinal, kFinal},
      {"out of range", Answered(StatusCode::OUT_OF_RANGE), kFinal, kFinal},
      {"precondition", Answered(StatusCode::FAILED_PRECONDITION), kFinal, kFinal},
      {"unimplemented", Bare(StatusCode::UNIMPLEMENTED), kFinal, kFinal},
      {"no connection", Bare(StatusCode::UNAVAILABLE), kRetry, kRetry},
      {"draining", Answered(StatusCode::UNAVAILABLE), kRetry, kRetry},
      {"deadline", Bare(StatusCode::DEADLINE_EXCEEDED), kRetry, kRetry},
      {"aborted", Answered(StatusCode::ABORTED), kRetry, kRetry},
      {"too often", RetryLater(StatusCode::RESOURCE_EXHAUSTED, 5), kRetry, kRetry},
      {"bound reached", Answered(StatusCode::RESOURCE_EXHAUSTED), kFinal, kRetry},
      {"message too large", Bare(StatusCode::RESOURCE_EXHAUSTED), kFinal, kFinal},
      {"broken stream", Bare(StatusCode::INTERNAL), kRetry, kRetry},
      {"gateway's fault", Answered(StatusCode::INTERNAL), kFinal, kFinal},
      {"proxy's answer", Bare(StatusCode::UNKNOWN), kRetry, kRetry},
      {"reset", Bare(StatusCode::CANCELLED), kRetry, kRetry},
  };
}

TEST(RetryPolicyTest, EachErrorIsFinalOrRetriedByTheTable) {
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.what);
    const absl::Status error = ToAbslStatus(c.error);

    EXPECT_EQ(Judge(error, /*was_connected=*/false), c.at_first);
    EXPECT_EQ(Judge(error, /*was_connected=*/true), c.later);
  }
}

TEST(StatusTest, DetailsBecomePayloadsThatCanBeRead) {
  const absl::Status status = ToAbslStatus(RetryLater(StatusCode::RESOURCE_EXHAUSTED, 7));

  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  ASSERT_TRUE(ErrorInfoOf(status).has_value());
  EXPECT_EQ(ErrorInfoOf(status)->reason(), "RESTARTED_TOO_OFTEN");
  EXPECT_EQ(RetryDelayOf(status), absl::Seconds(7));
  EXPECT_FALSE(BadRequestOf(status).has_value());
}

TEST(StatusTest, DetailsThatDoNotDecodeAreLeftOut) {
  const absl::Status status =
      ToAbslStatus(grpc::Status(StatusCode::NOT_FOUND, "gone", "\xff not a message"));

  EXPECT_EQ(status, absl::NotFoundError("gone"));
}

TEST(StatusTest, UnavailableIsUnreachableOnlyWithoutAnErrorInfo) {
  EXPECT_TRUE(IsUnreachable(ToAbslStatus(Bare(StatusCode::UNAVAILABLE))));
  EXPECT_TRUE(IsUnreachable(ToAbslStatus(Bare(StatusCode::DEADLINE_EXCEEDED))));
  EXPECT_FALSE(IsUnreachable(ToAbslStatus(Answered(StatusCode::UNAVAILABLE))));
  EXPECT_FALSE(IsUnreachable(ToAbslStatus(Bare(StatusCode::NOT_FOUND))));
}

}  // namespace
}  // namespace sipevents::client
