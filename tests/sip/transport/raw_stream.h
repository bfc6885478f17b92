#ifndef TESTS_SIP_TRANSPORT_RAW_STREAM_H_
#define TESTS_SIP_TRANSPORT_RAW_STREAM_H_

#include <memory>
#include <string>

#include "absl/time/time.h"

namespace sipevents::testing {

// A TCP connection that a test writes and reads octet by octet; each call waits for up to some
// seconds. A socket that cannot be opened is one that is closed.
//
// Threads: one.
class RawStream {
 public:
  explicit RawStream(int descriptor);
  ~RawStream();
  RawStream(const RawStream&) = delete;
  RawStream& operator=(const RawStream&) = delete;

  // To `port` of a loopback address, from `source` if that is given.
  static std::unique_ptr<RawStream> Connect(int port, const std::string& host = "127.0.0.1",
                                            const std::string& source = "");

  // False: the connection is closed, or the peer does not read.
  bool Write(const std::string& octets);
  // Reads until what was read in this call ends with `end`; "" (after what did come was thrown
  // away) if it never does.
  std::string ReadUntil(const std::string& end);
  // Whether the peer closes the connection within `patience`; what comes before is thrown away.
  bool Closes(absl::Duration patience = absl::Seconds(20));
  // Whether the peer ends the connection in order, rather than with a reset.
  bool EndsInPeace();
  // Closes with a reset, as a peer that dies does.
  void Reset();

  int port() const;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

// A loopback port where a test accepts by hand. Threads: one.
class RawListener {
 public:
  explicit RawListener(int backlog = 16);
  ~RawListener();
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;

  int port() const { return port_; }
  // Null if nobody connects within `patience`.
  std::unique_ptr<RawStream> Accept(absl::Duration patience = absl::Seconds(20));

 private:
  int descriptor_ = -1;
  int port_ = 0;
};

}  // namespace sipevents::testing

#endif  // TESTS_SIP_TRANSPORT_RAW_STREAM_H_
