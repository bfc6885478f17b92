#include "gateway/rpc/request_checks_rate.h"

#include <cmath>
#include <functional>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipevents::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

using Parameters = std::vector<std::pair<std::string, std::string>>;

// What the Event header says; a violation shows as its text.
Parameters Written(const v1::RateControl& rates, Parameters parameters = {}) {
  FieldViolations violations;
  AddRateControl("spec.rate_control", rates, parameters, violations);
  if (const absl::Status status = violations.ToStatus(); !status.ok()) {
    return {{"violation", std::string(status.message())}};
  }
  return parameters;
}

v1::RateControl MaxRate(double rate) {
  v1::RateControl rates;
  rates.set_max_rate(rate);
  return rates;
}

// RATE-01, RATE-03, RATE-04
TEST(RequestChecksRateTest, RatesBecomeEventParametersInOrder) {
  v1::RateControl rates = MaxRate(0.2);
  rates.set_min_rate(0.0125);
  rates.set_adaptive_min_rate(0.1);

  EXPECT_THAT(Written(rates, {{"id", "1"}, {"zone", "x"}}),
              ElementsAre(Pair("adaptive-min-rate", "0.1"), Pair("id", "1"),
                          Pair("max-rate", "0.2"), Pair("min-rate", "0.0125"), Pair("zone", "x")));
}

// RATE-06: 1*2DIGIT [ "." 1*10DIGIT ]
TEST(RequestChecksRateTest, EveryRateIsWrittenByTheGrammar) {
  EXPECT_THAT(Written(MaxRate(10)), ElementsAre(Pair("max-rate", "10")));
  EXPECT_THAT(Written(MaxRate(99.5)), ElementsAre(Pair("max-rate", "99.5")));
  EXPECT_THAT(Written(MaxRate(1e-10)), ElementsAre(Pair("max-rate", "0.0000000001")));
  EXPECT_THAT(Written(MaxRate(1.0 / 3)), ElementsAre(Pair("max-rate", "0.3333333333")));
}

TEST(RequestChecksRateTest, WhatIsNoRateIsRefused) {
  for (const double rate : {0.0, -1.0, 1e-11, 100.0, 99.99999999999, std::nan(""),
                            std::numeric_limits<double>::infinity()}) {
    EXPECT_THAT(Written(MaxRate(rate)),
                ElementsAre(Pair("violation", HasSubstr("spec.rate_control.max_rate"))))
        << rate;
  }
}

// RATE-05
TEST(RequestChecksRateTest, LeastRateAboveTheMostIsRefused) {
  v1::RateControl rates = MaxRate(0.2);
  rates.set_min_rate(0.3);
  EXPECT_THAT(Written(rates), ElementsAre(Pair("violation", HasSubstr("rate_control.min_rate"))));
  rates.clear_min_rate();
  rates.set_adaptive_min_rate(0.3);
  EXPECT_THAT(Written(rates),
              ElementsAre(Pair("violation", HasSubstr("rate_control.adaptive_min_rate"))));
}

TEST(RequestChecksRateTest, RateThatIsAnEventParameterTooIsRefused) {
  EXPECT_THAT(Written(MaxRate(0.2), {{"max-rate", "0.1"}}),
              ElementsAre(Pair("violation", HasSubstr("not both"))));
}

}  // namespace
}  // namespace sipevents::gateway
