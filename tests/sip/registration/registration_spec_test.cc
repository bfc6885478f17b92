#include "sip/registration/registration_spec.h"

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents::sip {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

constexpr char kInstance[] = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6";

TEST(ParseRegistrationsTest, LinesAreRead) {
  ASSERT_OK_AND_ASSIGN(
      const auto specs,
      ParseRegistrations(
          "# who\n\n"
          "SIP:alice@Example.com   # the lobby\r\n"
          "\tsips:bob@example.com:5071\n"
          "sip:carol@example.com registrar=sip:pbx.example.net;transport=tcp "
          "expires=120 gruu=no instance=URN:UUID:F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6",
          "file"));

  EXPECT_THAT(
      specs,
      ElementsAre(RegistrationSpec{"sip:alice@example.com", "sip:Example.com", absl::Hours(1), ""},
                  RegistrationSpec{"sips:bob@example.com:5071", "sips:example.com:5071",
                                   absl::Hours(1), ""},
                  RegistrationSpec{"sip:carol@example.com", "sip:pbx.example.net;transport=tcp",
                                   absl::Seconds(120), kInstance, false}));
}

TEST(ParseRegistrationsTest, NothingIsNobody) {
  ASSERT_OK_AND_ASSIGN(const auto specs, ParseRegistrations("\n# none\n", "file"));
  EXPECT_THAT(specs, IsEmpty());
}

TEST(ParseRegistrationsTest, ErrorNamesLineFieldAndExpectation) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"alice", "\"alice\": expected a URI such as sip:example.com"},
      {"tel:+15551234", "expected a URI such as"},
      {"sip:example.com", "expected an identity such as sip:alice@example.com"},
      {"sip:alice:secret@example.com", "without password"},
      {"sip:a@example.com;transport=tcp", "without password and parameters"},
      {"sip:a@example.com expires=9",
       "\"expires=9\": expected a number of seconds from 10 to 86400"},
      {"sip:a@example.com expires=86401", "10 to 86400"},
      {"sip:a@example.com expires=soon", "10 to 86400"},
      {"sip:a@example.com registrar=pbx", "\"registrar=pbx\": expected a URI"},
      {"sip:a@example.com registrar=sip:u@pbx", "without a user"},
      {"sip:a@example.com instance=7", "expected urn:uuid: and a UUID"},
      {"sip:a@example.com instance=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bfg", "a UUID"},
      {"sip:a@example.com gruu=maybe", "\"gruu=maybe\": expected aor"},
      {"sip:a@example.com refresh=1", "\"refresh=1\": expected aor [registrar=URI]"},
      {"sip:first@EXAMPLE.com", "another identity than that of line 1"},
  };
  for (const auto& [line, problem] : cases) {
    EXPECT_THAT(ParseRegistrations("sip:first@example.com\n\n" + line, "ids"),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr("ids:3: "), HasSubstr(problem))))
        << line;
  }
}

TEST(ParseRegistrationsTest, EverythingHasABound) {
  std::string text;
  for (size_t i = 0; i < kMaxRegistrations; ++i) absl::StrAppend(&text, "sip:u", i, "@a.example\n");
  ASSERT_OK_AND_ASSIGN(const auto specs, ParseRegistrations(text, "f"));
  EXPECT_EQ(specs.size(), kMaxRegistrations);

  EXPECT_THAT(ParseRegistrations(text + "sip:one@more.example", "f"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("f:10001: "), HasSubstr("at most 10000 identities"))));
  EXPECT_THAT(ParseRegistrations(std::string(kMaxRegistrationFileOctets + 1, '\n'), "f"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too large")));
}

TEST(LoadRegistrationsTest, FileIsRead) {
  const std::string path = ::testing::TempDir() + "/registrations";
  std::ofstream(path) << "sip:alice@example.com\n";
  ASSERT_OK_AND_ASSIGN(const auto specs, LoadRegistrations(path));
  EXPECT_EQ(specs.size(), 1u);

  EXPECT_THAT(LoadRegistrations("/nowhere/ids"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere/ids")));
}

// RFC 5626 section 4.1
TEST(DefaultInstanceTest, IsAUuidThatLastsAndIsOfOneIdentityAtOneHost) {
  const std::string instance = DefaultInstance("sip:alice@example.com", "192.0.2.1");

  EXPECT_THAT(instance, MatchesRegex("urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-"
                                     "[0-9a-f]{12}"));
  EXPECT_EQ(instance, DefaultInstance("sip:alice@example.com", "192.0.2.1"));
  EXPECT_NE(instance, DefaultInstance("sip:alice@example.com", "192.0.2.2"));
  EXPECT_NE(instance, DefaultInstance("sip:bob@example.com", "192.0.2.1"));
}

}  // namespace
}  // namespace sipevents::sip
