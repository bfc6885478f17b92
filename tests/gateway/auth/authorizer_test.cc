#include "gateway/auth/authorizer.h"

#include <memory>
#include <string>
#include <vector>

#include "gateway/rpc/grpc_status.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents::gateway {
namespace {

using sipevents::testing::StatusIs;

Caller CallerWith(const std::vector<std::string>& words) {
  return Caller{"backend", "acme", std::make_shared<const Permissions>(*Permissions::Parse(words))};
}

std::string PermissionNamedBy(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.ErrorInfo");
  if (!payload.has_value() || !info.ParseFromString(std::string(*payload))) return "";
  return info.metadata().at("permission");
}

constexpr char kAlice[] = "sip:alice@example.com";

struct Case {
  std::vector<std::string> words;
  Access access;
  std::string missing;  // empty: allowed
};

TEST(AuthorizerTest, Table) {
  const std::vector<Case> cases = {
      // Nothing said of targets and packages: all of them, under the gateway's own identity.
      {{}, {Action::kWatch, kAlice, "presence", ""}, ""},
      {{}, {Action::kCreate, kAlice, "anything", ""}, ""},
      {{}, {Action::kWatch, kAlice, "presence", "sip:me@a"}, "identity=sip:me@a"},
      {{"admin"}, {Action::kWatch, kAlice, "presence", "sip:me@a"}, "identity=sip:me@a"},
      {{"identity=*"}, {Action::kWatch, kAlice, "presence", "sip:me@a"}, ""},
      {{"identity=sip:*@a"}, {Action::kFetch, kAlice, "presence", "sip:me@a"}, ""},
      {{"identity=sip:*@a"}, {Action::kFetch, kAlice, "presence", "sip:me@b"}, "identity=sip:me@b"},
      {{"identity=sip:*@a"}, {Action::kFetch, kAlice, "presence", ""}, ""},
      // Any one of a kind.
      {{"target=sip:*@example.com"}, {Action::kWatch, kAlice, "presence", ""}, ""},
      {{"target=sip:*@example.org"},
       {Action::kWatch, kAlice, "presence", ""},
       "target=sip:alice@example.com"},
      {{"target=sip:*@example.org", "target=sip:alice@*"},
       {Action::kWatch, kAlice, "presence", ""},
       ""},
      {{"package=presence", "package=dialog"}, {Action::kWatch, kAlice, "dialog", ""}, ""},
      {{"package=presence"}, {Action::kWatch, kAlice, "dialog", ""}, "package=dialog"},
      {{"target=sip:bob@*", "package=presence"},
       {Action::kWatch, kAlice, "dialog", ""},
       "target=sip:alice@example.com"},
      // Every action asks, but for the list itself.
      {{"target=x"}, {Action::kCreate, kAlice, "dialog", ""}, "target=sip:alice@example.com"},
      {{"target=x"}, {Action::kGet, kAlice, "dialog", ""}, "target=sip:alice@example.com"},
      {{"target=x"}, {Action::kDelete, kAlice, "dialog", ""}, "target=sip:alice@example.com"},
      {{"target=x"}, {Action::kFetch, kAlice, "dialog", ""}, "target=sip:alice@example.com"},
      {{"target=x"}, {Action::kList, "", "", ""}, ""},
      // An empty target is none that a restricted caller may reach.
      {{"target=sip:*"}, {Action::kWatch, "", "presence", ""}, "target="},
      // Publishing goes by its own targets where some are given.
      {{}, {Action::kPublish, kAlice, "presence", ""}, ""},
      {{"target=sip:bob@*"},
       {Action::kPublish, kAlice, "presence", ""},
       "target=sip:alice@example.com"},
      {{"target=sip:bob@*", "publish=sip:alice@*"}, {Action::kPublish, kAlice, "dialog", ""}, ""},
      {{"publish=sip:bob@*"},
       {Action::kPublish, kAlice, "presence", ""},
       "publish=sip:alice@example.com"},
      {{"publish=sip:bob@*"}, {Action::kWatch, kAlice, "presence", ""}, ""},
      {{"publish=sip:alice@*", "package=dialog"},
       {Action::kPublish, kAlice, "presence", ""},
       "package=presence"},
      // Lists are of no package.
      {{"package=dialog"}, {Action::kPublishList, kAlice, "", ""}, ""},
      {{"publish=x"}, {Action::kPublishList, kAlice, "", ""}, "publish=sip:alice@example.com"},
      // Force.
      {{}, {Action::kForceDelete, kAlice, "presence", ""}, "admin"},
      {{"admin"}, {Action::kForceDelete, kAlice, "presence", ""}, ""},
      {{"admin", "target=sip:bob@*"},
       {Action::kForceDelete, kAlice, "presence", ""},
       "target=sip:alice@example.com"},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    const absl::Status status = Authorizer().Authorize(CallerWith(cases[i].words), cases[i].access);
    if (cases[i].missing.empty()) {
      EXPECT_OK(status) << "case " << i;
      continue;
    }
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kPermissionDenied)) << "case " << i;
    EXPECT_EQ(ErrorReasonOf(status), "PERMISSION_MISSING") << "case " << i;
    EXPECT_EQ(PermissionNamedBy(status), cases[i].missing) << "case " << i;
  }
}

TEST(AuthorizerTest, CallerOfAnOpenGatewayMayDoEverything) {
  const Caller anonymous{"anonymous", "default",
                         std::make_shared<const Permissions>(Permissions::All())};
  EXPECT_OK(Authorizer().Authorize(
      anonymous, {Action::kForceDelete, kAlice, "presence", "sip:me@example.com"}));
}

}  // namespace
}  // namespace sipevents::gateway
