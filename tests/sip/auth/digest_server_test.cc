#include "sip/auth/digest_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "sip/auth/digest.h"
#include "tests/fakes/fake_random.h"

namespace sipevents::sip {
namespace {

using Verdict = DigestServer::Verdict;

const absl::Time kNow = absl::FromUnixSeconds(1700000000);

// The server against our own client, whose arithmetic has its vectors elsewhere.
class DigestServerTest : public testing::Test {
 protected:
  // Has the client answer the challenges, or the first of them only.
  void Meet(const std::vector<std::string>& challenges) {
    client_.OnAnswered();  // each is a new one
    ASSERT_TRUE(client_
                    .Accept(challenges, {},
                            [this](std::string_view) {
                              return Credentials{"peer", password_};
                            })
                    .ok());
  }

  DigestSubject Request(std::string_view body = "") {
    DigestSubject subject{.method = "NOTIFY", .body = body, .authorization = {}};
    for (const auto& header : client_.Authorize("NOTIFY", "sip:gateway@192.0.2.1", body)) {
      subject.authorization.push_back(header.value);
    }
    return subject;
  }

  Verdict Check(const DigestSubject& subject, absl::Time now = kNow) {
    return server_.Check(
        subject,
        [this](std::string_view realm, std::string_view user,
               DigestAlgorithm algorithm) -> std::optional<std::string> {
          asked_.push_back(algorithm);
          if (realm != "example.com" || user != "peer") return std::nullopt;
          return DigestUserHash(algorithm, user, realm, "s3cret");
        },
        now);
  }

