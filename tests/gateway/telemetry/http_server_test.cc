#include "gateway/telemetry/http_server.h"

#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents::gateway {
namespace {

using sipevents::testing::StatusIs;
using ::testing::HasSubstr;

class HttpServerTest : public ::testing::Test {
 protected:
  httplib::Client Client() {
    return httplib::Client(server_->listening().host, server_->listening().port);
  }
  int StatusOf(const std::string& path) {
    const auto result = Client().Get(path);
    return result ? result->status : -1;
  }

  Metrics metrics_{[](std::string_view) { return false; }};
  std::unique_ptr<HttpServer> server_ = HttpServer::Start({"127.0.0.1", 0}, metrics_).value();
};

TEST_F(HttpServerTest, PortInUseIsTold) { EXPECT_NE(server_->listening().port, 0); }

TEST_F(HttpServerTest, MetricsAreServedAsPrometheusText) {
  metrics_.OnStream(+1);
  const auto result = Client().Get("/metrics");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  EXPECT_THAT(result->body, HasSubstr("\nsipevents_streams 1\n"));
  EXPECT_THAT(result->get_header_value("Content-Type"), HasSubstr("version=0.0.4"));
}

TEST_F(HttpServerTest, ReadinessFollowsWhileHealthStays) {
  EXPECT_EQ(StatusOf("/healthz"), 200);
  EXPECT_EQ(StatusOf("/readyz"), 503);
  server_->SetReady(true);
  EXPECT_EQ(StatusOf("/readyz"), 200);
  server_->SetReady(false);
  EXPECT_EQ(StatusOf("/readyz"), 503);
  EXPECT_EQ(StatusOf("/healthz"), 200);
}

TEST_F(HttpServerTest, FurtherPagesAreServedAsPlainText) {
  server_ =
      HttpServer::Start({"127.0.0.1", 0}, metrics_, {{"/more", [] { return "here\n"; }}}).value();
  const auto result = Client().Get("/more");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->body, "here\n");
  EXPECT_THAT(result->get_header_value("Content-Type"), HasSubstr("text/plain"));
  EXPECT_EQ(StatusOf("/more/"), 404);
}

TEST_F(HttpServerTest, OtherPathsAndMethodsAreRefused) {
  EXPECT_EQ(StatusOf("/"), 404);
  EXPECT_EQ(StatusOf("/metrics/../etc/passwd"), 404);
  const auto posted = Client().Post("/metrics", "x", "text/plain");
  ASSERT_TRUE(posted);
  EXPECT_EQ(posted->status, 405);
}

TEST_F(HttpServerTest, IdleConnectionsDoNotKeepOthersOut) {
  // Given more silent connections than there are threads
  std::vector<int> idle;
  for (int i = 0; i < 6; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_->listening().port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    idle.push_back(fd);
  }
  // Then they are given up after a while, and the request is served.
  httplib::Client client = Client();
  client.set_read_timeout(60);
  const auto result = client.Get("/healthz");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  for (const int fd : idle) close(fd);
}

TEST_F(HttpServerTest, AddressInUseIsNamed) {
  EXPECT_THAT(HttpServer::Start(server_->listening(), metrics_),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr(server_->listening().ToString())));
}

TEST_F(HttpServerTest, EndClosesTheListener) {
  httplib::Client client = Client();
  server_.reset();
  EXPECT_FALSE(client.Get("/healthz"));
}

TEST(HttpServerLifeTest, ServerThatHasHardlyBegunCanEnd) {
  const Metrics metrics([](std::string_view) { return false; });
  for (int i = 0; i < 50; ++i) ASSERT_OK(HttpServer::Start({"127.0.0.1", 0}, metrics).status());
}

}  // namespace
}  // namespace sipevents::gateway
