#include "tests/peer/raw_request.h"

#include <unistd.h>

#include <atomic>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace sipevents::testing {

std::string RawRequest::NewToken(const std::string& prefix) {
  static const uint64_t seed = std::random_device()();
  static std::atomic<int> last = 0;
  return absl::StrCat(prefix, absl::Hex(seed), "-", getpid(), "-", ++last);
}

RawRequest::RawRequest(const std::string& method, const std::string& request_uri, int sender_port)
    : method_(method),
      cseq_method_(method),
      request_uri_(request_uri),
      branch_(NewToken("z9hG4bK")) {
  headers_ = {
      {"Via", absl::StrCat("SIP/2.0/UDP 127.0.0.1:", sender_port, ";branch=", branch_, ";rport")},
      {"Max-Forwards", "70"},
      {"From", absl::StrCat("<sip:bob@example.com>;tag=", NewToken("f"))},
      {"To", absl::StrCat("<", request_uri, ">")},
      {"Call-ID", NewToken("c")},
      {"CSeq", absl::StrCat("1 ", method)}};
}

RawRequest& RawRequest::Set(const std::string& name, const std::string& value) {
  for (auto& [present, text] : headers_) {
    if (present != name) continue;
    text = value;
    return *this;
  }
  return Add(name, value);
}

RawRequest& RawRequest::Add(const std::string& name, const std::string& value) {
  headers_.emplace_back(name, value);
  return *this;
}

RawRequest& RawRequest::AddLines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) headers_.emplace_back("", line);
  return *this;
}

RawRequest& RawRequest::Remove(const std::string& name) {
  std::erase_if(headers_, [&name](const auto& header) { return header.first == name; });
  return *this;
}

RawRequest& RawRequest::SetBody(const std::string& content_type, const std::string& body) {
  body_ = body;
  return Set("Content-Type", content_type);
}

RawRequest& RawRequest::SetMethod(const std::string& method) {
  method_ = method;
  return *this;
}

RawRequest& RawRequest::SetRequestUri(const std::string& request_uri) {
  request_uri_ = request_uri;
  return *this;
}

RawRequest& RawRequest::SetVersion(const std::string& version) {
  version_ = version;
  return *this;
}

RawRequest& RawRequest::SetCSeq(uint32_t number) {
  return Set("CSeq", absl::StrCat(number, " ", cseq_method_));
}

RawRequest& RawRequest::NewBranch() {
  const std::string old = branch_;
  branch_ = NewToken("z9hG4bK");
  return Set("Via", absl::StrReplaceAll(Get("Via"), {{old, branch_}}));
}

std::string RawRequest::Get(const std::string& name) const {
  for (const auto& [present, value] : headers_) {
    if (present == name) return value;
  }
  return "";
}

std::string RawRequest::Text() const {
  std::string text = absl::StrCat(method_, " ", request_uri_, " ", version_, "\r\n");
  for (const auto& [name, value] : headers_) {
    absl::StrAppend(&text, name, name.empty() ? "" : ": ", value, "\r\n");
  }
  if (Get("Content-Length").empty()) {
    absl::StrAppend(&text, "Content-Length: ", body_.size(), "\r\n");
  }
  return absl::StrCat(text, "\r\n", body_);
}

}  // namespace sipevents::testing
