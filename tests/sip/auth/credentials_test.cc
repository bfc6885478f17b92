#include "sip/auth/credentials.h"

#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents::sip {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

CredentialTable ParseOrDie(const std::string& text) {
  absl::StatusOr<CredentialTable> table = CredentialTable::Parse(text, "file");
  EXPECT_OK(table);
  return table.ok() ? *std::move(table) : CredentialTable();
}

TEST(CredentialTableTest, RealmIsItsOwnDomainByDefault) {
  const CredentialTable table = ParseOrDie("example.com alice secret\n");

  EXPECT_EQ(table.Lookup("example.com", "example.com"), (Credentials{"alice", "secret"}));
  EXPECT_EQ(table.Lookup("example.com", "EXAMPLE.com."), (Credentials{"alice", "secret"}));
}

// api.md: a foreign server that names our realm learns nothing.
TEST(CredentialTableTest, ForeignHostThatNamesOurRealmLearnsNothing) {
  const CredentialTable table = ParseOrDie(
      "example.com alice secret\n"
      "carrier bob hidden sip.carrier.example 192.0.2.7\n");

  for (const char* host : {"evil.example", "", "example.com.evil.example", "sub.example.com",
                           "xexample.com", "192.0.2.7", "example.com:5060"}) {
    EXPECT_EQ(table.Lookup("example.com", host), std::nullopt) << host;
  }
  for (const char* host : {"evil.example", "carrier", "example.com", "192.0.2.70"}) {
    EXPECT_EQ(table.Lookup("carrier", host), std::nullopt) << host;
  }
  EXPECT_EQ(table.Lookup("carrier", "192.0.2.7"), (Credentials{"bob", "hidden"}));
}

TEST(CredentialTableTest, RealmIsComparedByteByByte) {
  const CredentialTable table = ParseOrDie("Example.com alice secret");

  EXPECT_EQ(table.Lookup("example.com", "example.com"), std::nullopt);
  EXPECT_EQ(table.Lookup("Example.com", "example.com"), (Credentials{"alice", "secret"}));
}

TEST(CredentialTableTest, OneRealmMayHaveCredentialsPerDomain) {
  const CredentialTable table = ParseOrDie(
      "asterisk alice one a.example\n"
      "asterisk bob two b.example [2001:DB8::1]\n");

  EXPECT_EQ(table.Lookup("asterisk", "a.example"), (Credentials{"alice", "one"}));
  EXPECT_EQ(table.Lookup("asterisk", "b.example"), (Credentials{"bob", "two"}));
  EXPECT_EQ(table.Lookup("asterisk", "2001:db8::1"), (Credentials{"bob", "two"}));
  EXPECT_EQ(table.Lookup("asterisk", "asterisk"), std::nullopt);
  EXPECT_EQ(table.size(), 2u);
}

TEST(CredentialTableTest, QuotesCommentsAndBlankLinesAreUnderstood) {
  const CredentialTable table = ParseOrDie(
      "# who we are\r\n"
      "\r\n"
      "  \t# indented\n"
      "\t\"The \\\"Big\\\" Realm\"  alice \"pass word#\\\\\" h.example # a comment\r\n"
      "other.example bob se#cret");

  EXPECT_EQ(table.Lookup("The \"Big\" Realm", "h.example"), (Credentials{"alice", "pass word#\\"}));
  EXPECT_EQ(table.Lookup("other.example", "other.example"), (Credentials{"bob", "se#cret"}));
  EXPECT_EQ(table.size(), 2u);
}

