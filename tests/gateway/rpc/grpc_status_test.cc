#include "gateway/rpc/grpc_status.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "sip/base/bound_error.h"
#include "sipevents/v1/error_reason.pb.h"
#include "tests/base/status_asserts.h"

namespace sipevents::gateway {
namespace {

using sipevents::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

// The detail of type T that a client finds in a status; fails if there is none.
template <typename T>
T DetailOf(const absl::Status& status) {
  const grpc::Status sent = ToGrpcStatus(status);
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(sent.error_details()));
  EXPECT_EQ(details.code(), static_cast<int>(status.code()));
  T detail;
  for (const auto& any : details.details()) {
    if (any.UnpackTo(&detail)) return detail;
  }
  ADD_FAILURE() << "no " << detail.GetDescriptor()->full_name() << " in " << status;
  return detail;
}

google::rpc::ErrorInfo InfoOf(const absl::Status& status) {
  return DetailOf<google::rpc::ErrorInfo>(status);
}

bool HasRetryInfo(const absl::Status& status) {
  return status.GetPayload("type.googleapis.com/google.rpc.RetryInfo").has_value();
}

TEST(ExcerptTest, ForeignTextIsMadeHarmless) {
  EXPECT_EQ(Excerpt("plain"), "plain");
  EXPECT_EQ(Excerpt("a\r\nb\x1b[1m\x7f\xc3\xa9"), "a??b?[1m???");
  EXPECT_EQ(Excerpt(std::string(100, 'x'), 10), "xxxxxxxxxx...");
  EXPECT_EQ(Excerpt(std::string("\0", 1)), "?");
}

TEST(InvalidFieldTest, NamesFieldValueAndExpectation) {
  // Given
  const absl::Status status = InvalidField("spec.target_uri", "bob\n", "a sip: URI");
  // Then the message says it all,
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument,
                               "spec.target_uri is \"bob\\x0a\": expected a sip: URI"));
  // and so do the details.
  const auto bad_request = DetailOf<google::rpc::BadRequest>(status);
  ASSERT_THAT(bad_request.field_violations(), SizeIs(1));
  EXPECT_EQ(bad_request.field_violations(0).field(), "spec.target_uri");
  EXPECT_EQ(bad_request.field_violations(0).description(), "\"bob\\x0a\": expected a sip: URI");
  EXPECT_EQ(InfoOf(status).reason(), "INVALID_FIELD");
  EXPECT_EQ(InfoOf(status).domain(), "sipevents");
}

TEST(FieldViolationsTest, NoneIsOk) {
  EXPECT_TRUE(FieldViolations().empty());
  EXPECT_OK(FieldViolations().ToStatus());
}

TEST(FieldViolationsTest, ManyLongOnesStayWithinWhatATrailerMayHold) {
  // Given a request in which everything is wrong and long
  FieldViolations violations;
  for (int i = 0; i < 100; ++i) {
    violations.Add(absl::StrCat("spec.accept[", i, "]", std::string(1000, 'f')),
                   std::string(5000, '\x01'), std::string(5000, 'e'));
  }
  // When
  const absl::Status status = violations.ToStatus();
  const grpc::Status sent = ToGrpcStatus(status);
  // Then what goes out is within gRPC's default of 8 KiB for metadata; details travel in base64.
  EXPECT_THAT(DetailOf<google::rpc::BadRequest>(status).field_violations(), SizeIs(8));
  EXPECT_LT(sent.error_message().size() + sent.error_details().size() * 4 / 3, 8000U);
}

struct ReasonCase {
  absl::Status status;
  absl::StatusCode code;
  std::string reason;
  std::string metadata_key;
  std::string metadata_value;
};

