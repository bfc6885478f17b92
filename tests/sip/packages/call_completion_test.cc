#include "sip/packages/call_completion.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/packages/package_table.h"
#include "sipevents/v1/packages/call_completion.pb.h"
#include "tests/sip/packages/merging.h"
#include "tests/sip/packages/typed.h"

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;
using Kind = MergeResult::Kind;

constexpr char kType[] = "application/call-completion";

TEST(CallCompletionTest, LinesAreToldWhateverTheirOrderAndCase) {
  struct Row {
    std::string_view body;
    v1::CallCompletion::State state;
    bool retention;
    std::string_view uri;
  };
  const std::vector<Row> rows = {
      {"cc-state: ready\r\ncc-service-retention: true\r\ncc-URI: "
       "sip:cc-9931@callee.example.net\r\n",
       v1::CallCompletion::READY, true, "sip:cc-9931@callee.example.net"},
      {"cc-state: queued", v1::CallCompletion::QUEUED, false, ""},
      {"CC-uri: \"Ann\" <sip:ann@example.org;a=b>;x=y\nx-more: 1\nCc-State:Queued\n",
       v1::CallCompletion::QUEUED, false, "sip:ann@example.org;a=b"},
      {"cc-state:\r\n ready\r\ncc-URI:\r\n\t<sip:a@example.org>\r\n", v1::CallCompletion::READY,
       false, "sip:a@example.org"},
      {"cc-state: resting\r\ncc-service-retention: false\r\nodd line\r\n",
       v1::CallCompletion::STATE_UNSPECIFIED, false, ""},
      // Each at most once: the first counts.
      {"cc-state: ready\r\ncc-state: queued\r\n", v1::CallCompletion::READY, false, ""},
  };
  for (const Row& row : rows) {
    Merging merging(FindPackage("call-completion"), kType);

    const auto completion = StateOf<v1::CallCompletion>(merging.Feed(row.body));

    EXPECT_EQ(completion.state(), row.state) << row.body;
    EXPECT_EQ(completion.service_retention(), row.retention) << row.body;
    EXPECT_EQ(completion.uri(), row.uri) << row.body;
  }
}

TEST(CallCompletionTest, BadBodiesAreRefused) {
  struct Row {
    std::string_view body;
    std::string_view said;
    std::string_view type = kType;
    bool lenient = true;
  };
  const std::vector<Row> rows = {
      {"cc-URI: sip:a@example.org\r\n", "no cc-state"},
      {"hello", "no cc-state"},
      {"cc-state: ready\r\n", "content type \"text/plain\"", "text/plain"},
      {"cc-state: ready\r\ncc-state: queued\r\n", "cc-state is there more than once", kType, false},
      {"cc-state: ready\r\nhello\r\n", "without colon: \"hello\"", kType, false},
  };
  for (const Row& row : rows) {
    Merging merging(FindPackage("call-completion"), kType, row.lenient);

    const MergeResult result = merging.FeedTyped(row.type, row.body);

    EXPECT_EQ(result.kind, Kind::kError) << row.body;
    EXPECT_THAT(result.error, HasSubstr(std::string(row.said)));
  }
}

TEST(CallCompletionTest, EmptyBodyKeepsTheState) {
  Merging merging(FindPackage("call-completion"), kType);
  EXPECT_EQ(merging.Feed("\r\n").kind, Kind::kUnchanged);
}

}  // namespace
}  // namespace sipevents::sip
