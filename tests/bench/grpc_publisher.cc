#include "tests/bench/grpc_publisher.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

namespace sipevents::bench {

// The publication of a resource, and the call that changes it.
struct GrpcPublisher::Call {
  size_t resource = 0;
  std::string name;
  std::optional<grpc::ClientContext> context;
  v1::CreatePublicationRequest create;
  v1::UpdatePublicationRequest update;
  v1::Publication answer;
};

GrpcPublisher::GrpcPublisher(DatagramSockets& sockets, const std::string& target, size_t resources)
    : stub_(v1::Publications::NewStub(
          grpc::CreateChannel(target, grpc::InsecureChannelCredentials()))),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  for (size_t i = 0; i < resources; ++i) {
    calls_.push_back(std::make_unique<Call>());
    calls_.back()->resource = i;
  }
  sockets.AlsoWaitFor(wake_);
}

GrpcPublisher::~GrpcPublisher() {
  std::unique_lock<std::mutex> lock(mutex_);
  all_done_.wait(lock, [this] { return under_way_ == 0; });
  close(wake_);
}

void GrpcPublisher::Publish(size_t resource, const std::string& body) {
  Call& call = *calls_[resource];
  call.context.emplace();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++under_way_;
  }
  const auto done = [this, &call](const grpc::Status& status) { OnDone(call, status); };
  if (call.name.empty()) {
    v1::Publication& publication = *call.create.mutable_publication();
    publication.set_target_uri(ResourceUri(resource));
    publication.set_event_package("presence");
    publication.set_route(v1::Publication::LOCAL);
    publication.mutable_body()->set_content_type("application/pidf+xml");
    publication.mutable_body()->set_data(body);
    stub_->async()->CreatePublication(&*call.context, &call.create, &call.answer, done);
    return;
  }
  v1::Publication& publication = *call.update.mutable_publication();
  publication.set_name(call.name);
  publication.mutable_body()->set_content_type("application/pidf+xml");
  publication.mutable_body()->set_data(body);
  stub_->async()->UpdatePublication(&*call.context, &call.update, &call.answer, done);
}

void GrpcPublisher::OnDone(Call& call, const grpc::Status& status) {
  if (!status.ok()) {
    fprintf(stderr, "bench: publishing %s: %s\n", ResourceUri(call.resource).c_str(),
            status.error_message().c_str());
    _exit(1);
  }
  call.name = call.answer.name();
  const std::lock_guard<std::mutex> lock(mutex_);
  accepted_.push_back(call.resource);
  const uint64_t one = 1;
  if (write(wake_, &one, sizeof one) < 0) perror("bench: eventfd");
  if (--under_way_ == 0) all_done_.notify_all();
}

std::vector<size_t> GrpcPublisher::TakeAccepted() {
  uint64_t count = 0;
  if (read(wake_, &count, sizeof count) < 0) return {};  // nobody woke us
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(accepted_, {});
}

}  // namespace sipevents::bench