TEST(ErrorsTest, CodeReasonDomainAndMetadata) {
  const std::vector<ReasonCase> cases = {
      {SubscriptionNotFound("subscriptions/x"), absl::StatusCode::kNotFound,
       "SUBSCRIPTION_NOT_FOUND", "name", "subscriptions/x"},
      {ResumeTokenExpired("too old"), absl::StatusCode::kOutOfRange, "RESUME_TOKEN_EXPIRED", "",
       ""},
      {CredentialsMissing("a token"), absl::StatusCode::kUnauthenticated, "CREDENTIALS_MISSING", "",
       ""},
      {PermissionMissing("admin"), absl::StatusCode::kPermissionDenied, "PERMISSION_MISSING",
       "permission", "admin"},
      {BoundReached("max_watches", 5), absl::StatusCode::kResourceExhausted, "BOUND_REACHED",
       "bound", "max_watches"},
      {BoundReached("max_watches", 5), absl::StatusCode::kResourceExhausted, "BOUND_REACHED",
       "limit", "5"},
      // The name, by which it is counted, and not the message, which may say who asked.
      {ServingError(sip::BoundError("lists", "no room for alice")),
       absl::StatusCode::kResourceExhausted, "BOUND_REACHED", "bound", "lists"},
      {RestartedTooOften("subscriptions/x", absl::Seconds(3)), absl::StatusCode::kResourceExhausted,
       "RESTARTED_TOO_OFTEN", "name", "subscriptions/x"},
      {Draining(), absl::StatusCode::kUnavailable, "DRAINING", "", ""},
      {SipError(403, "destination-not-allowed"), absl::StatusCode::kPermissionDenied,
       "DESTINATION_NOT_ALLOWED", "", ""},
      {SipError(503, "overload"), absl::StatusCode::kResourceExhausted, "BOUND_REACHED", "bound",
       "sip_requests_waiting"},
  };
  for (const ReasonCase& c : cases) {
    EXPECT_THAT(c.status, StatusIs(c.code));
    const auto info = InfoOf(c.status);
    EXPECT_EQ(info.reason(), c.reason);
    EXPECT_EQ(info.domain(), "sipevents");
    v1::ErrorReason known;
    EXPECT_TRUE(v1::ErrorReason_Parse(c.reason, &known)) << c.reason;
    if (c.metadata_key.empty()) continue;
    EXPECT_EQ(info.metadata().at(c.metadata_key), c.metadata_value) << c.reason;
  }
}

TEST(ErrorsTest, NameThatIsNotThereIsAViolationOfItsField) {
  const auto bad = DetailOf<google::rpc::BadRequest>(SubscriptionNotFound("subscriptions/x"));
  ASSERT_EQ(bad.field_violations_size(), 1);
  EXPECT_EQ(bad.field_violations(0).field(), "name");
  EXPECT_EQ(bad.field_violations(0).description(),
            "\"subscriptions/x\": expected the name of a Subscription that exists");
}

TEST(ErrorsTest, RetryInfoHoldsTheTime) {
  const auto retry = DetailOf<google::rpc::RetryInfo>(
      RestartedTooOften("subscriptions/x", absl::Milliseconds(2500)));
  EXPECT_EQ(retry.retry_delay().seconds(), 2);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
}

struct SipCase {
  int sip_status;
  absl::StatusCode code;
};

TEST(SipErrorTest, ResponsesMapByTheTableOfTheContract) {
  using Code = absl::StatusCode;
  const SipCase cases[] = {
      {401, Code::kFailedPrecondition},
      {407, Code::kFailedPrecondition},
      {403, Code::kPermissionDenied},
      {603, Code::kPermissionDenied},
      {404, Code::kNotFound},
      {410, Code::kNotFound},
      {604, Code::kNotFound},
      {405, Code::kUnimplemented},
      {489, Code::kUnimplemented},
      {501, Code::kUnimplemented},
      {406, Code::kFailedPrecondition},
      {415, Code::kFailedPrecondition},
      {420, Code::kFailedPrecondition},
      {421, Code::kFailedPrecondition},
      {408, Code::kUnavailable},
      {480, Code::kUnavailable},
      {486, Code::kUnavailable},
      {500, Code::kUnavailable},
      {503, Code::kUnavailable},
      {504, Code::kUnavailable},
      {599, Code::kUnavailable},
      {400, Code::kUnknown},
      {302, Code::kUnknown},
      {402, Code::kUnknown},
      {600, Code::kUnknown},
      {606, Code::kUnknown},
      {0, Code::kUnknown},
      {700, Code::kUnknown},
  };
  for (const SipCase& c : cases) {
    EXPECT_EQ(CodeOfSipStatus(c.sip_status), c.code) << c.sip_status;
    EXPECT_THAT(SipError(c.sip_status, "response"), StatusIs(c.code)) << c.sip_status;
  }
}

