#include "gateway/rpc/connection_acceptor.h"

#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/base/mutex.h"
#include "tests/base/status_asserts.h"
#include "tests/gateway/rpc/socket_client.h"

namespace sipevents::gateway {
namespace {

using sipevents::testing::SocketClient;
using sipevents::testing::StatusIs;
using Fate = SocketClient::Fate;

// Greets each connection with one octet and keeps it until told.
class Greeter {
 public:
  ~Greeter() { CloseAll(); }

  void Take(int fd) {
    MutexLock lock(mutex_);
    send(fd, "x", 1, MSG_NOSIGNAL);
    taken_.push_back(fd);
  }

  void CloseAll() {
    MutexLock lock(mutex_);
    for (const int fd : taken_) close(fd);
    taken_.clear();
  }

 private:
  Mutex mutex_;
  std::vector<int> taken_ ABSL_GUARDED_BY(mutex_);
};

class ConnectionAcceptorTest : public ::testing::Test {
 protected:
  // Returns where it listens.
  std::vector<HostPort> Start(const std::vector<HostPort>& listen, size_t max_connections) {
    std::vector<ListeningSocket> sockets;
    std::vector<HostPort> addresses;
    for (const HostPort& address : listen) {
      sockets.push_back(ListeningSocket::Open(address).value());
      addresses.push_back(sockets.back().address());
    }
    acceptor_ =
        ConnectionAcceptor::Start(
            std::move(sockets), {max_connections, [this](int fd) { greeter_.Take(fd); }, &metrics_})
            .value();
    return addresses;
  }

  Metrics metrics_{[](std::string_view) { return false; }};
  Greeter greeter_;
  std::unique_ptr<ConnectionAcceptor> acceptor_;
};

TEST_F(ConnectionAcceptorTest, SeveralListenersOfBothFamiliesAreServed) {
  // Given
  const auto addresses = Start({{"127.0.0.1", 0}, {"::1", 0}}, 10);
  // Then each has a port of its own
  EXPECT_NE(addresses[0].port, 0);
  EXPECT_NE(addresses[1].port, 0);
  EXPECT_EQ(addresses[1].ToString(), absl::StrCat("[::1]:", addresses[1].port));
  EXPECT_EQ(SocketClient(addresses[0]).Wait(), Fate::kGreeted);
  EXPECT_EQ(SocketClient(addresses[1]).Wait(), Fate::kGreeted);
}

TEST_F(ConnectionAcceptorTest, ConnectionOverTheLimitIsClosedAtOnce) {
  // Given
  const HostPort address = Start({{"127.0.0.1", 0}}, 2)[0];
  SocketClient first(address);
  SocketClient second(address);
  ASSERT_EQ(first.Wait(), Fate::kGreeted);
  ASSERT_EQ(second.Wait(), Fate::kGreeted);
  // When
  SocketClient third(address);
  // Then
  EXPECT_EQ(third.Wait(), Fate::kClosed);
  EXPECT_THAT(metrics_.Text(),
              ::testing::HasSubstr("sipevents_grpc_connections_total{result=\"refused\"} 1"));
}

TEST_F(ConnectionAcceptorTest, RoomThatBecomesFreeIsGivenAgain) {
  // Given a full acceptor
  const HostPort address = Start({{"127.0.0.1", 0}}, 1)[0];
  SocketClient first(address);
  ASSERT_EQ(first.Wait(), Fate::kGreeted);
  ASSERT_EQ(SocketClient(address).Wait(), Fate::kClosed);
  // When
  greeter_.CloseAll();
  // Then it is noticed before long: the acceptor looks again ten times a second.
  Fate fate = Fate::kClosed;
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (fate == Fate::kClosed && absl::Now() < deadline) fate = SocketClient(address).Wait();
  EXPECT_EQ(fate, Fate::kGreeted);
}

TEST_F(ConnectionAcceptorTest, EndClosesTheListeners) {
  const HostPort address = Start({{"127.0.0.1", 0}}, 10)[0];
  acceptor_.reset();
  EXPECT_FALSE(SocketClient(address).connected());
}

TEST(ListeningSocketTest, AddressInUseIsNamed) {
  ASSERT_OK_AND_ASSIGN(const ListeningSocket first, ListeningSocket::Open({"127.0.0.1", 0}));
  EXPECT_THAT(ListeningSocket::Open(first.address()),
              StatusIs(absl::StatusCode::kUnavailable,
                       ::testing::AllOf(::testing::HasSubstr(first.address().ToString()),
                                        ::testing::HasSubstr("in use"))));
}

TEST(ListeningSocketTest, AddressThatIsNotOursIsNamed) {
  EXPECT_THAT(ListeningSocket::Open({"192.0.2.1", 0}),
              StatusIs(absl::StatusCode::kUnavailable, ::testing::HasSubstr("192.0.2.1:0")));
}

}  // namespace
}  // namespace sipevents::gateway
