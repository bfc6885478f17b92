#ifndef TESTS_SCENARIOS_SCENARIO_H_
#define TESTS_SCENARIOS_SCENARIO_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/peer/sip_peer.h"
#include "tests/scenarios/bodies.h"
#include "tests/scenarios/cli_process.h"
#include "tests/scenarios/gateway_process.h"

namespace sipevents::testing {

inline constexpr char kAlice[] = "sip:alice@example.com";

// A real gateway whose SIP goes to a scripted peer.
class Scenario : public ::testing::Test {
 protected:
  void SetUp() override;
  // Shows what the gateway logged and what the peer saw, if something failed. With a sanitizer the
  // gateway ends in peace, which is when leaks are looked for.
  void TearDown() override;

  // Starts the gateway with further flags. Tests that need none of their own leave it to the
  // first Watch().
  absl::Status StartGateway(const std::vector<std::string>& flags = {});
  // Runs `sipevents watch`.
  absl::StatusOr<std::unique_ptr<CliProcess>> Watch(const std::string& target,
                                                    const std::string& event_package,
                                                    const std::vector<std::string>& more = {});
  // Runs `sipevents` with these arguments to its end.
  absl::StatusOr<CliProcess::Outcome> RunCli(const std::vector<std::string>& arguments);
  // Watches alice's presence, grants it, and tells a first state: everything is set up when
  // the event has come. Returns the SUBSCRIBE.
  absl::StatusOr<Received> Establish(std::unique_ptr<CliProcess>& cli,
                                     const std::string& event_package = "presence",
                                     const std::vector<std::string>& more = {});
  // Whether the gateway still runs and still serves a subscription from beginning to end.
  absl::Status StillServes();
  // Writes a file that the test leaves behind in its own directory; returns its path.
  std::string WriteFile(const std::string& name, const std::string& content);

  std::unique_ptr<SipPeer> peer_;
  std::unique_ptr<GatewayProcess> gateway_;

 private:
  int probes_ = 0;
};

// The note of the first tuple; the scenarios number the states by it.
std::string NoteOf(const v1::Event& event);

}  // namespace sipevents::testing

#endif  // TESTS_SCENARIOS_SCENARIO_H_
