#ifndef GATEWAY_USERS_REMOTE_USER_DIRECTORY_H_
#define GATEWAY_USERS_REMOTE_USER_DIRECTORY_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "gateway/config/settings.h"
#include "gateway/users/token_text.h"
#include "grpcpp/channel.h"
#include "grpcpp/support/status.h"
#include "sip/base/clock.h"
#include "sip/base/mutex.h"
#include "sip/user_directory.h"
#include "sipevents/v1/user_directory.grpc.pb.h"

namespace sipevents::gateway {

// The users that a service of the operator's knows: a client of sipevents.v1.UserDirectory. A call
// fails after 3 s, and at once while the service cannot be reached; a connection that is lost is
// made anew within 5 s.
//
// Threads: any.
// Ends: cancels the calls, and waits until each has been answered.
class RemoteUserDirectory : public sip::UserDirectory {
 public:
  // Of `--sip_users_service`, which must be set; does not wait until it can be reached. `clock`
  // must outlive the directory. Errors: INVALID_ARGUMENT, one line that names flag, value and
  // expectation.
  static absl::StatusOr<std::unique_ptr<RemoteUserDirectory>> Open(const Settings& settings,
                                                                   const Clock& clock);
  ~RemoteUserDirectory() override;

  void Ask(const std::string& user, const std::string& realm, Done done) override;

 private:
  struct Call;

  RemoteUserDirectory(const std::shared_ptr<grpc::Channel>& channel,
                      std::unique_ptr<TokenText> token);
  void OnDone(const std::shared_ptr<Call>& call, const grpc::Status& status);

  const std::unique_ptr<v1::UserDirectory::Stub> stub_;
  const std::unique_ptr<TokenText> token_;  // null: none is shown
  Mutex mutex_;
  CondVar answered_;
  absl::flat_hash_set<std::shared_ptr<Call>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_USERS_REMOTE_USER_DIRECTORY_H_
