#include "tests/storm/storm_peer.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "sip/base/ascii.h"

namespace sipevents::testing {
namespace {

constexpr int kSocketOctets = 16 << 20;
constexpr int kPollMs = 20;
constexpr absl::Duration kNotifyAgain = absl::Milliseconds(500);
constexpr int kMostNotifies = 8;

constexpr std::string_view kBody =
    "<?xml version=\"1.0\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
    "entity=\"sip:user@example.com\"><tuple id=\"t\"><status><basic>open</basic></status>"
    "</tuple></presence>";

// The value of the first header of this name, as the gateway writes it.
std::string_view Header(std::string_view message, std::string_view name) {
  const std::string key = absl::StrCat("\r\n", AbslView(name), ": ");
  const size_t found = message.find(key);
  if (found == std::string_view::npos) return {};
  const size_t begin = found + key.size();
  return message.substr(begin, message.find("\r\n", begin) - begin);
}

// What follows `key` in a header value, up to its end or the next parameter.
std::string_view After(std::string_view value, std::string_view key) {
  const size_t found = value.find(key);
  if (found == std::string_view::npos) return {};
  const std::string_view rest = value.substr(found + key.size());
  return rest.substr(0, rest.find_first_of(";> "));
}

// When the kernel took a datagram in.
absl::Time TimeOf(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec time{};
    std::copy_n(CMSG_DATA(part), sizeof time, reinterpret_cast<unsigned char*>(&time));
    return absl::TimeFromTimespec(time);
  }
  return absl::Now();
}

[[noreturn]] void Give(const char* what) {
  perror(what);
  abort();
}

}  // namespace

StormPeer::StormPeer(int expires) : expires_(expires) {
  {
    MutexLock lock(mutex_);
    Open();
  }
  thread_ = std::thread([this] { Run(); });
}

StormPeer::~StormPeer() {
  {
    MutexLock lock(mutex_);
    stopped_ = true;
  }
  thread_.join();
  MutexLock lock(mutex_);
  Close();
}

void StormPeer::Open() {
  if (socket_ >= 0) return;
  socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &kSocketOctets, sizeof kSocketOctets);
  setsockopt(socket_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port_));
  if (bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    Give("storm peer: bind");
  }
  socklen_t size = sizeof address;
  getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
}

void StormPeer::Close() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

void StormPeer::SetMode(Mode mode) {
  MutexLock lock(mutex_);
  mode_ = mode;
  if (mode == Mode::kClosed) {
    Close();
  } else {
    Open();
  }
}

void StormPeer::SetExpires(int expires) {
  MutexLock lock(mutex_);
  expires_ = expires;
}

void StormPeer::ForgetDialogs() {
  MutexLock lock(mutex_);
  dialogs_.clear();
}

std::vector<absl::Time> StormPeer::arrivals() const {
  MutexLock lock(mutex_);
  return arrivals_;
}

size_t StormPeer::dialogs() const {
  MutexLock lock(mutex_);
  return dialogs_.size();
}

void StormPeer::Run() {
  while (true) {
    int descriptor = -1;
    {
      MutexLock lock(mutex_);
      if (stopped_) return;
      descriptor = socket_;
    }
    // Negative descriptors are left out: then it is a pause.
    pollfd waiting{descriptor, POLLIN, 0};
    poll(&waiting, 1, kPollMs);
    MutexLock lock(mutex_);
    if (socket_ < 0) continue;
    Receive();
    if (mode_ == Mode::kServing) SendAgain(absl::Now());
  }
}

