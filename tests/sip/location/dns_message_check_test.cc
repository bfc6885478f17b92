#include "sip/location/dns_message_check.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/peer/dns_server.h"

namespace sipevents::sip {
namespace {

using ::sipevents::testing::DnsAnswerHead;
using ::sipevents::testing::DnsName;
using ::sipevents::testing::DnsQuery;
using ::sipevents::testing::DnsRecord;
using ::sipevents::testing::DnsType;
using ::sipevents::testing::DnsUint16;
using ::sipevents::testing::StatusIs;
using ::testing::HasSubstr;

constexpr uint16_t kA = 1;
constexpr uint16_t kCname = 5;
constexpr uint16_t kSoa = 6;
constexpr uint16_t kTxt = 16;
constexpr uint16_t kAaaa = 28;
constexpr uint16_t kSrv = 33;
constexpr uint16_t kNaptr = 35;
constexpr uint16_t kA6 = 38;

std::string Query() { return DnsQuery(7, "host.example.com", DnsType::kA); }

std::string Answer(const std::string& records, uint16_t count = 1, int rcode = 0) {
  return DnsAnswerHead(Query(), count, rcode) + records;
}

std::string Address() { return std::string("\x7f\0\0\1", 4); }

// A name that ends with a pointer to an offset.
std::string PointerTo(size_t offset) { return DnsUint16(static_cast<uint16_t>(0xc000 | offset)); }

std::string Srv(const std::string& name) {
  return DnsUint16(1) + DnsUint16(2) + DnsUint16(5060) + name;
}

std::string Naptr(const std::string& name) {
  return DnsUint16(1) + DnsUint16(2) + "\1s\7SIP+D2U" + std::string(1, '\0') + name;
}

TEST(DnsMessageCheckTest, WholeAnswersPass) {
  const std::string pointer = PointerTo(12);  // the name in the question
  const std::vector<std::string> good = {
      Answer(DnsRecord(kA, Address())),
      Answer(DnsRecord(kAaaa, std::string(16, '\1'))),
      Answer(DnsRecord(kCname, DnsName("a.example.com"))),
      Answer(DnsRecord(kCname, "\1a" + pointer)),
      Answer(DnsRecord(kSrv, Srv(pointer)) + DnsRecord(kSrv, Srv(std::string(1, '\0'))), 2),
      Answer(DnsRecord(kNaptr, Naptr(DnsName("_sip._udp.example.com")))),
      // An SOA may have a dot within a label, in the mailbox.
      Answer(DnsRecord(kSoa, DnsName("ns.example.com") + "\3a.b" + pointer + std::string(20, '\1')),
             1, 3),
      Answer(DnsRecord(kTxt, "\5hello")),
      Answer(DnsRecord(kTxt, "")),
      Answer("", 0),
      Answer("", 0, 2),
      // FORMERR of a server that does not know EDNS, with nothing but a header.
      std::string("\0\7\x80\1", 4) + std::string(8, '\0'),
  };
  for (const std::string& message : good) EXPECT_OK(CheckDnsResponse(message));
}

TEST(DnsMessageCheckTest, NameMustEnd) {
  const size_t record = Answer("").size();
  const auto with_owner = [](const std::string& owner) {
    return Answer(owner + DnsRecord(kA, Address()).substr(2));
  };
  // To itself, forward, to each other, into the header, past the end.
  EXPECT_THAT(CheckDnsResponse(with_owner(PointerTo(record))),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("pointer")));
  EXPECT_FALSE(CheckDnsResponse(with_owner("\1a" + PointerTo(record))).ok());
  EXPECT_FALSE(CheckDnsResponse(with_owner(PointerTo(record + 4))).ok());
  EXPECT_FALSE(CheckDnsResponse(with_owner(PointerTo(0))).ok());
  EXPECT_FALSE(CheckDnsResponse(with_owner(PointerTo(16000))).ok());
  EXPECT_FALSE(CheckDnsResponse(with_owner("\xc0")).ok());
  // Labels of the reserved kinds, which the resolver takes for long ones.
  EXPECT_FALSE(CheckDnsResponse(with_owner("\x40" + std::string(64, 'a') + '\0')).ok());
  EXPECT_FALSE(CheckDnsResponse(with_owner("\x80" + std::string(128, 'a') + '\0')).ok());
}

TEST(DnsMessageCheckTest, NameHasAtMost255Octets) {
  const auto alias = [](int labels, int rest) {
    std::string name;
    for (int i = 0; i < labels; ++i) name += '\x3f' + std::string(63, 'a');
    if (rest > 0) name += static_cast<char>(rest) + std::string(static_cast<size_t>(rest), 'b');
    return Answer(DnsRecord(kCname, name + '\0'));
  };
  EXPECT_OK(CheckDnsResponse(alias(3, 61)));  // 3 * 64 + 62 + 1
  EXPECT_THAT(CheckDnsResponse(alias(3, 62)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too long")));
  EXPECT_FALSE(CheckDnsResponse(alias(18, 0)).ok());
}

TEST(DnsMessageCheckTest, DataIsAsLongAsItSays) {
  const std::vector<std::string> bad = {
      Answer(DnsRecord(kA, std::string(3, '\1'))),
      Answer(DnsRecord(kA, std::string(5, '\1'))),
      Answer(DnsRecord(kA, "")),
      Answer(DnsRecord(kAaaa, std::string(17, '\1'))),
      Answer(DnsRecord(kCname, "")),
      Answer(DnsRecord(kCname, DnsName("a.x") + '\0')),
      Answer(DnsRecord(kCname, "\5ab")),
      Answer(DnsRecord(kSrv, Srv(""))),
      Answer(DnsRecord(kSrv, Srv(DnsName("a.x")) + '\1')),
      Answer(DnsRecord(kNaptr, Naptr(DnsName("a.x")) + '\1')),
      Answer(DnsRecord(kNaptr, DnsUint16(1) + DnsUint16(2) + "\xff")),
      Answer(DnsRecord(kSoa, DnsName("a.x") + DnsName("b.x") + std::string(19, '\1'))),
      Answer(DnsRecord(kA6, std::string(1, '\0') + std::string(16, '\1'))),
  };
  for (const std::string& message : bad) EXPECT_FALSE(CheckDnsResponse(message).ok());
}

TEST(DnsMessageCheckTest, NamesThatAreUsedHoldNoDotsOrControls) {
  const std::string pointer = PointerTo(12);
  EXPECT_FALSE(CheckDnsResponse(Answer(DnsRecord(kCname, "\3a.b" + pointer))).ok());
  EXPECT_FALSE(
      CheckDnsResponse(Answer(DnsRecord(kSrv, Srv(std::string("\2a\0", 3) + pointer)))).ok());
  EXPECT_FALSE(CheckDnsResponse(Answer(DnsRecord(kNaptr, Naptr("\2a\n" + pointer)))).ok());
}

TEST(DnsMessageCheckTest, CountsAndLengthAreBounded) {
  const std::string one = DnsRecord(kA, Address());
  EXPECT_FALSE(CheckDnsResponse("").ok());
  EXPECT_FALSE(CheckDnsResponse(Answer("").substr(0, 11)).ok());
  EXPECT_FALSE(CheckDnsResponse(Answer(one, 2)).ok());
  EXPECT_FALSE(CheckDnsResponse(Answer("", 65535)).ok());
  EXPECT_FALSE(CheckDnsResponse(Answer(DnsRecord(kTxt, std::string(1460, 'x')))).ok());
  std::string two_questions = Answer(one);
  two_questions[5] = 2;
  EXPECT_FALSE(CheckDnsResponse(two_questions).ok());
}

TEST(DnsMessageCheckTest, OnlyResponsesPass) {
  std::string message = Answer(DnsRecord(kA, Address()));
  message[2] = static_cast<char>(message[2] & 0x7f);
  EXPECT_FALSE(CheckDnsResponse(message).ok());
  EXPECT_FALSE(CheckDnsResponse(Query()).ok());
}

// Else the name would be held to have no such record, for minutes.
TEST(DnsMessageCheckTest, TruncatedAnswerNeedsSomethingInIt) {
  std::string empty = Answer("", 0);
  std::string some = Answer(DnsRecord(kA, Address()));
  empty[2] = static_cast<char>(empty[2] | 0x02);
  some[2] = static_cast<char>(some[2] | 0x02);
  EXPECT_FALSE(CheckDnsResponse(empty).ok());
  EXPECT_OK(CheckDnsResponse(some));
}

TEST(DnsMessageCheckTest, EveryPrefixAndEveryDamageIsJudged) {
  const std::string whole =
      Answer(DnsRecord(kCname, "\1a" + PointerTo(12)) + DnsRecord(kSrv, Srv(PointerTo(12))) +
                 DnsRecord(kNaptr, Naptr(DnsName("a.x"))),
             3);
  ASSERT_OK(CheckDnsResponse(whole));
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(CheckDnsResponse(whole.substr(0, length)).ok()) << length;
  }
  std::mt19937 random(1);
  for (int i = 0; i < 200'000; ++i) {
    std::string damaged = whole;
    for (uint32_t times = random() % 5; times > 0; --times) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    // Exactly as many octets as there are: reading past them is seen by AddressSanitizer.
    const std::vector<char> exact(damaged.begin(), damaged.end());
    static_cast<void>(CheckDnsResponse({exact.data(), exact.size()}));
  }
}

}  // namespace
}  // namespace sipevents::sip
