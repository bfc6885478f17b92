#include "tests/bench/publisher.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "tests/bench/sip_text.h"

namespace sipevents::bench {

std::string ResourceUri(size_t resource) {
  return "sip:r" + std::to_string(resource) + "@example.com";
}

SipPublisher::SipPublisher(DatagramSockets& sockets, size_t socket, size_t resources)
    : sockets_(sockets),
      socket_(socket),
      via_("Via: SIP/2.0/UDP 127.0.0.1:" + std::to_string(sockets.port(socket)) +
           ";rport;branch=z9hG4bKp"),
      publications_(resources) {}

void SipPublisher::Publish(size_t resource, const std::string& body) {
  Publication& publication = publications_[resource];
  const std::string uri = ResourceUri(resource);
  const std::string number = std::to_string(resource);
  const std::string cseq = std::to_string(++publication.cseq);
  std::string& request = publication.request;
  request = "PUBLISH ";
  request.append(uri).append(" SIP/2.0\r\n");
  request.append(via_).append(number).append(".").append(cseq);
  request.append("\r\nMax-Forwards: 70\r\nFrom: <").append(uri).append(">;tag=p").append(number);
  request.append("\r\nTo: <").append(uri).append(">\r\nCall-ID: p").append(number);
  request.append("-5f3e9b7a@127.0.0.1\r\nCSeq: ").append(cseq);
  request.append(" PUBLISH\r\nEvent: presence\r\nExpires: 3600\r\n");
  if (!publication.etag.empty()) {
    request.append("SIP-If-Match: ").append(publication.etag).append("\r\n");
  }
  request.append("Content-Type: application/pidf+xml\r\nContent-Length: ");
  request.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  publication.answered = false;
  sockets_.Send(socket_, request);
}

void SipPublisher::PublishAgain(size_t resource) {
  if (!publications_[resource].answered) sockets_.Send(socket_, publications_[resource].request);
}

std::vector<size_t> SipPublisher::TakeAccepted() { return std::exchange(accepted_, {}); }

void SipPublisher::OnDatagram(std::string_view datagram) {
  ResponseView response;
  if (!ReadResponse(datagram, response) || !response.branch.starts_with('p')) return;
  if (response.status < 200) return;
  char* dot = nullptr;
  const std::string branch(response.branch.substr(1));
  const size_t resource = strtoul(branch.c_str(), &dot, 10);
  if (resource >= publications_.size() || *dot != '.') return;
  Publication& publication = publications_[resource];
  if (strtoul(dot + 1, nullptr, 10) != publication.cseq || publication.answered) return;
  if (response.status != 200 || response.etag.empty()) {
    fprintf(stderr, "bench: a PUBLISH was answered:\n%.*s\n", static_cast<int>(datagram.size()),
            datagram.data());
    exit(1);
  }
  publication.answered = true;
  publication.etag = response.etag;
  accepted_.push_back(resource);
}

}  // namespace sipevents::bench
