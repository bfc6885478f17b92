#ifndef TESTS_SCENARIOS_GATEWAY_PROCESS_H_
#define TESTS_SCENARIOS_GATEWAY_PROCESS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/scenarios/child_process.h"

namespace sipevents::testing {

// The real gateway, on free ports of loopback.
//
// Threads: as ChildProcess.
class GatewayProcess {
 public:
  // Starts it and waits until it is ready. `flags` come after the ones that every scenario
  // needs (free ports, T1 of 50 ms, an identity), and win over them.
  static absl::StatusOr<std::unique_ptr<GatewayProcess>> Start(
      const std::vector<std::string>& flags);

  // `127.0.0.1:port`, for clients.
  const std::string& grpc_address() const { return grpc_address_; }
  int sip_udp_port() const { return sip_udp_port_; }
  int sip_tcp_port() const { return sip_tcp_port_; }
  int http_port() const { return http_port_; }
  ChildProcess& process() { return *process_; }

  // The body of an HTTP page, e.g. "/metrics"; Unavailable if the status is not 200.
  absl::StatusOr<std::string> Get(const std::string& path) const;
  // The sum of all samples of a metric whose labels contain `labels`, e.g.
  // Metric("sipevents_streams"). 0 if there is none.
  absl::StatusOr<double> Metric(const std::string& name, const std::string& labels = "") const;
  // Resident memory of the process in octets.
  absl::StatusOr<double> ResidentBytes() const;
  // Sends SIGTERM and returns the exit status.
  absl::StatusOr<int> Terminate(absl::Duration patience = absl::Seconds(30));

 private:
  GatewayProcess() = default;

  absl::Status ReadReadyLine(const std::string& line);

  std::unique_ptr<ChildProcess> process_;
  std::string grpc_address_;
  int sip_udp_port_ = 0;
  int sip_tcp_port_ = 0;
  int http_port_ = 0;
};

// The path of the gateway's binary.
std::string GatewayBinary();

}  // namespace sipevents::testing

#endif  // TESTS_SCENARIOS_GATEWAY_PROCESS_H_
