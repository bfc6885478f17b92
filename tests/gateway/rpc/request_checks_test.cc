#include "gateway/rpc/request_checks.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/gateway/rpc/request_checks_fixture.h"

namespace sipevents::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;

// ---- a list of the caller's (RFC 5367)

TEST_F(RequestChecksTest, MembersAreBroughtIntoCanonicalForm) {
  v1::SubscriptionSpec spec = GoodSpec();
  spec.add_members("sip:202@EXAMPLE.com");
  spec.add_members("sip:201@example.com");
  spec.add_members("SIP:202@example.com");

  EXPECT_THAT(KeyOf(spec).members, ElementsAre("sip:201@example.com", "sip:202@example.com"));
  EXPECT_NE(namer_.NameOf(KeyOf(spec)), namer_.NameOf(KeyOf(GoodSpec())));
}

TEST_F(RequestChecksTest, MembersThatCannotBeUsedAreNamed) {
  EXPECT_THAT(WrongSpec([](v1::SubscriptionSpec& spec) {
                spec.add_members("sip:201@example.com");
                spec.add_members("mailto:x@y");
              }),
              ElementsAre(Pair("spec.members[1]", HasSubstr("a sip:, sips:, pres: or tel: URI"))));
  EXPECT_THAT(WrongSpec([](v1::SubscriptionSpec& spec) {
                for (int i = 0; i < 1001; ++i) spec.add_members(absl::StrCat("sip:", i, "@y"));
              }),
              ElementsAre(Pair("spec.members", HasSubstr("at most 1000"))));
  EXPECT_THAT(WrongSpec([](v1::SubscriptionSpec& spec) {
                spec.add_members("sip:201@example.com");
                spec.mutable_body()->set_content_type("text/plain");
                spec.mutable_body()->set_data("x");
              }),
              ElementsAre(Pair("spec.members", HasSubstr("members or a body, not both"))));
}

// ---- the spec

TEST_F(RequestChecksTest, SpecIsBroughtIntoCanonicalForm) {
  v1::SubscriptionSpec spec;
  spec.set_target_uri("SIP:%61lice@EXAMPLE.com");
  spec.set_event_package("presence");
  (*spec.mutable_event_parameters())["Two"] = "2";
  (*spec.mutable_event_parameters())["one"] = "";
  spec.set_identity("sip:Me@Example.com");
  spec.add_accept("Text/Plain;charset=UTF-8");
  spec.add_accept("application/PIDF+xml");
  spec.add_accept("application/pidf+xml");
  spec.mutable_body()->set_content_type("Application/X");
  spec.mutable_body()->set_data("<x/>");
  spec.mutable_expires()->set_seconds(60);

  const absl::StatusOr<CreateOrder> order = Create(spec);

  ASSERT_OK(order);
  const SubscriptionKey& key = order->wanted.key;
  EXPECT_EQ(key.tenant, "acme");
  EXPECT_EQ(key.target_uri, "sip:alice@example.com");
  EXPECT_THAT(key.event_parameters, ElementsAre(Pair("one", ""), Pair("two", "2")));
  EXPECT_EQ(key.identity, "sip:Me@example.com");
  EXPECT_THAT(key.accept, ElementsAre("application/pidf+xml", "text/plain;charset=UTF-8"));
  EXPECT_EQ(key.body_content_type, "application/x");
  EXPECT_EQ(key.body, "<x/>");
  EXPECT_EQ(order->wanted.expires, absl::Seconds(60));
  EXPECT_EQ(order->wanted.name, namer_.NameOf(key));
  EXPECT_EQ(order->ttl, absl::Hours(1));
}

TEST_F(RequestChecksTest, NamingTheGatewaysOwnIdentityIsNamingNone) {
  v1::SubscriptionSpec spec = GoodSpec();
  spec.set_identity("sip:gateway@EXAMPLE.com");

  EXPECT_EQ(KeyOf(spec), KeyOf(GoodSpec()));
}

TEST_F(RequestChecksTest, TargetThatIsNoUriIsRefused) {
  for (const char* target :
       {"", "alice", "http://example.com", "sip:", "sip:alice@", "sip:alice@example.com?Subject=x",
        "sip:alice@example.com:99999", "sip:al ice@example.com", "tel:+15551234",
        "sip:alice@example.com\r\nVia: x"}) {
    const Violations violations =
        WrongSpec([&](v1::SubscriptionSpec& spec) { spec.set_target_uri(target); });
    EXPECT_THAT(violations,
                ElementsAre(Violation("spec.target_uri", std::string(target).substr(0, 3),
                                      "a sip:, sips:, pres: or tel: URI without ?headers")))
        << target;
  }
}

