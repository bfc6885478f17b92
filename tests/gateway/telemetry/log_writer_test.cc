#include "gateway/telemetry/log_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipevents::gateway {
namespace {

class LogWriterTest : public ::testing::Test {
 protected:
  LogWriterTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    read_end_ = ends[0];
    write_end_ = ends[1];
    fcntl(write_end_, F_SETPIPE_SZ, 4096);
  }
  ~LogWriterTest() override {
    close(read_end_);
    close(write_end_);
  }

  // What is in the pipe, at least `least` octets.
  std::string Read(size_t least) {
    std::string text;
    std::array<char, 65536> buffer{};
    while (text.size() < least) {
      const ssize_t got = read(read_end_, buffer.data(), buffer.size());
      if (got <= 0) break;
      text.append(buffer.data(), static_cast<size_t>(got));
    }
    return text;
  }

  int read_end_ = -1;
  int write_end_ = -1;
};

TEST_F(LogWriterTest, LinesAreWrittenInOrder) {
  // A pipe of one page polls full as soon as anything is in it.
  fcntl(write_end_, F_SETPIPE_SZ, 65536);
  LogWriter writer(write_end_);
  writer.Write("one\n");
  writer.Write("two\n");
  EXPECT_TRUE(writer.Flush(absl::Seconds(10)));
  EXPECT_EQ(Read(8), "one\ntwo\n");
}

TEST_F(LogWriterTest, HeldLinesWaitForTheRelease) {
  // Given
  LogWriter writer(write_end_, /*held=*/true);
  writer.Write("start\n");
  EXPECT_FALSE(writer.Flush(absl::Milliseconds(20)));
  // When
  writer.Release();
  // Then
  EXPECT_EQ(Read(6), "start\n");
}

TEST_F(LogWriterTest, LinesWithoutReaderAreDroppedAndNobodyWaits) {
  // Given a pipe that takes one page
  LogWriter writer(write_end_);
  const std::string line(1023, 'x');
  // When far more is written than fits
  for (size_t i = 0; i < 3 * LogWriter::kMaxLines; ++i) writer.Write(line + "\n");
  // Then what is beyond the bound is gone, and the calls came back.
  EXPECT_GT(writer.dropped(), 0U);
  EXPECT_FALSE(writer.Flush(absl::Milliseconds(20)));
}

TEST_F(LogWriterTest, WriterWithoutReaderCanEnd) {
  auto writer = std::make_unique<LogWriter>(write_end_);
  for (int i = 0; i < 100; ++i) writer->Write(std::string(1023, 'x') + "\n");
  writer.reset();
}

TEST_F(LogWriterTest, ReaderThatComesLateGetsWholeLines) {
  // Given
  LogWriter writer(write_end_);
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    const std::string line = absl::StrCat("line ", i, " ", std::string(100, 'x'), "\n");
    writer.Write(line);
    expected += line;
  }
  // Then
  EXPECT_EQ(Read(expected.size()), expected);
}

}  // namespace
}  // namespace sipevents::gateway
