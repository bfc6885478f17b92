#include "gateway/rpc/grpc_server.h"

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/auth/authenticator.h"
#include "gateway/rpc/grpc_status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/base/clock.h"
#include "sipevents/v1/subscriptions.grpc.pb.h"
#include "tests/base/status_asserts.h"
#include "tests/gateway/rpc/health_probe.h"
#include "tests/gateway/rpc/test_certificates.h"

namespace sipevents::gateway {
namespace {

using sipevents::testing::KeyPair;
using sipevents::testing::MakeAuthority;
using sipevents::testing::MakeCertificate;
using sipevents::testing::ProbeHealth;
using sipevents::testing::StatusIs;
using ::testing::HasSubstr;

constexpr char kService[] = "sipevents.v1.Subscriptions";

// Answers GetSubscription with who called.
class WhoAmIService : public v1::Subscriptions::CallbackService {
 public:
  explicit WhoAmIService(const Authenticator& authenticator) : authenticator_(authenticator) {}

  grpc::ServerUnaryReactor* GetSubscription(grpc::CallbackServerContext* context,
                                            const v1::GetSubscriptionRequest*,
                                            v1::Subscription* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const absl::StatusOr<Caller> caller = authenticator_.Authenticate(*context);
    if (caller.ok()) response->set_name(absl::StrCat(caller->name, "/", caller->tenant));
    reactor->Finish(ToGrpcStatus(caller.status()));
    return reactor;
  }

 private:
  const Authenticator& authenticator_;
};

class GrpcServerTest : public ::testing::Test {
 protected:
  void Start(const TlsFiles& tls, const Authenticator::Options& authentication,
             const std::vector<HostPort>& listen = {{"127.0.0.1", 0}}) {
    authenticator_ = std::make_unique<Authenticator>(authentication);
    service_ = std::make_unique<WhoAmIService>(*authenticator_);
    server_ =
        GrpcServer::Start({listen, tls, 100, &metrics_}, {{kService, service_.get()}}).value();
  }

  std::shared_ptr<grpc::Channel> Channel(
      const std::shared_ptr<grpc::ChannelCredentials>& how = grpc::InsecureChannelCredentials(),
      size_t listener = 0) {
    return grpc::CreateChannel(server_->listening()[listener].ToString(), how);
  }

  // Who the server says we are, or the error.
  absl::StatusOr<std::string> WhoAmI(const std::shared_ptr<grpc::Channel>& channel,
                                     const std::vector<std::string>& authorization = {}) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
    for (const std::string& value : authorization) context.AddMetadata("authorization", value);
    v1::Subscription response;
    const grpc::Status status =
        v1::Subscriptions::NewStub(channel)->GetSubscription(&context, {}, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    return response.name();
  }

