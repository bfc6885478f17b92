#ifndef TESTS_INTEROP_KAMAILIO_SCENARIO_H_
#define TESTS_INTEROP_KAMAILIO_SCENARIO_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "sip/base/net_address.h"
#include "tests/interop/kamailio_process.h"
#include "tests/peer/test_certificates.h"
#include "tests/scenarios/gateway_process.h"

namespace sipevents::testing {

// A real gateway and a real presence server. Both are on 127.0.0.1, and their certificates say so.
class KamailioScenario : public ::testing::Test {
 protected:
  KamailioScenario();
  // Shows what both logged, if something failed.
  void TearDown() override;

  // Mutual TLS: each shows a certificate of `authority_`, and demands one.
  KamailioTls MutualTls();
  // Flags for the gateway's side of MutualTls(), with listeners for all transports.
  std::vector<std::string> MutualTlsFlags();
  // `--sip_outbound_proxy=…`: everything goes to Kamailio, over this transport.
  std::string ProxyFlag(Transport transport) const;

  absl::Status StartKamailio(const std::optional<KamailioTls>& tls = std::nullopt,
                             WatcherPolicy policy = WatcherPolicy::kEverybody);
  absl::Status StartGateway(const std::vector<std::string>& flags);
  // Writes a file into `directory_`; returns its path.
  std::string WriteFile(const std::string& name, const std::string& content) const;
  // Waits until Kamailio has answered requests of this method so often with this status.
  absl::Status WaitForAnswers(const std::string& method, int status, double count);
  // How many SIP connections the gateway has; `opened_by` is "gateway" or "peer".
  absl::StatusOr<double> Connections(Transport transport, const std::string& opened_by) const;

  const std::string directory_;  // of this test alone
  TestAuthority authority_;
  std::unique_ptr<KamailioProcess> kamailio_;
  std::unique_ptr<GatewayProcess> gateway_;
};

}  // namespace sipevents::testing

#endif  // TESTS_INTEROP_KAMAILIO_SCENARIO_H_
