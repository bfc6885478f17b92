#include "tests/peer/sip_text.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace sipevents::testing {
namespace {

std::string LongName(const std::string& name) {
  std::string lower = absl::AsciiStrToLower(name);
  if (lower == "o") return "event";
  if (lower == "u") return "allow-events";
  if (lower == "i") return "call-id";
  if (lower == "f") return "from";
  if (lower == "t") return "to";
  if (lower == "v") return "via";
  if (lower == "m") return "contact";
  if (lower == "l") return "content-length";
  if (lower == "c") return "content-type";
  if (lower == "k") return "supported";
  return lower;
}

std::string Unquoted(std::string text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

}  // namespace

absl::StatusOr<SipText> SipText::Parse(const std::string& raw) {
  const size_t head_end = raw.find("\r\n\r\n");
  if (head_end == std::string::npos) return absl::InvalidArgumentError("no empty line");
  SipText text;
  text.raw_ = raw;
  text.body_ = raw.substr(head_end + 4);
  for (const absl::string_view line :
       absl::StrSplit(absl::string_view(raw).substr(0, head_end), "\r\n")) {
    if (text.start_line_.empty()) {
      text.start_line_ = std::string(line);
      continue;
    }
    if (absl::StartsWith(line, " ") || absl::StartsWith(line, "\t")) {  // a folded line
      if (text.headers_.empty()) return absl::InvalidArgumentError("folding before any header");
      absl::StrAppend(&text.headers_.back().second, " ", absl::StripAsciiWhitespace(line));
      continue;
    }
    const std::pair<std::string, std::string> header =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    text.headers_.emplace_back(LongName(std::string(absl::StripAsciiWhitespace(header.first))),
                               std::string(absl::StripAsciiWhitespace(header.second)));
  }
  const std::vector<std::string> words = absl::StrSplit(text.start_line_, absl::MaxSplits(' ', 2));
  if (words.size() < 2) return absl::InvalidArgumentError("no start line");
  if (words[0] == "SIP/2.0") {
    if (!absl::SimpleAtoi(words[1], &text.status_)) {
      return absl::InvalidArgumentError("no status code");
    }
    const std::vector<std::string> cseq = absl::StrSplit(text.Header("CSeq"), ' ');
    if (cseq.size() == 2) text.method_ = cseq[1];
  } else {
    text.method_ = words[0];
    text.request_uri_ = words[1];
  }
  return text;
}

uint32_t SipText::cseq() const {
  uint32_t number = 0;
  const std::vector<std::string> parts = absl::StrSplit(Header("CSeq"), ' ');
  if (!absl::SimpleAtoi(parts[0], &number)) return 0;
  return number;
}

std::string SipText::Header(const std::string& name) const {
  const std::vector<std::string> values = Headers(name);
  return values.empty() ? "" : values.front();
}

std::vector<std::string> SipText::Headers(const std::string& name) const {
  const std::string wanted = LongName(name);
  std::vector<std::string> values;
  for (const auto& [header, value] : headers_) {
    if (header == wanted) values.push_back(value);
  }
  return values;
}

std::string ParameterOf(const std::string& value, const std::string& name) {
  const size_t uri_end = value.rfind('>');
  const std::string parameters = uri_end == std::string::npos ? value : value.substr(uri_end + 1);
  for (const absl::string_view part : absl::StrSplit(parameters, ';')) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(part, absl::MaxSplits('=', 1));
    if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(pair.first), name)) {
      return Unquoted(std::string(absl::StripAsciiWhitespace(pair.second)));
    }
  }
  return "";
}

std::string UriOf(const std::string& value) {
  const size_t begin = value.find('<');
  if (begin != std::string::npos) {
    return value.substr(begin + 1, value.find('>', begin) - begin - 1);
  }
  return value.substr(0, value.find(';'));
}

int PortOf(const std::string& uri) {
  const size_t at = uri.find('@');
  std::string host = uri.substr(at == std::string::npos ? uri.find(':') + 1 : at + 1);
  host = host.substr(0, host.find(';'));
  const size_t colon = host.rfind(':');
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(host.substr(colon + 1), &port)) return 5060;
  return port;
}

size_t FrameLength(const std::string& stream) {
  size_t blank = 0;
  while (blank < stream.size() && (stream[blank] == '\r' || stream[blank] == '\n')) ++blank;
  if (blank > 0) return blank;
  const size_t head_end = stream.find("\r\n\r\n");
  if (head_end == std::string::npos) return 0;
  const absl::StatusOr<SipText> head = SipText::Parse(stream.substr(0, head_end + 4));
  size_t body = 0;
  if (head.ok() && !absl::SimpleAtoi(head->Header("Content-Length"), &body)) body = 0;
  const size_t whole = head_end + 4 + body;
  return stream.size() < whole ? 0 : whole;
}

}  // namespace sipevents::testing