  Metrics metrics_{[](std::string_view) { return false; }};
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<WhoAmIService> service_;
  std::unique_ptr<GrpcServer> server_;
};

TEST_F(GrpcServerTest, PlainServerServesAnonymousCallersOnEveryListener) {
  Start({}, {}, {{"127.0.0.1", 0}, {"::1", 0}});
  for (const size_t listener : {0, 1}) {
    EXPECT_THAT(WhoAmI(Channel(grpc::InsecureChannelCredentials(), listener)),
                sipevents::testing::IsOkAndHolds("anonymous/default"));
  }
}

TEST_F(GrpcServerTest, HealthFollowsSetServing) {
  // Given
  Start({}, {});
  const auto channel = Channel();
  EXPECT_EQ(ProbeHealth(channel, ""), "NOT_SERVING");
  // When
  server_->SetServing(true);
  // Then
  EXPECT_EQ(ProbeHealth(channel, ""), "SERVING");
  EXPECT_EQ(ProbeHealth(channel, kService), "SERVING");
  // When it drains
  server_->SetServing(false);
  EXPECT_EQ(ProbeHealth(channel, kService), "NOT_SERVING");
  EXPECT_EQ(ProbeHealth(channel, "no.such.Service"), absl::StrCat("error ", grpc::NOT_FOUND));
}

TEST_F(GrpcServerTest, ReflectionIsServed) {
  // Given
  Start({}, {});
  // When an empty stream is opened
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(Channel());
  auto call = stub.PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  void* tag = nullptr;
  bool ok = false;
  call->StartCall(nullptr);
  queue.Next(&tag, &ok);
  call->WritesDone(nullptr);
  queue.Next(&tag, &ok);
  grpc::Status status;
  call->Finish(&status, nullptr);
  queue.Next(&tag, &ok);
  // Then it is a service that is there.
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(GrpcServerTest, BearerTokenSaysWhoCalls) {
  // Given
  const std::string path = ::testing::TempDir() + "/tokens";
  std::ofstream(path) << "secret backend acme\n";
  SystemClock clock;
  ASSERT_OK_AND_ASSIGN(const auto tokens, TokenFile::Open(path, clock));
  Start({}, {tokens.get(), false});
  // Then
  EXPECT_THAT(WhoAmI(Channel(), {"Bearer secret"}),
              sipevents::testing::IsOkAndHolds("backend/acme"));
  EXPECT_THAT(WhoAmI(Channel()), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(WhoAmI(Channel(), {"Bearer secret", "Bearer secret"}),
              StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_EQ(ErrorReasonOf(WhoAmI(Channel()).status()), "CREDENTIALS_MISSING");
}

class GrpcServerTlsTest : public GrpcServerTest {
 protected:
  std::shared_ptr<grpc::ChannelCredentials> ClientTls(const KeyPair& client) {
    return grpc::SslCredentials({authority_.certificate, client.key, client.certificate});
  }

  const KeyPair authority_ = MakeAuthority("ca");
  const KeyPair server_pair_ =
      MakeCertificate({"server", "DNS:localhost,IP:127.0.0.1"}, authority_);
  const TlsFiles tls_{server_pair_.certificate, server_pair_.key, ""};
  const TlsFiles mutual_tls_{server_pair_.certificate, server_pair_.key, authority_.certificate};
};

TEST_F(GrpcServerTlsTest, TlsClientIsServedAndPlainOneIsNot) {
  Start(tls_, {});
  EXPECT_THAT(WhoAmI(Channel(grpc::SslCredentials({authority_.certificate, "", ""}))),
              sipevents::testing::IsOkAndHolds("anonymous/default"));
  EXPECT_THAT(WhoAmI(Channel()), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(GrpcServerTlsTest, CertificateIsKnownByUriThenDnsThenCommonName) {
  // Given
  Start(mutual_tls_, {nullptr, true});
  const auto who = [&](const sipevents::testing::Subject& subject) {
    return WhoAmI(Channel(ClientTls(MakeCertificate(subject, authority_)))).value_or("error");
  };
  // Then
  EXPECT_EQ(who({"name", "DNS:backend.acme,URI:spiffe://acme/backend"}),
            "spiffe://acme/backend/default");
  EXPECT_EQ(who({"name", "DNS:backend.acme"}), "backend.acme/default");
  EXPECT_EQ(who({"name", ""}), "name/default");
}

TEST_F(GrpcServerTlsTest, ClientWithoutACertificateOfTheAuthorityIsNotLetIn) {
  Start(mutual_tls_, {nullptr, true});
  const KeyPair stranger = MakeCertificate({"stranger", ""}, MakeAuthority("other"));
  EXPECT_THAT(WhoAmI(Channel(ClientTls(stranger))), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(WhoAmI(Channel(grpc::SslCredentials({authority_.certificate, "", ""}))),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(GrpcServerTest, AddressInUseIsNamed) {
  Start({}, {});
  const HostPort taken = server_->listening()[0];
  EXPECT_THAT(GrpcServer::Start({{taken}, {}, 100, &metrics_}, {}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr(taken.ToString())));
}

TEST_F(GrpcServerTest, AfterStopAcceptingOpenConnectionsGoOn) {
  // Given
  Start({}, {});
  const auto open = Channel();
  ASSERT_OK(WhoAmI(open));
  // When
  server_->StopAccepting();
  // Then
  EXPECT_OK(WhoAmI(open));
  grpc::ChannelArguments own_connection;
  own_connection.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  EXPECT_THAT(WhoAmI(grpc::CreateCustomChannel(server_->listening()[0].ToString(),
                                               grpc::InsecureChannelCredentials(), own_connection)),
              StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace sipevents::gateway
