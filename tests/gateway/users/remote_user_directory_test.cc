#include "gateway/users/remote_user_directory.h"

#include <fstream>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpc/grpc.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/gateway/rpc/test_certificates.h"

// The client of a user directory, against a real server.

namespace sipevents::gateway {
namespace {

using sipevents::testing::KeyPair;
using sipevents::testing::MakeAuthority;
using sipevents::testing::MakeCertificate;
using sipevents::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Answer = sip::UserDirectory::Answer;

// Says nothing for as long as the client waits.
class Silence : public grpc::ServerUnaryReactor {
 public:
  void OnCancel() override { Finish(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }
};

// Knows alice, nobody else; says what it was asked and shown.
class OneUser : public v1::UserDirectory::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetUser(grpc::CallbackServerContext* context,
                                    const v1::GetUserRequest* request,
                                    v1::DirectoryUser* response) override {
    if (request->user() == "silent") return new Silence;
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    const auto& metadata = context->client_metadata();
    const auto shown = metadata.find("authorization");
    if (shown != metadata.end()) token_ = std::string(shown->second.data(), shown->second.size());
    if (request->user() == "broken") {
      reactor->Finish({grpc::StatusCode::INTERNAL, "the database is gone"});
    } else if (request->user() == "empty") {
      reactor->Finish(grpc::Status::OK);
    } else if (request->user() != "alice" || request->realm() != "example.com") {
      reactor->Finish({grpc::StatusCode::NOT_FOUND, "nobody"});
    } else {
      response->set_password("wonder");
      reactor->Finish(grpc::Status::OK);
    }
    return reactor;
  }
  const std::string& token() const { return token_; }

 private:
  std::string token_;
};

std::string WriteFile(const std::string& name, const std::string& content) {
  std::string path = ::testing::TempDir() + "/" + name;
  std::ofstream(path) << content;
  return path;
}

class RemoteUserDirectoryTest : public ::testing::Test {
 protected:
  // As main() does: gRPC's own threads may still run when its last user goes, which ends badly.
  static void SetUpTestSuite() { grpc_init(); }

  void Serve(const std::shared_ptr<grpc::ServerCredentials>& credentials, int port = 0) {
    grpc::ServerBuilder builder;
    int bound = 0;
    builder.AddListeningPort(absl::StrCat("127.0.0.1:", port), credentials, &bound);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    settings_.sip_users_service = HostPort{"127.0.0.1", static_cast<uint16_t>(bound)};
  }
  void Open() {
    absl::StatusOr<std::unique_ptr<RemoteUserDirectory>> opened =
        RemoteUserDirectory::Open(settings_, clock_);
    ASSERT_OK(opened.status());
    directory_ = *std::move(opened);
  }
  absl::StatusOr<Answer> Ask(const std::string& user, const std::string& realm = "example.com") {
    auto answer = std::make_shared<std::promise<absl::StatusOr<Answer>>>();
    directory_->Ask(user, realm,
                    [answer](absl::StatusOr<Answer> said) { answer->set_value(std::move(said)); });
    return answer->get_future().get();
  }

  SystemClock clock_;
  Settings settings_;
  OneUser service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<RemoteUserDirectory> directory_;
};

TEST_F(RemoteUserDirectoryTest, UserIsFound) {
  Serve(grpc::InsecureServerCredentials());
  Open();
  ASSERT_OK_AND_ASSIGN(const Answer answer, Ask("alice"));
  EXPECT_EQ(answer.user.password, "wonder");
  EXPECT_EQ(service_.token(), "");
  EXPECT_THAT(Ask("alice", "example.net"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(RemoteUserDirectoryTest, FailureIsNotTheSameAsNobody) {
  Serve(grpc::InsecureServerCredentials());
  Open();
  EXPECT_THAT(Ask("broken"), StatusIs(absl::StatusCode::kUnavailable,
                                      AllOf(HasSubstr("INTERNAL"), HasSubstr("database"))));
  EXPECT_THAT(Ask("empty"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("md5_hash")));
}

TEST_F(RemoteUserDirectoryTest, NobodyListensIsAFailureUntilSomebodyDoes) {
  Serve(grpc::InsecureServerCredentials());
  const int port = settings_.sip_users_service->port;
  server_->Shutdown();
  server_.reset();
  Open();
  EXPECT_THAT(Ask("alice"), StatusIs(absl::StatusCode::kUnavailable));
  Serve(grpc::InsecureServerCredentials(), port);
  absl::StatusOr<Answer> answer = absl::UnknownError("not asked");
  const absl::Time end = absl::Now() + absl::Seconds(20);
  while (!answer.ok() && absl::Now() < end) answer = Ask("alice");
  EXPECT_OK(answer.status());
}

TEST_F(RemoteUserDirectoryTest, EndDoesNotWaitForAnAnswer) {
  Serve(grpc::InsecureServerCredentials());
  Open();
  ASSERT_OK(Ask("alice").status());  // it is connected
  std::optional<absl::StatusOr<Answer>> said;
  directory_->Ask("silent", "example.com",
                  [&said](absl::StatusOr<Answer> answer) { said = std::move(answer); });
  const absl::Time begin = absl::Now();
  directory_.reset();
  ASSERT_TRUE(said.has_value());
  EXPECT_THAT(*said, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_LT(absl::Now() - begin, absl::Seconds(2));
}

TEST_F(RemoteUserDirectoryTest, TokenIsShownOverTls) {
  const KeyPair authority = MakeAuthority("ca");
  const KeyPair server = MakeCertificate({"users", "IP:127.0.0.1"}, authority);
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({server.key, server.certificate});
  Serve(grpc::SslServerCredentials(options));
  settings_.sip_users_service_ca = WriteFile("users_ca.pem", authority.certificate);
  settings_.sip_users_service_token_file = WriteFile("users_token", "s3cret\n");
  Open();
  EXPECT_OK(Ask("alice").status());
  EXPECT_EQ(service_.token(), "Bearer s3cret");

  settings_.sip_users_service_ca = WriteFile("other_ca.pem", MakeAuthority("other").certificate);
  Open();
  EXPECT_THAT(Ask("alice"), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(RemoteUserDirectoryTest, FilesThatCannotBeUsedAreNamed) {
  settings_.sip_users_service = HostPort{"127.0.0.1", 1};
  settings_.sip_users_service_ca = WriteFile("no_ca", "no PEM at all");
  EXPECT_THAT(RemoteUserDirectory::Open(settings_, clock_),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("--sip_users_service_ca"), HasSubstr("PEM"))));
  settings_.sip_users_service_ca = "";
  settings_.sip_users_service_token_file = WriteFile("no_token", "two words");
  EXPECT_THAT(RemoteUserDirectory::Open(settings_, clock_),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("--sip_users_service_token_file"), HasSubstr("one word"))));
}

}  // namespace
}  // namespace sipevents::gateway
