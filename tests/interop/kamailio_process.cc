#include "tests/interop/kamailio_process.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "sip/base/status_macros.h"
#include "tests/peer/wire.h"

namespace sipevents::testing {
namespace {

constexpr absl::Duration kStartPatience = absl::Seconds(30);
// How long one OPTIONS is waited for while the server starts.
constexpr absl::Duration kProbe = absl::Milliseconds(200);

// A port that is free for UDP and TCP now.
absl::StatusOr<int> FreePort() {
  SIPEVENTS_ASSIGN_OR_RETURN(const std::unique_ptr<Wire> wire,
                             Wire::Open(0, [](const std::string&, const Flow&) {}));
  return wire->port();
}

// One section of tls.cfg. Kamailio takes `verify_certificate` for a chain that it trusts, and asks
// nobody for a name.
std::string TlsSection(std::string_view name, const KamailioTls& tls,
                       const CertificateFiles& certificate, bool require) {
  const char* required = require ? "yes" : "no";
  return absl::StrCat("[", std::string(name), "]\nmethod = ", tls.method,
                      "\ncertificate = ", certificate.chain, "\nprivate_key = ", certificate.key,
                      "\nca_list = ", tls.authorities, "\nverify_certificate = ", required,
                      "\nrequire_certificate = ", required, "\n");
}

}  // namespace

absl::StatusOr<std::unique_ptr<KamailioProcess>> KamailioProcess::Start(
    const std::string& directory, const std::optional<KamailioTls>& tls, WatcherPolicy policy) {
  std::unique_ptr<KamailioProcess> kamailio(new KamailioProcess(policy));
  kamailio->directory_ = directory;
  SIPEVENTS_ASSIGN_OR_RETURN(kamailio->phone_, SipPeer::Start());
  SIPEVENTS_ASSIGN_OR_RETURN(kamailio->port_, FreePort());
  if (tls.has_value()) {
    SIPEVENTS_ASSIGN_OR_RETURN(kamailio->tls_port_, FreePort());
    kamailio->WriteTlsConfiguration(*tls);
  }
  SIPEVENTS_RETURN_IF_ERROR(kamailio->Restart());
  return kamailio;
}

std::string KamailioProcess::uri(Transport transport, const std::string& user) const {
  std::string uri =
      absl::StrCat("sip:", user, user.empty() ? "" : "@", "127.0.0.1:", port(transport));
  if (transport != Transport::kUdp) {
    absl::StrAppend(&uri, ";transport=", std::string(TransportName(transport)));
  }
  return uri;
}

void KamailioProcess::WriteTlsConfiguration(const KamailioTls& tls) const {
  std::filesystem::create_directories(directory_);
  std::ofstream file(absl::StrCat(directory_, "/tls.cfg"));
  file << TlsSection("server:default", tls, tls.certificate, tls.require_certificate) << "\n"
       << TlsSection("client:default", tls, tls.certificate, true);
  if (tls.server_name.empty()) return;
  file << "\n"
       << TlsSection("server:any", tls, tls.certificate_of_name, tls.require_certificate)
       << "server_name = " << tls.server_name << "\n";
}

absl::Status KamailioProcess::Restart() {
  std::vector<std::string> arguments = {"tests/interop/start-kamailio"};
  if (policy_ == WatcherPolicy::kPermitted) arguments.emplace_back("--permissions");
  arguments.insert(arguments.end(), {absl::StrCat(port_), directory_});
  if (tls_port_ != 0) arguments.push_back(absl::StrCat(tls_port_));
  SIPEVENTS_ASSIGN_OR_RETURN(process_, ChildProcess::Start(arguments));
  return WaitUntilReady();
}

absl::Status KamailioProcess::Kill() {
  process_->SignalGroup(SIGKILL);
  return process_->WaitForExit(kStartPatience).status();
}

absl::Status KamailioProcess::WaitUntilReady() {
  const absl::Time deadline = absl::Now() + kStartPatience;
  NewRequest options;
  options.method = "OPTIONS";
  options.request_uri = uri();
  options.port = port_;
  while (absl::Now() < deadline) {
    if (phone_->StatusOf(phone_->Send(options), kProbe).value_or(0) == 200) {
      return absl::OkStatus();
    }
    if (process_->WaitForExit(absl::ZeroDuration()).ok()) break;
  }
  return absl::UnavailableError(
      absl::StrCat("Kamailio does not answer; it wrote:\n", process_->Stderr()));
}

absl::StatusOr<int> KamailioProcess::Publish(const std::string& target,
                                             const std::string& event_package,
                                             const std::string& content_type,
                                             const std::string& body) {
  NewRequest publish;
  publish.method = "PUBLISH";
  publish.request_uri = target;
  publish.from = target;
  publish.port = port_;
  publish.headers = {absl::StrCat("Event: ", event_package), "Expires: 600"};
  publish.content_type = content_type;
  publish.body = body;
  return phone_->StatusOf(phone_->Send(publish));
}

absl::StatusOr<int> KamailioProcess::Register(SipPeer& phone, const std::string& target,
                                              int expires) const {
  NewRequest request;
  request.method = "REGISTER";
  request.request_uri = "sip:example.com";
  request.from = request.to = target;
  request.port = port_;
  request.headers = {absl::StrCat("Expires: ", expires)};
  return phone.StatusOf(phone.Send(request));
}

absl::Status KamailioProcess::Execute(const std::string& statement) const {
  SIPEVENTS_ASSIGN_OR_RETURN(
      const auto process,
      ChildProcess::Start({"/usr/bin/env", "sqlite3", "-cmd", ".timeout 10000",
                           absl::StrCat(directory_, "/presence.sqlite"), statement}));
  SIPEVENTS_ASSIGN_OR_RETURN(const int exit_status, process->WaitForExit(kStartPatience));
  if (exit_status == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("sqlite3 wrote:\n", process->Stderr()));
}

absl::Status KamailioProcess::ForgetPublications() const {
  return Execute("DELETE FROM presentity;");
}

absl::Status KamailioProcess::Store(Document kind, const std::string& user,
                                    const std::string& document) const {
  const int type = static_cast<int>(kind);
  return Execute(absl::StrCat(
      "REPLACE INTO xcap (username, domain, doc, doc_type, etag, source, doc_uri, port) VALUES ('",
      user, "', 'example.com', '", absl::StrReplaceAll(document, {{"'", "''"}}), "', ", type,
      ", 'tag', 0, '/", type, "/users/sip:", user, "@example.com/index', 0);"));
}

absl::Status KamailioProcess::SetPresenceRules(const std::string& user,
                                               const std::string& document) {
  SIPEVENTS_RETURN_IF_ERROR(Store(Document::kPresenceRules, user, document));
  NewRequest changed;
  changed.method = "INFO";
  changed.request_uri = absl::StrCat("sip:", user, "@example.com");
  changed.port = port_;
  SIPEVENTS_ASSIGN_OR_RETURN(const int status, phone_->StatusOf(phone_->Send(changed)));
  if (status == 200) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("Kamailio answers ", status, " to changed rules"));
}

absl::Status KamailioProcess::SetLists(const std::string& user, const std::string& document) {
  return Store(Document::kLists, user, document);
}

}  // namespace sipevents::testing
