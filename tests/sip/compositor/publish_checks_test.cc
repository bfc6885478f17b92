#include "sip/compositor/publish_checks.h"

#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gtest/gtest.h"
#include "tests/sip/compositor/compositor_fixture.h"

namespace sipevents::sip {
namespace {

constexpr char kCurrent[] = "current";  // the one tag that is good here

const std::string& OpenBody() {
  static const std::string body = PresenceBody("t1", "open");
  return body;
}

std::variant<PublishOrder, RequestAnswer> Check(const IncomingRequest& request,
                                                const PublishRules& rules = TestRules()) {
  return CheckPublish(request, rules,
                      [](const PublishOrder& order) { return order.tag == kCurrent; });
}

IncomingRequest WithBody() {
  IncomingRequest request = Publish(absl::UnixEpoch());
  request.content_type = kPidf;
  request.body = OpenBody();
  return request;
}

// What a request is answered if it is changed like this.
struct RefusalCase {
  std::string name;
  std::function<void(IncomingRequest&)> change;
  int status;
  std::string header = "";
  std::string value = "";
};

class PublishRefusalTest : public ::testing::TestWithParam<RefusalCase> {};

TEST_P(PublishRefusalTest, IsAnswered) {
  // Given a request that would do
  IncomingRequest request = WithBody();
  ASSERT_TRUE(std::holds_alternative<PublishOrder>(Check(request)));
  // When
  GetParam().change(request);
  const auto checked = Check(request);
  // Then
  ASSERT_TRUE(std::holds_alternative<RequestAnswer>(checked));
  const RequestAnswer& answer = std::get<RequestAnswer>(checked);
  EXPECT_EQ(answer.status, GetParam().status);
  if (GetParam().header.empty()) {
    EXPECT_TRUE(answer.headers.empty());
  } else {
    EXPECT_EQ(HeaderOf(answer, GetParam().header), GetParam().value);
  }
}

using R = IncomingRequest;

const std::string kPackages = "presence, dialog, message-summary, vq-rtcpxr";

INSTANTIATE_TEST_SUITE_P(
    Steps, PublishRefusalTest,
    ::testing::Values(
        RefusalCase{"InADialogEsc24", [](R& r) { r.to_tag = "t"; }, 481},
        RefusalCase{"OtherDomainEsc03", [](R& r) { r.request_uri = "sip:alice@example.net"; }, 404},
        RefusalCase{"NoUserEsc03", [](R& r) { r.request_uri = "sip:example.com"; }, 404},
        RefusalCase{"NoEventEsc04", [](R& r) { r.event_count = 0; }, 489, "Allow-Events",
                    kPackages},
        RefusalCase{"UnknownPackageEsc04", [](R& r) { r.event_type = "weather"; }, 489,
                    "Allow-Events", kPackages},
        RefusalCase{"PackageInCapitalsGen08", [](R& r) { r.event_type = "Presence"; }, 489,
                    "Allow-Events", kPackages},
        RefusalCase{"TemplateEsc04", [](R& r) { r.event_type = "presence.winfo"; }, 489,
                    "Allow-Events", kPackages},
        RefusalCase{"TwoEventsEsc04", [](R& r) { r.event_count = 2; }, 400},
        RefusalCase{"BadEventGen10", [](R& r) { r.event_type_ok = false; }, 400},
        RefusalCase{"TwoTagsInAListEsc06", [](R& r) { r.if_match = {"current, b"}; }, 400},
        RefusalCase{"TwoTagsInTwoHeadersEsc06",
                    [](R& r) {
                      r.if_match = {"current", "b"};
                    },
                    400},
        RefusalCase{"OneTagTwiceEsc06",
                    [](R& r) {
                      r.if_match = {"current", "current"};
                    },
                    400},
        RefusalCase{"AnyTagEsc06", [](R& r) { r.if_match = {"*"}; }, 400},
        RefusalCase{"QuotedTagEsc06", [](R& r) { r.if_match = {"\"current\""}; }, 400},
        RefusalCase{"EmptyTagEsc06", [](R& r) { r.if_match = {""}; }, 400},
        RefusalCase{"TagWithParameterEsc06", [](R& r) { r.if_match = {"current;a=b"}; }, 400},
        RefusalCase{"UnknownTagEsc07", [](R& r) { r.if_match = {"other"}; }, 412},
        RefusalCase{"TagInCapitalsEsc07", [](R& r) { r.if_match = {"Current"}; }, 412},
        RefusalCase{"TooShortEsc09", [](R& r) { r.expires = 59; }, 423, "Min-Expires", "60"},
        RefusalCase{"MuchTooShortEsc09", [](R& r) { r.expires = 1; }, 423, "Min-Expires", "60"},
        RefusalCase{"OtherTypeEsc10", [](R& r) { r.content_type = "text/plain"; }, 415, "Accept",
                    kPidf},
        RefusalCase{"NoTypeEsc10", [](R& r) { r.content_type = ""; }, 415, "Accept", kPidf},
        RefusalCase{"SignedBodyEsc22", [](R& r) { r.content_type = "multipart/signed;boundary=b"; },
                    415, "Accept", kPidf},
        RefusalCase{"BrokenXmlEsc10", [](R& r) { r.body = "<presence"; }, 400},
        RefusalCase{"OtherDocumentEsc10", [](R& r) { r.body = "<dialog-info/>"; }, 400},
        RefusalCase{"NothingAtAllEsc12", [](R& r) { r.body = ""; }, 400},
        RefusalCase{"NothingAtAllForNoTimeEsc12",
                    [](R& r) {
                      r.body = "";
                      r.expires = 0;
                    },
                    400},
        RefusalCase{"BrokenXmlForNoTimeEsc10",
                    [](R& r) {
                      r.body = "<presence";
                      r.expires = 0;
                    },
                    400},
        RefusalCase{"ModifyWithBrokenXmlEsc10",
                    [](R& r) {
                      r.if_match = {kCurrent};
                      r.body = "<presence";
                    },
                    400}),
    [](const auto& param) { return param.param.name; });

// Of two faults the one that comes first in section 6 is told.
INSTANTIATE_TEST_SUITE_P(Order, PublishRefusalTest,
                         ::testing::Values(RefusalCase{"ResourceBeforeEvent",
                                                       [](R& r) {
                                                         r.request_uri = "sip:a@example.net";
                                                         r.event_count = 0;
                                                       },
                                                       404},
                                           RefusalCase{"EventBeforeTag",
                                                       [](R& r) {
                                                         r.event_count = 0;
                                                         r.if_match = {"*"};
                                                       },
                                                       489, "Allow-Events", kPackages},
                                           RefusalCase{"TagBeforeExpires",
                                                       [](R& r) {
                                                         r.if_match = {"other"};
                                                         r.expires = 1;
                                                       },
                                                       412},
                                           RefusalCase{"ExpiresBeforeBody",
                                                       [](R& r) {
                                                         r.expires = 1;
                                                         r.content_type = "text/plain";
                                                       },
                                                       423, "Min-Expires", "60"}),
                         [](const auto& param) { return param.param.name; });

TEST(PublishChecksTest, BodyAboveTheLimitIs413Esc25) {
  // Given
  PublishRules rules = TestRules();
  IncomingRequest request = WithBody();
  // When it fits, then
  rules.max_body_octets = request.body.size();
  EXPECT_TRUE(std::holds_alternative<PublishOrder>(Check(request, rules)));
  // When it does not, then
  rules.max_body_octets = request.body.size() - 1;
  const auto checked = Check(request, rules);
  ASSERT_TRUE(std::holds_alternative<RequestAnswer>(checked));
  EXPECT_EQ(std::get<RequestAnswer>(checked).status, 413);
}

TEST(PublishChecksTest, PhraseOfAFaultIsPrintable) {
  IncomingRequest request = WithBody();
  request.body =
      "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='a:b'><\xc3\xa9 a='1' "
      "a='2'/></presence>";
  const auto checked = Check(request);
  ASSERT_TRUE(std::holds_alternative<RequestAnswer>(checked));
  const std::string& phrase = std::get<RequestAnswer>(checked).phrase;
  EXPECT_FALSE(phrase.empty());
  for (const char c : phrase) EXPECT_TRUE(c >= ' ' && c <= '~') << phrase;
}

TEST(PublishChecksTest, PhraseOfAFaultFitsAStatusLine) {
  IncomingRequest request = WithBody();
  const std::string tuple = "<tuple id='\x7f\r\n" + std::string(400, 'x') +
                            "'><status><basic>open</basic></status></tuple>";
  const std::string hostile =
      "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='a:b'>" + tuple + tuple + "</presence>";
  request.body = hostile;
  const auto checked = Check(request);
  ASSERT_TRUE(std::holds_alternative<RequestAnswer>(checked));
  const std::string& phrase = std::get<RequestAnswer>(checked).phrase;
  EXPECT_EQ(std::get<RequestAnswer>(checked).status, 400);
  EXPECT_LE(phrase.size(), 120u);
  EXPECT_EQ(phrase.find_first_of("\r\n"), std::string::npos) << phrase;
}

// What a request means, and for how long.
struct OrderCase {
  std::string name;
  std::function<void(IncomingRequest&)> change;
  PublishOperation operation;
  int expires;
};

class PublishOrderTest : public ::testing::TestWithParam<OrderCase> {};

TEST_P(PublishOrderTest, IsCarriedOut) {
  IncomingRequest request = WithBody();
  GetParam().change(request);
  const auto checked = Check(request);
  ASSERT_TRUE(std::holds_alternative<PublishOrder>(checked));
  const PublishOrder& order = std::get<PublishOrder>(checked);
  EXPECT_EQ(order.operation, GetParam().operation);
  EXPECT_EQ(order.expires, absl::Seconds(GetParam().expires));
  EXPECT_EQ(order.resource, kAlice);
  EXPECT_EQ(TestRules().packages[order.package].name, request.event_type);
}

INSTANTIATE_TEST_SUITE_P(
    Operations, PublishOrderTest,
    ::testing::Values(OrderCase{"CreateForTheDefaultTimeEsc08", [](R&) {},
                                PublishOperation::kCreate, 1800},
                      OrderCase{"CreateForTheTimeAskedEsc09", [](R& r) { r.expires = 600; },
                                PublishOperation::kCreate, 600},
                      OrderCase{"CreateForTheLeastTimeEsc09", [](R& r) { r.expires = 60; },
                                PublishOperation::kCreate, 60},
                      OrderCase{"CreateForTheMostTimeEsc09", [](R& r) { r.expires = 3601; },
                                PublishOperation::kCreate, 3600},
                      OrderCase{"CreateForEverEsc09", [](R& r) { r.expires = UINT32_MAX; },
                                PublishOperation::kCreate, 3600},
                      OrderCase{"CreateForNoTimeEsc13", [](R& r) { r.expires = 0; },
                                PublishOperation::kReport, 0},
                      OrderCase{"Modify", [](R& r) { r.if_match = {" current "}; },
                                PublishOperation::kModify, 1800},
                      OrderCase{"Refresh",
                                [](R& r) {
                                  r.if_match = {kCurrent};
                                  r.body = "";
                                },
                                PublishOperation::kRefresh, 1800},
                      OrderCase{"RemoveEsc13",
                                [](R& r) {
                                  r.if_match = {kCurrent};
                                  r.body = "";
                                  r.expires = 0;
                                },
                                PublishOperation::kRemove, 0},
                      OrderCase{"RemoveThoughABodyComesWithIt",
                                [](R& r) {
                                  r.if_match = {kCurrent};
                                  r.expires = 0;
                                  r.body = "<presence";
                                },
                                PublishOperation::kRemove, 0},
                      OrderCase{"ReportKeepsNothing",
                                [](R& r) {
                                  r.event_type = "vq-rtcpxr";
                                  r.content_type = kReportType;
                                  r.body = "VQSessionReport: CallTerm\r\nCallID: a@b\r\n";
                                },
                                PublishOperation::kReport, 0},
                      OrderCase{"ReportIsNeverTooShort",
                                [](R& r) {
                                  r.event_type = "vq-rtcpxr";
                                  r.content_type = kReportType;
                                  r.body = "VQSessionReport: CallTerm\r\nCallID: a@b\r\n";
                                  r.expires = 1;
                                },
                                PublishOperation::kReport, 0}),
    [](const auto& param) { return param.param.name; });

// Unlike that of a subscription (section 6.4): nothing says that an hour is always enough.
TEST(PublishChecksTest, AnHourMayBeTooShortEsc09) {
  PublishRules rules = TestRules();
  rules.min_expires = rules.default_expires = rules.max_expires = absl::Hours(2);
  IncomingRequest request = WithBody();
  request.expires = 3600;
  const auto checked = Check(request, rules);
  ASSERT_TRUE(std::holds_alternative<RequestAnswer>(checked));
  EXPECT_EQ(std::get<RequestAnswer>(checked).status, 423);
  EXPECT_EQ(HeaderOf(std::get<RequestAnswer>(checked), "Min-Expires"), "7200");
}

}  // namespace
}  // namespace sipevents::sip