// GEN-10: tokens without dots, joined by dots.
TEST_F(RequestChecksTest, EventPackageThatIsNoneIsRefused) {
  for (const char* package :
       {"", "a..b", ".a", "a.", "pre sence", "presence;id=1", "a\r\nb", "a/b"}) {
    const Violations violations =
        WrongSpec([&](v1::SubscriptionSpec& spec) { spec.set_event_package(package); });
    EXPECT_THAT(violations, ElementsAre(Violation("spec.event_package", "", "an event package")))
        << package;
  }
}

TEST_F(RequestChecksTest, EventPackageOfAnyLegalNameIsTaken) {
  for (const char* package : {"presence.winfo.winfo", "x-own", "a!%*_+`'~b"}) {
    v1::SubscriptionSpec spec = GoodSpec();
    spec.set_event_package(package);
    EXPECT_EQ(KeyOf(spec).event_package, package);
  }
}

TEST_F(RequestChecksTest, EventParametersThatCannotBeWrittenAreRefused) {
  const auto wrong = [&](const std::string& name, const std::string& value) {
    return WrongSpec(
        [&](v1::SubscriptionSpec& spec) { (*spec.mutable_event_parameters())[name] = value; });
  };

  EXPECT_THAT(wrong("", "x"), ElementsAre(Violation("spec.event_parameters[]", "", "tokens")));
  EXPECT_THAT(wrong("a b", "x"),
              ElementsAre(Violation("spec.event_parameters[a b]", "a b", "tokens")));
  EXPECT_THAT(wrong("a;b", "x"),
              ElementsAre(Violation("spec.event_parameters[a;b]", "a;b", "tokens")));
  EXPECT_THAT(wrong("a\r\nVia: b", "x"), SizeIs(1));
  EXPECT_THAT(wrong("a", "x\r\nVia: y"),
              ElementsAre(Violation("spec.event_parameters[a]", "x", "control characters")));
  EXPECT_THAT(wrong("a", std::string("x\0y", 3)), SizeIs(1));
  EXPECT_THAT(wrong("a", std::string(513, 'x')), SizeIs(1));
  EXPECT_THAT(wrong("id", "two words"),
              ElementsAre(Violation("spec.event_parameters[id]", "two words", "a token")));
}

TEST_F(RequestChecksTest, EventParameterGivenTwiceIsRefused) {
  EXPECT_THAT(WrongSpec([](v1::SubscriptionSpec& spec) {
                (*spec.mutable_event_parameters())["id"] = "1";
                (*spec.mutable_event_parameters())["ID"] = "2";
              }),
              ElementsAre(Violation("spec.event_parameters", "id", "each name once")));
}

TEST_F(RequestChecksTest, TooManyEntriesAreRefused) {
  EXPECT_THAT(WrongSpec([](v1::SubscriptionSpec& spec) {
                for (int i = 0; i < 17; ++i) {
                  (*spec.mutable_event_parameters())["p" + std::to_string(i)] = "";
                  spec.add_accept("text/plain");
                }
              }),
              ElementsAre(Violation("spec.event_parameters", "17 parameters", "at most 16"),
                          Violation("spec.accept", "17 types", "at most 16")));
}

TEST_F(RequestChecksTest, IdentityThatIsNoSipUriIsRefused) {
  for (const char* identity :
       {"me", "tel:+15551234", "pres:me@example.com", "sip:me@example.com?x=y",
        "\"Me\" <sip:me@example.com>", "sip:me@example.com\r\nX: y"}) {
    EXPECT_THAT(WrongSpec([&](v1::SubscriptionSpec& spec) { spec.set_identity(identity); }),
                ElementsAre(Violation("spec.identity", "", "a sip: or sips: URI")))
        << identity;
  }
}

TEST_F(RequestChecksTest, AcceptThatIsNoMediaTypeIsRefused) {
  EXPECT_THAT(WrongSpec([](v1::SubscriptionSpec& spec) {
                spec.add_accept("text/plain");
                spec.add_accept("xml");
                spec.add_accept("text/plain\r\nVia: x");
                spec.add_accept("text/plain;a=\"x\r\ny\"");
                spec.add_accept("");
              }),
              ElementsAre(Violation("spec.accept[1]", "xml", "a media type"),
                          Violation("spec.accept[2]", "text/plain", "a media type"),
                          Violation("spec.accept[3]", "text/plain", "a media type"),
                          Violation("spec.accept[4]", "", "a media type")));
}

TEST_F(RequestChecksTest, BodyThatCannotBeSentIsRefused) {
  EXPECT_THAT(WrongSpec([](v1::SubscriptionSpec& spec) {
                spec.mutable_body()->set_content_type("not a type");
                spec.mutable_body()->set_data("x");
              }),
              ElementsAre(Violation("spec.body.content_type", "not a type", "a media type")));
  EXPECT_THAT(WrongSpec([](v1::SubscriptionSpec& spec) { spec.mutable_body()->set_data("x"); }),
              ElementsAre(Violation("spec.body.content_type", "", "a media type")));
  EXPECT_THAT(WrongSpec([](v1::SubscriptionSpec& spec) {
                spec.mutable_body()->set_content_type("text/plain");
                spec.mutable_body()->set_data(std::string(65537, 'x'));
              }),
              ElementsAre(Violation("spec.body.data", "65537 octets", "1 to 65536 octets")));
}

