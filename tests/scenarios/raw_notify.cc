#include "tests/scenarios/raw_notify.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace sipevents::testing {

RawNotify::RawNotify(const SipPeer& peer, const Received& subscribe, const std::string& branch,
                     uint32_t cseq)
    : request_uri_(UriOf(subscribe.Header("Contact"))), branch_(branch) {
  const std::string via = absl::StrCat("SIP/2.0/", subscribe.flow.is_tcp() ? "TCP" : "UDP",
                                       " 127.0.0.1:", peer.port(), ";branch=", branch, ";rport");
  headers_ = {{"Via", via},
              {"Max-Forwards", "70"},
              {"Contact", absl::StrCat("<", peer.uri(subscribe.flow.is_tcp()), ">")},
              {"From", absl::StrCat("<", UriOf(subscribe.Header("To")), ">;tag=a")},
              {"To", subscribe.Header("From")},
              {"Call-ID", subscribe.call_id()},
              {"CSeq", absl::StrCat(cseq, " NOTIFY")},
              {"Event", subscribe.Header("Event")},
              {"Subscription-State", "active"}};
}

RawNotify& RawNotify::Set(const std::string& name, const std::string& value) {
  for (auto& [present, text] : headers_) {
    if (present != name) continue;
    text = value;
    return *this;
  }
  return Add(name, value);
}

RawNotify& RawNotify::Add(const std::string& name, const std::string& value) {
  headers_.emplace_back(name, value);
  return *this;
}

RawNotify& RawNotify::Remove(const std::string& name) {
  std::erase_if(headers_, [&name](const auto& header) { return header.first == name; });
  return *this;
}

RawNotify& RawNotify::SetBody(const std::string& content_type, const std::string& body) {
  body_ = body;
  return Set("Content-Type", content_type);
}

RawNotify& RawNotify::SetMethod(const std::string& method) {
  method_ = method;
  return *this;
}

std::string RawNotify::Text() const {
  std::string text = absl::StrCat(method_, " ", request_uri_, " SIP/2.0\r\n");
  for (const auto& [name, value] : headers_) absl::StrAppend(&text, name, ": ", value, "\r\n");
  return absl::StrCat(text, "Content-Length: ", body_.size(), "\r\n\r\n", body_);
}

}  // namespace sipevents::testing
