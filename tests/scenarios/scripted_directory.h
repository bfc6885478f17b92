#ifndef TESTS_SCENARIOS_SCRIPTED_DIRECTORY_H_
#define TESTS_SCENARIOS_SCRIPTED_DIRECTORY_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/server.h"
#include "sip/base/mutex.h"
#include "sipevents/v1/user_directory.grpc.pb.h"

namespace sipevents::testing {

// A user directory that a test scripts: a real gRPC server on loopback.
//
// Threads: any.
class ScriptedDirectory : private v1::UserDirectory::CallbackService {
 public:
  ScriptedDirectory() = default;
  ~ScriptedDirectory() override { Stop(); }

  // Serves at 127.0.0.1:port(), which is chosen the first time and stays.
  absl::Status Serve();
  // Ends the service and its connections, as a crash would.
  void Stop();
  int port() const { return port_; }

  // There is such a user, of example.com, from now on.
  void Add(const std::string& user, const v1::DirectoryUser& known);
  void AddPassword(const std::string& user, const std::string& password);
  // Calls wait from now on, until they are released.
  void HoldAnswers();
  void ReleaseAnswers();
  // How often somebody was asked about, also by calls that still wait.
  int AskedFor(const std::string& user) const;
  // OK once this was asked so often.
  absl::Status WaitUntilAsked(const std::string& user, int times) const;

 private:
  class Call;

  grpc::ServerUnaryReactor* GetUser(grpc::CallbackServerContext* context,
                                    const v1::GetUserRequest* request,
                                    v1::DirectoryUser* response) override;

  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  mutable Mutex mutex_;
  mutable CondVar asked_changed_;
  std::map<std::string, v1::DirectoryUser> users_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> asked_ ABSL_GUARDED_BY(mutex_);
  bool holds_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::shared_ptr<Call>> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipevents::testing

#endif  // TESTS_SCENARIOS_SCRIPTED_DIRECTORY_H_
