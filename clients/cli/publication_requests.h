#ifndef CLIENTS_CLI_PUBLICATION_REQUESTS_H_
#define CLIENTS_CLI_PUBLICATION_REQUESTS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cli/arguments.h"
#include "sipevents/v1/publications.pb.h"

// From the command line to requests of the service Publications. What can be said in a request is
// left to the gateway to judge; INVALID_ARGUMENT for what cannot. All functions: any thread.

namespace sipevents::client {

// Reads the file that --body names, or standard input for `-`.
absl::StatusOr<v1::CreatePublicationRequest> CreatePublicationFrom(const Arguments& arguments);
absl::StatusOr<v1::UpdatePublicationRequest> UpdatePublicationFrom(const Arguments& arguments);

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_PUBLICATION_REQUESTS_H_
