#include "tests/bench/sip_text.h"

#include <strings.h>

#include <charconv>
#include <cstring>

namespace sipevents::bench {
namespace {

constexpr std::string_view kCookie = "branch=z9hG4bK";

// Whether the line is a header field of one of these names.
bool IsField(std::string_view line, std::string_view name, char compact) {
  if (line.size() > 1 && (line[0] | 0x20) == compact && line[1] == ':') return true;
  return line.size() > name.size() && line[name.size()] == ':' &&
         strncasecmp(line.data(), name.data(), name.size()) == 0;
}

std::string_view ValueOf(std::string_view line) {
  line.remove_prefix(line.find(':') + 1);
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  return line;
}

// Takes the next line, without its end, off the message.
std::string_view TakeLine(std::string_view& message) {
  const size_t end = message.find('\n');
  if (end == std::string_view::npos) {
    const std::string_view last = message;
    message = {};
    return last;
  }
  std::string_view line = message.substr(0, end);
  message.remove_prefix(end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

}  // namespace

bool AnswerNotify(std::string_view message, NotifyView& notify, std::string& answer) {
  const std::string_view start = TakeLine(message);
  constexpr std::string_view kStart = "NOTIFY sip:";
  if (!start.starts_with(kStart)) return false;
  notify.user = start.substr(kStart.size(), start.find('@') - kStart.size());
  answer = "SIP/2.0 200 OK\r\n";
  while (true) {
    const std::string_view line = TakeLine(message);
    if (line.empty()) break;
    bool repeated = false;
    switch (line[0] | 0x20) {
      case 'v':
        repeated = IsField(line, "Via", 'v');
        break;
      case 'f':
        repeated = IsField(line, "From", 'f');
        break;
      case 't':
        repeated = IsField(line, "To", 't');
        break;
      case 'i':
        repeated = line[1] == ':';
        break;
      case 'c':
        repeated = IsField(line, "Call-ID", 'i');
        if (IsField(line, "CSeq", '\0')) {
          repeated = true;
          const std::string_view value = ValueOf(line);
          std::from_chars(value.data(), value.data() + value.size(), notify.cseq);
        }
        break;
      default:
        break;
    }
    if (repeated) answer.append(line).append("\r\n");
  }
  answer += "Content-Length: 0\r\n\r\n";
  notify.body = message;
  return true;
}

bool ReadResponse(std::string_view message, ResponseView& response) {
  const std::string_view start = TakeLine(message);
  constexpr std::string_view kStart = "SIP/2.0 ";
  if (!start.starts_with(kStart)) return false;
  std::from_chars(start.data() + kStart.size(), start.data() + start.size(), response.status);
  while (true) {
    const std::string_view line = TakeLine(message);
    if (line.empty()) return true;
    if (response.branch.empty() && IsField(line, "Via", 'v')) {
      const size_t found = line.find(kCookie);
      if (found == std::string_view::npos) return false;
      response.branch = line.substr(found + kCookie.size());
      response.branch = response.branch.substr(0, response.branch.find_first_of(";, "));
    } else if (IsField(line, "SIP-ETag", '\0')) {
      response.etag = ValueOf(line);
    }
  }
}

}  // namespace sipevents::bench
