#ifndef CLIENTS_CPP_CHANNEL_H_
#define CLIENTS_CPP_CHANNEL_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "sipevents/v1/subscriptions.grpc.pb.h"

namespace sipevents::client {

// Says where the gateway is and how to be known to it.
struct ClientOptions {
  // HOST:PORT, or any gRPC target such as `dns:///gateway.example.com:50051`.
  std::string gateway = "127.0.0.1:50051";
  // Bearer token to show. Empty: that of `token_file`. Without TLS it travels in the clear.
  std::string token;
  // A file that holds the token and nothing else but white space around it; read anew for each
  // call, so that a rotated token is taken up. Empty: none.
  std::string token_file;
  // PEM file of the authorities that sign the gateway's certificate. Empty: no TLS.
  std::string tls_ca_file;
  // PEM files of our own certificate and key, for mutual TLS; both or none, and only with
  // `tls_ca_file`.
  std::string tls_cert_file;
  std::string tls_key_file;
  // Pings the gateway when it has been silent for this long, 10 s or more …
  absl::Duration keepalive_time = absl::Seconds(20);
  // … and gives the connection up when it sees no answer within this. While a program is busy with
  // the items that it has, nobody waits for the connection, and gRPC looks after it every 5 s only:
  // with 3 s here a busy program loses a good connection. 20 s is four looks.
  absl::Duration keepalive_timeout = absl::Seconds(20);
};

// A connection to the gateway that any number of watchers and calls share. It connects at the
// first call, and again after a break at the next one.
//
// Threads: any.
class Channel {
 public:
  // Errors: INVALID_ARGUMENT (options that do not go together), FAILED_PRECONDITION (a file that
  // cannot be read or holds no token). Does not connect yet.
  static absl::StatusOr<std::shared_ptr<Channel>> Open(ClientOptions options);

  // Adds the token to a call. To be called once for each ClientContext. UNAVAILABLE if the token
  // file cannot be read any more: it may be about to be replaced.
  absl::Status Authorize(grpc::ClientContext& context) const;

  // Where the last try to connect failed, tries again now, and returns when it is connected, after
  // `limit`, or soon after `stop` says true. To be called before a call that is to be repeated: a
  // call by itself would only be told of the old failure, since gRPC sees what became of a
  // connection only while somebody waits for it, or else every 5 s.
  void AwaitConnection(absl::Duration limit, const std::function<bool()>& stop) const;

  v1::Subscriptions::StubInterface& subscriptions() { return *subscriptions_; }
  // For stubs of the other services.
  const std::shared_ptr<grpc::Channel>& connection() const { return channel_; }
  const ClientOptions& options() const { return options_; }

 private:
  Channel(ClientOptions options, std::shared_ptr<grpc::Channel> channel);

  const ClientOptions options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::Subscriptions::StubInterface> subscriptions_;
};

}  // namespace sipevents::client

#endif  // CLIENTS_CPP_CHANNEL_H_
