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

// What the fake says to one WatchMany call, when so many watches have been added to it. Clients
// number their watches from 1 on.
struct ScriptedMany {
  int after_watches = 1;
  std::vector<v1::WatchManyItem> items;  // in one batch
  std::optional<grpc::Status> end;       // absent: stays open until the client leaves
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
  void Script(ScriptedMany stream);
  // What was sent on WatchMany calls so far: one element for each call, in order.
  std::vector<std::vector<v1::WatchManyRequest>> many() const;
  // The watches that were added on the call of this number, from 0 on; empty if there is none.
  std::vector<v1::AddedWatch> added(size_t call) const;
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
  std::function<grpc::Status(const v1::ExplainSubscriptionRequest&, v1::Explanation&)> on_explain;

  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                     grpc::ServerWriter<v1::WatchResponse>* writer) override;
  grpc::Status WatchMany(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::WatchManyResponse, v1::WatchManyRequest>* stream) override;
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
  grpc::Status ExplainSubscription(grpc::ServerContext* context,
                                   const v1::ExplainSubscriptionRequest* request,
                                   v1::Explanation* response) override;

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
  std::deque<ScriptedMany> many_scripts_;
  std::vector<std::vector<v1::WatchManyRequest>> many_;
  std::vector<v1::WatchRequest> watches_;
  std::vector<std::string> authorizations_;
};

// An event of sip:alice@example.com whose presence is open, with this token.
v1::WatchItem EventItem(const std::string& token);
v1::WatchItem BookmarkItem(v1::Bookmark::Kind kind, const std::string& token);
// An item of one of many watches; that it is over; that it cannot be.
v1::WatchManyItem ManyItemOf(uint64_t watch_id, const v1::WatchItem& item);
v1::WatchManyItem RemovedItem(uint64_t watch_id);
v1::WatchManyItem ErrorItem(uint64_t watch_id, const grpc::Status& error);
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
