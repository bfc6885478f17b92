#include "tests/peer/dns_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

namespace sipevents::testing {
namespace {

constexpr size_t kHeaderOctets = 12;
constexpr char kOwner[] = "\xc0\x0c";  // a pointer to the name in the question
constexpr uint16_t kClassIn = 1;
constexpr int kNameError = 3;
constexpr int kServerFailure = 2;
constexpr int kRefused = 5;
// A longer chain of aliases is cut.
constexpr int kMaxAliases = 8;

std::string Lower(const std::string& name) { return absl::AsciiStrToLower(name); }

absl::Status Errno(const char* what) {
  return absl::InternalError(absl::StrCat(what, ": ", strerror(errno)));
}

std::string Uint32(uint32_t value) {
  return DnsUint16(static_cast<uint16_t>(value >> 16)) + DnsUint16(static_cast<uint16_t>(value));
}

uint16_t Uint16At(const std::string& bytes, size_t at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(bytes[at]) << 8 |
                               static_cast<uint8_t>(bytes[at + 1]));
}

std::string Text(const std::string& text) {
  return std::string(1, static_cast<char>(text.size())) + text;
}

// Where the question of a query ends; 0 if it is no query.
size_t EndOfQuestion(const std::string& query) {
  size_t at = kHeaderOctets;
  while (at < query.size() && query[at] != 0) at += static_cast<uint8_t>(query[at]) + 1;
  return at + 5 <= query.size() ? at + 5 : 0;
}

std::string NameInQuestion(const std::string& query) {
  std::string name;
  size_t at = kHeaderOctets;
  while (at < query.size() && query[at] != 0) {
    const auto length = static_cast<uint8_t>(query[at]);
    absl::StrAppend(&name, name.empty() ? "" : ".", query.substr(at + 1, length));
    at += length + 1;
  }
  return Lower(name);
}

std::string FullRecord(const std::string& owner, uint16_t type, uint32_t ttl,
                       const std::string& data) {
  return owner + DnsUint16(type) + DnsUint16(kClassIn) + Uint32(ttl) +
         DnsUint16(static_cast<uint16_t>(data.size())) + data;
}

int CodeOf(DnsFault fault) {
  switch (fault) {
    case DnsFault::kNameError:
      return kNameError;
    case DnsFault::kServerFailure:
      return kServerFailure;
    case DnsFault::kRefused:
      return kRefused;
    default:
      return 0;
  }
}

}  // namespace

std::string DnsUint16(uint16_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}

std::string DnsName(const std::string& name) {
  std::string bytes;
  for (const std::string& label :
       std::vector<std::string>(absl::StrSplit(name, '.', absl::SkipEmpty()))) {
    bytes += Text(label);
  }
  return bytes + '\0';
}

std::string DnsAnswerHead(const std::string& query, uint16_t answers, int rcode) {
  // A response, recursion desired and available.
  const auto flags = static_cast<uint16_t>(0x8180 | rcode);
  return query.substr(0, 2) + DnsUint16(flags) + DnsUint16(1) + DnsUint16(answers) + DnsUint16(0) +
         DnsUint16(0) + query.substr(kHeaderOctets, EndOfQuestion(query) - kHeaderOctets);
}

std::string DnsRecord(uint16_t type, const std::string& data, uint32_t ttl) {
  return FullRecord(kOwner, type, ttl, data);
}

std::string DnsQuery(uint16_t id, const std::string& name, DnsType type) {
  return DnsUint16(id) + DnsUint16(0x0100) + DnsUint16(1) + std::string(6, '\0') + DnsName(name) +
         DnsUint16(static_cast<uint16_t>(type)) + DnsUint16(kClassIn);
}

