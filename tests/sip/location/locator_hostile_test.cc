// What a DNS server may answer that is wrong, or meant to do harm (SEC-08): the thread that asks
// must go on, and nothing but addresses may come of it.

#include <atomic>
#include <random>

#include "tests/sip/location/locator_fixture.h"

namespace sipevents::sip {
namespace {

using ::sipevents::testing::DnsAnswerHead;
using ::sipevents::testing::DnsName;
using ::sipevents::testing::DnsRecord;
using ::sipevents::testing::DnsType;
using ::sipevents::testing::DnsUint16;
using ::testing::ElementsAre;

constexpr uint16_t kA = 1;
constexpr uint16_t kCname = 5;

// Counts what was dropped.
class CountingMetrics : public SipMetrics {
 public:
  void OnRequestAnswered(std::string_view /*method*/, int /*status*/) override {}
  void OnResponse(std::string_view /*method*/, int /*status*/) override {}
  void OnInFlight(int /*change*/) override {}
  void OnDecodeError(std::string_view /*event_package*/) override {}
  void OnDeviation(std::string_view /*row*/) override {}
  void OnBoundReached(std::string_view bound) override {
    if (bound == "dns_bad_answer") ++bad_answers;
  }
  std::atomic<int> bad_answers = 0;
};

class LocatorHostileTest : public LocatorFixture {
 protected:
  void SetUp() override {
    LocatorFixture::SetUp();
    options_.question_timeout = absl::Milliseconds(300);
    options_.metrics = &metrics_;
    dns_->AddA("good.example.com", "127.0.0.2");
  }
  void TearDown() override { Close(); }

  // Looks up a name whose answer is `body` after header and question; the answer is dropped and
  // the locator goes on.
  void ExpectDropped(const std::string& body, uint16_t answers = 1) {
    const std::string name = absl::StrCat("bad", ++names_, ".example.com");
    dns_->AnswerWith(name, DnsType::kA, [body, answers](const std::string& query) {
      return DnsAnswerHead(query, answers) + body;
    });
    const int before = metrics_.bad_answers;

    const Hops hops = Locate(absl::StrCat("sip:", name, ":5060"));

    EXPECT_THAT(hops, testing::StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_GT(metrics_.bad_answers, before);
    EXPECT_THAT(Texts(Locate("sip:good.example.com:5060")), ElementsAre("udp:127.0.0.2:5060"));
  }

  CountingMetrics metrics_;
  int names_ = 0;
};

// Keeps sofia-sip's parser busy for ever.
TEST_F(LocatorHostileTest, NameThatPointsToItselfIsDropped) {
  dns_->AnswerWith("loop.example.com", DnsType::kA, [](const std::string& query) {
    const std::string head = DnsAnswerHead(query, 1);
    return head + DnsUint16(static_cast<uint16_t>(0xc000 | head.size())) + DnsUint16(kA) +
           DnsUint16(1) + std::string(4, '\0') + DnsUint16(4) + std::string("\x7f\0\0\1", 4);
  });

  EXPECT_FALSE(Locate("sip:loop.example.com:5060").ok());

  EXPECT_GT(metrics_.bad_answers, 0);
  EXPECT_THAT(Texts(Locate("sip:good.example.com:5060")), ElementsAre("udp:127.0.0.2:5060"));
}

// Ends a process that uses sofia-sip's resolver by an assertion, once the question for the alias
// is given up.
TEST_F(LocatorHostileTest, AliasOfAThousandOctetsIsDropped) {
  std::string alias;
  for (int i = 0; i < 18; ++i) alias += '\x3c' + std::string(60, 'a');
  ExpectDropped(DnsRecord(kCname, alias + '\0'));
}

TEST_F(LocatorHostileTest, DataBesideItsLengthIsDropped) {
  ExpectDropped(DnsRecord(kA, std::string(8, '\1')));
  ExpectDropped(DnsRecord(kA, std::string(3, '\1')));
  ExpectDropped(DnsRecord(kCname, DnsName("one.example.com") + "more"));
}

TEST_F(LocatorHostileTest, AnswerThatClaimsMoreThanItHasIsDropped) {
  ExpectDropped(DnsRecord(kA, std::string("\x7f\0\0\1", 4)), /*answers=*/2);
  ExpectDropped("", /*answers=*/65535);
}

TEST_F(LocatorHostileTest, AnswerLongerThanTheResolverReadsIsDropped) {
  ExpectDropped(DnsRecord(/*type=*/16, std::string(2000, 'x')));
}

TEST_F(LocatorHostileTest, AliasThatIsNoNameIsDropped) {
  ExpectDropped(DnsRecord(kCname, std::string("\3a.b\0", 5)));
  ExpectDropped(DnsRecord(kCname, std::string("\3a\0b\0", 5)));
}

TEST_F(LocatorHostileTest, QuestionSentBackIsDropped) {
  dns_->AnswerWith("echo.example.com", DnsType::kA, [](const std::string& query) { return query; });

  EXPECT_FALSE(Locate("sip:echo.example.com:5060").ok());

  EXPECT_GT(metrics_.bad_answers, 0);
}

TEST_F(LocatorHostileTest, TargetsThatAreNoNamesAreLeftOut) {
  dns_->AddSrv("_sip._udp.example.com", {1, 0, 5060, "127.0.0.9"});
  dns_->AddSrv("_sip._udp.example.com", {2, 0, 5060, "with space.example.com"});
  dns_->AddSrv("_sip._udp.example.com", {3, 0, 0, "good.example.com"});
  dns_->AddSrv("_sip._udp.example.com", {4, 0, 5070, "good.example.com"});

  EXPECT_FALSE(Locate("sip:example.com;transport=udp").ok());  // the space: dropped

  dns_->Remove("_sip._udp.example.com");
  dns_->AddSrv("_sip._udp.example.net", {1, 0, 5060, "127.0.0.9"});
  dns_->AddSrv("_sip._udp.example.net", {3, 0, 0, "good.example.com"});
  dns_->AddSrv("_sip._udp.example.net", {4, 0, 5070, "good.example.com"});
  EXPECT_THAT(Texts(Locate("sip:example.net;transport=udp")), ElementsAre("udp:127.0.0.2:5070"));
}

// A server that never says anything twice the same, and nothing as it should.
TEST_F(LocatorHostileTest, RandomlyDamagedAnswersDoNoHarm) {
  constexpr int kNames = 400;
  dns_->FollowAliases(true);
  auto chance = std::make_shared<std::mt19937>(4475);
  const std::string body =
      DnsRecord(kCname, DnsName("one.example.com")) + DnsRecord(kA, std::string("\x7f\0\0\2", 4));
  std::vector<std::future<Hops>> found;
  for (int i = 0; i < kNames; ++i) {
    const std::string name = absl::StrCat("r", i, ".example.com");
    dns_->AnswerWith(name, DnsType::kA, [body, chance](const std::string& query) {
      std::string answer = DnsAnswerHead(query, 2) + body;
      for (uint32_t damage = (*chance)() % 4 + 1; damage > 0; --damage) {
        answer[2 + (*chance)() % (answer.size() - 2)] = static_cast<char>((*chance)());
      }
      return answer;
    });
    found.push_back(Begin(absl::StrCat("sip:", name, ":5060")));
  }

  for (std::future<Hops>& one : found) static_cast<void>(End(one));

  EXPECT_GT(metrics_.bad_answers, 0);
  EXPECT_THAT(Texts(Locate("sip:good.example.com:5060")), ElementsAre("udp:127.0.0.2:5060"));
}

}  // namespace
}  // namespace sipevents::sip
