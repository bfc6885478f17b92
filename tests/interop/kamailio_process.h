#ifndef TESTS_INTEROP_KAMAILIO_PROCESS_H_
#define TESTS_INTEROP_KAMAILIO_PROCESS_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sip/base/net_address.h"
#include "tests/peer/sip_peer.h"
#include "tests/peer/test_certificates.h"
#include "tests/scenarios/child_process.h"

namespace sipevents::testing {

// How Kamailio takes part in TLS, in both directions.
struct KamailioTls {
  CertificateFiles certificate;  // shown to those who connect, and by itself when it connects
  std::string authorities;       // whom it trusts
  // Whether those who connect must show a certificate. The servers that it connects to must.
  bool require_certificate = true;
  // Shown instead to those who ask for this name (RFC 6066); empty: to nobody.
  std::string server_name;
  CertificateFiles certificate_of_name;
  std::string method = "TLSv1.2+";  // versions, as Kamailio names them
};

// Who may see the presence of whom.
enum class WatcherPolicy {
  kEverybody,
  kPermitted,  // whom the rules of the owner name; the others wait
};

// A real Kamailio as presence server and registrar of example.com on ports of loopback, set up by
// kamailio.cfg.in.
//
// Threads: one at a time.
class KamailioProcess {
 public:
  // Starts it on free ports, with its files in `directory`, and waits until it answers. It serves
  // UDP and TCP, and TLS if asked to.
  static absl::StatusOr<std::unique_ptr<KamailioProcess>> Start(
      const std::string& directory, const std::optional<KamailioTls>& tls = std::nullopt,
      WatcherPolicy policy = WatcherPolicy::kEverybody);

  // Where it is reached over a transport: UDP and TCP share a port.
  int port(Transport transport = Transport::kUdp) const {
    return transport == Transport::kTls ? tls_port_ : port_;
  }
  // `sip:127.0.0.1:port`, or with `;transport=tcp` or `;transport=tls`; of a user if one is named.
  std::string uri(Transport transport = Transport::kUdp, const std::string& user = "") const;

  // Ends it without notice.
  absl::Status Kill();
  // Starts it again on the same port, with what was published before.
  absl::Status Restart();

  // What it has logged lately.
  std::string Log() const { return process_->Stderr(); }

  // Publishes a document over SIP, as `target` itself; returns the status of the answer.
  absl::StatusOr<int> Publish(const std::string& target, const std::string& event_package,
                              const std::string& content_type, const std::string& body);
  // Registers a phone for `target`; with `expires` (seconds) 0 it takes that back. Returns the
  // status of the answer.
  absl::StatusOr<int> Register(SipPeer& phone, const std::string& target, int expires) const;
  // Lets watchers see the presence of `user` of example.com, by a document of RFC 5025.
  absl::Status SetPresenceRules(const std::string& user, const std::string& document);
  // Drops all that was published, as if it had never been.
  absl::Status ForgetPublications() const;
  // Says which lists `user` of example.com may subscribe to, by a document of RFC 4826.
  absl::Status SetLists(const std::string& user, const std::string& document);

 private:
  // Documents of users, by their number in Kamailio's table.
  enum class Document { kPresenceRules = 2, kLists = 8 };

  explicit KamailioProcess(WatcherPolicy policy) : policy_(policy) {}

  // Writes the file that Kamailio's tls module reads.
  void WriteTlsConfiguration(const KamailioTls& tls) const;
  // Asks with OPTIONS until it answers.
  absl::Status WaitUntilReady();
  // Carries out a statement on its database.
  absl::Status Execute(const std::string& statement) const;
  // Keeps a document of `user`, as if it had come over XCAP.
  absl::Status Store(Document kind, const std::string& user, const std::string& document) const;

  const WatcherPolicy policy_;
  std::string directory_;
  int port_ = 0;
  int tls_port_ = 0;                // 0: no TLS
  std::unique_ptr<SipPeer> phone_;  // whose requests these are
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace sipevents::testing

#endif  // TESTS_INTEROP_KAMAILIO_PROCESS_H_