TEST(CredentialTableTest, LineOfTheIdentityWinsOverOneForAll) {
  ASSERT_OK_AND_ASSIGN(const CredentialTable table,
                       CredentialTable::Parse("pbx user general\n"
                                              "pbx alice secret identity=sip:alice@PBX pbx\n"
                                              "pbx bob hidden other.example identity=sip:bob@pbx\n",
                                              "test"));

  EXPECT_EQ(table.Lookup("pbx", "pbx", "sip:alice@pbx"), (Credentials{"alice", "secret"}));
  EXPECT_EQ(table.Lookup("pbx", "pbx", "sip:carol@pbx"), (Credentials{"user", "general"}));
  EXPECT_EQ(table.Lookup("pbx", "pbx"), (Credentials{"user", "general"}));
  // Bound to its domain as any other.
  EXPECT_EQ(table.Lookup("pbx", "pbx", "sip:bob@pbx"), (Credentials{"user", "general"}));
  EXPECT_EQ(table.Lookup("pbx", "other.example", "sip:bob@pbx"), (Credentials{"bob", "hidden"}));
  EXPECT_EQ(table.Lookup("pbx", "other.example", "sip:alice@pbx"), std::nullopt);
  EXPECT_EQ(table.RealmFor("other.example", "sip:bob@pbx"), "pbx");
  EXPECT_EQ(table.RealmFor("other.example", "sip:alice@pbx"), "");
}

TEST(CredentialTableTest, ErrorNamesTheLineAndTellsNoSecret) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"realm.example", "has 1 of three fields"},
      {"realm.example hunter2", "has 2 of three fields"},
      {"\"realm user hunter2", "does not end"},
      {"\"realm\"user hunter2", "not followed by a blank"},
      {"realm.example \"\" hunter2", "empty"},
      {"realm.example us:er hunter2", "colon"},
      {"\"A Realm\" user hunter2", "no host name"},
      {"realm.example user hunter2 a.example:5060", "no host name"},
      {"realm.example user hunter2 " + std::string(257, 'a'), "more than 256"},
      {std::string("realm.example user hunter2\x01"), "control character"},
      {"r.example user hunter2\nr.example user hunter2 x.example r.example", "line 3"},
      {"r.example user hunter2 identity=alice", "no sip: or sips: URI"},
      {"r.example user hunter2 identity=tel:+1", "no sip: or sips: URI"},
      {"r.example user hunter2 identity=sip:a@b identity=sip:c@d", "more than one identity"},
      {"r.example u hunter2 identity=sip:a@b\nr.example u hunter2 identity=SIP:a@B", "line 3"},
  };
  for (const auto& [text, problem] : cases) {
    EXPECT_THAT(
        CredentialTable::Parse("# first\n\n" + text, "creds"),
        StatusIs(absl::StatusCode::kInvalidArgument,
                 AllOf(::testing::ContainsRegex("creds:[34]: "), HasSubstr(problem),
                       HasSubstr("expected: realm user password"), Not(HasSubstr("hunter2")))))
        << text;
  }
}

TEST(CredentialTableTest, EverythingHasABound) {
  std::string domains = "r u p";
  for (size_t i = 0; i <= CredentialTable::kMaxDomains; ++i) {
    domains += " d" + std::to_string(i) + ".example";
  }
  std::string entries;
  for (size_t i = 0; i <= CredentialTable::kMaxEntries; ++i) {
    entries += "r u p d" + std::to_string(i) + ".example\n";
  }

  EXPECT_THAT(CredentialTable::Parse(domains, "f"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("64 domains")));
  EXPECT_THAT(CredentialTable::Parse(entries, "f"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("10000 entries")));
  EXPECT_THAT(CredentialTable::Parse(std::string(CredentialTable::kMaxFileOctets + 1, '\n'), "f"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too large")));
}

TEST(CredentialTableTest, LoadReadsAFile) {
  const std::string path = ::testing::TempDir() + "/credentials";
  std::ofstream(path) << "example.com alice secret\n";

  ASSERT_OK_AND_ASSIGN(const CredentialTable table, CredentialTable::Load(path));

  EXPECT_EQ(table.Lookup("example.com", "example.com"), (Credentials{"alice", "secret"}));
}

TEST(CredentialTableTest, LoadOfWhatIsNoFileFails) {
  EXPECT_THAT(CredentialTable::Load("/nowhere/credentials"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere/credentials")));
  EXPECT_THAT(CredentialTable::Load(::testing::TempDir()), Not(testing::IsOk()));
}

}  // namespace
}  // namespace sipevents::sip
