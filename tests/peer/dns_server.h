#ifndef TESTS_PEER_DNS_SERVER_H_
#define TESTS_PEER_DNS_SERVER_H_

#include <netinet/in.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sip/base/mutex.h"

namespace sipevents::testing {

// Record types (RFC 1035, 2782, 3403, 3596).
enum class DnsType : uint16_t { kA = 1, kCname = 5, kSoa = 6, kAaaa = 28, kSrv = 33, kNaptr = 35 };

// What a question brings, whatever the records say.
enum class DnsFault { kNone, kNameError, kServerFailure, kRefused, kSilence };

struct DnsSrv {
  uint16_t priority = 0;
  uint16_t weight = 0;
  uint16_t port = 0;
  std::string target;  // "." says that there is no such service
};

struct DnsNaptr {
  uint16_t order = 0;
  uint16_t preference = 0;
  std::string service;  // "SIP+D2U" …
  std::string replacement;
  std::string flags = "s";
  std::string regexp = {};
};

// A DNS server on loopback that a test scripts, over UDP. A name that has no records does not
// exist (NXDOMAIN); one that has some, but not of the type asked for, brings an empty answer. An
// alias is answered as a recursive server does: with the CNAME and what it leads to.
//
//   ASSERT_OK_AND_ASSIGN(auto dns, DnsServer::Start());
//   dns->AddSrv("_sip._udp.example.com", {10, 0, 5070, "one.example.com"});
//   dns->AddA("one.example.com", "127.0.0.1");
//   // … hand dns->ResolvConf() to the program under test as its resolv.conf.
//
// Names are without a final dot; case does not matter. TTLs are in seconds.
//
// Threads: any. A function given to AnswerWith() runs on the server's own thread.
class DnsServer {
 public:
  // Opens 127.0.0.1:`port`; 0 picks one.
  static absl::StatusOr<std::unique_ptr<DnsServer>> Start(int port = 0);
  ~DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  int port() const { return port_; }
  // The content of a resolv.conf that leads here.
  std::string ResolvConf() const;

  void AddA(const std::string& name, const std::string& address, uint32_t ttl = 300);
  void AddAaaa(const std::string& name, const std::string& address, uint32_t ttl = 300);
  void AddCname(const std::string& name, const std::string& target, uint32_t ttl = 300);
  void AddSrv(const std::string& name, const DnsSrv& srv, uint32_t ttl = 300);
  void AddNaptr(const std::string& name, const DnsNaptr& naptr, uint32_t ttl = 300);
  // Forgets all records of a name.
  void Remove(const std::string& name);

  // Whether the server includes what an alias leads to; if not, the client has to ask again.
  void FollowAliases(bool follow);
  // Misbehaves on one question, or on every question of this type (empty name).
  void Fail(const std::string& name, DnsType type, DnsFault fault);
  // Misbehaves on all questions.
  void FailAll(DnsFault fault);
  // Answers one question with what `answer` makes of the query's bytes; empty: not at all.
  using Answer = std::function<std::string(const std::string& query)>;
  void AnswerWith(const std::string& name, DnsType type, Answer answer);
  // Lets every answer wait.
  void Delay(absl::Duration delay);

  // How often this was asked; retransmissions count.
  int Count(const std::string& name, DnsType type) const;
  // How many questions came in all.
  int Count() const;
  // Waits until this was asked at least `times`. DeadlineExceeded, naming what was asked.
  absl::Status WaitForQuery(const std::string& name, DnsType type, int times = 1,
                            absl::Duration patience = absl::Seconds(20)) const;

 private:
  using Question = std::pair<std::string, DnsType>;  // name in lower case
  struct Record {
    DnsType type;
    uint32_t ttl;
    std::string data;    // as on the wire
    std::string target;  // of a CNAME
  };
  struct Delayed {
    std::string bytes;
    sockaddr_in to;
  };

  DnsServer() = default;

  void Run();
  void OnQuery(const std::string& query, const sockaddr_in& from);
  std::string MakeAnswer(const std::string& query, const Question& question);
  DnsFault FaultOf(const Question& question) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AddRecord(const std::string& name, Record record);
  void SendDue();

  int port_ = 0;
  int socket_ = -1;
  int wake_ = -1;
  std::thread thread_;
  std::multimap<absl::Time, Delayed> delayed_;  // the server's thread only
  mutable Mutex mutex_;
  mutable CondVar asked_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool follow_aliases_ ABSL_GUARDED_BY(mutex_) = true;
  DnsFault fault_of_all_ ABSL_GUARDED_BY(mutex_) = DnsFault::kNone;
  absl::Duration delay_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
  std::map<std::string, std::vector<Record>> records_ ABSL_GUARDED_BY(mutex_);
  std::map<Question, DnsFault> faults_ ABSL_GUARDED_BY(mutex_);
  std::map<Question, Answer> answers_ ABSL_GUARDED_BY(mutex_);
  std::map<Question, int> counts_ ABSL_GUARDED_BY(mutex_);
};

// Parts of answers, for AnswerWith() and for tests of parsers.

// Header and question of an answer to `query` that claims `answers` records.
std::string DnsAnswerHead(const std::string& query, uint16_t answers, int rcode = 0);
// A domain name as a message has it, uncompressed.
std::string DnsName(const std::string& name);
// A record whose owner is the name that was asked for.
std::string DnsRecord(uint16_t type, const std::string& data, uint32_t ttl = 300);
// A 16-bit number in network order.
std::string DnsUint16(uint16_t value);
// A question as a client sends it.
std::string DnsQuery(uint16_t id, const std::string& name, DnsType type);

}  // namespace sipevents::testing

#endif  // TESTS_PEER_DNS_SERVER_H_
