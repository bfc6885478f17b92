#include "tests/interop/kamailio_scenario.h"

#include <fstream>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "sip/base/status_macros.h"

namespace sipevents::testing {
namespace {

// Between two looks at the gateway's metrics.
constexpr absl::Duration kPoll = absl::Milliseconds(50);

}  // namespace

KamailioScenario::KamailioScenario()
    : directory_(absl::StrCat(::testing::TempDir(), "/",
                              ::testing::UnitTest::GetInstance()->current_test_info()->name())) {}

void KamailioScenario::TearDown() {
  if (!HasFailure()) return;
  if (gateway_ != nullptr) std::cerr << "gateway:\n" << gateway_->process().Stderr() << "\n";
  if (kamailio_ != nullptr) std::cerr << "Kamailio:\n" << kamailio_->Log() << "\n";
}

KamailioTls KamailioScenario::MutualTls() {
  return {.certificate = authority_.Issue({.common_name = "kamailio", .names = {"IP:127.0.0.1"}}),
          .authorities = authority_.root_file()};
}

std::vector<std::string> KamailioScenario::MutualTlsFlags() {
  const CertificateFiles ours =
      authority_.Issue({.common_name = "gateway", .names = {"IP:127.0.0.1"}});
  return {"--sip_listen=udp:127.0.0.1:0,tcp:127.0.0.1:0,tls:127.0.0.1:0",
          absl::StrCat("--sip_tls_cert=", ours.chain), absl::StrCat("--sip_tls_key=", ours.key),
          absl::StrCat("--sip_tls_ca=", authority_.root_file()), "--sip_tls_client_auth=require"};
}

std::string KamailioScenario::ProxyFlag(Transport transport) const {
  return absl::StrCat("--sip_outbound_proxy=", kamailio_->uri(transport), ";lr");
}

absl::Status KamailioScenario::StartKamailio(const std::optional<KamailioTls>& tls,
                                             WatcherPolicy policy) {
  SIPEVENTS_ASSIGN_OR_RETURN(kamailio_, KamailioProcess::Start(directory_, tls, policy));
  return absl::OkStatus();
}

absl::Status KamailioScenario::StartGateway(const std::vector<std::string>& flags) {
  SIPEVENTS_ASSIGN_OR_RETURN(gateway_, GatewayProcess::Start(flags));
  return absl::OkStatus();
}

std::string KamailioScenario::WriteFile(const std::string& name, const std::string& content) const {
  std::string path = absl::StrCat(directory_, "/", name);
  std::ofstream(path) << content;
  return path;
}

absl::Status KamailioScenario::WaitForAnswers(const std::string& method, int status, double count) {
  const std::string labels = absl::StrCat("method=\"", method, "\",status=\"", status, "\"");
  const absl::Time deadline = absl::Now() + kPatience;
  double seen = 0;
  while (absl::Now() < deadline) {
    SIPEVENTS_ASSIGN_OR_RETURN(seen, gateway_->Metric("sipevents_sip_responses_total", labels));
    if (seen >= count) return absl::OkStatus();
    absl::SleepFor(kPoll);
  }
  return absl::DeadlineExceededError(absl::StrCat(seen, " answers with ", labels));
}

absl::StatusOr<double> KamailioScenario::Connections(Transport transport,
                                                     const std::string& opened_by) const {
  return gateway_->Metric("sipevents_sip_connections",
                          absl::StrCat("opened_by=\"", opened_by, "\",transport=\"",
                                       std::string(TransportName(transport)), "\""));
}

}  // namespace sipevents::testing
