#ifndef TESTS_SCENARIOS_TORTURE_SET_H_
#define TESTS_SCENARIOS_TORTURE_SET_H_

#include <string>
#include <utility>
#include <vector>

#include "tests/scenarios/torture.h"

namespace sipevents::testing {

// The parts of a request, each of which a case may spoil.
struct TortureParts {
  std::string start;
  std::string via;
  std::string from = "From: <sip:user@example.com>;tag=torture\r\n";
  std::string to = "To: <sip:gateway@example.com>\r\n";
  std::string call_id;
  std::string cseq;
  std::string max_forwards = "Max-Forwards: 70\r\n";
  std::string contact = "Contact: <sip:user@127.0.0.1>\r\n";
  std::string more;
  std::string length = "Content-Length: 0\r\n";
  std::string body;

  std::string Text() const;
  // Sets the body and its length.
  void SetBody(const std::string& type, const std::string& content);
};

// What should become of a case, where it differs from one transport to the other.
struct TortureExpectation {
  std::vector<int> udp;
  std::vector<int> tcp;
  TortureAfter after = TortureAfter::kServes;  // over TCP
};

// Collects cases, each with a branch of its own.
class TortureSet {
 public:
  TortureSet(Transport transport, int gateway_port, int peer_port)
      : transport_(transport), gateway_port_(gateway_port), peer_port_(peer_port) {}

  Transport transport() const { return transport_; }
  // The Request-URI of a good request.
  std::string uri() const;
  // A Via of ours with this protocol; empty: the right one.
  std::string Via(const std::string& protocol = "") const;

  // The parts of a good request. A NOTIFY is one of no dialog that exists: it gets 481.
  TortureParts Good(const std::string& method = "OPTIONS");

  // Gives what follows, until the next Good(), a branch of RFC 2543 or a bad one.
  void SetBranch(const std::string& branch) { branch_ = branch; }

  // Adds a case that is right if answered with one of these (0: not at all).
  void Add(const std::string& name, const TortureParts& parts, std::vector<int> statuses);
  // The same, with what differs from one transport to the other.
  void AddByTransport(const std::string& name, const TortureParts& parts,
                      TortureExpectation expectation);
  // The same with octets that are no parts. Good() says which branch an answer has.
  void AddRaw(const std::string& name, const std::string& bytes, TortureExpectation expectation);
  // An OPTIONS with this start line.
  void AddStart(const std::string& name, const std::string& start, std::vector<int> statuses);
  // A NOTIFY with these headers in place of Event and Subscription-State.
  void AddNotify(const std::string& name, const std::string& more, std::vector<int> statuses);

  std::vector<Torture> Take() { return std::move(all_); }

 private:
  const Transport transport_;
  const int gateway_port_;
  const int peer_port_;
  int count_ = 0;
  std::string branch_;
  std::vector<Torture> all_;
};

inline constexpr char kTortureEvent[] =
    "Event: presence\r\nSubscription-State: active;expires=30\r\n";

// The groups of cases.
void AddStartLines(TortureSet& set);     // the first line, and what it names
void AddWellFormed(TortureSet& set);     // RFC 4475, 3.1.1: unusual, and right
void AddCommonHeaders(TortureSet& set);  // RFC 4475, 3.1.2 and 3.3
void AddLengths(TortureSet& set);        // where a message ends
void AddVias(TortureSet& set);           // where an answer would go
void AddEventHeaders(TortureSet& set);   // the TOR rows that need no subscription
void AddOtherHeaders(TortureSet& set);   // what nobody asked for
void AddNoRequests(TortureSet& set);     // responses, and what is not SIP

}  // namespace sipevents::testing

#endif  // TESTS_SCENARIOS_TORTURE_SET_H_
