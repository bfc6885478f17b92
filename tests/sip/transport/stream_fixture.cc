#include "tests/sip/transport/stream_fixture.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace sipevents::sip {

absl::Status StreamFixture::Start(StreamTransportOptions options) {
  absl::Status result;
  loop_->Run([&] {
    auto transport = StreamTransport::Open(*loop_, std::move(options), *this, &counts_);
    result = transport.status();
    if (transport.ok()) transport_ = *std::move(transport);
  });
  return result;
}

void StreamFixture::Stop() {
  if (loop_ == nullptr) return;
  loop_->Run([this] { transport_.reset(); });
  loop_.reset();
}

absl::StatusOr<int> StreamFixture::Listen(Transport transport, const std::string& host) {
  absl::StatusOr<int> port = 0;
  loop_->Run([&] { port = transport_->Listen({transport, {host, 0}}); });
  return port;
}

NextHop StreamFixture::Hop(int port, Transport transport, const std::string& name) {
  return {transport, {"127.0.0.1", static_cast<uint16_t>(port)}, name};
}

StreamTransport::WatchId StreamFixture::Send(const NextHop& hop, const std::string& message) {
  StreamTransport::WatchId id = 0;
  loop_->Run(
      [&] { id = transport_->Send(hop, message, [this](const absl::Status& s) { Fail(s); }); });
  return id;
}

void StreamFixture::Reply(ConnectionId connection, const std::string& message) {
  loop_->Run([&] { transport_->Reply(connection, message); });
}

void StreamFixture::ExpectCount(const std::string& count, int value) {
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (counts_[count] != value && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(2));
  EXPECT_EQ(counts_[count], value) << count;
}

void StreamFixture::OnMessage(ConnectionId connection, const NextHop& peer,
                              std::string_view message) {
  const Heard heard{connection, peer, std::string(message), 0};
  if (on_message_) on_message_(heard);
  heard_.Put(heard);
}

void StreamFixture::OnBadMessage(ConnectionId connection, const NextHop& peer,
                                 std::string_view message, int status) {
  transport_->Reply(connection, absl::StrCat("SIP/2.0 ", status, " Bad\r\n\r\n"));
  heard_.Put({connection, peer, std::string(message), status});
}

std::string Request(const std::string& id, size_t body) {
  return absl::StrCat("OPTIONS sip:a@example.com SIP/2.0\r\nCall-ID: ", id,
                      "\r\nContent-Length: ", body, "\r\n\r\n", std::string(body, 'x'));
}

}  // namespace sipevents::sip
