#include "clients/cli/line_writer.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"

namespace sipevents::client {
namespace {

using ::sipevents::testing::StatusIs;

class LineWriterTest : public ::testing::Test {
 protected:
  LineWriterTest() {
    signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(pipe2(ends_, O_CLOEXEC), 0);
  }
  ~LineWriterTest() override {
    if (ends_[0] >= 0) close(ends_[0]);
    close(ends_[1]);
  }

  std::string Read() const {
    std::string octets(100, '\0');
    const ssize_t length = read(ends_[0], octets.data(), octets.size());
    return octets.substr(0, static_cast<size_t>(length));
  }

  int ends_[2] = {-1, -1};
};

TEST_F(LineWriterTest, LineIsThereAtOnce) {
  LineWriter writer(ends_[1]);

  EXPECT_OK(writer.WriteLine("one"));

  EXPECT_EQ(Read(), "one\n");
}

TEST_F(LineWriterTest, ReaderThatLeftIsCancelled) {
  LineWriter writer(ends_[1]);
  close(ends_[0]);
  ends_[0] = -1;

  EXPECT_THAT(writer.WriteLine("one"), StatusIs(absl::StatusCode::kCancelled));
}

// A terminal says that it is writable as long as it takes one octet more.
TEST_F(LineWriterTest, CancelFreesAWriterWhoseTerminalIsFull) {
  int master = -1;
  int terminal = -1;
  ASSERT_EQ(openpty(&master, &terminal, nullptr, nullptr, nullptr), 0);
  {
    LineWriter writer(terminal);
    std::thread canceller([&] {
      // Until the terminal takes nothing more: the writer is in the midst of it.
      for (int before = -1, now = 0; before != now || now == 0; ioctl(master, FIONREAD, &now)) {
        before = now;
        absl::SleepFor(absl::Milliseconds(50));
      }
      writer.Cancel();
    });

    EXPECT_THAT(writer.WriteLine(std::string(1 << 20, 'x')),
                StatusIs(absl::StatusCode::kCancelled));
    canceller.join();
    EXPECT_EQ(fcntl(terminal, F_GETFL) & O_NONBLOCK, 0) << "others find it as it was";
  }
  close(terminal);
  close(master);
}

TEST_F(LineWriterTest, CancelFreesAWriterWhoseReaderDoesNotRead) {
  LineWriter writer(ends_[1]);
  const std::string longer_than_a_pipe(1 << 20, 'x');

  std::thread canceller([&] { writer.Cancel(); });

  EXPECT_THAT(writer.WriteLine(longer_than_a_pipe), StatusIs(absl::StatusCode::kCancelled));
  canceller.join();
  EXPECT_THAT(writer.WriteLine("more"), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(LineWriterTest, FullDeviceIsAnErrorOfItsOwn) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  LineWriter writer(full);

  EXPECT_THAT(writer.WriteLine("one"), StatusIs(absl::StatusCode::kUnknown));
  close(full);
}

}  // namespace
}  // namespace sipevents::client
