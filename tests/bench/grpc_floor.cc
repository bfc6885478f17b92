// The floor of the gRPC side: a bare server that streams the same events in the same batches,
// from messages that were filled before and are encoded at each write. Usage: grpc_floor
// EVENTS_PER_SECOND BATCH; prints `ready PORT`, writes to the open streams in turn.

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "sipevents/v1/subscriptions.grpc.pb.h"
#include "tests/bench/notify_load.h"

namespace {

using sipevents::v1::WatchResponse;

void FillEvent(const std::string& body, sipevents::v1::WatchItem& item) {
  item.set_resume_token("AWoFZUh8Zkm3P8nQF_yhE6EAAAAAAAAAAQAAAAAAAAABhJo8");
  sipevents::v1::Event& event = *item.mutable_event();
  event.set_subscription("subscriptions/adynq54xczhftwhbtv6axjhvx2hjmqy6e");
  event.set_target_uri("sip:user00000001@example.com");
  event.set_event_package("presence");
  event.set_dialog("d6299cb96602cc12-b4883b8b;nt00000001");
  event.mutable_receive_time()->set_seconds(1790000000);
  event.mutable_body()->set_content_type("application/pidf+xml");
  event.mutable_body()->set_data(body);
  sipevents::v1::Presence& presence = *event.mutable_presence();
  presence.set_entity("sip:user@example.com");
  for (int i = 0; i < 5; ++i) {
    sipevents::v1::PresenceTuple& tuple = *presence.add_tuples();
    tuple.set_id("t" + std::to_string(i));
    tuple.set_basic(sipevents::v1::OPEN);
    tuple.set_contact("sip:user@192.0.2." + std::to_string(i) + ":5060");
    tuple.set_contact_priority(0.8);
  }
  sipevents::v1::PresencePerson& person = *presence.add_persons();
  person.set_id("p1");
  person.mutable_rich()->mutable_activities()->add_values("on-the-phone");
}

class Stream : public grpc::ServerWriteReactor<WatchResponse> {
 public:
  explicit Stream(const WatchResponse& response) : response_(response) {
    StartSendInitialMetadata();
  }

  // Encodes and writes a batch, unless the write before is under way.
  void WriteBatch() {
    if (!busy_.exchange(true)) StartWrite(&response_);
  }

  void OnWriteDone(bool /*ok*/) override { busy_ = false; }
  void OnDone() override {}

 private:
  const WatchResponse& response_;
  std::atomic<bool> busy_{false};
};

class FloorService : public sipevents::v1::Subscriptions::CallbackService {
 public:
  explicit FloorService(int batch) : batch_(batch) {
    const std::string body = sipevents::bench::PresenceBody();
    for (int i = 0; i < batch; ++i) FillEvent(body, *response_.add_items());
  }

  grpc::ServerWriteReactor<WatchResponse>* Watch(
      grpc::CallbackServerContext* /*context*/,
      const sipevents::v1::WatchRequest* /*request*/) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    streams_.push_back(std::make_unique<Stream>(response_));
    return streams_.back().get();
  }

  // Writes at the rate until the process is killed, some batches each time it wakes up.
  [[noreturn]] void Run(double events_per_second) {
    const auto begin = std::chrono::steady_clock::now();
    uint64_t written = 0;
    while (true) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
      const auto due = static_cast<uint64_t>(passed.count() * events_per_second / batch_);
      const std::lock_guard<std::mutex> lock(mutex_);
      for (; written < due; ++written) {
        if (!streams_.empty()) streams_[written % streams_.size()]->WriteBatch();
      }
    }
  }

 private:
  const int batch_;
  WatchResponse response_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Stream>> streams_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 1;
  const int batch = atoi(argv[2]);
  FloorService service(batch);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  printf("ready 127.0.0.1:%d\n", port);
  fflush(stdout);
  service.Run(atof(argv[1]));
}
