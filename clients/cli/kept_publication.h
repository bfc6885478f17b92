#ifndef CLIENTS_CLI_KEPT_PUBLICATION_H_
#define CLIENTS_CLI_KEPT_PUBLICATION_H_

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "clients/cli/calls.h"
#include "clients/cli/commands.h"
#include "clients/cli/stop_signal.h"
#include "clients/cpp/backoff.h"
#include "clients/cpp/channel.h"
#include "sipevents/v1/publications.grpc.pb.h"

namespace sipevents::client {

// A Publication that is renewed until a signal comes (`publish --keep`). While the gateway cannot
// be reached it is tried again with a backoff; where the gateway does not know it any more, as
// after a restart, it is published anew. Both are told on the standard error.
//
// Threads: one.
class KeptPublication {
 public:
  using Stub = v1::Publications::StubInterface;

  // `request` made the Publication `name`, which lasts `ttl` from each renewal. All but these must
  // outlive the object.
  KeptPublication(const CommandContext& context, const Channel& channel, Stub& stub,
                  const StopSignal& stop, v1::CreatePublicationRequest request, std::string name,
                  absl::Duration ttl);

  // Returns when a signal has come and it is withdrawn, or when the gateway refuses it for good.
  ExitStatus Run();

 private:
  // Renews it, or publishes it anew.
  absl::Status Renew();
  absl::Status PublishAnew();
  ExitStatus Withdraw();
  void NoteOutage(const absl::Status& why);
  // Waits for a signal; false after `limit`.
  bool AwaitSignal(absl::Duration limit) const;

  const CommandContext& context_;
  const Channel& channel_;
  Stub& stub_;
  const StopSignal& stop_;
  v1::CreatePublicationRequest request_;
  std::string name_;
  const absl::Duration ttl_;
  bool is_forgotten_ = false;  // by the gateway: `request_` is to make it anew
  bool noted_outage_ = false;
  Backoff backoff_;
  absl::BitGen random_;
};

}  // namespace sipevents::client

#endif  // CLIENTS_CLI_KEPT_PUBLICATION_H_
