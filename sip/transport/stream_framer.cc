#include "sip/transport/stream_framer.h"

#include <algorithm>

#include "sip/base/ascii.h"

namespace sipevents::sip {
namespace {

constexpr std::string_view kPing = "\r\n\r\n";

bool IsContentLength(std::string_view name) {
  return EqualsIgnoreCase(name, "Content-Length") || EqualsIgnoreCase(name, "l");
}

// Stops counting past `limit`, so that no number is too long.
size_t NumberUpTo(std::string_view digits, size_t limit) {
  size_t number = 0;
  for (const char digit : digits) {
    number = number * 10 + static_cast<size_t>(digit - '0');
    if (number > limit) return number;
  }
  return number;
}

}  // namespace

void StreamFramer::Append(std::string_view octets) {
  if (bad_status_ != 0) return;
  // Moving what is left costs no more than what was taken before it.
  if (start_ >= buffer_.size() - start_) {
    buffer_.erase(0, start_);
    start_ = 0;
  }
  buffer_.append(octets);
}

StreamFrame StreamFramer::Next() {
  if (bad_status_ == 0 && head_.message_octets == 0) {
    if (head_.scanned == 0 && SkipLineEnds()) return {StreamFrame::Kind::kPing, {}, 0, ""};
    if (!in_message()) {
      std::string().swap(buffer_);  // an idle stream keeps no memory
      start_ = 0;
      return {};
    }
    if (ReadHead() == HeadState::kIncomplete) return {};
  }
  if (bad_status_ != 0) {
    return {StreamFrame::Kind::kBad, view().substr(0, head_.line), bad_status_, bad_problem_};
  }
  if (view().size() < head_.message_octets) return {};
  return TakeMessage();
}

// True: a ping ended here.
bool StreamFramer::SkipLineEnds() {
  for (; start_ < buffer_.size(); ++start_) {
    const char octet = buffer_[start_];
    if (octet != '\r' && octet != '\n') {
      ping_seen_ = 0;
      return false;
    }
    ping_seen_ = octet == kPing[ping_seen_] ? ping_seen_ + 1 : (octet == '\r' ? 1 : 0);
    if (ping_seen_ == kPing.size()) {
      ping_seen_ = 0;
      ++start_;
      return true;
    }
  }
  return false;
}

StreamFramer::HeadState StreamFramer::ReadHead() {
  const std::string_view octets = view();
  while (true) {
    const size_t line_end = octets.find('\n', head_.scanned);
    const size_t next_line = line_end == std::string_view::npos ? octets.size() : line_end + 1;
    if (next_line > limits_.max_head_octets) return Fail(513, "the headers are too large");
    head_.scanned = next_line;
    if (line_end == std::string_view::npos) return HeadState::kIncomplete;
    std::string_view line = octets.substr(head_.line, line_end - head_.line);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) return EndHead(next_line);
    if (++head_.lines > limits_.max_head_lines) return Fail(513, "there are too many headers");
    ReadLine(line, head_.line);
    head_.line = next_line;
  }
}

// What is wrong here is told at the end of the head, which an answer needs.
void StreamFramer::ReadLine(std::string_view line, size_t offset) {
  if (line.find('\r') != std::string_view::npos) head_.problem = "a line has a CR in it";
  if (head_.lines == 1) return;  // the start line
  if (line.front() == ' ' || line.front() == '\t') {
    if (head_.at_length) head_.length_end = offset + line.size();
    return;
  }
  const size_t colon = line.find(':');
  head_.at_length =
      colon != std::string_view::npos && IsContentLength(TrimBlanks(line.substr(0, colon)));
  if (!head_.at_length) return;
  if (head_.has_length) head_.problem = "Content-Length is there twice";
  head_.has_length = true;
  head_.length_begin = offset + colon + 1;
  head_.length_end = offset + line.size();
}

StreamFramer::HeadState StreamFramer::EndHead(size_t body) {
  head_.line = body;
  if (head_.problem != nullptr) return Fail(400, head_.problem);
  if (!head_.has_length) return Fail(400, "there is no Content-Length");
  const std::string_view digits =
      TrimBlanks(view().substr(head_.length_begin, head_.length_end - head_.length_begin));
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return Fail(400, "Content-Length is no number");
  }
  const size_t most = limits_.max_message_octets - std::min(body, limits_.max_message_octets);
  const size_t length = NumberUpTo(digits, most);
  if (length > most) return Fail(413, "the body is too large");
  head_.message_octets = body + length;
  return HeadState::kWhole;
}

StreamFramer::HeadState StreamFramer::Fail(int status, const char* problem) {
  bad_status_ = status;
  bad_problem_ = problem;
  return HeadState::kBad;
}

StreamFrame StreamFramer::TakeMessage() {
  const std::string_view message = view().substr(0, head_.message_octets);
  start_ += message.size();
  head_ = {};
  return {StreamFrame::Kind::kMessage, message, 0, ""};
}

}  // namespace sipevents::sip