  FakeRandom random_;
  DigestServer server_{random_};
  ClientDigestSession client_{random_};
  std::string password_ = "s3cret";
  std::vector<DigestAlgorithm> asked_;  // for whose hashes
};

TEST_F(DigestServerTest, ChallengesTheStrongestFirstWithQopAuth02) {
  const std::vector<std::string> values = server_.Challenges("example.com", false, kNow);
  ASSERT_EQ(values.size(), 2u);
  EXPECT_NE(values[0].find("algorithm=SHA-256"), std::string::npos);
  EXPECT_NE(values[1].find("algorithm=MD5"), std::string::npos);
  EXPECT_NE(values[0].find("qop=\"auth,auth-int\""), std::string::npos);
  EXPECT_EQ(values[0].find("stale"), std::string::npos);
  EXPECT_NE(server_.Challenges("example.com", true, kNow)[0].find("stale=true"), std::string::npos);
}

TEST_F(DigestServerTest, RightCredentialsAreAcceptedByEachAlgorithm) {
  for (const size_t algorithm : {0, 1}) {
    Meet({server_.Challenges("example.com", true, kNow)[algorithm]});
    EXPECT_EQ(Check(Request()), Verdict::kAccepted) << algorithm;
  }
}

TEST_F(DigestServerTest, NoCredentialsAreRefused) {
  EXPECT_EQ(Check({.method = "NOTIFY", .body = "", .authorization = {}}), Verdict::kRefused);
}

TEST_F(DigestServerTest, WrongPasswordIsRefused) {
  password_ = "guess";
  Meet(server_.Challenges("example.com", false, kNow));
  EXPECT_EQ(Check(Request()), Verdict::kRefused);
}

TEST_F(DigestServerTest, OtherRealmIsRefused) {
  Meet(server_.Challenges("example.net", false, kNow));
  EXPECT_EQ(Check(Request()), Verdict::kRefused);
}

TEST_F(DigestServerTest, OtherMethodIsRefused) {
  Meet(server_.Challenges("example.com", false, kNow));
  DigestSubject subject = Request();
  subject.method = "SUBSCRIBE";
  EXPECT_EQ(Check(subject), Verdict::kRefused);
}

TEST_F(DigestServerTest, SameCountTwiceIsStaleAuth06) {
  Meet(server_.Challenges("example.com", false, kNow));
  const DigestSubject first = Request();
  EXPECT_EQ(Check(first), Verdict::kAccepted);
  EXPECT_EQ(Check(first), Verdict::kStale);
  EXPECT_EQ(Check(Request()), Verdict::kAccepted);
}

TEST_F(DigestServerTest, RequestsMayOvertakeEachOther) {
  Meet(server_.Challenges("example.com", false, kNow));
  const DigestSubject first = Request();
  const DigestSubject second = Request();
  EXPECT_EQ(Check(second), Verdict::kAccepted);
  EXPECT_EQ(Check(first), Verdict::kAccepted);
  EXPECT_EQ(Check(first), Verdict::kStale);
  EXPECT_EQ(Check(second), Verdict::kStale);
}

TEST_F(DigestServerTest, OldNonceIsStaleAuth06) {
  Meet(server_.Challenges("example.com", false, kNow));
  EXPECT_EQ(Check(Request(), kNow + DigestServer::kNonceLifetime), Verdict::kAccepted);
  EXPECT_EQ(Check(Request(), kNow + DigestServer::kNonceLifetime + absl::Seconds(1)),
            Verdict::kStale);
}

TEST_F(DigestServerTest, NonceOfSomebodyElseIsStale) {
  DigestServer other{random_};
  Meet(other.Challenges("example.com", false, kNow));
  EXPECT_EQ(Check(Request()), Verdict::kStale);
}

// A stranger has nobody looked up.
TEST_F(DigestServerTest, NobodyIsLookedUpWithoutANonceOfOursThatCounts) {
  DigestServer other{random_};
  Meet(other.Challenges("example.com", false, kNow));
  Check(Request());
  Meet(server_.Challenges("example.com", false, kNow));
  Check(Request(), kNow + DigestServer::kNonceLifetime + absl::Seconds(1));
  EXPECT_THAT(asked_, testing::IsEmpty());

  Check(Request());

  EXPECT_THAT(asked_, testing::ElementsAre(DigestAlgorithm::kSha256));
}

// Credentials for somebody else's challenge beside wrong ones for ours do not make these right.
TEST_F(DigestServerTest, WrongCredentialsAreNotStaleForOthersBesideThem) {
  DigestServer other{random_};
  Meet(other.Challenges("example.net", false, kNow));
  const std::string foreign = Request().authorization.front();
  password_ = "guess";
  ClientDigestSession client{random_};
  ASSERT_TRUE(client
                  .Accept(server_.Challenges("example.com", false, kNow), {},
                          [this](std::string_view) {
                            return Credentials{"peer", password_};
                          })
                  .ok());
  const std::string wrong = client.Authorize("NOTIFY", "sip:gateway@192.0.2.1", "")[0].value;

  EXPECT_EQ(Check({.method = "NOTIFY", .body = "", .authorization = {foreign, wrong}}),
            Verdict::kRefused);
}

// AUTH-01: a session works from the hash of its algorithm.
TEST_F(DigestServerTest, SessionVariantIsCheckedByTheHashOfItsAlgorithm) {
  std::string challenge = server_.Challenges("example.com", false, kNow)[0];
  Meet({absl::StrReplaceAll(challenge, {{"SHA-256", "SHA-256-sess"}})});

  EXPECT_EQ(Check(Request()), Verdict::kAccepted);

  EXPECT_THAT(asked_, testing::ElementsAre(DigestAlgorithm::kSha256));
}

TEST_F(DigestServerTest, BodyCountsWithAuthIntAuth05) {
  const std::string nonce = "qop=\"auth-int\", algorithm=SHA-256, nonce=";
  const std::string issued = server_.Challenges("example.com", false, kNow)[0];
  const size_t begin = issued.find("nonce=") + 6;
  Meet({absl::StrCat("Digest realm=\"example.com\", ", nonce,
                     issued.substr(begin, issued.find(',', begin) - begin))});
  DigestSubject subject = Request("state");
  subject.body = "forged";
  EXPECT_EQ(Check(subject), Verdict::kRefused);
  EXPECT_EQ(Check(Request("state")), Verdict::kAccepted);
}

TEST_F(DigestServerTest, JunkIsRefused) {
  Meet(server_.Challenges("example.com", false, kNow));
  const std::string good = Request().authorization.front();
  for (const std::string& junk :
       {std::string("Basic abc"), std::string("Digest"), std::string("Digest ,,,"),
        std::string("Digest username=\"peer"), good + ", nc=00000001", std::string(5000, 'x'),
        good.substr(0, good.find("nc=")) + "nc=1"}) {
    EXPECT_EQ(Check({.method = "NOTIFY", .body = "", .authorization = {junk}}), Verdict::kRefused)
        << junk.substr(0, 100);
  }
}

TEST_F(DigestServerTest, RemembersABoundedNumberOfNonces) {
  for (size_t i = 0; i < DigestServer::kMostNonces; ++i) {
    Meet(server_.Challenges("example.com", true, kNow));
    ASSERT_EQ(Check(Request()), Verdict::kAccepted);
  }
  Meet(server_.Challenges("example.com", true, kNow));
  EXPECT_EQ(Check(Request(), kNow + absl::Seconds(1)), Verdict::kStale);

  Meet(server_.Challenges("example.com", true, kNow + absl::Seconds(2)));

  EXPECT_EQ(Check(Request(), kNow + absl::Seconds(2)), Verdict::kAccepted);
}

}  // namespace
}  // namespace sipevents::sip
