#include "sip/body/multipart.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipevents::sip {
namespace {

using ::testing::HasSubstr;

constexpr char kMixed[] = "multipart/mixed;boundary=b";

TEST(SplitMultipartTest, PartsComeWithTheirHeaders) {
  // given: the shape of RFC 4662 section 6
  const std::string body =
      "This is a preamble.\r\n"
      "--50UBfW7 LSCV\r\n"
      "Content-Transfer-Encoding: binary\r\n"
      "Content-ID: <nXYxAE@pres.example.com>\r\n"
      "Content-Type: application/rlmi+xml;charset=\"UTF-8\"\r\n"
      "\r\n"
      "<list/>\r\n"
      "\r\n"
      "--50UBfW7 LSCV  \r\n"
      "content-id:\r\n"
      "\t<bUZBsM@pres.example.com>\r\n"
      "content-type: multipart/related;\r\n"
      " boundary=inner\r\n"
      "\r\n"
      "--50UBfW7 LSCVinner\r\n"
      "--50UBfW7 LSCV\r\n"
      "\r\n"
      "bare\r\n"
      "--50UBfW7 LSCV--\r\n"
      "An epilogue.\r\n--50UBfW7 LSCV\r\n\r\nno part\r\n";

  // when
  const auto parts =
      SplitMultipart("Multipart/Related; start=\"<a>\"; Boundary=\"50UBfW7 LSCV\"", body, false);

  // then
  ASSERT_TRUE(parts.ok()) << parts.status();
  ASSERT_EQ(parts->size(), 3);
  EXPECT_EQ((*parts)[0].content_id, "nXYxAE@pres.example.com");
  EXPECT_EQ((*parts)[0].content_type, "application/rlmi+xml;charset=\"UTF-8\"");
  EXPECT_EQ((*parts)[0].body, "<list/>\r\n");
  EXPECT_EQ((*parts)[1].content_id, "bUZBsM@pres.example.com");
  EXPECT_EQ(MediaTypeParameter((*parts)[1].content_type, "boundary"), "inner");
  EXPECT_EQ((*parts)[1].body, "--50UBfW7 LSCVinner");
  EXPECT_EQ((*parts)[2].content_id, "");
  EXPECT_EQ((*parts)[2].content_type, "");
  EXPECT_EQ((*parts)[2].body, "bare");
}

TEST(SplitMultipartTest, OddBodiesAreSplitAllTheSame) {
  struct Row {
    std::string_view body;
    std::vector<std::string_view> parts;
  };
  const std::vector<Row> rows = {
      {"--b\n\none\n--b\n\ntwo\n--b--", {"one", "two"}},
      {"--b\r\n--b\r\n\r\n--b\r\nA: b\r\n--b--", {"", "", ""}},
      {"--b\r\n\r\n\r\n\r\n--b--", {"\r\n"}},
      {"--b\r\n\r\n--bc\r\n--b--", {"--bc"}},
      {"--b\r\n\r\nx--b\r\n--b--", {"x--b"}},
  };
  for (const Row& row : rows) {
    const auto parts = SplitMultipart(kMixed, row.body, false);
    ASSERT_TRUE(parts.ok()) << row.body << parts.status();
    std::vector<std::string_view> bodies;
    for (const MultipartPart& part : *parts) bodies.push_back(part.body);
    EXPECT_EQ(bodies, row.parts) << row.body;
  }
}

TEST(SplitMultipartTest, MissingClosingLineIsToleratedIfLenient) {
  for (const std::string_view body : {"--b\r\n\r\nx\r\n", "--b\r\n\r\nx\r\n\r\n--b\r\n"}) {
    const auto lenient = SplitMultipart(kMixed, body, true);
    ASSERT_TRUE(lenient.ok()) << lenient.status();
    ASSERT_EQ(lenient->size(), 1);
    EXPECT_EQ(lenient->front().body, "x\r\n");

    const auto strict = SplitMultipart(kMixed, body, false);
    EXPECT_THAT(std::string(strict.status().message()), HasSubstr("no closing line \"--b--\""));
  }
}

TEST(SplitMultipartTest, WhatIsNoMultipartIsNamed) {
  struct Row {
    std::string_view type;
    std::string body;
    std::string_view said;
  };
  std::string many_parts;
  for (size_t i = 0; i <= kMaxParts + 1; ++i) absl::StrAppend(&many_parts, "--b\r\n\r\n");
  std::string many_headers = "--b\r\n";
  for (size_t i = 0; i <= kMaxPartHeaders; ++i) absl::StrAppend(&many_headers, "A: b\r\n");
  const std::string long_boundary =
      absl::StrCat("multipart/mixed;boundary=", std::string(129, 'b'));
  const std::vector<Row> rows = {
      {"text/plain;boundary=b", "--b\r\n\r\n--b--", "is no multipart type"},
      {"multipart/mixed", "--b\r\n\r\n--b--", "no boundary"},
      {"multipart/mixed;boundary=\"\"", "----", "no boundary"},
      {"multipart/mixed;boundary=\"b", "--b--", "no boundary"},
      {long_boundary, "--b--", "more than 128 octets"},
      {kMixed, "", "no part after a line \"--b\""},
      {kMixed, "--b--", "no part"},
      {kMixed, "--c\r\n\r\nx\r\n--c--", "no part"},
      {kMixed, "--b\r\n<list/>\r\n--b--", "begins with \"<list/>\", which is no header"},
      {kMixed, "--b\r\n<l xmlns=\"a:b\"/>\r\n--b--", "which is no header"},
      {kMixed, many_parts, "more than 2000 parts"},
      {kMixed, many_headers, "more than 64 header lines"},
  };
  for (const Row& row : rows) {
    const auto parts = SplitMultipart(row.type, row.body, true);
    EXPECT_FALSE(parts.ok()) << row.said;
    EXPECT_THAT(std::string(parts.status().message()), HasSubstr(std::string(row.said)));
  }
}

TEST(MediaTypeParameterTest, FirstOfTheNameCounts) {
  constexpr std::string_view kType =
      "multipart/related; Type=\"application/rlmi+xml\";start=\"<a;\\\"b\\\"@x>\" ;\r\n "
      "boundary = a=b;boundary=c;flag";
  EXPECT_EQ(MediaTypeParameter(kType, "type"), "application/rlmi+xml");
  EXPECT_EQ(MediaTypeParameter(kType, "start"), "<a;\"b\"@x>");
  EXPECT_EQ(MediaTypeParameter(kType, "boundary"), "a=b");
  EXPECT_EQ(MediaTypeParameter(kType, "flag"), "");
  EXPECT_EQ(MediaTypeParameter(kType, "b"), std::nullopt);
  EXPECT_EQ(MediaTypeParameter("boundary=b", "boundary"), std::nullopt);
  EXPECT_EQ(MediaTypeParameter("a/b;boundary=\"b", "boundary"), std::nullopt);
}

}  // namespace
}  // namespace sipevents::sip
