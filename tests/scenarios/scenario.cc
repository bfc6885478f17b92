#include "tests/scenarios/scenario.h"

#include <csignal>
#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "sip/base/status_macros.h"
#include "tests/sanitizers/build.h"

namespace sipevents::testing {

void Scenario::SetUp() { ASSERT_OK_AND_ASSIGN(peer_, SipPeer::Start()); }

void Scenario::TearDown() {
  if (kSanitized && gateway_ != nullptr) {
    gateway_->process().Signal(SIGCONT);
    EXPECT_OK(gateway_->Terminate(absl::Seconds(60)));
  }
  if (!HasFailure()) return;
  if (gateway_ != nullptr) std::cerr << "gateway:\n" << gateway_->process().Stderr() << "\n";
  std::cerr << "peer:\n" << peer_->Log() << "\n";
}

absl::Status Scenario::StartGateway(const std::vector<std::string>& flags) {
  std::vector<std::string> all = {absl::StrCat("--sip_outbound_proxy=", peer_->uri(), ";lr")};
  all.insert(all.end(), flags.begin(), flags.end());
  SIPEVENTS_ASSIGN_OR_RETURN(gateway_, GatewayProcess::Start(all));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<CliProcess>> Scenario::Watch(const std::string& target,
                                                            const std::string& event_package,
                                                            const std::vector<std::string>& more) {
  if (gateway_ == nullptr) SIPEVENTS_RETURN_IF_ERROR(StartGateway());
  return CliProcess::Watch(*gateway_, target, event_package, more);
}

absl::StatusOr<CliProcess::Outcome> Scenario::RunCli(const std::vector<std::string>& arguments) {
  if (gateway_ == nullptr) SIPEVENTS_RETURN_IF_ERROR(StartGateway());
  SIPEVENTS_ASSIGN_OR_RETURN(const std::unique_ptr<CliProcess> cli,
                             CliProcess::Run(*gateway_, arguments));
  return cli->Finish();
}

absl::StatusOr<Received> Scenario::Establish(std::unique_ptr<CliProcess>& cli,
                                             const std::string& event_package,
                                             const std::vector<std::string>& more) {
  SIPEVENTS_ASSIGN_OR_RETURN(cli, Watch(kAlice, event_package, more));
  SIPEVENTS_ASSIGN_OR_RETURN(const Received subscribe, peer_->WaitFor("SUBSCRIBE"));
  std::string body = Pidf("open", "first");
  if (event_package == "dialog") body = DialogInfo(0, "first", "confirmed");
  if (event_package == "message-summary") body = MessageSummary(1, 0);
  const Sent notify = peer_->Accept(subscribe, body);
  SIPEVENTS_ASSIGN_OR_RETURN(const int status, peer_->StatusOf(notify));
  if (status != 200) return absl::InternalError(absl::StrCat("NOTIFY got ", status));
  SIPEVENTS_RETURN_IF_ERROR(cli->WaitForEvent().status());
  return subscribe;
}

absl::Status Scenario::StillServes() {
  const std::string target = absl::StrCat("sip:probe", ++probes_, "@example.com");
  SIPEVENTS_ASSIGN_OR_RETURN(const std::unique_ptr<CliProcess> cli, Watch(target, "presence"));
  SIPEVENTS_ASSIGN_OR_RETURN(
      const Received subscribe,
      peer_->WaitUntil(absl::StrCat("SUBSCRIBE for ", target), [&target](const Received& request) {
        return request.sip.request_uri() == target;
      }));
  peer_->Accept(subscribe, Pidf("open", target));
  SIPEVENTS_ASSIGN_OR_RETURN(const v1::Event event, cli->WaitForEvent());
  if (NoteOf(event) != target) return absl::InternalError(event.ShortDebugString());
  return absl::OkStatus();
}

std::string Scenario::WriteFile(const std::string& name, const std::string& content) {
  std::string path = absl::StrCat(::testing::TempDir(), "/", name);
  std::ofstream(path) << content;
  return path;
}

std::string NoteOf(const v1::Event& event) {
  if (event.presence().tuples().empty() || event.presence().tuples(0).notes().empty()) return "";
  return event.presence().tuples(0).notes(0).text();
}

}  // namespace sipevents::testing
