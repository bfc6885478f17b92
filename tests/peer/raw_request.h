#ifndef TESTS_PEER_RAW_REQUEST_H_
#define TESTS_PEER_RAW_REQUEST_H_

#include <string>
#include <utility>
#include <vector>

#include "tests/peer/sip_peer.h"

namespace sipevents::testing {

// A request written line by line, so that any line may be left out, changed, written twice or
// wrongly: what no peer that behaves would send.
//
// Threads: a value.
class RawRequest {
 public:
  // Outside of any dialog, from sip:bob@example.com at 127.0.0.1:`sender_port`: Via, Max-Forwards,
  // From, To (the Request-URI), Call-ID and CSeq. Branch, tag and Call-ID are new.
  RawRequest(const std::string& method, const std::string& request_uri, int sender_port);

  // Replaces the value of the first header of this name, or adds the header.
  RawRequest& Set(const std::string& name, const std::string& value);
  // Adds a header, whether or not there is one of this name.
  RawRequest& Add(const std::string& name, const std::string& value);
  // Adds whole lines, without CRLF.
  RawRequest& AddLines(const std::vector<std::string>& lines);
  RawRequest& Remove(const std::string& name);
  RawRequest& SetBody(const std::string& content_type, const std::string& body);
  // What the start line says; CSeq stays as it is.
  RawRequest& SetMethod(const std::string& method);
  RawRequest& SetRequestUri(const std::string& request_uri);
  RawRequest& SetVersion(const std::string& version);
  RawRequest& SetCSeq(uint32_t number);
  // Makes it another transaction, with all else the same.
  RawRequest& NewBranch();

  // The value of the first header of this name; empty if there is none.
  std::string Get(const std::string& name) const;
  // Content-Length follows by itself unless it was set.
  std::string Text() const;
  // Names the answer.
  Sent sent() const { return Sent{branch_, cseq_method_}; }

  // A token that nobody has used: for branches, tags and Call-IDs.
  static std::string NewToken(const std::string& prefix);

 private:
  std::string method_;
  std::string cseq_method_;
  std::string request_uri_;
  std::string version_ = "SIP/2.0";
  std::string branch_;
  std::vector<std::pair<std::string, std::string>> headers_;  // an empty name: a whole line
  std::string body_;
};

}  // namespace sipevents::testing

#endif  // TESTS_PEER_RAW_REQUEST_H_
