#include "tests/clients/fake_gateway.h"

#include <chrono>
#include <limits>
#include <utility>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/server_builder.h"

namespace sipevents::client::testing {
namespace {

grpc::Status Unimplemented() {
  return {grpc::StatusCode::UNIMPLEMENTED, "the test did not expect this call"};
}

}  // namespace

FakeGateway::FakeGateway(std::shared_ptr<grpc::ServerCredentials> credentials)
    : credentials_(std::move(credentials)) {
  Listen(0);
}

FakeGateway::~FakeGateway() { Crash(); }

void FakeGateway::Listen(int port) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port), credentials_, &port_);
  builder.RegisterService(this);
  // Lets clients ping as often as they like.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  server_ = builder.BuildAndStart();
}

void FakeGateway::Crash() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
  }
  closing_changed_.notify_all();
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  server_.reset();
}

void FakeGateway::Restart() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = false;
  }
  Listen(port_);
}

void FakeGateway::Script(ScriptedStream stream) {
  const std::scoped_lock lock(mutex_);
  scripts_.push_back(std::move(stream));
}

void FakeGateway::Script(ScriptedMany stream) {
  const std::scoped_lock lock(mutex_);
  many_scripts_.push_back(std::move(stream));
}

std::vector<std::vector<v1::WatchManyRequest>> FakeGateway::many() const {
  const std::scoped_lock lock(mutex_);
  return many_;
}

std::vector<v1::AddedWatch> FakeGateway::added(size_t call) const {
  const std::scoped_lock lock(mutex_);
  std::vector<v1::AddedWatch> added;
  if (call >= many_.size()) return added;
  for (const v1::WatchManyRequest& request : many_[call]) {
    added.insert(added.end(), request.add().watches().begin(), request.add().watches().end());
  }
  return added;
}

std::vector<v1::WatchRequest> FakeGateway::watches() const {
  const std::scoped_lock lock(mutex_);
  return watches_;
}

std::vector<std::string> FakeGateway::authorizations() const {
  const std::scoped_lock lock(mutex_);
  return authorizations_;
}

void FakeGateway::Record(const grpc::ServerContext& context) {
  const auto& metadata = context.client_metadata();
  const auto it = metadata.find("authorization");
  const std::scoped_lock lock(mutex_);
  authorizations_.push_back(
      it == metadata.end() ? "" : std::string(it->second.data(), it->second.size()));
}

void FakeGateway::WaitUntilLeft(const grpc::ServerContext& context) {
  // The synchronous API has no callback for a client that leaves.
  std::unique_lock<std::mutex> lock(mutex_);
  while (!closing_ && !context.IsCancelled()) {
    closing_changed_.wait_for(lock, std::chrono::milliseconds(5));
  }
}

grpc::Status FakeGateway::Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                                grpc::ServerWriter<v1::WatchResponse>* writer) {
  Record(*context);
  ScriptedStream script;
  {
    const std::scoped_lock lock(mutex_);
    watches_.push_back(*request);
    if (!scripts_.empty()) {
      script = std::move(scripts_.front());
      scripts_.pop_front();
    }
  }
  if (!script.items.empty()) {
    v1::WatchResponse batch;
    for (const v1::WatchItem& item : script.items) *batch.add_items() = item;
    writer->Write(batch);
  }
  if (script.end.has_value()) return *script.end;
  WaitUntilLeft(*context);
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, "closing");
}

grpc::Status FakeGateway::WatchMany(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::WatchManyResponse, v1::WatchManyRequest>* stream) {
  Record(*context);
  ScriptedMany script{.after_watches = std::numeric_limits<int>::max(), .items = {}, .end = {}};
  size_t call = 0;
  {
    const std::scoped_lock lock(mutex_);
    call = many_.size();
    many_.emplace_back();
    if (!many_scripts_.empty()) {
      script = std::move(many_scripts_.front());
      many_scripts_.pop_front();
    }
  }
  int added = 0;
  v1::WatchManyRequest request;
  while (stream->Read(&request)) {
    {
      const std::scoped_lock lock(mutex_);
      many_[call].push_back(request);
    }
    const int before = added;
    added += request.add().watches_size();
    if (before >= script.after_watches || added < script.after_watches) continue;
    v1::WatchManyResponse batch;
    for (const v1::WatchManyItem& item : script.items) *batch.add_items() = item;
    if (batch.items_size() > 0) stream->Write(batch);
    if (script.end.has_value()) return *script.end;
  }
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, "closing");
}

