#ifndef GATEWAY_USERS_DIRECTORY_USER_H_
#define GATEWAY_USERS_DIRECTORY_USER_H_

#include "absl/status/statusor.h"
#include "sip/user_directory.h"
#include "sipevents/v1/user_directory.pb.h"

namespace sipevents::gateway {

// What a user directory said of a user, if it can be used. INVALID_ARGUMENT: it cannot; names the
// field and what is expected, never the value, which may be a secret. Threads: any.
absl::StatusOr<sip::UserDirectory::Answer> ReadDirectoryUser(const v1::DirectoryUser& said);

}  // namespace sipevents::gateway

#endif  // GATEWAY_USERS_DIRECTORY_USER_H_
