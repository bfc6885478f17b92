#ifndef SIP_SUBSCRIBER_REDIRECTIONS_H_
#define SIP_SUBSCRIBER_REDIRECTIONS_H_

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sipevents::sip {

// Where 3xx responses to one request lead (RFC 3261 section 8.1.3.4): each URI once, and only a
// handful in all, so that no peer can send us in circles. A sips: request stays one.
//
// Threads: one; its owner's.
class Redirections {
 public:
  static constexpr int kMost = 5;

  // `origin` is the Request-URI that was tried first.
  explicit Redirections(std::string origin);

  // Takes the Contacts of a response, best first. They go before what is left of earlier ones.
  void Offer(const std::vector<std::string>& contacts);

  // The next URI to try; nullopt: none is left, or kMost were tried.
  std::optional<std::string> Next();

  const std::string& origin() const { return origin_; }

 private:
  bool WasTried(std::string_view uri) const;

  std::string origin_;
  std::vector<std::string> tried_;  // canonical
  std::deque<std::string> offered_;
  int followed_ = 0;
};

}  // namespace sipevents::sip

#endif  // SIP_SUBSCRIBER_REDIRECTIONS_H_
