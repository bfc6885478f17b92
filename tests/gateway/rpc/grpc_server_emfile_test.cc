#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/rpc/grpc_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/gateway/rpc/health_probe.h"
#include "tests/gateway/rpc/socket_client.h"

// A server that runs out of descriptors, and what it does when it has some again. gRPC's own
// listener never accepts again after one EMFILE; ours has to. The server is a process of its
// own, this same program started with --serve, since the limit is of a process.

extern char** environ;

namespace sipevents::gateway {
namespace {

using sipevents::testing::ProbeHealth;
using sipevents::testing::SocketClient;
using Fate = SocketClient::Fate;

constexpr rlim_t kDescriptors = 64;

// The server's side: prints its port, and ends when stdin does.
int Serve() {
  const rlimit limit{kDescriptors, kDescriptors};
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return 2;
  Metrics metrics([](std::string_view) { return false; });
  auto server = GrpcServer::Start({{{"127.0.0.1", 0}}, {}, 1'000'000, &metrics}, {});
  if (!server.ok()) return 3;
  (*server)->SetServing(true);
  printf("%d\n", (*server)->listening()[0].port);
  fflush(stdout);
  while (getchar() != EOF) {
  }
  return 0;
}

// The server's process, as the test sees it.
class ServerProcess {
 public:
  ServerProcess() {
    std::array<int, 2> to_child{};
    std::array<int, 2> from_child{};
    if (pipe(to_child.data()) != 0 || pipe(from_child.data()) != 0) abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to_child[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from_child[1], STDOUT_FILENO);
    for (const int fd : {to_child[0], to_child[1], from_child[0], from_child[1]}) {
      posix_spawn_file_actions_addclose(&actions, fd);
    }
    std::string self = "/proc/self/exe";
    std::string argument = "--serve";
    std::array<char*, 3> arguments = {self.data(), argument.data(), nullptr};
    if (posix_spawn(&pid_, self.c_str(), &actions, nullptr, arguments.data(), environ) != 0) {
      abort();
    }
    posix_spawn_file_actions_destroy(&actions);
    close(to_child[0]);
    close(from_child[1]);
    stdin_ = to_child[1];
    FILE* out = fdopen(from_child[0], "r");
    int port = 0;
    if (fscanf(out, "%d", &port) == 1) address_ = {"127.0.0.1", static_cast<uint16_t>(port)};
    fclose(out);
  }

  ~ServerProcess() { End(); }

  // Returns the exit status.
  int End() {
    if (stdin_ < 0) return status_;
    close(stdin_);
    stdin_ = -1;
    int wait_status = 0;
    waitpid(pid_, &wait_status, 0);
    status_ = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
    return status_;
  }

  const HostPort& address() const { return address_; }

 private:
  pid_t pid_ = -1;
  int stdin_ = -1;
  int status_ = -1;
  HostPort address_;
};

// Opens connections until one is not taken; returns what became of that one.
Fate Exhaust(const HostPort& address, std::vector<SocketClient>& taken) {
  for (rlim_t i = 0; i < 2 * kDescriptors; ++i) {
    SocketClient client(address);
    const Fate fate = client.Wait();
    if (fate != Fate::kGreeted) return fate;
    taken.push_back(std::move(client));
  }
  return Fate::kGreeted;
}

TEST(GrpcServerEmfileTest, ServerOutOfDescriptorsRefusesAtOnceAndServesAgainWhenItHasSome) {
  // Given a server in which every descriptor is a connection
  ServerProcess server;
  ASSERT_NE(server.address().port, 0);
  std::vector<SocketClient> taken;
  // Then the next connection does not hang: it is closed.
  ASSERT_EQ(Exhaust(server.address(), taken), Fate::kClosed);
  EXPECT_GT(taken.size(), 10U);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(SocketClient(server.address()).Wait(), Fate::kClosed) << i;
  }
  // When there is room again
  taken.clear();
  // Then a new call works,
  const auto channel =
      grpc::CreateChannel(server.address().ToString(), grpc::InsecureChannelCredentials());
  EXPECT_EQ(ProbeHealth(channel, ""), "SERVING");
  // and the same once more.
  EXPECT_EQ(Exhaust(server.address(), taken), Fate::kClosed);
  EXPECT_EQ(ProbeHealth(channel, ""), "SERVING");  // on the connection that is there
  taken.clear();
  EXPECT_EQ(server.End(), 0);
}

}  // namespace
}  // namespace sipevents::gateway

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--serve") return sipevents::gateway::Serve();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
