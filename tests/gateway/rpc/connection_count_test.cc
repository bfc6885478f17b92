#include "gateway/rpc/connection_count.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace sipevents::gateway {
namespace {

int OpenSocket() { return socket(AF_INET, SOCK_STREAM, 0); }

TEST(ConnectionCountTest, ClosedConnectionsAreForgottenAtTheSweep) {
  // Given
  ConnectionCount count;
  const int kept = OpenSocket();
  const int closed = OpenSocket();
  count.Add(kept);
  count.Add(closed);
  // When
  close(closed);
  // Then
  EXPECT_EQ(count.upper_bound(), 2U);
  EXPECT_EQ(count.Sweep(), 1U);
  EXPECT_EQ(count.upper_bound(), 1U);
  close(kept);
}

TEST(ConnectionCountTest, NumberThatStandsForAnotherSocketIsNotCounted) {
  // Given a connection whose number was taken over by a socket of somebody else
  ConnectionCount count;
  const int fd = OpenSocket();
  count.Add(fd);
  const int other = OpenSocket();
  ASSERT_EQ(dup2(other, fd), fd);
  // Then
  EXPECT_EQ(count.Sweep(), 0U);
  close(fd);
  close(other);
}

TEST(ConnectionCountTest, NumberThatStandsForAFileIsNotCounted) {
  ConnectionCount count;
  const int fd = OpenSocket();
  count.Add(fd);
  const int file = open("/dev/null", O_RDONLY);
  ASSERT_EQ(dup2(file, fd), fd);
  EXPECT_EQ(count.Sweep(), 0U);
  close(fd);
  close(file);
}

TEST(ConnectionCountTest, NumberUsedAgainCountsOnce) {
  ConnectionCount count;
  const int fd = OpenSocket();
  count.Add(fd);
  const int other = OpenSocket();
  ASSERT_EQ(dup2(other, fd), fd);
  count.Add(fd);
  EXPECT_EQ(count.upper_bound(), 1U);
  EXPECT_EQ(count.Sweep(), 1U);
  close(fd);
  close(other);
}

}  // namespace
}  // namespace sipevents::gateway
