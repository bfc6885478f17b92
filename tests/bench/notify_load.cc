#include "tests/bench/notify_load.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace sipevents::bench {
namespace {

constexpr int kSocketOctets = 8 << 20;

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The value of the first header of this name, as the gateway writes it.
std::string_view Header(std::string_view message, std::string_view name) {
  const std::string key = "\r\n" + std::string(name) + ": ";
  const size_t found = message.find(key);
  if (found == std::string_view::npos) return {};
  const size_t begin = found + key.size();
  return message.substr(begin, message.find("\r\n", begin) - begin);
}

std::string_view TagOf(std::string_view value) {
  const size_t found = value.find(";tag=");
  return found == std::string_view::npos ? std::string_view() : value.substr(found + 5);
}

}  // namespace

std::string PresenceBody() {
  std::string body =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
      "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
      "xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" "
      "xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\" entity=\"sip:user@example.com\">\r\n";
  for (int i = 0; i < 5; ++i) {
    body += " <tuple id=\"t" + std::to_string(i) +
            "\"><status><basic>open</basic></status><contact priority=\"0.8\">"
            "sip:user@192.0.2." +
            std::to_string(i) + ":5060</contact></tuple>\r\n";
  }
  body +=
      " <dm:person id=\"p1\"><rpid:activities><rpid:on-the-phone/></rpid:activities>"
      "</dm:person>\r\n";
  const std::string end = "</presence>\r\n";
  body.append(1024 - body.size() - end.size(), ' ');
  return body + end;
}

std::string SyntheticCallId(size_t index) {
  char text[64];
  snprintf(text, sizeof text, "call-%08zu-5f3e9b7a", index);
  return text;
}

std::string SyntheticLocalTag(size_t index) {
  char text[32];
  snprintf(text, sizeof text, "lt%014zu", index);
  return text;
}

NotifyLoad::NotifyLoad() : body_(PresenceBody()) {
  socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &kSocketOctets, sizeof kSocketOctets);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    perror("bench: bind");
    exit(1);
  }
  socklen_t size = sizeof address;
  getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
}

NotifyLoad::~NotifyLoad() { close(socket_); }

void NotifyLoad::AddDialog(std::string_view target, std::string_view call_id,
                           std::string_view our_tag, std::string_view their_tag,
                           const sockaddr_in& peer) {
  const std::string port = std::to_string(port_);
  Dialog dialog;
  dialog.peer = peer;
  dialog.head = "NOTIFY " + std::string(target) + " SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:" + port +
                ";branch=z9hG4bK";
  dialog.middle =
      ";rport\r\nVia: SIP/2.0/TCP 10.1.2.3:5060;branch=z9hG4bKnashds8;received=10.1."
      "2.3\r\nRecord-Route: <sip:127.0.0.1:" +
      port +
      ";lr;ftag=abcdef0123456789>\r\nMax-Forwards: 68\r\n"
      "From: <sip:user@example.com>;tag=" +
      std::string(our_tag) + "\r\nTo: <sip:gateway@example.com>;tag=" + std::string(their_tag) +
      "\r\nCall-ID: " + std::string(call_id) + "\r\nCSeq: ";
  dialog.tail = " NOTIFY\r\nContact: <sip:127.0.0.1:" + port +
                ";transport=udp>\r\nUser-Agent: ExamplePresenceServer/5.6.7 (x86_64 linux)\r\n"
                "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, "
                "PUBLISH, MESSAGE, UPDATE\r\n"
                "Allow-Events: presence, presence.winfo, dialog, message-summary, reg\r\n"
                "Supported: eventlist, replaces, timer, path, gruu\r\nEvent: presence\r\n"
                "Subscription-State: active;expires=3000\r\n"
                "Content-Type: application/pidf+xml\r\nContent-Length: " +
                std::to_string(body_.size()) + "\r\n\r\n" + body_;
  dialogs_.push_back(std::move(dialog));
}

void NotifyLoad::Send(Dialog& dialog) {
  char branch[20];
  snprintf(branch, sizeof branch, "%016llx", static_cast<unsigned long long>(++branch_));
  text_ = dialog.head;
  text_ += branch;
  text_ += dialog.middle;
  text_ += std::to_string(dialog.cseq++);
  text_ += dialog.tail;
  sendto(socket_, text_.data(), text_.size(), 0, reinterpret_cast<sockaddr*>(&dialog.peer),
         sizeof dialog.peer);
}

