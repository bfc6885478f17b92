#include <set>
#include <string>

#include "gateway/rpc/request_checks_spec.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

// The appearance of a shared line that a caller asks for.

namespace sipevents::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class RequestChecksAppearanceTest : public ::testing::Test {
 protected:
  WantedSubscription Check(const std::string& event_package, uint32_t index) {
    v1::SubscriptionSpec spec;
    spec.set_target_uri("sip:line@example.com");
    spec.set_event_package(event_package);
    spec.set_appearance_index(index);
    return CheckSpec("spec", spec,
                     {.tenant = "acme", .tel_domain = "", .own_identity = "", .namer = namer_},
                     violations_);
  }

  // What was wrong; empty: nothing.
  std::string Error() { return std::string(violations_.ToStatus().message()); }

  SubscriptionNamer namer_{"secret"};
  FieldViolations violations_;
};

TEST_F(RequestChecksAppearanceTest, EachAppearanceIsASubscriptionOfItsOwn) {
  std::set<std::string> names;
  for (const uint32_t index : {0U, 1U, 2U, 999U}) {
    const WantedSubscription wanted = Check("line-seize", index);
    EXPECT_EQ(wanted.key.appearance_index, index);
    names.insert(wanted.name);
  }
  EXPECT_THAT(names, SizeIs(4));
  EXPECT_EQ(Error(), "");
}

TEST_F(RequestChecksAppearanceTest, NumberOutOfRangeIsNamed) {
  Check("line-seize", 1000);
  EXPECT_THAT(Error(),
              AllOf(HasSubstr("spec.appearance_index"), HasSubstr("1000"), HasSubstr("1 to 999")));
}

TEST_F(RequestChecksAppearanceTest, PackageWithoutAppearancesIsNamed) {
  Check("call-info", 2);
  EXPECT_THAT(Error(), AllOf(HasSubstr("spec.appearance_index"), HasSubstr("line-seize only")));
}

}  // namespace
}  // namespace sipevents::gateway