absl::StatusOr<std::unique_ptr<DnsServer>> DnsServer::Start(int port) {
  std::unique_ptr<DnsServer> server(new DnsServer());
  server->socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  server->wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (server->socket_ < 0 || server->wake_ < 0) return Errno("socket");
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(server->socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(server->socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return Errno("bind");
  }
  server->port_ = ntohs(address.sin_port);
  server->thread_ = std::thread([s = server.get()] { s->Run(); });
  return server;
}

DnsServer::~DnsServer() {
  if (thread_.joinable()) {
    {
      MutexLock lock(mutex_);
      stopped_ = true;
    }
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
    thread_.join();
  }
  for (const int descriptor : {socket_, wake_}) {
    if (descriptor >= 0) close(descriptor);
  }
}

std::string DnsServer::ResolvConf() const {
  return absl::StrCat("nameserver 127.0.0.1\nport ", port_, "\n");
}

void DnsServer::AddRecord(const std::string& name, Record record) {
  MutexLock lock(mutex_);
  records_[Lower(name)].push_back(std::move(record));
}

void DnsServer::AddA(const std::string& name, const std::string& address, uint32_t ttl) {
  in_addr binary = {};
  inet_pton(AF_INET, address.c_str(), &binary);
  AddRecord(name, {DnsType::kA, ttl, {reinterpret_cast<const char*>(&binary), sizeof(binary)}, ""});
}

void DnsServer::AddAaaa(const std::string& name, const std::string& address, uint32_t ttl) {
  in6_addr binary = {};
  inet_pton(AF_INET6, address.c_str(), &binary);
  AddRecord(name,
            {DnsType::kAaaa, ttl, {reinterpret_cast<const char*>(&binary), sizeof(binary)}, ""});
}

void DnsServer::AddCname(const std::string& name, const std::string& target, uint32_t ttl) {
  AddRecord(name, {DnsType::kCname, ttl, DnsName(target), Lower(target)});
}

void DnsServer::AddSrv(const std::string& name, const DnsSrv& srv, uint32_t ttl) {
  AddRecord(name, {DnsType::kSrv, ttl,
                   DnsUint16(srv.priority) + DnsUint16(srv.weight) + DnsUint16(srv.port) +
                       DnsName(srv.target),
                   ""});
}

void DnsServer::AddNaptr(const std::string& name, const DnsNaptr& naptr, uint32_t ttl) {
  AddRecord(name, {DnsType::kNaptr, ttl,
                   DnsUint16(naptr.order) + DnsUint16(naptr.preference) + Text(naptr.flags) +
                       Text(naptr.service) + Text(naptr.regexp) + DnsName(naptr.replacement),
                   ""});
}

void DnsServer::Remove(const std::string& name) {
  MutexLock lock(mutex_);
  records_.erase(Lower(name));
}

void DnsServer::FollowAliases(bool follow) {
  MutexLock lock(mutex_);
  follow_aliases_ = follow;
}

void DnsServer::Fail(const std::string& name, DnsType type, DnsFault fault) {
  MutexLock lock(mutex_);
  faults_[{Lower(name), type}] = fault;
}

void DnsServer::FailAll(DnsFault fault) {
  MutexLock lock(mutex_);
  fault_of_all_ = fault;
}

void DnsServer::AnswerWith(const std::string& name, DnsType type, Answer answer) {
  MutexLock lock(mutex_);
  answers_[{Lower(name), type}] = std::move(answer);
}

void DnsServer::Delay(absl::Duration delay) {
  MutexLock lock(mutex_);
  delay_ = delay;
}

int DnsServer::Count(const std::string& name, DnsType type) const {
  MutexLock lock(mutex_);
  const auto it = counts_.find({Lower(name), type});
  return it == counts_.end() ? 0 : it->second;
}

int DnsServer::Count() const {
  MutexLock lock(mutex_);
  int all = 0;
  for (const auto& [question, count] : counts_) all += count;
  return all;
}

absl::Status DnsServer::WaitForQuery(const std::string& name, DnsType type, int times,
                                     absl::Duration patience) const {
  const auto deadline = absl::ToChronoTime(absl::Now() + patience);
  MutexLock lock(mutex_);
  while (true) {
    const auto it = counts_.find({Lower(name), type});
    if (it != counts_.end() && it->second >= times) return absl::OkStatus();
    if (asked_.WaitUntil(mutex_, deadline)) continue;
    std::string asked;
    for (const auto& [question, count] : counts_) {
      absl::StrAppend(&asked, " ", question.first, "/", static_cast<int>(question.second), " x",
                      count);
    }
    return absl::DeadlineExceededError(
        absl::StrCat("no question ", name, "/", static_cast<int>(type), "; asked:", asked));
  }
}

void DnsServer::Run() {
  while (true) {
    {
      MutexLock lock(mutex_);
      if (stopped_) return;
    }
    std::array<pollfd, 2> ready = {pollfd{socket_, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
    int timeout = -1;
    if (!delayed_.empty()) {
      const absl::Duration wait = delayed_.begin()->first - absl::Now();
      timeout = static_cast<int>(std::max<int64_t>(0, absl::ToInt64Milliseconds(wait) + 1));
    }
    poll(ready.data(), ready.size(), timeout);
    std::array<char, 4096> buffer;
    sockaddr_in from = {};
    socklen_t size = sizeof(from);
    const ssize_t length = recvfrom(socket_, buffer.data(), buffer.size(), 0,
                                    reinterpret_cast<sockaddr*>(&from), &size);
    if (length > 0) OnQuery(std::string(buffer.data(), static_cast<size_t>(length)), from);
    SendDue();
  }
}

void DnsServer::OnQuery(const std::string& query, const sockaddr_in& from) {
  const size_t end = EndOfQuestion(query);
  if (end == 0) return;
  const Question question = {NameInQuestion(query), static_cast<DnsType>(Uint16At(query, end - 4))};
  const std::string answer = MakeAnswer(query, question);
  MutexLock lock(mutex_);
  ++counts_[question];
  asked_.NotifyAll();
  if (!answer.empty()) delayed_.emplace(absl::Now() + delay_, Delayed{answer, from});
}

void DnsServer::SendDue() {
  while (!delayed_.empty() && delayed_.begin()->first <= absl::Now()) {
    const auto node = delayed_.extract(delayed_.begin());
    const Delayed& due = node.mapped();
    sendto(socket_, due.bytes.data(), due.bytes.size(), 0,
           reinterpret_cast<const sockaddr*>(&due.to), sizeof(due.to));
  }
}

DnsFault DnsServer::FaultOf(const Question& question) const {
  if (fault_of_all_ != DnsFault::kNone) return fault_of_all_;
  for (const Question& key : {question, Question{"", question.second}}) {
    const auto it = faults_.find(key);
    if (it != faults_.end()) return it->second;
  }
  return DnsFault::kNone;
}

std::string DnsServer::MakeAnswer(const std::string& query, const Question& question) {
  Answer scripted;
  {
    MutexLock lock(mutex_);
    const DnsFault fault = FaultOf(question);
    if (fault == DnsFault::kSilence) return "";
    if (fault != DnsFault::kNone) return DnsAnswerHead(query, 0, CodeOf(fault));
    const auto it = answers_.find(question);
    if (it != answers_.end()) scripted = it->second;
  }
  if (scripted) return scripted(query);
  MutexLock lock(mutex_);
  if (records_.count(question.first) == 0) return DnsAnswerHead(query, 0, kNameError);
  std::string body;
  uint16_t count = 0;
  std::string name = question.first;
  for (int aliases = 0; aliases < kMaxAliases && !name.empty(); ++aliases) {
    std::string alias;
    const auto found = records_.find(name);
    if (found == records_.end()) break;
    for (const Record& record : found->second) {
      const bool is_alias = record.type == DnsType::kCname;
      if (record.type != question.second && !is_alias) continue;
      const std::string owner = name == question.first ? kOwner : DnsName(name);
      body += FullRecord(owner, static_cast<uint16_t>(record.type), record.ttl, record.data);
      ++count;
      if (is_alias && follow_aliases_) alias = record.target;
    }
    name = alias;
  }
  return DnsAnswerHead(query, count) + body;
}

}  // namespace sipevents::testing