void NotifyLoad::Serve(std::string_view message, const sockaddr_in& from) {
  if (message.starts_with("SIP/2.0 ")) {
    message.substr(8, 3) == "200" ? ++answered_ : ++refused_;
    return;
  }
  if (!message.starts_with("SUBSCRIBE ")) return;
  const std::string call_id(Header(message, "Call-ID"));
  const std::string tag = "nt" + std::to_string(by_call_id_.size());
  const auto [entry, is_new] = by_call_id_.emplace(call_id, dialogs_.size());
  std::string to(Header(message, "To"));
  if (is_new) {
    to += ";tag=" + tag;
    std::string_view contact = Header(message, "Contact");
    contact = contact.substr(1, contact.find('>') - 1);
    AddDialog(contact, call_id, tag, TagOf(Header(message, "From")), from);
  }
  const std::string answer = "SIP/2.0 200 OK\r\nVia: " + std::string(Header(message, "Via")) +
                             "\r\nFrom: " + std::string(Header(message, "From")) + "\r\nTo: " + to +
                             "\r\nCall-ID: " + call_id +
                             "\r\nCSeq: " + std::string(Header(message, "CSeq")) +
                             "\r\nContact: <sip:127.0.0.1:" + std::to_string(port_) +
                             ">\r\nExpires: 3600\r\nContent-Length: 0\r\n\r\n";
  sendto(socket_, answer.data(), answer.size(), 0, reinterpret_cast<const sockaddr*>(&from),
         sizeof from);
  Send(dialogs_[entry->second]);
}

bool NotifyLoad::Receive(int timeout_ms) {
  pollfd waiting{socket_, POLLIN, 0};
  if (poll(&waiting, 1, timeout_ms) <= 0) return false;
  char buffer[8192];
  for (int i = 0; i < 256; ++i) {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t got = recvfrom(socket_, buffer, sizeof buffer, MSG_DONTWAIT,
                                 reinterpret_cast<sockaddr*>(&from), &size);
    if (got <= 0) break;
    Serve(std::string_view(buffer, got), from);
  }
  return true;
}

void NotifyLoad::AcceptDialogs(size_t count) {
  const double deadline = Now() + 60;
  while ((dialogs_.size() < count || answered_ < count) && Now() < deadline) Receive(100);
  if (dialogs_.size() < count) {
    fprintf(stderr, "bench: %zu of %zu dialogs came up\n", dialogs_.size(), count);
    exit(1);
  }
}

void NotifyLoad::InventDialogs(size_t count, int target_port) {
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(target_port);
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string target = "sip:gateway@127.0.0.1:" + std::to_string(target_port);
  for (size_t i = 0; i < count; ++i) {
    AddDialog(target, SyntheticCallId(i), "rt" + std::to_string(i), SyntheticLocalTag(i), peer);
  }
}

uint64_t NotifyLoad::Run(double seconds, int window, double rate) {
  const uint64_t answered_before = answered_;
  const double begin = Now();
  const double end = begin + seconds;
  double last_answer = begin;
  uint64_t sent = 0;
  uint64_t given_up = 0;
  size_t next = 0;
  while (Now() < end) {
    const uint64_t due = rate > 0 ? static_cast<uint64_t>((Now() - begin) * rate) : UINT64_MAX;
    const uint64_t done = answered_ - answered_before + refused_ + given_up;
    for (uint64_t i = sent - done; i < static_cast<uint64_t>(window) && sent < due; ++i, ++sent) {
      Send(dialogs_[next]);
      next = (next + 1) % dialogs_.size();
    }
    // What is not answered within a second was dropped on the way.
    if (Receive(rate > 0 ? 1 : 1000) || sent == done) {
      last_answer = Now();
    } else if (Now() - last_answer >= 1) {
      given_up += sent - done;
    }
  }
  while (Receive(50)) {
  }
  lost_ = given_up;
  if (refused_ > 0) {
    fprintf(stderr, "bench: %llu NOTIFYs were refused\n",
            static_cast<unsigned long long>(refused_));
    exit(1);
  }
  return answered_ - answered_before;
}

}  // namespace sipevents::bench
