#include "gateway/rpc/tls_files.h"

#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/gateway/rpc/test_certificates.h"

namespace sipevents::gateway {
namespace {

using sipevents::testing::KeyPair;
using sipevents::testing::MakeAuthority;
using sipevents::testing::MakeCertificate;
using sipevents::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string WriteFile(const std::string& name, const std::string& content) {
  std::string path = ::testing::TempDir() + "/" + name;
  std::ofstream(path) << content;
  return path;
}

class TlsFilesTest : public ::testing::Test {
 protected:
  const KeyPair authority_ = MakeAuthority("ca");
  const KeyPair server_ = MakeCertificate({"server", ""}, authority_);
  const std::string cert_ = WriteFile("server.pem", server_.certificate);
  const std::string key_ = WriteFile("server.key", server_.key);
  const std::string ca_ = WriteFile("ca.pem", authority_.certificate);
  const std::string other_key_ = WriteFile("other.key", authority_.key);
  const std::string garbage_ = WriteFile("garbage", "no PEM at all");
};

TEST_F(TlsFilesTest, NothingNamedGivesNothing) {
  ASSERT_OK_AND_ASSIGN(const TlsFiles files, ReadTlsFiles(Settings()));
  EXPECT_EQ(files.certificate, "");
}

TEST_F(TlsFilesTest, GoodFilesAreRead) {
  Settings settings;
  settings.grpc_tls_cert = cert_;
  settings.grpc_tls_key = key_;
  settings.grpc_client_ca = ca_;
  ASSERT_OK_AND_ASSIGN(const TlsFiles files, ReadTlsFiles(settings));
  EXPECT_EQ(files.certificate, server_.certificate);
  EXPECT_EQ(files.key, server_.key);
  EXPECT_EQ(files.client_ca, authority_.certificate);
}

TEST_F(TlsFilesTest, WhatCannotBeUsedIsNamed) {
  struct Case {
    std::string cert;
    std::string key;
    std::string ca;
    std::string flag;
    std::string expectation;
  };
  const Case cases[] = {
      {garbage_, key_, "", "--grpc_tls_cert=", "expected a certificate"},
      {cert_, garbage_, "", "--grpc_tls_key=", "expected a private key"},
      {cert_, other_key_, "", "--grpc_tls_key=", "expected the key of --grpc_tls_cert"},
      {cert_, key_, garbage_, "--grpc_client_ca=", "expected certificates"},
      {cert_, "/does/not/exist", "", "--grpc_tls_key=", "No such file"},
  };
  for (const Case& c : cases) {
    Settings settings;
    settings.grpc_tls_cert = c.cert;
    settings.grpc_tls_key = c.key;
    settings.grpc_client_ca = c.ca;
    EXPECT_THAT(ReadTlsFiles(settings),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr(c.flag), HasSubstr(c.expectation))));
  }
}

}  // namespace
}  // namespace sipevents::gateway
