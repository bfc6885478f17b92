#include "tests/interop/kamailio_process.h"

#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
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

}  // namespace

absl::StatusOr<std::unique_ptr<KamailioProcess>> KamailioProcess::Start(
    const std::string& directory) {
  std::unique_ptr<KamailioProcess> kamailio(new KamailioProcess());
  kamailio->directory_ = directory;
  SIPEVENTS_ASSIGN_OR_RETURN(kamailio->phone_, SipPeer::Start());
  SIPEVENTS_ASSIGN_OR_RETURN(kamailio->port_, FreePort());
  SIPEVENTS_RETURN_IF_ERROR(kamailio->Restart());
  return kamailio;
}

std::string KamailioProcess::uri() const { return absl::StrCat("sip:127.0.0.1:", port_); }

absl::Status KamailioProcess::Restart() {
  SIPEVENTS_ASSIGN_OR_RETURN(process_, ChildProcess::Start({"tests/interop/start-kamailio",
                                                            absl::StrCat(port_), directory_}));
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

}  // namespace sipevents::testing