void StormPeer::Receive() {
  std::array<char, 8192> buffer;
  std::array<char, 128> control;
  for (int i = 0; i < 256; ++i) {
    sockaddr_in from{};
    iovec piece{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = recvmsg(socket_, &message, 0);
    if (got <= 0) return;
    Take(std::string_view(buffer.data(), static_cast<size_t>(got)), from, TimeOf(message));
  }
}

void StormPeer::Take(std::string_view message, const sockaddr_in& from, absl::Time at) {
  if (message.starts_with("SUBSCRIBE ")) {
    const std::string_view branch = After(Header(message, "Via"), ";branch=");
    if (branches_.emplace(branch).second) arrivals_.push_back(at);
    if (mode_ == Mode::kServing) Serve(message, from);
    return;
  }
  if (!message.starts_with("SIP/2.0 ") || mode_ != Mode::kServing) return;
  const auto dialog = dialogs_.find(std::string(Header(message, "Call-ID")));
  if (dialog == dialogs_.end()) return;
  const std::string cseq = absl::StrCat(dialog->second.cseq, " NOTIFY");
  if (Header(message, "CSeq") == cseq) dialog->second.answered = true;
}

void StormPeer::Serve(std::string_view subscribe, const sockaddr_in& from) {
  const std::string call_id(Header(subscribe, "Call-ID"));
  const std::string_view to = Header(subscribe, "To");
  const bool in_dialog = to.find(";tag=") != std::string_view::npos;
  auto found = dialogs_.find(call_id);
  if (found == dialogs_.end() && in_dialog) {
    Answer(subscribe, from, "481 Subscription Does Not Exist", to, 0);
    return;
  }
  if (found == dialogs_.end()) {
    found = dialogs_.emplace(call_id, Dialog()).first;
    found->second.us = absl::StrCat(AbslView(to), ";tag=st", ++tags_);
    found->second.them = std::string(Header(subscribe, "From"));
    found->second.event = std::string(Header(subscribe, "Event"));
  }
  Dialog& dialog = found->second;
  const std::string_view branch = After(Header(subscribe, "Via"), ";branch=");
  if (dialog.branch == branch) {
    Answer(subscribe, from, "200 OK", dialog.us, dialog.expires);
    return;
  }
  dialog.branch = std::string(branch);
  dialog.address = from;
  dialog.contact = std::string(After(Header(subscribe, "Contact"), "<"));
  int asked = expires_;
  const std::string expires(Header(subscribe, "Expires"));
  if (!expires.empty() && !absl::SimpleAtoi(expires, &asked)) asked = expires_;
  dialog.expires = std::min(asked, expires_);
  Answer(subscribe, from, "200 OK", dialog.us, dialog.expires);
  Notify(call_id, dialog);
  if (dialog.expires == 0) dialogs_.erase(found);
}

void StormPeer::Answer(std::string_view subscribe, const sockaddr_in& to, std::string_view status,
                       std::string_view our_to, int expires) {
  SendTo(to, absl::StrCat(
                 "SIP/2.0 ", AbslView(status), "\r\nVia: ", AbslView(Header(subscribe, "Via")),
                 "\r\nFrom: ", AbslView(Header(subscribe, "From")), "\r\nTo: ", AbslView(our_to),
                 "\r\nCall-ID: ", AbslView(Header(subscribe, "Call-ID")), "\r\nCSeq: ",
                 AbslView(Header(subscribe, "CSeq")), "\r\nContact: <sip:127.0.0.1:", port_,
                 ">\r\nExpires: ", expires, "\r\nContent-Length: 0\r\n\r\n"));
}

void StormPeer::Notify(const std::string& call_id, Dialog& dialog) {
  ++dialog.cseq;
  dialog.answered = false;
  SendNotify(call_id, dialog);
  unanswered_.push_back({absl::Now() + kNotifyAgain, call_id, dialog.cseq, 1});
}

void StormPeer::SendNotify(const std::string& call_id, const Dialog& dialog) {
  const std::string state = dialog.expires == 0 ? "terminated;reason=timeout"
                                                : absl::StrCat("active;expires=", dialog.expires);
  SendTo(dialog.address,
         absl::StrCat("NOTIFY ", dialog.contact, " SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:", port_,
                      ";branch=z9hG4bK", std::hash<std::string>()(call_id), ".", dialog.cseq,
                      "\r\nMax-Forwards: 70\r\nFrom: ", dialog.us, "\r\nTo: ", dialog.them,
                      "\r\nCall-ID: ", call_id, "\r\nCSeq: ", dialog.cseq,
                      " NOTIFY\r\nContact: <sip:127.0.0.1:", port_, ">\r\nEvent: ", dialog.event,
                      "\r\nSubscription-State: ", state,
                      "\r\nContent-Type: application/pidf+xml\r\nContent-Length: ", kBody.size(),
                      "\r\n\r\n", AbslView(kBody)));
}

void StormPeer::SendAgain(absl::Time now) {
  while (!unanswered_.empty() && unanswered_.front().again <= now) {
    Unanswered notify = std::move(unanswered_.front());
    unanswered_.pop_front();
    const auto dialog = dialogs_.find(notify.call_id);
    if (dialog == dialogs_.end() || dialog->second.answered || dialog->second.cseq != notify.cseq ||
        notify.times == kMostNotifies) {
      continue;
    }
    SendNotify(notify.call_id, dialog->second);
    notify.again = now + kNotifyAgain;
    ++notify.times;
    unanswered_.push_back(std::move(notify));
  }
}

void StormPeer::SendTo(const sockaddr_in& to, const std::string& message) {
  sendto(socket_, message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&to),
         sizeof to);
}

}  // namespace sipevents::testing