grpc::Status FakeGateway::FetchState(grpc::ServerContext* context,
                                     const v1::FetchStateRequest* request,
                                     v1::FetchStateResponse* response) {
  Record(*context);
  return on_fetch ? on_fetch(*request, *response) : Unimplemented();
}

grpc::Status FakeGateway::ListSubscriptions(grpc::ServerContext* context,
                                            const v1::ListSubscriptionsRequest* request,
                                            v1::ListSubscriptionsResponse* response) {
  Record(*context);
  return on_list ? on_list(*request, *response) : Unimplemented();
}

grpc::Status FakeGateway::GetSubscription(grpc::ServerContext* context,
                                          const v1::GetSubscriptionRequest* request,
                                          v1::Subscription* response) {
  Record(*context);
  return on_get ? on_get(*request, *response) : Unimplemented();
}

grpc::Status FakeGateway::ExplainSubscription(grpc::ServerContext* context,
                                              const v1::ExplainSubscriptionRequest* request,
                                              v1::Explanation* response) {
  Record(*context);
  return on_explain ? on_explain(*request, *response) : Unimplemented();
}

grpc::Status FakeGateway::CreateSubscription(grpc::ServerContext* context,
                                             const v1::CreateSubscriptionRequest* request,
                                             v1::Subscription* response) {
  Record(*context);
  return on_create ? on_create(*request, *response) : Unimplemented();
}

grpc::Status FakeGateway::DeleteSubscription(grpc::ServerContext* context,
                                             const v1::DeleteSubscriptionRequest* request,
                                             google::protobuf::Empty* /*response*/) {
  Record(*context);
  return on_delete ? on_delete(*request) : Unimplemented();
}

v1::WatchItem EventItem(const std::string& token) {
  v1::WatchItem item;
  item.mutable_event()->set_subscription("subscriptions/1abc");
  item.mutable_event()->set_target_uri("sip:alice@example.com");
  item.mutable_event()->set_event_package("presence");
  item.mutable_event()->mutable_presence()->add_tuples()->set_basic(v1::OPEN);
  item.set_resume_token(token);
  return item;
}

v1::WatchItem BookmarkItem(v1::Bookmark::Kind kind, const std::string& token) {
  v1::WatchItem item;
  item.mutable_bookmark()->set_kind(kind);
  item.set_resume_token(token);
  return item;
}

v1::WatchManyItem ManyItemOf(uint64_t watch_id, const v1::WatchItem& item) {
  v1::WatchManyItem many;
  many.set_watch_id(watch_id);
  *many.mutable_item() = item;
  return many;
}

v1::WatchManyItem RemovedItem(uint64_t watch_id) {
  v1::WatchManyItem many;
  many.set_watch_id(watch_id);
  many.mutable_removed()->set_reason(v1::WatchRemoved::SUBSCRIPTION_TERMINATED);
  return many;
}

v1::WatchManyItem ErrorItem(uint64_t watch_id, const grpc::Status& error) {
  v1::WatchManyItem many;
  // A WatchError begins as a google.rpc.Status.
  many.mutable_error()->ParseFromString(error.error_details());
  many.set_watch_id(watch_id);
  return many;
}

v1::WatchItem TerminatedItem(const std::string& token) {
  v1::WatchItem item;
  item.mutable_status()->set_state(v1::Subscription::TERMINATED);
  item.mutable_status()->set_reason("noresource");
  item.set_resume_token(token);
  return item;
}

grpc::Status GatewayError(grpc::StatusCode code, const std::string& message,
                          const std::string& reason,
                          const std::vector<const google::protobuf::Message*>& more) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("sipevents");
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  status.add_details()->PackFrom(info);
  for (const google::protobuf::Message* detail : more) status.add_details()->PackFrom(*detail);
  return {code, message, status.SerializeAsString()};
}

grpc::Status FieldError(const std::string& field, const std::string& description) {
  google::rpc::BadRequest bad;
  auto* violation = bad.add_field_violations();
  violation->set_field(field);
  violation->set_description(description);
  return GatewayError(grpc::StatusCode::INVALID_ARGUMENT, "invalid " + field, "INVALID_FIELD",
                      {&bad});
}

grpc::Status RetryLater(grpc::StatusCode code, int seconds) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(seconds);
  return GatewayError(code, "not now", "RESTARTED_TOO_OFTEN", {&info});
}

}  // namespace sipevents::client::testing
