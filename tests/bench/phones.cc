#include "tests/bench/phones.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "tests/bench/publisher.h"
#include "tests/bench/sip_text.h"

namespace sipevents::bench {
namespace {

// The number after the first character, or `otherwise` where there is none.
size_t NumberIn(std::string_view text, size_t otherwise) {
  size_t number = otherwise;
  if (!text.empty()) std::from_chars(text.data() + 1, text.data() + text.size(), number);
  return number;
}

// The number of the state that a body has.
uint64_t StateIn(std::string_view body) {
  constexpr std::string_view kMark = "<note>v";
  const size_t found = body.find(kMark);
  uint64_t state = 0;
  if (found != std::string_view::npos) {
    const std::string_view number = body.substr(found + kMark.size());
    std::from_chars(number.data(), number.data() + number.size(), state);
  }
  return state;
}

}  // namespace

Phones::Phones(DatagramSockets& sockets, size_t first_socket, size_t watchers, size_t resources,
               OnNotified on_notified)
    : sockets_(sockets),
      first_socket_(first_socket),
      resources_(resources),
      on_notified_(std::move(on_notified)),
      watchers_(watchers) {}

void Phones::Subscribe(size_t watcher) {
  const std::string number = std::to_string(watcher);
  const std::string port = std::to_string(sockets_.port(SocketOf(watcher)));
  const std::string uri = ResourceUri(watcher % resources_);
  text_ = "SUBSCRIBE ";
  text_.append(uri).append(" SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:").append(port);
  text_.append(";rport;branch=z9hG4bKw").append(number);
  text_.append("\r\nMax-Forwards: 70\r\nFrom: <sip:w").append(number);
  text_.append("@example.com>;tag=f").append(number).append("\r\nTo: <").append(uri);
  text_.append(">\r\nCall-ID: w").append(number).append("-5f3e9b7a@127.0.0.1\r\n");
  text_.append("CSeq: 1 SUBSCRIBE\r\nContact: <sip:w").append(number).append("@127.0.0.1:");
  text_.append(port).append(
      ";transport=udp>\r\nEvent: presence\r\nAccept: application/pidf+xml\r\n"
      "Expires: 3600\r\nContent-Length: 0\r\n\r\n");
  sockets_.Send(SocketOf(watcher), text_);
}

void Phones::SubscribeAgain(size_t watcher) {
  if (watchers_[watcher].answered) return;
  ++faults_.asked_again;
  Subscribe(watcher);
}

void Phones::OnDatagram(size_t socket, std::string_view datagram) {
  if (datagram.starts_with("NOTIFY ")) {
    OnNotify(socket, datagram);
  } else {
    OnResponse(datagram);
  }
}

void Phones::OnNotify(size_t socket, std::string_view datagram) {
  NotifyView notify;
  if (!AnswerNotify(datagram, notify, text_)) {
    ++faults_.not_understood;
    return;
  }
  const size_t index = NumberIn(notify.user, watchers_.size());
  if (index >= watchers_.size() || notify.cseq == 0) {
    ++faults_.not_understood;
    return;
  }
  sockets_.Send(socket, text_);
  Watcher& watcher = watchers_[index];
  if (notify.cseq == watcher.cseq) {
    ++faults_.sent_again;
    return;
  }
  const bool first = watcher.cseq == 0;
  if (!first && notify.cseq != watcher.cseq + 1) ++faults_.out_of_order;
  watcher.cseq = notify.cseq;
  on_notified_(index, StateIn(notify.body), first);
}

void Phones::OnResponse(std::string_view datagram) {
  ResponseView response;
  const bool is_one = ReadResponse(datagram, response) && response.branch.starts_with('w');
  const size_t index = is_one ? NumberIn(response.branch, watchers_.size()) : watchers_.size();
  if (index >= watchers_.size()) {
    ++faults_.not_understood;
    return;
  }
  if (response.status >= 300) {
    fprintf(stderr, "bench: a SUBSCRIBE was answered:\n%.*s\n", static_cast<int>(datagram.size()),
            datagram.data());
    exit(1);
  }
  if (response.status >= 200) watchers_[index].answered = true;
}

}  // namespace sipevents::bench
