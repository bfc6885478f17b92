#ifndef TESTS_GATEWAY_RPC_REQUEST_CHECKS_FIXTURE_H_
#define TESTS_GATEWAY_RPC_REQUEST_CHECKS_FIXTURE_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/rpc/grpc_status.h"
#include "gateway/rpc/request_checks.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"

namespace sipevents::gateway {

using Violations = std::vector<std::pair<std::string, std::string>>;

// Field and description of each violation; also checks what every such error has.
inline Violations ViolationsOf(const absl::Status& status) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_EQ(ErrorReasonOf(status), "INVALID_FIELD");
  google::rpc::BadRequest bad_request;
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.BadRequest");
  if (!payload.has_value()) return {};
  EXPECT_TRUE(bad_request.ParseFromString(std::string(*payload)));
  Violations violations;
  for (const auto& violation : bad_request.field_violations()) {
    violations.emplace_back(violation.field(), violation.description());
  }
  return violations;
}

// A violation that names the field, the value, and what was expected.
inline auto Violation(const std::string& field, const std::string& value,
                      const std::string& expectation) {
  return ::testing::Pair(
      field, ::testing::AllOf(::testing::HasSubstr("\"" + value), ::testing::HasSubstr("expected"),
                              ::testing::HasSubstr(expectation)));
}

class RequestChecksTest : public ::testing::Test {
 protected:
  static v1::SubscriptionSpec GoodSpec() {
    v1::SubscriptionSpec spec;
    spec.set_target_uri("sip:alice@example.com");
    spec.set_event_package("presence");
    return spec;
  }

  absl::StatusOr<CreateOrder> Create(const v1::SubscriptionSpec& spec) const {
    v1::CreateSubscriptionRequest request;
    *request.mutable_spec() = spec;
    return checks_.Check(request, "acme");
  }

  SubscriptionKey KeyOf(const v1::SubscriptionSpec& spec) const {
    const absl::StatusOr<CreateOrder> order = Create(spec);
    EXPECT_TRUE(order.ok()) << order.status();
    return order.ok() ? order->wanted.key : SubscriptionKey{};
  }

  // The violations of a spec that `change` has made wrong.
  Violations WrongSpec(const std::function<void(v1::SubscriptionSpec&)>& change) const {
    v1::SubscriptionSpec spec = GoodSpec();
    change(spec);
    return ViolationsOf(Create(spec).status());
  }

  v1::WatchRequest GoodWatch() const {
    v1::WatchRequest request;
    *request.mutable_spec() = GoodSpec();
    return request;
  }

  Violations WrongWatch(const std::function<void(v1::WatchRequest&)>& change) const {
    v1::WatchRequest request = GoodWatch();
    change(request);
    return ViolationsOf(checks_.Check(request, "acme").status());
  }

  std::string TokenOf(const std::string& name) const {
    return ResumeTokenEncoder({.name = name, .uid = "u", .epoch = namer_.epoch()}).Encode(7);
  }

  SubscriptionNamer namer_{"secret"};
  RequestChecks checks_{{.tel_domain = "", .own_identity = "sip:gateway@example.com"}, namer_};
};

}  // namespace sipevents::gateway

#endif  // TESTS_GATEWAY_RPC_REQUEST_CHECKS_FIXTURE_H_
