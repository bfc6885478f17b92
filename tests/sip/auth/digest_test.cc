#include "sip/auth/digest.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/fakes/fake_random.h"

namespace sipevents::sip {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// RFC 7616 section 3.9.1.
DigestInput Rfc7616Input(DigestAlgorithm algorithm) {
  return {
      .algorithm = algorithm,
      .user_hash = DigestUserHash(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life"),
      .nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
      .cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
      .nonce_count = 1,
      .qop = "auth",
      .method = "GET",
      .uri = "/dir/index.html",
      .body = ""};
}

// RFC 2617 section 3.5.
DigestInput Rfc2617Input() {
  return {.algorithm = DigestAlgorithm::kMd5,
          .user_hash = "939e7578ed9e3c518a452acee763bce9",  // see UserHashVectorsComeOut
          .nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093",
          .cnonce = "0a4f113b",
          .nonce_count = 1,
          .qop = "auth",
          .method = "GET",
          .uri = "/dir/index.html",
          .body = ""};
}

TEST(DigestHashTest, StandardVectorsComeOut) {
  EXPECT_EQ(DigestHash(DigestAlgorithm::kMd5, "abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(DigestHash(DigestAlgorithm::kSha256, "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(DigestHash(DigestAlgorithm::kSha512256, "abc"),
            "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23");
}

// HA1 of the examples of RFC 2617 section 3.5 and RFC 7616 section 3.9.1; python's hashlib.
TEST(DigestUserHashTest, UserHashVectorsComeOut) {
  EXPECT_EQ(DigestUserHash(DigestAlgorithm::kMd5, "Mufasa", "testrealm@host.com", "Circle Of Life"),
            "939e7578ed9e3c518a452acee763bce9");
  EXPECT_EQ(
      DigestUserHash(DigestAlgorithm::kMd5, "Mufasa", "http-auth@example.org", "Circle of Life"),
      "3d78807defe7de2157e2b0b6573a855f");
  EXPECT_EQ(
      DigestUserHash(DigestAlgorithm::kSha256, "Mufasa", "http-auth@example.org", "Circle of Life"),
      "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232");
}

TEST(DigestUserHashTest, SessionsHashAsTheirAlgorithm) {
  EXPECT_EQ(WithoutSession(DigestAlgorithm::kMd5Sess), DigestAlgorithm::kMd5);
  EXPECT_EQ(WithoutSession(DigestAlgorithm::kSha256Sess), DigestAlgorithm::kSha256);
  EXPECT_EQ(WithoutSession(DigestAlgorithm::kSha512256Sess), DigestAlgorithm::kSha512256);
  EXPECT_EQ(WithoutSession(DigestAlgorithm::kSha256), DigestAlgorithm::kSha256);
}

TEST(DigestResponseTest, RfcVectorsComeOut) {
  EXPECT_EQ(DigestResponse(Rfc7616Input(DigestAlgorithm::kMd5)),
            "8ca523f5e9506fed4657c9700eebdbec");
  EXPECT_EQ(DigestResponse(Rfc7616Input(DigestAlgorithm::kSha256)),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
  EXPECT_EQ(DigestResponse(Rfc2617Input()), "6629fae49393a05397450978507c4ef1");
}

// RFC 7616 section 3.9.2 as corrected by erratum 4897.
TEST(DigestResponseTest, Sha512256VectorComesOut) {
  const DigestInput input = {
      .algorithm = DigestAlgorithm::kSha512256,
      .user_hash = DigestUserHash(DigestAlgorithm::kSha512256, "J\xc3\xa4s\xc3\xb8n Doe",
                                  "api@example.org", "Secret, or not?"),
      .nonce = "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
      .cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
      .nonce_count = 1,
      .qop = "auth",
      .method = "GET",
      .uri = "/doe.json",
      .body = ""};

  EXPECT_EQ(DigestResponse(input),
            "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
}

// Expected values: the hash of the text that RFC 7616 section 3.4 spells out.
TEST(DigestResponseTest, VariantsHashWhatTheRfcSpellsOut) {
  const auto md5 = [](const std::string& text) { return DigestHash(DigestAlgorithm::kMd5, text); };
  const std::string a1 = md5("Mufasa:testrealm@host.com:Circle Of Life");
  const std::string nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
  const std::string a2 = md5("GET:/dir/index.html");

  DigestInput legacy = Rfc2617Input();
  legacy.qop = "";
  EXPECT_EQ(DigestResponse(legacy), md5(a1 + ":" + nonce + ":" + a2));
  EXPECT_EQ(DigestResponse(legacy), "670fd8c2df070c60b045671b8b24ff02");  // python's hashlib

  DigestInput session = Rfc2617Input();
  session.algorithm = DigestAlgorithm::kMd5Sess;
  EXPECT_EQ(DigestResponse(session), md5(md5(a1 + ":" + nonce + ":0a4f113b") + ":" + nonce +
                                         ":00000001:0a4f113b:auth:" + a2));

  DigestInput integrity = Rfc2617Input();
  integrity.qop = "auth-int";
  integrity.nonce_count = 0x1f;
  const std::string a2_empty = md5("GET:/dir/index.html:" + md5(""));  // AUTH-05
  EXPECT_EQ(DigestResponse(integrity),
            md5(a1 + ":" + nonce + ":0000001f:0a4f113b:auth-int:" + a2_empty));
  integrity.body = "body";
  EXPECT_NE(DigestResponse(integrity),
            md5(a1 + ":" + nonce + ":0000001f:0a4f113b:auth-int:" + a2_empty));
}

TEST(ParseDigestChallengesTest, EveryParameterIsRead) {
  const auto challenges = ParseDigestChallenges(
      "digest Realm=\"a \\\"b\\\", c\",nonce=\"n\\\\1\" , qop=\"auth-int, AUTH\",\r\n"
      " algorithm=sha-256, opaque=\"\", stale=TRUE, domain=\"x\", charset=UTF-8");

  DigestChallenge expected;
  expected.realm = "a \"b\", c";
  expected.nonce = "n\\1";
  expected.opaque = "";
  expected.algorithm = DigestAlgorithm::kSha256;
  expected.algorithm_named = true;
  expected.qop = "auth";
  expected.stale = true;
  EXPECT_THAT(challenges, ::testing::ElementsAre(expected));
}

TEST(ParseDigestChallengesTest, BlanksAroundEqualSignsAreNoNewChallenge) {
  const auto challenges = ParseDigestChallenges("Digest realm = \"r\", nonce = \"n\", qop = auth");

  ASSERT_THAT(challenges, SizeIs(1));
  EXPECT_EQ(challenges[0].nonce, "n");
  EXPECT_EQ(challenges[0].qop, "auth");
}

// AUTH-03.
TEST(ParseDigestChallengesTest, ListOfChallengesIsTakenApart) {
  const auto challenges = ParseDigestChallenges(
      "Negotiate, Basic realm=\"r\", NTLM abc==, "
      "Digest realm=\"r\", nonce=\"1\", algorithm=SHA3-256, qop=\"auth\", "
      "Digest realm=\"r\", nonce=\"2\", algorithm=SHA-512-256, qop=\"auth\", "
      "Digest realm=\"r\", nonce=\"3\"");

  ASSERT_THAT(challenges, SizeIs(2));
  EXPECT_EQ(challenges[0].nonce, "2");
  EXPECT_EQ(challenges[0].algorithm, DigestAlgorithm::kSha512256);
  EXPECT_EQ(challenges[1].nonce, "3");
  EXPECT_EQ(challenges[1].algorithm, DigestAlgorithm::kMd5);
  EXPECT_FALSE(challenges[1].algorithm_named);
}

TEST(ParseDigestChallengesTest, WhatCannotBeAnsweredIsLeftOut) {
  for (const char* value :
       {"", "Digest", ",,,", "realm=\"r\", nonce=\"n\"", "Basic realm=\"r\"", "Digest nonce=\"n\"",
        "Digest realm=\"r\"", "Digest realm=\"r\", nonce=\"\"",
        "Digest realm=\"r\", nonce=\"n\", qop=\"other\"",
        "Digest realm=\"r\", nonce=\"n\", qop=\"\"",
        "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256",  // no qop
        "Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess", "Digest realm=\"r\", nonce=\"n",
        "Digest realm=\"r\r\nX: y\", nonce=\"n\""}) {
    EXPECT_THAT(ParseDigestChallenges(value), IsEmpty()) << value;
  }
  EXPECT_THAT(ParseDigestChallenges("Digest realm=\"r\", nonce=\"" + std::string(8192, 'n') + "\""),
              IsEmpty());
}

class ClientDigestSessionTest : public ::testing::Test {
 protected:
  absl::Status Accept(const std::vector<std::string>& www,
                      const std::vector<std::string>& proxy = {}) {
    return session_.Accept(www, proxy, [this](std::string_view realm) {
      const auto it = credentials_.find(std::string(realm));
      return it == credentials_.end() ? std::nullopt : std::optional<Credentials>(it->second);
    });
  }

  std::vector<ClientDigestSession::Header> Authorize() {
    return session_.Authorize("SUBSCRIBE", "sip:alice@example.com", "");
  }

  static std::string Challenge(const std::string& nonce, const std::string& more = "") {
    return "Digest realm=\"example.com\", nonce=\"" + nonce + "\", qop=\"auth\"" + more;
  }

  std::map<std::string, Credentials> credentials_ = {{"example.com", {"gate\"way", "secret"}},
                                                     {"proxy.example", {"p", "q"}}};
  FakeRandom random_;
  ClientDigestSession session_{random_};
};

TEST_F(ClientDigestSessionTest, BeforeAChallengeNothingIsSaid) {
  EXPECT_THAT(Authorize(), IsEmpty());
}

// AUTH-04.
TEST_F(ClientDigestSessionTest, AnswerEchoesTheChallengeAndProvesThePassword) {
  ASSERT_OK(Accept({Challenge("n\\\"1", ", opaque=\"o\", algorithm=SHA-256")}));

  const auto headers = Authorize();

  ASSERT_THAT(headers, SizeIs(1));
  EXPECT_FALSE(headers[0].proxy);
  const std::string& value = headers[0].value;
  EXPECT_THAT(value,
              ::testing::StartsWith("Digest username=\"gate\\\"way\", realm=\"example.com\", "
                                    "nonce=\"n\\\"1\", uri=\"sip:alice@example.com\", "
                                    "response=\""));
  EXPECT_THAT(value, AllOf(HasSubstr(", algorithm=SHA-256"), HasSubstr(", qop=auth, nc=00000001"),
                           HasSubstr(", opaque=\"o\""), Not(HasSubstr("secret"))));
  const size_t at = value.find("cnonce=\"") + 8;
  const std::string cnonce = value.substr(at, 32);
  const std::string response = DigestResponse(
      {.algorithm = DigestAlgorithm::kSha256,
       .user_hash = DigestUserHash(DigestAlgorithm::kSha256, "gate\"way", "example.com", "secret"),
       .nonce = "n\"1",
       .cnonce = cnonce,
       .nonce_count = 1,
       .qop = "auth",
       .method = "SUBSCRIBE",
       .uri = "sip:alice@example.com",
       .body = ""});
  EXPECT_THAT(value, HasSubstr("response=\"" + response + "\""));
}

TEST_F(ClientDigestSessionTest, EachRequestCountsTheNonceUpAndANewNonceStartsAnew) {
  ASSERT_OK(Accept({Challenge("1")}));
  EXPECT_THAT(Authorize()[0].value, HasSubstr("nc=00000001"));
  EXPECT_THAT(Authorize()[0].value, HasSubstr("nc=00000002"));
  session_.OnAnswered();

  ASSERT_OK(Accept({Challenge("2", ", stale=true")}));

  EXPECT_THAT(Authorize()[0].value, AllOf(HasSubstr("nonce=\"2\""), HasSubstr("nc=00000001")));
}

TEST_F(ClientDigestSessionTest, StaleWithTheSameNonceNeverReusesACount) {
  ASSERT_OK(Accept({Challenge("1")}));
  Authorize();

  ASSERT_OK(Accept({Challenge("1", ", stale=true")}));

  EXPECT_THAT(Authorize()[0].value, HasSubstr("nc=00000002"));
}

TEST_F(ClientDigestSessionTest, ChallengeWithoutQopGetsTheOldAnswer) {
  ASSERT_OK(Accept({"Digest realm=\"example.com\", nonce=\"1\""}));

  const std::string value = Authorize()[0].value;

  EXPECT_THAT(value, AllOf(Not(HasSubstr("qop")), Not(HasSubstr("nc=")), Not(HasSubstr("cnonce")),
                           Not(HasSubstr("algorithm")), Not(HasSubstr("opaque"))));
  const std::string response = DigestResponse(
      {.algorithm = DigestAlgorithm::kMd5,
       .user_hash = DigestUserHash(DigestAlgorithm::kMd5, "gate\"way", "example.com", "secret"),
       .nonce = "1",
       .cnonce = "",
       .nonce_count = 1,
       .qop = "",
       .method = "SUBSCRIBE",
       .uri = "sip:alice@example.com",
       .body = ""});
  EXPECT_THAT(value, HasSubstr(response));
}

// AUTH-03.
TEST_F(ClientDigestSessionTest, TopmostKnownChallengeOfARealmCounts) {
  ASSERT_OK(Accept({"Basic realm=\"example.com\"", Challenge("x", ", algorithm=SHA3-256"),
                    Challenge("1", ", algorithm=SHA-256"), Challenge("2", ", algorithm=MD5")}));

  const auto headers = Authorize();

  ASSERT_THAT(headers, SizeIs(1));
  EXPECT_THAT(headers[0].value, AllOf(HasSubstr("nonce=\"1\""), HasSubstr("algorithm=SHA-256")));
}

TEST_F(ClientDigestSessionTest, SeveralRealmsAreAnsweredInOneRequest) {
  ASSERT_OK(
      Accept({Challenge("1")}, {"Digest realm=\"proxy.example\", nonce=\"2\", qop=\"auth\"",
                                "Digest realm=\"unknown.example\", nonce=\"3\", qop=\"auth\""}));

  const auto headers = Authorize();

  ASSERT_THAT(headers, SizeIs(2));
  EXPECT_FALSE(headers[0].proxy);
  EXPECT_TRUE(headers[1].proxy);
  EXPECT_THAT(headers[1].value, HasSubstr("username=\"p\""));
}

TEST_F(ClientDigestSessionTest, ProxyThatChallengesLaterIsAddedToTheFirst) {
  ASSERT_OK(Accept({}, {"Digest realm=\"proxy.example\", nonce=\"2\", qop=\"auth\""}));
  EXPECT_THAT(Authorize(), SizeIs(1));

  ASSERT_OK(Accept({Challenge("1")}));

  EXPECT_THAT(Authorize(), SizeIs(2));
}

TEST_F(ClientDigestSessionTest, NothingWeKnowIsGivenUp) {
  EXPECT_THAT(Accept({"Basic realm=\"example.com\""}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no challenge")));
  EXPECT_THAT(Accept({}), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Accept({"Digest realm=\"other\", nonce=\"1\""}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("no credentials for the realm \"other\"")));
  EXPECT_THAT(Authorize(), IsEmpty());
}

// AUTH-06.
TEST_F(ClientDigestSessionTest, WrongPasswordTwiceIsGivenUp) {
  ASSERT_OK(Accept({Challenge("1")}));
  Authorize();
  ASSERT_OK(Accept({Challenge("2")}));
  Authorize();

  EXPECT_THAT(Accept({Challenge("3")}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("were rejected")));
}

TEST_F(ClientDigestSessionTest, RejectionWithTheVerySameNonceIsGivenUpAtOnce) {
  ASSERT_OK(Accept({Challenge("1")}));
  Authorize();

  EXPECT_THAT(Accept({Challenge("1")}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("were rejected")));
}

TEST_F(ClientDigestSessionTest, NewCredentialsGetAnotherChance) {
  ASSERT_OK(Accept({Challenge("1")}));
  Authorize();
  ASSERT_OK(Accept({Challenge("2")}));
  Authorize();
  credentials_["example.com"].password = "changed";

  EXPECT_OK(Accept({Challenge("3")}));
}

TEST_F(ClientDigestSessionTest, SuccessBetweenForgetsRejections) {
  for (const char* nonce : {"1", "2", "3", "4", "5", "6", "7", "8", "9"}) {
    ASSERT_OK(Accept({Challenge(nonce)})) << nonce;
    Authorize();
    session_.OnAnswered();
  }
}

TEST_F(ClientDigestSessionTest, EndlessStaleIsCut) {
  for (int i = 0; i < ClientDigestSession::kMaxChallenges; ++i) {
    ASSERT_OK(Accept({Challenge(std::to_string(i), ", stale=true")}));
    Authorize();
  }

  EXPECT_THAT(Accept({Challenge("last", ", stale=true")}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("in a row")));
}

TEST_F(ClientDigestSessionTest, MoreRealmsThanTheBoundAreGivenUp) {
  for (size_t i = 0; i <= ClientDigestSession::kMaxRealms; ++i) {
    const std::string realm = "r" + std::to_string(i);
    credentials_[realm] = {"u", "p"};
    const absl::Status status = Accept({"Digest realm=\"" + realm + "\", nonce=\"1\""});
    session_.OnAnswered();
    EXPECT_EQ(status.ok(), i < ClientDigestSession::kMaxRealms) << i;
  }
  EXPECT_THAT(Authorize(), SizeIs(ClientDigestSession::kMaxRealms));
}

}  // namespace
}  // namespace sipevents::sip