TEST(SipErrorTest, DomainIsSipAndTheStatusIsTold) {
  const auto info = InfoOf(SipError(404, "response"));
  EXPECT_EQ(info.domain(), "sip");
  EXPECT_EQ(info.reason(), "SIP_RESPONSE");
  EXPECT_EQ(info.metadata().at("sip_status"), "404");
  EXPECT_EQ(info.metadata().at("sip_reason"), "response");
}

struct SipReasonCase {
  const char* reason;
  absl::StatusCode code;
  const char* error_reason;
};

TEST(SipErrorTest, FailuresWithoutAResponseAreToldApart) {
  using Code = absl::StatusCode;
  const SipReasonCase cases[] = {
      {"timeout", Code::kUnavailable, "SIP_TIMEOUT"},
      {"no-notify", Code::kUnavailable, "SIP_TIMEOUT"},
      {"transport", Code::kUnavailable, "SIP_TIMEOUT"},
      {"no-address", Code::kUnavailable, "SIP_ADDRESS_NOT_FOUND"},
      {"rejected", Code::kPermissionDenied, "SIP_TERMINATED"},
      {"noresource", Code::kNotFound, "SIP_TERMINATED"},
      {"deactivated", Code::kUnavailable, "SIP_TERMINATED"},
      {"probation", Code::kUnavailable, "SIP_TERMINATED"},
      {"a-new-reason", Code::kUnavailable, "SIP_TERMINATED"},
  };
  for (const SipReasonCase& c : cases) {
    const absl::Status status = SipError(0, c.reason);
    EXPECT_THAT(status, StatusIs(c.code)) << c.reason;
    EXPECT_EQ(ErrorReasonOf(status), c.error_reason) << c.reason;
    EXPECT_EQ(InfoOf(status).metadata().count("sip_status"), 0U) << c.reason;
  }
}

TEST(SipErrorTest, RetryAfterGivesRetryInfo) {
  EXPECT_TRUE(HasRetryInfo(SipError(503, "response", absl::Seconds(30))));
  EXPECT_FALSE(HasRetryInfo(SipError(503, "response")));
}

TEST(SipErrorTest, ReasonOfAPeerCannotBreakTheMessage) {
  const absl::Status status = SipError(0, "x\r\ninjected: \xff" + std::string(1000, 'y'));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("\n")));
  EXPECT_LT(status.message().size(), 200U);
}

TEST(ToGrpcStatusTest, OkStaysOk) { EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok()); }

TEST(ToGrpcStatusTest, StatusMadeElsewhereGetsAnErrorInfo) {
  const absl::Status status = absl::InternalError("something broke");
  EXPECT_EQ(ToGrpcStatus(status).error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(InfoOf(status).reason(), "INTERNAL_FAULT");
}

TEST(ToGrpcStatusTest, WayBackKeepsCodeMessageAndDetails) {
  const absl::Status status = RestartedTooOften("subscriptions/x", absl::Seconds(3));
  EXPECT_EQ(FromGrpcStatus(ToGrpcStatus(status)), status);
  EXPECT_OK(FromGrpcStatus(grpc::Status::OK));
}

TEST(FromGrpcStatusTest, DetailsThatDoNotParseAreLeftOut) {
  const grpc::Status broken(grpc::StatusCode::NOT_FOUND, "gone", "\xff\xff");
  EXPECT_EQ(FromGrpcStatus(broken), absl::NotFoundError("gone"));
  EXPECT_EQ(ErrorReasonOf(FromGrpcStatus(broken)), "");
}

}  // namespace
}  // namespace sipevents::gateway
