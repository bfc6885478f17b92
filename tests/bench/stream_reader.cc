#include "tests/bench/stream_reader.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace sipevents::bench {
namespace {

// How many elements the repeated field 1 of an encoded message has.
uint64_t CountItems(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return 0;
  uint64_t count = 0;
  for (size_t at = 0; at < slice.size();) {
    ++at;  // the tag of field 1 is one octet
    uint64_t length = 0;
    for (int shift = 0; at < slice.size(); shift += 7) {
      const uint8_t octet = slice.begin()[at++];
      length |= static_cast<uint64_t>(octet & 0x7f) << shift;
      if ((octet & 0x80) == 0) break;
    }
    at += length;
    ++count;
  }
  return count;
}

constexpr uint64_t kSampleEvery = 8;

double NowMilliseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(now).count();
}

std::vector<double> LatenciesIn(const grpc::ByteBuffer& buffer) {
  std::vector<double> latencies;
  grpc::Slice slice;
  v1::WatchManyResponse response;
  if (!buffer.DumpToSingleSlice(&slice).ok() ||
      !response.ParseFromArray(slice.begin(), static_cast<int>(slice.size()))) {
    return latencies;
  }
  const double now = NowMilliseconds();
  for (const v1::WatchManyItem& item : response.items()) {
    if (!item.item().has_event()) continue;
    const auto& received = item.item().event().receive_time();
    latencies.push_back(now - (static_cast<double>(received.seconds()) * 1e3 +
                               static_cast<double>(received.nanos()) / 1e6));
  }
  return latencies;
}

}  // namespace

class StreamReader::Call : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Call(StreamReader& reader, const std::string& method, const std::string& request)
      : reader_(reader), is_many_(method == "WatchMany") {
    const grpc::Slice slice(request);
    request_ = grpc::ByteBuffer(&slice, 1);
    reader_.stub_->PrepareBidiStreamingCall(&context_, "/sipevents.v1.Subscriptions/" + method,
                                            grpc::StubOptions(), this);
    StartWriteLast(&request_, grpc::WriteOptions());
    StartRead(&response_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    reader_.items_.fetch_add(CountItems(response_), std::memory_order_relaxed);
    const uint64_t before = reader_.messages_.fetch_add(1, std::memory_order_relaxed);
    if (is_many_ && before % kSampleEvery == 0) reader_.Note(LatenciesIn(response_));
    StartRead(&response_);
  }

  void OnDone(const grpc::Status& /*status*/) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    done_ = true;
    condition_.notify_all();
  }

  void CancelAndWait() {
    context_.TryCancel();
    std::unique_lock<std::mutex> lock(mutex_);
    condition_.wait(lock, [this] { return done_; });
  }

 private:
  StreamReader& reader_;
  const bool is_many_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  std::mutex mutex_;
  std::condition_variable condition_;
  bool done_ = false;
};

StreamReader::StreamReader(const std::string& address)
    : channel_(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())),
      stub_(std::make_unique<grpc::GenericStub>(channel_)) {}

StreamReader::~StreamReader() {
  for (const auto& call : calls_) call->CancelAndWait();
}

void StreamReader::Watch(const v1::WatchRequest& request) {
  calls_.push_back(std::make_unique<Call>(*this, "Watch", request.SerializeAsString()));
}

void StreamReader::WatchMany(const v1::WatchManyRequest& request) {
  calls_.push_back(std::make_unique<Call>(*this, "WatchMany", request.SerializeAsString()));
}

void StreamReader::Note(const std::vector<double>& latencies) {
  const std::lock_guard<std::mutex> lock(mutex_);
  latencies_.insert(latencies_.end(), latencies.begin(), latencies.end());
}

std::vector<double> StreamReader::TakeLatencies() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(latencies_, {});
}

}  // namespace sipevents::bench