TEST_F(RequestChecksTest, ExpiresOutOfRangeIsRefused) {
  const auto wrong = [&](int64_t seconds, int32_t nanos) {
    return WrongSpec([&](v1::SubscriptionSpec& spec) {
      spec.mutable_expires()->set_seconds(seconds);
      spec.mutable_expires()->set_nanos(nanos);
    });
  };

  EXPECT_THAT(wrong(-5, 0), ElementsAre(Violation("spec.expires", "-5s", "1s to 720h")));
  EXPECT_THAT(wrong(0, 999'999'999), SizeIs(1));
  EXPECT_THAT(wrong(30 * 86400, 1), SizeIs(1));
  EXPECT_THAT(wrong(INT64_MAX, 0), SizeIs(1));
  EXPECT_THAT(wrong(5, -1),
              ElementsAre(Violation("spec.expires", "seconds: 5 nanos: -1", "of the same sign")));
  EXPECT_THAT(wrong(5, 1'000'000'000), SizeIs(1));
}

TEST_F(RequestChecksTest, EverythingThatIsWrongIsToldAtOnce) {
  v1::CreateSubscriptionRequest request;
  request.mutable_ttl()->set_seconds(-1);

  EXPECT_THAT(ViolationsOf(checks_.Check(request, "acme").status()),
              ElementsAre(Violation("spec.target_uri", "", "URI"),
                          Violation("spec.event_package", "", "an event package"),
                          Violation("ttl", "-1s", "1s to 720h")));
}

// ---- names

TEST_F(RequestChecksTest, NameOfAnotherFormIsRefused) {
  for (const char* name : {"", "alice", "subscriptions/", "subscriptions/42"}) {
    v1::GetSubscriptionRequest get;
    get.set_name(name);
    v1::DeleteSubscriptionRequest drop;
    drop.set_name(name);
    const auto violation = ElementsAre(Violation("name", name, "subscriptions/"));

    EXPECT_THAT(ViolationsOf(checks_.Check(get)), violation);
    EXPECT_THAT(ViolationsOf(checks_.Check(drop)), violation);
    EXPECT_THAT(WrongWatch([&](v1::WatchRequest& request) { request.set_name(name); }), violation);
  }
}

// ---- lists

TEST_F(RequestChecksTest, ListHasDefaults) {
  const absl::StatusOr<ListOrder> order = checks_.Check(v1::ListSubscriptionsRequest(), "acme");

  ASSERT_OK(order);
  EXPECT_EQ(order->page_size, 100);
  EXPECT_EQ(order->after, "");
}

TEST_F(RequestChecksTest, PageTokenLeadsToTheNextPage) {
  v1::ListSubscriptionsRequest request;
  request.set_filter("state = ACTIVE");
  request.set_page_size(1000);
  request.set_page_token(checks_.NextPageToken(request, "acme", "subscriptions/abc"));

  const absl::StatusOr<ListOrder> order = checks_.Check(request, "acme");

  ASSERT_OK(order);
  EXPECT_EQ(order->after, "subscriptions/abc");
  EXPECT_EQ(order->page_size, 1000);
}

TEST_F(RequestChecksTest, PageTokenOfAnotherListIsRefused) {
  v1::ListSubscriptionsRequest request;
  request.set_page_token(checks_.NextPageToken(request, "acme", "subscriptions/abc"));
  const auto violation = ElementsAre(Violation("page_token", "", "the same list"));

  EXPECT_THAT(ViolationsOf(checks_.Check(request, "umbrella").status()), violation);
  request.set_filter("state = ACTIVE");
  EXPECT_THAT(ViolationsOf(checks_.Check(request, "acme").status()), violation);
  request.set_page_token("2");
  EXPECT_THAT(ViolationsOf(checks_.Check(request, "acme").status()),
              ElementsAre(Violation("page_token", "2", "the same list")));
}

TEST_F(RequestChecksTest, ListThatCannotBeMadeIsRefused) {
  v1::ListSubscriptionsRequest request;
  request.set_page_size(-1);
  request.set_filter("state = LAZY");

  EXPECT_THAT(ViolationsOf(checks_.Check(request, "acme").status()),
              ElementsAre(Violation("page_size", "-1", "0 to 1000"),
                          Violation("filter", "state = LAZY", "SUBSCRIBING")));
  request.set_page_size(1001);
  EXPECT_THAT(ViolationsOf(checks_.Check(request, "acme").status()), SizeIs(2));
}

}  // namespace
}  // namespace sipevents::gateway
