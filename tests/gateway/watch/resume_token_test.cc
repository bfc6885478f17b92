#include "gateway/watch/resume_token.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipevents::gateway {
namespace {

using ::testing::MatchesRegex;

const LogIdentity kLog{"subscriptions/1abc", "uid-1", 0x1122334455667788};

TEST(ResumeTokenTest, EncodedTokenDecodes) {
  for (const uint64_t sequence : {uint64_t{0}, uint64_t{1}, uint64_t{0x0102030405060708},
                                  std::numeric_limits<uint64_t>::max()}) {
    const std::string text = ResumeTokenEncoder(kLog).Encode(sequence);

    const absl::StatusOr<ResumeToken> token = ResumeToken::Decode(text);

    ASSERT_TRUE(token.ok()) << token.status();
    EXPECT_EQ(token->sequence(), sequence);
    EXPECT_TRUE(token->IsForName(kLog.name));
    EXPECT_TRUE(token->IsForLog(kLog));
  }
}

TEST(ResumeTokenTest, TextIsUrlSafeAndStable) {
  const std::string text = ResumeTokenEncoder(kLog).Encode(42);

  EXPECT_EQ(text.size(), ResumeToken::kTextSize);
  EXPECT_THAT(text, MatchesRegex("[A-Za-z0-9_-]+"));
  // Clients keep tokens over restarts: another text here breaks them.
  EXPECT_EQ(text, "AXfTBYmWVc4zimsQJSFekkMRIjNEVWZ3iAAAAAAAAAAqlY2l");
}

TEST(ResumeTokenTest, OtherNameUidOrEpochIsTold) {
  const ResumeToken token = *ResumeToken::Decode(ResumeTokenEncoder(kLog).Encode(1));
  LogIdentity other_uid = kLog;
  other_uid.uid = "uid-2";
  LogIdentity other_epoch_low = kLog;
  other_epoch_low.epoch ^= 1;
  LogIdentity other_epoch_high = kLog;
  other_epoch_high.epoch ^= uint64_t{1} << 60;

  EXPECT_FALSE(token.IsForName("subscriptions/1abd"));
  for (const LogIdentity& other : {other_uid, other_epoch_low, other_epoch_high}) {
    EXPECT_TRUE(token.IsForName(other.name));
    EXPECT_FALSE(token.IsForLog(other));
  }
}

TEST(ResumeTokenTest, AnyCharacterChangedDoesNotDecode) {
  const std::string text = ResumeTokenEncoder(kLog).Encode(77);
  for (size_t i = 0; i < text.size(); ++i) {
    for (const char other : {'A', 'B', '_', '9', '=', ' ', '+', '\0', '\xff'}) {
      if (text[i] == other) continue;
      std::string changed = text;
      changed[i] = other;

      EXPECT_EQ(ResumeToken::Decode(changed).status().code(), absl::StatusCode::kInvalidArgument)
          << changed;
    }
  }
}

TEST(ResumeTokenTest, OtherLengthDoesNotDecode) {
  const std::string text = ResumeTokenEncoder(kLog).Encode(77);

  for (const std::string& changed :
       {std::string(), text.substr(1), text.substr(0, 44), text + "A", text + text,
        std::string(1 << 20, 'A'), std::string(48, 'A'), std::string(48, ' ')}) {
    EXPECT_EQ(ResumeToken::Decode(changed).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace sipevents::gateway
