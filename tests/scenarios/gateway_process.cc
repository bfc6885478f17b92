#include "tests/scenarios/gateway_process.h"

#include <httplib.h>

#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tests/sanitizers/build.h"

namespace sipevents::testing {
namespace {

constexpr absl::Duration kStartPatience = absl::Seconds(30 * kSlowdown);

int PortAfterLastColon(const std::string& address) {
  int port = 0;
  return absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port) ? port : 0;
}

}  // namespace

std::string GatewayBinary() { return "gateway/sip-event-gateway"; }

absl::StatusOr<std::unique_ptr<GatewayProcess>> GatewayProcess::Start(
    const std::vector<std::string>& flags) {
  std::vector<std::string> arguments = {GatewayBinary(),
                                        "--grpc_listen=127.0.0.1:0",
                                        "--sip_listen=udp:127.0.0.1:0,tcp:127.0.0.1:0",
                                        "--http_listen=127.0.0.1:0",
                                        "--sip_identity=sip:gateway@example.com",
                                        "--sip_t1=50ms",
                                        "--sip_retry_base=3s"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  absl::StatusOr<std::unique_ptr<ChildProcess>> process = ChildProcess::Start(arguments);
  if (!process.ok()) return process.status();
  std::unique_ptr<GatewayProcess> gateway(new GatewayProcess());
  gateway->process_ = *std::move(process);
  while (gateway->http_port_ == 0) {
    absl::StatusOr<std::string> line = gateway->process_->NextLine(kStartPatience);
    if (!line.ok()) return line.status();
    if (!absl::StartsWith(*line, "ready ")) continue;
    if (absl::Status read = gateway->ReadReadyLine(*line); !read.ok()) return read;
  }
  return gateway;
}

absl::Status GatewayProcess::ReadReadyLine(const std::string& line) {
  for (const std::string& word : std::vector<std::string>(absl::StrSplit(line, ' '))) {
    const std::pair<std::string, std::string> field = absl::StrSplit(word, absl::MaxSplits('=', 1));
    if (field.first == "grpc") grpc_address_ = field.second.substr(0, field.second.find(','));
    if (field.first == "http") http_port_ = PortAfterLastColon(field.second);
    if (field.first != "sip") continue;
    for (const std::string& listener :
         std::vector<std::string>(absl::StrSplit(field.second, ','))) {
      if (absl::StartsWith(listener, "udp:")) sip_udp_port_ = PortAfterLastColon(listener);
      if (absl::StartsWith(listener, "tcp:")) sip_tcp_port_ = PortAfterLastColon(listener);
    }
  }
  if (grpc_address_.empty() || http_port_ == 0 || sip_udp_port_ == 0) {
    return absl::InternalError(absl::StrCat("cannot read the ready line: ", line));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> GatewayProcess::Get(const std::string& path) const {
  httplib::Client client("127.0.0.1", http_port_);
  client.set_read_timeout(10, 0);
  const httplib::Result result = client.Get(path);
  if (!result) return absl::UnavailableError(absl::StrCat("no answer to GET ", path));
  if (result->status != 200) {
    return absl::UnavailableError(absl::StrCat("GET ", path, ": ", result->status));
  }
  return result->body;
}

absl::StatusOr<double> GatewayProcess::Metric(const std::string& name,
                                              const std::string& labels) const {
  absl::StatusOr<std::string> page = Get("/metrics");
  if (!page.ok()) return page.status();
  double sum = 0;
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(*page, '\n'))) {
    if (!absl::StartsWith(line, name)) continue;
    const char after = line.size() > name.size() ? line[name.size()] : '\0';
    if ((after != ' ' && after != '{') || !absl::StrContains(line, labels)) continue;
    double value = 0;
    if (absl::SimpleAtod(line.substr(line.rfind(' ') + 1), &value)) sum += value;
  }
  return sum;
}

absl::StatusOr<double> GatewayProcess::ResidentBytes() const {
  std::ifstream status(absl::StrCat("/proc/", process_->pid(), "/status"));
  std::string line;
  while (std::getline(status, line)) {
    double kibibytes = 0;
    if (!absl::StartsWith(line, "VmRSS:")) continue;
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.size() > 1 && absl::SimpleAtod(words[1], &kibibytes)) return kibibytes * 1024;
  }
  return absl::NotFoundError("no VmRSS");
}

absl::StatusOr<int> GatewayProcess::Terminate(absl::Duration patience) {
  process_->Signal(SIGTERM);
  return process_->WaitForExit(patience);
}

}  // namespace sipevents::testing
