#ifndef TESTS_CLIENTS_FAKE_GATEWAY_H_
#define TESTS_CLIENTS_FAKE_GATEWAY_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "google/protobuf/message.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "sipevents/v1/subscriptions.grpc.pb.h"

namespace sipevents::client::testing {

// What the fake says to one Watch call.
struct ScriptedStream {
  std::vector<v1::WatchItem> items;  // in one batch
  std::optional<grpc::Status> end;   // absent: stays open until the client leaves
};

// A gateway that answers as the test says, on a port of 127.0.0.1 of its own.
//
// Threads: any.
class FakeGateway : public v1::Subscriptions::Service {
 public:
  explicit FakeGateway(
      std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials());
  ~FakeGateway() override;

  // HOST:PORT.
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // Ends all streams without a word, and listens no more …
  void Crash();
  // … and again, on the same port.
  void Restart();

  // The next Watch calls get these, in order. Calls beyond them stay open, silent.
  void Script(ScriptedStream stream);
  // The Watch calls so far.
  std::vector<v1::WatchRequest> watches() const;
  // The `authorization` of each call so far; empty where there was none.
  std::vector<std::string> authorizations() const;

  // What unary calls do; unset: UNIMPLEMENTED.
  std::function<grpc::Status(const v1::FetchStateRequest&, v1::FetchStateResponse&)> on_fetch;
  std::function<grpc::Status(const v1::ListSubscriptionsRequest&, v1::ListSubscriptionsResponse&)>
      on_list;
  std::function<grpc::Status(const v1::GetSubscriptionRequest&, v1::Subscription&)> on_get;
  std::function<grpc::Status(const v1::CreateSubscriptionRequest&, v1::Subscription&)> on_create;
  std::function<grpc::Status(const v1::DeleteSubscriptionRequest&)> on_delete;

  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                     grpc::ServerWriter<v1::WatchResponse>* writer) override;
  grpc::Status FetchState(grpc::ServerContext* context, const v1::FetchStateRequest* request,
                          v1::FetchStateResponse* response) override;
  grpc::Status ListSubscriptions(grpc::ServerContext* context,
                                 const v1::ListSubscriptionsRequest* request,
                                 v1::ListSubscriptionsResponse* response) override;
  grpc::Status GetSubscription(grpc::ServerContext* context,
                               const v1::GetSubscriptionRequest* request,
                               v1::Subscription* response) override;
  grpc::Status CreateSubscription(grpc::ServerContext* context,
                                  const v1::CreateSubscriptionRequest* request,
                                  v1::Subscription* response) override;
  grpc::Status DeleteSubscription(grpc::ServerContext* context,
                                  const v1::DeleteSubscriptionRequest* request,
                                  google::protobuf::Empty* response) override;

 private:
  void Listen(int port);
  void Record(const grpc::ServerContext& context);
  void WaitUntilLeft(const grpc::ServerContext& context);

  const std::shared_ptr<grpc::ServerCredentials> credentials_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;

  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::condition_variable closing_changed_;
  bool closing_ = false;
  std::deque<ScriptedStream> scripts_;
  std::vector<v1::WatchRequest> watches_;
  std::vector<std::string> authorizations_;
};

// An event of sip:alice@example.com whose presence is open, with this token.
v1::WatchItem EventItem(const std::string& token);
v1::WatchItem BookmarkItem(v1::Bookmark::Kind kind, const std::string& token);
// A TERMINATED status.
v1::WatchItem TerminatedItem(const std::string& token);

// An error as the gateway makes them: with an ErrorInfo of this reason and more details.
grpc::Status GatewayError(grpc::StatusCode code, const std::string& message,
                          const std::string& reason,
                          const std::vector<const google::protobuf::Message*>& more = {});
// INVALID_ARGUMENT with a BadRequest about this field.
grpc::Status FieldError(const std::string& field, const std::string& description);
// `code` with a RetryInfo.
grpc::Status RetryLater(grpc::StatusCode code, int seconds);

}  // namespace sipevents::client::testing

#endif  // TESTS_CLIENTS_FAKE_GATEWAY_H_
