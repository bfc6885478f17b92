#ifndef SIP_TRANSPORT_STREAM_FRAMER_H_
#define SIP_TRANSPORT_STREAM_FRAMER_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace sipevents::sip {

// What one message of a stream may be at most.
struct StreamLimits {
  size_t max_message_octets = (1 << 20) + (256 << 10);  // from the start line to the body's end
  size_t max_head_octets = 64 << 10;                    // as much as a datagram can hold
  int max_head_lines = 400;                             // folded ones count one by one (TOR-23)
};

// A piece of a stream.
struct StreamFrame {
  enum class Kind {
    kIncomplete,  // nothing whole is there
    kMessage,
    kPing,  // CRLFCRLF, to be answered CRLF (RFC 5626 section 4.4.1)
    kBad,   // the stream cannot be understood from here on; said again and again
  };
  Kind kind = Kind::kIncomplete;
  // With kMessage all of it. With kBad what came of the message at fault: whole lines of its
  // head, maybe without the empty one.
  std::string_view octets;
  int status = 0;            // with kBad: 400, 413 (body) or 513 (head)
  const char* problem = "";  // with kBad, for people
};

// Finds the messages in a stream of octets, however it is cut: framing by Content-Length only
// (RFC 3261 section 18.3; TLS-07). CRLFs between messages are skipped. Takes time linear in the
// octets, also when they come one by one. Lines end with CRLF or LF; a CR alone, which parsers
// take differently, is an error.
//
// Threads: one.
class StreamFramer {
 public:
  explicit StreamFramer(const StreamLimits& limits) : limits_(limits) {}

  // Adds what was read. To be followed by Next() until it says kIncomplete or kBad, so that
  // hardly more than one message is kept.
  void Append(std::string_view octets);

  // The next piece. Its view is good until the next call of Append() or Next().
  StreamFrame Next();

  // Whether a message has begun and is not whole.
  bool in_message() const { return start_ < buffer_.size(); }

 private:
  enum class HeadState { kIncomplete, kWhole, kBad };

  std::string_view view() const { return std::string_view(buffer_).substr(start_); }
  bool SkipLineEnds();
  HeadState ReadHead();
  void ReadLine(std::string_view line, size_t offset);
  HeadState EndHead(size_t body);
  HeadState Fail(int status, const char* problem);
  StreamFrame TakeMessage();

  const StreamLimits limits_;
  std::string buffer_;
  size_t start_ = 0;      // of the message, in buffer_; all other offsets count from here
  size_t ping_seen_ = 0;  // octets of CRLFCRLF that came last, between messages

  // Of the message that is being read.
  struct Head {
    size_t scanned = 0;  // octets searched for line ends
    size_t line = 0;     // start of the line being read
    int lines = 0;
    bool has_length = false;
    bool at_length = false;  // the last line is Content-Length, or its continuation
    size_t length_begin = 0;
    size_t length_end = 0;
    const char* problem = nullptr;  // found, and told at the end of the head
    size_t message_octets = 0;      // known once the head is whole; 0 before
  };
  Head head_;

  int bad_status_ = 0;  // 0: fine so far
  const char* bad_problem_ = "";
};

}  // namespace sipevents::sip

#endif  // SIP_TRANSPORT_STREAM_FRAMER_H_
