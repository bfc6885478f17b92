#ifndef TESTS_PEER_SIP_TEXT_H_
#define TESTS_PEER_SIP_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace sipevents::testing {

// A SIP message as its lines: just enough to script a peer with. Naive on purpose, and no kin of
// the parser under test.
//
// Threads: a value.
class SipText {
 public:
  // Splits a message; InvalidArgument if it has no start line or no empty line.
  static absl::StatusOr<SipText> Parse(const std::string& raw);

  const std::string& raw() const { return raw_; }
  const std::string& start_line() const { return start_line_; }
  bool is_request() const { return status_ == 0; }
  // Of the request line, or of CSeq for a response.
  const std::string& method() const { return method_; }
  // Empty for a response.
  const std::string& request_uri() const { return request_uri_; }
  // 0 for a request.
  int status() const { return status_; }
  uint32_t cseq() const;
  const std::string& body() const { return body_; }

  // The value of the first header of this name, or of its compact form; empty if there is none.
  // Names compare without regard to case.
  std::string Header(const std::string& name) const;
  // All values, one per header line, in order.
  std::vector<std::string> Headers(const std::string& name) const;

 private:
  std::string raw_;
  std::string start_line_;
  std::string method_;
  std::string request_uri_;
  int status_ = 0;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string body_;
};

// The parameter of a header value, outside of <> ("tag" of `<sip:a@b>;tag=1`); quotes are taken
// off; empty if it is not there.
std::string ParameterOf(const std::string& value, const std::string& name);

// What stands in the <> of a header value, or before its parameters.
std::string UriOf(const std::string& value);

// The port of `sip:user@host:port;…`; 5060 if there is none.
int PortOf(const std::string& uri);

// How many octets the first whole message of a byte stream takes; 0 while it is incomplete.
// CRLFs before the start line are keep-alives and count as a message of their own.
size_t FrameLength(const std::string& stream);

}  // namespace sipevents::testing

#endif  // TESTS_PEER_SIP_TEXT_H_
