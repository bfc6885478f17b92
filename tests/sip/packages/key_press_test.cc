#include "sip/packages/key_press.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/base/ascii.h"
#include "sip/packages/package_table.h"
#include "sipevents/v1/packages/key_press.pb.h"
#include "tests/sip/packages/merging.h"
#include "tests/sip/packages/typed.h"

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;
using Kind = MergeResult::Kind;

constexpr char kType[] = "application/kpml-response+xml";

std::string Response(std::string_view attributes) {
  return absl::StrCat(R"(<?xml version="1.0"?><kpml-response )",
                      R"(xmlns="urn:ietf:params:xml:ns:kpml-response" )", AbslView(attributes),
                      "/>");
}

TEST(KeyPressTest, AllOfAResponseIsTold) {
  Merging merging(FindPackage("kpml"), kType);

  const auto key = StateOf<v1::KeyPress>(merging.Feed(
      Response(R"(version="1.0" code="200" text="OK" digits="*72#D" tag="fwd" suppressed="true"
                  forced_flush="1")")));

  EXPECT_EQ(key.code(), 200);
  EXPECT_EQ(key.text(), "OK");
  EXPECT_EQ(key.digits(), "*72#D");
  EXPECT_EQ(key.tag(), "fwd");
  EXPECT_TRUE(key.suppressed());
  EXPECT_TRUE(key.forced_flush());
  EXPECT_EQ(key.version(), "1.0");
}

TEST(KeyPressTest, OutcomesWithoutKeysAreToldToo) {
  for (const int code : {402, 423, 481, 487, 501, 502, 531, 532, 533, 534}) {
    Merging merging(FindPackage("kpml"), kType);

    const auto key = StateOf<v1::KeyPress>(
        merging.Feed(Response(absl::StrCat("version=\"1.0\" text=\"x\" code=\"", code, "\""))));

    EXPECT_EQ(key.code(), code);
    EXPECT_EQ(key.digits(), "");
    EXPECT_FALSE(key.suppressed());
  }
}

TEST(KeyPressTest, BadResponsesAreRefused) {
  struct Row {
    std::string body;
    std::string_view said;
    std::string_view type = kType;
  };
  const std::vector<Row> rows = {
      {"<kpml-response", "XML"},
      {"<kpml-response code=\"200\"/>", "root element"},
      {R"(<kpml-request xmlns="urn:ietf:params:xml:ns:kpml-response" code="200"/>)",
       "<kpml-response>"},
      {Response("text=\"OK\" digits=\"1\""), "code of <kpml-response> is \"\""},
      {Response("code=\"fine\""), "code of <kpml-response> is \"fine\""},
      {Response("code=\"200\""), "content type", "text/plain"},
  };
  for (const Row& row : rows) {
    Merging merging(FindPackage("kpml"), kType);

    const MergeResult result = merging.FeedTyped(row.type, row.body);

    EXPECT_EQ(result.kind, Kind::kError) << row.body;
    EXPECT_THAT(result.error, HasSubstr(std::string(row.said)));
  }
}

// RFC 4730 section 4.6: the first NOTIFY has no body.
TEST(KeyPressTest, NotifyWithoutBodyTellsNothing) {
  Merging merging(FindPackage("kpml"), kType);
  EXPECT_EQ(merging.Feed("").kind, Kind::kUnchanged);
}

}  // namespace
}  // namespace sipevents::sip
