#ifndef TESTS_SCENARIOS_RAW_NOTIFY_H_
#define TESTS_SCENARIOS_RAW_NOTIFY_H_

#include <string>
#include <utility>
#include <vector>

#include "tests/peer/sip_peer.h"

namespace sipevents::testing {

// A NOTIFY written line by line, so that any line may be left out, changed or added: what
// SipPeer::Notify() would never send.
//
// Threads: a value.
class RawNotify {
 public:
  // A good `active` one of the subscription that `subscribe` began, from fork `a`. `branch` must
  // be new: it names the answer.
  RawNotify(const SipPeer& peer, const Received& subscribe, const std::string& branch,
            uint32_t cseq);

  // Replaces the value of a header, or adds the header.
  RawNotify& Set(const std::string& name, const std::string& value);
  // Adds a header, whether or not there is one of this name.
  RawNotify& Add(const std::string& name, const std::string& value);
  RawNotify& Remove(const std::string& name);
  // Content-Length follows by itself.
  RawNotify& SetBody(const std::string& content_type, const std::string& body);
  RawNotify& SetMethod(const std::string& method);

  std::string Text() const;
  // Names the answer.
  Sent sent() const { return Sent{branch_, "NOTIFY"}; }

 private:
  std::string method_ = "NOTIFY";
  std::string request_uri_;
  std::string branch_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string body_;
};

}  // namespace sipevents::testing

#endif  // TESTS_SCENARIOS_RAW_NOTIFY_H_
