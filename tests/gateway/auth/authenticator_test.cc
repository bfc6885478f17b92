#include "gateway/auth/authenticator.h"

#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/rpc/grpc_status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/fakes/fake_clock.h"

namespace sipevents::gateway {
namespace {

using sipevents::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;

class AuthenticatorTest : public ::testing::Test {
 protected:
  // Null if `content` is.
  TokenFile* Tokens(const char* content) {
    if (content == nullptr) return nullptr;
    const std::string path = ::testing::TempDir() + "/tokens";
    std::ofstream(path) << content;
    file_ = TokenFile::Open(path, clock_).value();
    return file_.get();
  }

  // "caller/tenant", or the error.
  absl::StatusOr<std::string> Identify(const char* tokens, bool certificates,
                                       std::optional<std::string_view> authorization,
                                       std::string_view certificate) {
    const Authenticator authenticator({Tokens(tokens), certificates});
    const absl::StatusOr<Caller> caller = authenticator.Identify(authorization, certificate);
    if (!caller.ok()) return caller.status();
    return caller->name + "/" + caller->tenant;
  }

  FakeClock clock_;
  std::unique_ptr<TokenFile> file_;
};

TEST_F(AuthenticatorTest, WithoutAuthenticationEverybodyIsAnonymousWithAllPermissions) {
  const Authenticator open({nullptr, false});
  ASSERT_OK_AND_ASSIGN(const Caller caller, open.Identify("Bearer whatever", ""));
  EXPECT_EQ(caller.name, "anonymous");
  EXPECT_EQ(caller.tenant, "default");
  EXPECT_TRUE(caller.permissions->admin);
  EXPECT_THAT(caller.permissions->identities, ::testing::ElementsAre("*"));
}

struct Case {
  const char* description;
  const char* tokens;
  bool certificates;
  std::optional<std::string_view> authorization;
  std::string_view certificate;
  std::string expected;  // empty: UNAUTHENTICATED
};

TEST_F(AuthenticatorTest, Table) {
  const char* const kTokens = "tok caller acme";
  const char* const kBoth = "tok caller acme\ncert:uri:a listed acme";
  const Case cases[] = {
      {"token", kTokens, false, "Bearer tok", "", "caller/acme"},
      {"scheme in another case", kTokens, false, "bEARER tok", "", "caller/acme"},
      {"no header", kTokens, false, std::nullopt, "", ""},
      {"empty header", kTokens, false, "", "", ""},
      {"no token", kTokens, false, "Bearer ", "", ""},
      {"scheme alone", kTokens, false, "Bearer", "", ""},
      {"wrong token", kTokens, false, "Bearer tok2", "", ""},
      {"other scheme", kTokens, false, "Basic tok", "", ""},
      {"bare token", kTokens, false, "tok", "", ""},
      {"certificate", nullptr, true, std::nullopt, "uri:b", "uri:b/default"},
      {"certificate without a name", nullptr, true, std::nullopt, "", ""},
      {"token where none are configured is not looked at", nullptr, true, "Bearer x", "uri:b",
       "uri:b/default"},
      {"token before certificate", kTokens, true, "Bearer tok", "uri:b", "caller/acme"},
      {"wrong token in spite of a certificate", kTokens, true, "Bearer no", "uri:b", ""},
      {"certificate where none is listed", kTokens, true, std::nullopt, "uri:b", "uri:b/default"},
      {"listed certificate", kBoth, true, std::nullopt, "uri:a", "listed/acme"},
      {"certificate that is not in the list", kBoth, true, std::nullopt, "uri:b", ""},
      {"name of a certificate as a token", kBoth, true, "Bearer cert:uri:a", "uri:b", ""},
      {"certificate that was not verified", kBoth, false, std::nullopt, "uri:a", ""},
  };
  for (const Case& c : cases) {
    const auto result = Identify(c.tokens, c.certificates, c.authorization, c.certificate);
    if (!c.expected.empty()) {
      EXPECT_THAT(result, sipevents::testing::IsOkAndHolds(c.expected)) << c.description;
      continue;
    }
    EXPECT_THAT(result, StatusIs(kUnauthenticated)) << c.description;
    EXPECT_EQ(ErrorReasonOf(result.status()), "CREDENTIALS_MISSING") << c.description;
  }
}

TEST_F(AuthenticatorTest, CertificateGivesNeitherAdminNorForeignIdentities) {
  const Authenticator authenticator({nullptr, true});
  ASSERT_OK_AND_ASSIGN(const Caller caller, authenticator.Identify(std::nullopt, "uri:b"));
  EXPECT_FALSE(caller.permissions->admin);
  EXPECT_THAT(caller.permissions->identities, ::testing::IsEmpty());
}

TEST_F(AuthenticatorTest, ErrorNeverRepeatsTheCredentials) {
  const auto result = Identify("tok caller acme", false, "Bearer my-secret", "");
  EXPECT_THAT(result, StatusIs(kUnauthenticated, Not(HasSubstr("my-secret"))));
}

}  // namespace
}  // namespace sipevents::gateway
