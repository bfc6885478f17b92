#include <future>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/clients/certificates.h"
#include "tests/clients/cli/cli_process.h"
#include "tests/clients/fake_gateway.h"
#include "tests/clients/temp_file.h"

// The real program: exit statuses, and what goes to which output. Watches: cli_watch_test.cc.

namespace sipevents::client {
namespace {

using ::sipevents::testing::IsOkAndHolds;
using ::testing::AllOf;
using testing::CertificateAuthority;
using testing::CliProcess;
using ::testing::ElementsAre;
using testing::FakeGateway;
using testing::FieldError;
using testing::GatewayError;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::TempFile;

TEST(CliTest, UsageErrorsExitWithOneAndSayWhyOnStandardError) {
  const std::vector<std::string> lines[] = {
      {},
      {"dance"},
      {"publish", "sip:a", "--event=presence"},
      {"subscriptions", "explain"},
      {"watch", "sip:a"},
      {"watch", "sip:a", "--event=presence", "--count=0"},
      {"watch", "sip:a", "sip:b", "--event=presence", "--resume=t"},
      {"watch", "sip:a", "--event=presence", "--resume=t", "--state_file=f"},
      {"watch", "sip:a", "sip:a", "--event=presence", "--state_file=f"},
      {"fetch", "sip:a", "--event=presence", "--token_file=/nonexistent"},
      {"fetch", "sip:a", "--event=presence", "--tls_cert=x"},
      {"watch", "sip:a", "--event=presence", "--tls_ca=/nonexistent"},
  };
  for (const auto& line : lines) {
    CliProcess cli(line);

    EXPECT_THAT(cli.Wait(), IsOkAndHolds(1)) << ::testing::PrintToString(line);
    EXPECT_THAT(cli.out(), IsEmpty());
    EXPECT_THAT(cli.err(), HasSubstr("sipevents: "));
  }
}

TEST(CliTest, HelpGoesToStandardOutputAndIsNoError) {
  CliProcess general({"--help"});
  CliProcess watch({"watch", "--help"});

  EXPECT_THAT(general.Wait(), IsOkAndHolds(0));
  EXPECT_THAT(general.out(), HasSubstr("subscriptions list"));
  EXPECT_THAT(watch.Wait(), IsOkAndHolds(0));
  EXPECT_THAT(watch.out(), HasSubstr("--state_file=FILE"));
}

TEST(CliTest, GatewayThatIsNotThereExitsWithThree) {
  const std::string nowhere = "--gateway=unix:/nonexistent/socket";
  CliProcess fetch({"fetch", "sip:a", "--event=presence", nowhere, "--format=json"});
  CliProcess list({"subscriptions", "list", nowhere});
  CliProcess watch(
      {"watch", "sip:a", "--event=presence", nowhere, "--connect_timeout=300ms", "--format=json"});

  EXPECT_THAT(fetch.Wait(), IsOkAndHolds(3));
  EXPECT_THAT(fetch.err(), HasSubstr("cannot reach"));
  EXPECT_THAT(fetch.out(), IsEmpty());
  EXPECT_THAT(list.Wait(), IsOkAndHolds(3));
  EXPECT_THAT(watch.Wait(), IsOkAndHolds(3));
  EXPECT_THAT(watch.out(), IsEmpty());
}

TEST(CliTest, WatchThatEndsByItsTimeoutBeforeAnyGatewayCameExitsWithThree) {
  CliProcess watch({"watch", "sip:a", "--event=presence", "--gateway=unix:/nonexistent/socket",
                    "--connect_timeout=1h", "--timeout=1s"});

  EXPECT_THAT(watch.Wait(), IsOkAndHolds(3));
}

TEST(CliTest, FetchPrintsOneLineForEachEvent) {
  FakeGateway gateway;
  gateway.on_fetch = [](const v1::FetchStateRequest& request, v1::FetchStateResponse& response) {
    for (const char* dialog : {"d1", "d2"}) {
      v1::Event* event = response.add_events();
      event->set_target_uri(request.spec().target_uri());
      event->set_dialog(dialog);
    }
    return grpc::Status::OK;
  };
  CliProcess cli(
      {"fetch", "sip:a@b", "--event=dialog", "--gateway", gateway.address(), "--format=json"});

  EXPECT_THAT(cli.Wait(), IsOkAndHolds(0));

  EXPECT_EQ(cli.out(),
            "{\"event\":{\"targetUri\":\"sip:a@b\",\"dialog\":\"d1\"}}\n"
            "{\"event\":{\"targetUri\":\"sip:a@b\",\"dialog\":\"d2\"}}\n");
}

TEST(CliTest, ErrorThatTheGatewayAnsweredExitsWithTwo) {
  FakeGateway gateway;
  gateway.on_fetch = [](const auto&, auto&) {
    return FieldError("spec.target_uri", "expected a URI");
  };
  CliProcess json(
      {"fetch", "x", "--event=presence", "--gateway", gateway.address(), "--format=json"});
  CliProcess text({"fetch", "x", "--event=presence", "--gateway", gateway.address()});

  EXPECT_THAT(json.Wait(), IsOkAndHolds(2));
  EXPECT_THAT(json.out(), AllOf(HasSubstr(R"({"error":{"code":"INVALID_ARGUMENT")"),
                                HasSubstr(R"("field":"spec.target_uri")")));
  EXPECT_THAT(text.Wait(), IsOkAndHolds(2));
  EXPECT_THAT(text.out(), IsEmpty());
  EXPECT_THAT(text.err(), HasSubstr("spec.target_uri: expected a URI"));
}

TEST(CliTest, UnavailableThatTheGatewayAnsweredIsNotUnreachable) {
  FakeGateway gateway;
  gateway.on_fetch = [](const auto&, auto&) {
    return GatewayError(grpc::StatusCode::UNAVAILABLE, "no answer from the peer", "SIP_TIMEOUT");
  };
  CliProcess cli({"fetch", "sip:a", "--event=presence", "--gateway", gateway.address()});

  EXPECT_THAT(cli.Wait(), IsOkAndHolds(2));
}

TEST(CliTest, ListGoesThroughAllPages) {
  FakeGateway gateway;
  gateway.on_list = [](const v1::ListSubscriptionsRequest& request,
                       v1::ListSubscriptionsResponse& response) {
    EXPECT_EQ(request.filter(), "state = ACTIVE");
    EXPECT_EQ(request.page_size(), 1);
    const bool first = request.page_token().empty();
    response.add_subscriptions()->set_name(first ? "subscriptions/1" : "subscriptions/2");
    if (first) response.set_next_page_token("more");
    return grpc::Status::OK;
  };
  CliProcess cli({"subscriptions", "list", "--filter=state = ACTIVE", "--page_size=1", "--gateway",
                  gateway.address(), "--format", "json"});

  EXPECT_THAT(cli.Wait(), IsOkAndHolds(0));

  EXPECT_EQ(cli.out(), "{\"name\":\"subscriptions/1\"}\n{\"name\":\"subscriptions/2\"}\n");
}

TEST(CliTest, ListTellsPeopleOfTheBacklog) {
  FakeGateway gateway;
  gateway.on_list = [](const auto&, v1::ListSubscriptionsResponse& response) {
    response.add_subscriptions()->set_name("subscriptions/1");
    response.set_waiting_count(17);
    return grpc::Status::OK;
  };
  CliProcess text({"subscriptions", "list", "--gateway", gateway.address()});
  CliProcess json({"subscriptions", "list", "--gateway", gateway.address(), "--format=json"});

  EXPECT_THAT(text.Wait(), IsOkAndHolds(0));
  EXPECT_THAT(json.Wait(), IsOkAndHolds(0));

  EXPECT_THAT(text.err(), HasSubstr("waits to be sent: 17"));
  EXPECT_EQ(json.err(), "");
}

TEST(CliTest, ReaderThatHasLeftEndsItQuietly) {
  FakeGateway gateway;
  std::promise<CliProcess*> reader;
  gateway.on_list = [&](const auto&, v1::ListSubscriptionsResponse& response) {
    reader.get_future().get()->CloseOutput();  // before there is anything to print
    response.add_subscriptions()->set_name("subscriptions/1");
    return grpc::Status::OK;
  };
  CliProcess cli({"subscriptions", "list", "--gateway", gateway.address()});
  reader.set_value(&cli);

  EXPECT_THAT(cli.WaitUnread(), IsOkAndHolds(0));
}

TEST(CliTest, SubscriptionIsCreatedShownAndDeleted) {
  FakeGateway gateway;
  gateway.on_create = [](const v1::CreateSubscriptionRequest& request, v1::Subscription& made) {
    *made.mutable_spec() = request.spec();
    made.set_name("subscriptions/1");
    return grpc::Status::OK;
  };
  gateway.on_get = [](const v1::GetSubscriptionRequest& request, v1::Subscription& found) {
    found.set_name(request.name());
    return grpc::Status::OK;
  };
  gateway.on_delete = [](const v1::DeleteSubscriptionRequest& request) {
    EXPECT_EQ(request.name(), "subscriptions/1");
    EXPECT_TRUE(request.force());
    return grpc::Status::OK;
  };
  const std::string to = "--gateway=" + gateway.address();
  CliProcess create({"subscriptions", "create", "sip:a", "--event=presence", to, "--format=json"});
  CliProcess get({"subscriptions", "get", "subscriptions/1", to, "--format=json"});
  CliProcess remove({"subscriptions", "delete", "subscriptions/1", "--force", to});

  EXPECT_THAT(create.Wait(), IsOkAndHolds(0));
  EXPECT_THAT(create.out(), HasSubstr(R"("targetUri":"sip:a")"));
  EXPECT_THAT(get.Wait(), IsOkAndHolds(0));
  EXPECT_EQ(get.out(), "{\"name\":\"subscriptions/1\"}\n");
  EXPECT_THAT(remove.Wait(), IsOkAndHolds(0));
  EXPECT_THAT(remove.out(), IsEmpty());
}

TEST(CliTest, ExplainFindsWhatFollowsATarget) {
  FakeGateway gateway;
  gateway.on_list = [](const v1::ListSubscriptionsRequest& request,
                       v1::ListSubscriptionsResponse& response) {
    if (request.filter() == R"(target_uri = "sip:a@b" AND event_package = "dialog")") {
      response.add_subscriptions()->set_name("subscriptions/1");
      response.add_subscriptions()->set_name("subscriptions/2");
    }
    return grpc::Status::OK;
  };
  gateway.on_explain = [](const v1::ExplainSubscriptionRequest& request,
                          v1::Explanation& response) {
    response.mutable_subscription()->set_name(request.name());
    response.add_findings()->set_text("All is well");
    return grpc::Status::OK;
  };
  const std::string to = "--gateway=" + gateway.address();
  CliProcess json({"subscriptions", "explain", "sip:a@b", "--event=dialog", to, "--format=json"});
  CliProcess text({"subscriptions", "explain", "subscriptions/7", to});
  CliProcess none({"subscriptions", "explain", "sip:nobody@b", to});

  EXPECT_THAT(json.Wait(), IsOkAndHolds(0));
  EXPECT_EQ(json.out(),
            "{\"findings\":[{\"text\":\"All is well\"}],"
            "\"subscription\":{\"name\":\"subscriptions/1\"}}\n"
            "{\"findings\":[{\"text\":\"All is well\"}],"
            "\"subscription\":{\"name\":\"subscriptions/2\"}}\n");
  EXPECT_THAT(text.Wait(), IsOkAndHolds(0));
  EXPECT_THAT(text.out(), AllOf(HasSubstr("All is well\n"), HasSubstr("subscriptions/7")));
  EXPECT_THAT(none.Wait(), IsOkAndHolds(2));
  EXPECT_THAT(none.err(), HasSubstr("nothing follows sip:nobody@b"));
}

TEST(CliTest, TokenAndTlsAreUsed) {
  const CertificateAuthority authority("the authority");
  const testing::Identity identity = authority.Issue("gateway");
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({identity.key, identity.certificate});
  FakeGateway gateway(grpc::SslServerCredentials(options));
  gateway.on_list = [](const auto&, auto&) { return grpc::Status::OK; };
  const std::vector<std::string> base = {"subscriptions", "list",
                                         "--gateway",     gateway.address(),
                                         "--token_file",  TempFile("token", "secret\n")};
  std::vector<std::string> with_tls = base;
  with_tls.push_back("--tls_ca=" + TempFile("ca.pem", authority.certificate()));

  CliProcess cli(with_tls);
  EXPECT_THAT(cli.Wait(), IsOkAndHolds(0)) << cli.err();
  CliProcess plain(base);
  EXPECT_THAT(plain.Wait(), IsOkAndHolds(3));

  EXPECT_THAT(gateway.authorizations(), ElementsAre("Bearer secret"));
  EXPECT_THAT(plain.err(), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace sipevents::client
